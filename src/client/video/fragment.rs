//! Reads a fragment of an MP4: its samples and its time; and the indexes that name fragments.

use super::Flaw;
use super::boxes::{children, number, word};
use super::frames::Frames;
use super::moov::{Defaults, Moov};

/// A fragment: the content of a `moof` box.
#[derive(Debug, Default)]
pub(super) struct Fragment {
    /// Its place among all fragments.
    pub(super) sequence: Option<u32>,
    /// Number of bytes that its samples need.
    pub(super) needs: u64,
    /// Number of bytes that exist for them.
    pub(super) has: u64,
    /// Its pictures that never contain many zeros.
    pub(super) dense: Vec<Frames>,
    pub(super) spans: Vec<Span>,
}

/// The part of a track's time that a fragment covers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) track: u32,
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Fragment {
    /// Reads the `content` of a `moof` box that begins `at` a position.
    ///
    /// # Errors
    /// Fails if the boxes in it don't fill it.
    pub(super) fn read(content: &[u8], at: u64, moov: Option<&Moov>) -> Result<Fragment, Flaw> {
        let mut fragment = Fragment::default();
        let mut next = at;
        for (kind, content) in children(b"moof", content)? {
            match &kind {
                b"mfhd" => fragment.sequence = word(content, 4),
                b"traf" => next = fragment.take_in(content, at, next, moov)?,
                _ => {}
            }
        }
        Ok(fragment)
    }

    /// Reads a track's part, whose data by default begins at `next`; returns the end of its data.
    fn take_in(&mut self, traf: &[u8], moof: u64, mut next: u64, moov: Option<&Moov>) -> Result<u64, Flaw> {
        let (mut track, mut defaults) = (0, Defaults::default());
        let (mut start, mut duration) = (None, 0u64);
        let mut base = next;
        for (kind, content) in children(b"traf", traf)? {
            let Some(flags) = word(content, 0) else { continue };
            match &kind {
                b"tfhd" => {
                    track = word(content, 4).unwrap_or_default();
                    let header = Header::read(content, flags, moov.and_then(|moov| moov.defaults(track)));
                    defaults = header.defaults;
                    base = header.base.unwrap_or(if flags & 0x2_0000 == 0 { next } else { moof });
                    next = base;
                }
                b"tfdt" => start = if flags >> 24 == 1 { number::<8>(content, 4) } else { number::<4>(content, 4) },
                b"trun" => {
                    let run = Run::read(content, flags, defaults);
                    let start = run.offset.map_or(next, |offset| base.saturating_add_signed(offset));
                    next = start.saturating_add(run.bytes);
                    self.needs = self.needs.saturating_add(run.bytes);
                    duration = duration.saturating_add(run.duration);
                    if moov.is_some_and(|moov| moov.is_dense(track)) {
                        self.dense.push(Frames { start, end: next });
                    }
                }
                _ => {}
            }
        }
        self.spans.extend(start.map(|start| Span { track, start, end: start.saturating_add(duration) }));
        Ok(next)
    }

    /// Returns whether some of its data is missing.
    pub(super) fn lacks_data(&self) -> bool {
        self.has < self.needs
    }
}

/// The header of a track's part: the position of its data, and the values of samples without their own.
struct Header {
    base: Option<u64>,
    defaults: Defaults,
}

impl Header {
    fn read(tfhd: &[u8], flags: u32, defaults: Option<Defaults>) -> Header {
        let mut at = 8;
        let mut field = |flag: u32, width: usize| {
            let found = (flags & flag != 0).then_some(at);
            at += if found.is_some() { width } else { 0 };
            found
        };
        let (base, _, duration, size) = (field(0x01, 8), field(0x02, 4), field(0x08, 4), field(0x10, 4));
        let Defaults { duration: usual, size: common } = defaults.unwrap_or_default();
        let own = |at: Option<usize>| at.and_then(|at| word(tfhd, at));
        Header {
            base: base.and_then(|at| number::<8>(tfhd, at)),
            defaults: Defaults { duration: own(duration).unwrap_or(usual), size: own(size).unwrap_or(common) },
        }
    }
}

/// Samples one after the other.
struct Run {
    /// Their position, relative to the fragment's data.
    offset: Option<i64>,
    bytes: u64,
    duration: u64,
}

impl Run {
    fn read(trun: &[u8], flags: u32, defaults: Defaults) -> Run {
        let count = word(trun, 4).unwrap_or_default();
        let offset = word(trun, 8).filter(|_| flags & 0x01 != 0).map(|offset| i64::from(offset.cast_signed()));
        let start = 8 + 4 * usize::from(flags & 0x01 != 0) + 4 * usize::from(flags & 0x04 != 0);
        let fields = [0x100, 0x200, 0x400, 0x800].map(|flag| 4 * usize::from(flags & flag != 0));
        let samples = || {
            let width = fields.iter().sum::<usize>().max(1);
            trun.get(start..).unwrap_or_default().chunks_exact(width).take(count as usize)
        };
        let sum = |own: bool, at: usize, default: u32| match own {
            true => samples().filter_map(|sample| number::<4>(sample, at)).fold(0, u64::saturating_add),
            false => u64::from(count) * u64::from(default),
        };
        Run {
            offset,
            duration: sum(fields[0] > 0, 0, defaults.duration),
            bytes: sum(fields[1] > 0, fields[0], defaults.size),
        }
    }
}

/// Returns how many bytes after a `sidx` are covered by its segments.
pub(super) fn listed(sidx: &[u8]) -> u64 {
    let (first, rest) = match sidx.first() {
        Some(0) => (number::<4>(sidx, 16), sidx.get(20..)),
        _ => (number::<8>(sidx, 20), sidx.get(28..)),
    };
    let rest = rest.unwrap_or_default();
    let count = number::<2>(rest, 2).unwrap_or_default();
    let sizes = rest.get(4..).unwrap_or_default().chunks_exact(12).take(usize::try_from(count).unwrap_or_default());
    // The highest bit says whether the reference is to another index.
    let sizes = sizes.map(|reference| number::<4>(reference, 0).unwrap_or_default() & 0x7fff_ffff);
    first.unwrap_or_default().saturating_add(sizes.sum())
}

/// Returns the positions of the fragments that the index after them lists (`mfra`).
///
/// # Errors
/// Fails if the boxes in it don't fill it.
pub(super) fn indexed(mfra: &[u8]) -> Result<Vec<u64>, Flaw> {
    let mut all = Vec::new();
    for (kind, tfra) in children(b"mfra", mfra)? {
        let (b"tfra", Some(widths)) = (&kind, word(tfra, 8)) else { continue };
        let number_at = if tfra.first() == Some(&1) { number::<8> } else { number::<4> };
        let wide = if tfra.first() == Some(&1) { 8 } else { 4 };
        let width = 2 * wide + [4, 2, 0].map(|shift| (widths >> shift & 3) as usize + 1).iter().sum::<usize>();
        let count = word(tfra, 12).unwrap_or_default() as usize;
        let entries = tfra.get(16..).unwrap_or_default().chunks_exact(width).take(count);
        // GStreamer's last entry has none.
        all.extend(entries.filter_map(|entry| number_at(entry, wide)).filter(|at| *at > 0));
    }
    Ok(all)
}
