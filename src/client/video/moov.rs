//! Reads an MP4's index: the positions of the listed frames. Unreadable parts require nothing.

/// The content of a file's index.
#[derive(Debug, Default)]
pub(super) struct Moov {
    /// `true` if fragments may follow (`mvex`).
    pub(super) is_fragmented: bool,
    /// `true` if frames are listed in the index itself.
    pub(super) has_samples: bool,
    /// The end of the last frame that it lists.
    pub(super) needs: u64,
    /// The size of samples without one of their own, by the track's id.
    default_sizes: Vec<(u32, u32)>,
}

/// A fragment: the number of bytes that its samples need, and that exist.
#[derive(Debug)]
pub(super) struct Fragment {
    pub(super) needs: u64,
    pub(super) has: u64,
}

impl Moov {
    /// Adds the content of a `moov` box.
    pub(super) fn with(mut self, content: &[u8]) -> Moov {
        for (kind, content) in children(content) {
            match &kind {
                b"mvex" => {
                    self.is_fragmented = true;
                    let defaults = children(content).filter(|(kind, _)| kind == b"trex");
                    let default = |trex: &[u8]| Some((word(trex, 4)?, word(trex, 16)?));
                    self.default_sizes.extend(defaults.filter_map(|(_, trex)| default(trex)));
                }
                b"trak" => {
                    let needs = Track::read(content).end_of_samples().unwrap_or_default();
                    self.has_samples |= needs > 0;
                    self.needs = self.needs.max(needs);
                }
                _ => {}
            }
        }
        self
    }

    /// Returns the size of samples of this track without one of their own.
    pub(super) fn default_size(&self, track: u32) -> Option<u32> {
        self.default_sizes.iter().find(|(id, _)| *id == track).map(|(_, size)| *size)
    }
}

/// The tables of a track.
#[derive(Default)]
struct Track<'c> {
    is_sound: bool,
    is_elsewhere: bool,
    /// Offsets of chunks, of so many bytes each.
    chunks: Option<(&'c [u8], usize)>,
    /// The number of samples in each chunk.
    runs: Option<&'c [u8]>,
    sizes: Option<Sizes<'c>>,
}

/// The sizes of samples.
enum Sizes<'c> {
    /// The same for all.
    Same { size: u32, count: u64 },
    /// A table with so many bits for each.
    Table { entries: &'c [u8], bits: u8, count: u64 },
}

impl<'c> Track<'c> {
    fn read(trak: &'c [u8]) -> Track<'c> {
        let mut track = Track::default();
        let mut within = vec![trak];
        while let Some(content) = within.pop() {
            for (kind, content) in children(content) {
                match &kind {
                    b"mdia" | b"minf" | b"stbl" | b"dinf" => within.push(content),
                    b"hdlr" if content.get(8..12) == Some(b"soun") => track.is_sound = true,
                    b"dref" => track.is_elsewhere = names_another_file(content),
                    b"stco" => track.chunks = table(content, 4).map(|entries| (entries, 4)),
                    b"co64" => track.chunks = table(content, 8).map(|entries| (entries, 8)),
                    b"stsc" => track.runs = table(content, 12),
                    b"stsz" => track.sizes = Sizes::read(content),
                    b"stz2" => track.sizes = Sizes::read_compact(content),
                    _ => {}
                }
            }
        }
        track
    }

    /// Returns the end of the last sample; `None` if the tables don't tell, or there is no sample.
    fn end_of_samples(&self) -> Option<u64> {
        let ((offsets, width), runs, sizes) = (self.chunks?, self.runs?, self.sizes.as_ref()?);
        let mut runs = runs.chunks_exact(12).map(|run| (word(run, 0), word(run, 4))).peekable();
        let (mut per_chunk, mut sample, mut end) = (0, 0, 0);
        for (chunk, offset) in offsets.chunks_exact(width).enumerate() {
            while let Some((_, samples)) =
                runs.next_if(|(first, _)| first.is_some_and(|first| first as usize <= chunk + 1))
            {
                per_chunk = u64::from(samples?);
            }
            let offset = offset.iter().fold(0, |offset: u64, byte| offset << 8 | u64::from(*byte));
            let bytes = sizes.of(sample, per_chunk);
            // QuickTime gives compressed sound its decoded size: its size in the file is unknown.
            let bytes =
                if self.is_sound && matches!(sizes, Sizes::Same { size: ..16, .. }) { bytes.min(1) } else { bytes };
            sample += per_chunk;
            if bytes > 0 {
                end = end.max(offset.saturating_add(bytes));
            }
        }
        Some(end).filter(|end| *end > 0 && !self.is_elsewhere)
    }
}

impl<'c> Sizes<'c> {
    fn read(stsz: &'c [u8]) -> Option<Sizes<'c>> {
        let (size, count) = (word(stsz, 4)?, u64::from(word(stsz, 8)?));
        Some(match size {
            0 => Sizes::Table { entries: stsz.get(12..)?, bits: 32, count },
            size => Sizes::Same { size, count },
        })
    }

    fn read_compact(stz2: &'c [u8]) -> Option<Sizes<'c>> {
        let bits = *stz2.get(7).filter(|bits| matches!(bits, 4 | 8 | 16))?;
        Some(Sizes::Table { entries: stz2.get(12..)?, bits, count: u64::from(word(stz2, 8)?) })
    }

    /// Returns the number of bytes of `count` samples, starting with the `first`, counted from 0.
    fn of(&self, first: u64, count: u64) -> u64 {
        let all = match self {
            Sizes::Same { count, .. } | Sizes::Table { count, .. } => *count,
        };
        let count = count.min(all.saturating_sub(first));
        match self {
            Sizes::Same { size, .. } => count.saturating_mul(u64::from(*size)),
            Sizes::Table { entries, bits, .. } => {
                let sizes = (first..first + count).map_while(|sample| entry(entries, *bits, sample));
                sizes.fold(0, u64::saturating_add)
            }
        }
    }
}

/// Returns whether frames may be in another file, which an entry then names.
fn names_another_file(dref: &[u8]) -> bool {
    children(dref.get(8..).unwrap_or_default()).any(|(_, entry)| word(entry, 0).is_some_and(|flags| flags & 1 == 0))
}

/// Returns the entries of a table, of so many bytes each, without any bytes after them.
fn table(content: &[u8], width: usize) -> Option<&[u8]> {
    let (count, entries) = (word(content, 4)?, content.get(8..)?);
    Some(&entries[..entries.len().min((count as usize).saturating_mul(width))])
}

/// Returns an entry of a table that has so many bits for each.
fn entry(entries: &[u8], bits: u8, index: u64) -> Option<u64> {
    let index = usize::try_from(index).ok()?;
    match bits {
        4 => entries.get(index / 2).map(|pair| u64::from(if index % 2 == 0 { pair >> 4 } else { pair & 15 })),
        8 => entries.get(index).map(|size| u64::from(*size)),
        16 => number::<2>(entries, index.checked_mul(2)?),
        _ => number::<4>(entries, index.checked_mul(4)?),
    }
}

/// Returns the number of bytes of a `traf` box's samples; `of_track` returns the size of those without one of their own.
pub(super) fn samples_of_fragment(traf: &[u8], of_track: impl Fn(u32) -> u32) -> u64 {
    let mut default = 0;
    let mut all = 0u64;
    for (kind, content) in children(traf) {
        let Some(flags) = word(content, 0) else { continue };
        let has = |flag| flags & flag != 0;
        match &kind {
            b"tfhd" => {
                let skipped = 8 * usize::from(has(0x01)) + 4 * usize::from(has(0x02)) + 4 * usize::from(has(0x08));
                let own = word(content, 8 + skipped).filter(|_| has(0x10));
                default = own.unwrap_or_else(|| of_track(word(content, 4).unwrap_or_default()));
            }
            b"trun" => {
                let count = word(content, 4).unwrap_or_default();
                let start = 8 + 4 * usize::from(has(0x01)) + 4 * usize::from(has(0x04));
                let fields = [0x100, 0x200, 0x400, 0x800].map(|flag| 4 * usize::from(has(flag)));
                let width: usize = fields.iter().sum();
                all = all.saturating_add(if has(0x200) {
                    let samples = content.get(start..).unwrap_or_default().chunks_exact(width).take(count as usize);
                    samples.map(|sample| number::<4>(sample, fields[0]).unwrap_or_default()).sum()
                } else {
                    u64::from(count) * u64::from(default)
                });
            }
            _ => {}
        }
    }
    all
}

/// Returns a sequence of boxes, up to an incomplete one.
pub(super) fn children(mut content: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let size = number::<4>(content, 0)?;
        let kind = *content.get(4..)?.first_chunk()?;
        let (header, size) = match size {
            0 => (8, content.len()),
            1 => (16, usize::try_from(number::<8>(content, 8)?).ok()?),
            size => (8, usize::try_from(size).ok()?),
        };
        let child = content.get(header..size)?;
        content = &content[size..];
        Some((kind, child))
    })
}

/// Reads a number of `N` bytes.
pub(super) fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(N)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Reads a number of four bytes.
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    number::<4>(bytes, at).and_then(|number| u32::try_from(number).ok())
}
