//! Reads an MP4's index: the positions of the listed frames. Tables in an unknown form require nothing.

use super::Flaw;
use super::boxes::{children, number, word};
use super::frames::{Frames, is_blank_table, is_dense};

/// The content of a file's index.
#[derive(Debug, Default)]
pub(super) struct Moov {
    /// `true` if fragments may follow (`mvex`).
    pub(super) is_fragmented: bool,
    /// `true` if frames are listed in the index itself.
    pub(super) has_samples: bool,
    /// The boxes of its tracks.
    tracks: Vec<Vec<u8>>,
    /// The tracks with pictures that never contain many zeros.
    dense: Vec<u32>,
    /// The defaults of each track's fragments.
    defaults: Vec<(u32, Defaults)>,
}

/// The values of samples without their own.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Defaults {
    pub(super) duration: u32,
    pub(super) size: u32,
}

impl Moov {
    /// Adds the content of a `moov` box.
    ///
    /// # Errors
    /// Fails if the boxes in it don't fill it.
    pub(super) fn with(mut self, content: &[u8]) -> Result<Moov, Flaw> {
        for (kind, content) in children(b"moov", content)? {
            match &kind {
                b"mvex" => {
                    self.is_fragmented = true;
                    let defaults = children(b"mvex", content)?.into_iter().filter(|(kind, _)| kind == b"trex");
                    let default = |trex: &[u8]| {
                        Some((word(trex, 4)?, Defaults { duration: word(trex, 12)?, size: word(trex, 16)? }))
                    };
                    self.defaults.extend(defaults.filter_map(|(_, trex)| default(trex)));
                }
                b"trak" => {
                    let track = Track::read(content)?;
                    self.has_samples |= track.has_samples();
                    self.dense.extend(track.id.filter(|_| track.is_dense));
                    self.tracks.push(content.to_vec());
                }
                // A compressed index, as QuickTime once wrote, can't be read here.
                b"cmov" => self.has_samples = true,
                _ => {}
            }
        }
        Ok(self)
    }

    /// Returns the defaults of a track's fragments.
    pub(super) fn defaults(&self, track: u32) -> Option<Defaults> {
        self.defaults.iter().find(|(id, _)| *id == track).map(|(_, defaults)| *defaults)
    }

    /// Returns whether a track's pictures never contain many zeros.
    pub(super) fn is_dense(&self, track: u32) -> bool {
        self.dense.contains(&track)
    }

    /// Returns the tracks.
    pub(super) fn tracks(&self) -> impl Iterator<Item = Track<'_>> {
        self.tracks.iter().filter_map(|content| Track::read(content).ok())
    }
}

/// The tables of a track.
#[derive(Default)]
pub(super) struct Track<'c> {
    id: Option<u32>,
    /// `true` if its pictures never contain many zeros.
    pub(super) is_dense: bool,
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
    fn read(trak: &'c [u8]) -> Result<Track<'c>, Flaw> {
        let mut track = Track::default();
        let mut within = vec![(*b"trak", trak)];
        while let Some((parent, content)) = within.pop() {
            for (kind, content) in children(&parent, content)? {
                match &kind {
                    b"tkhd" => track.id = word(content, if content.first() == Some(&1) { 20 } else { 12 }),
                    b"mdia" | b"minf" | b"stbl" | b"dinf" => within.push((kind, content)),
                    b"hdlr" if content.get(8..12) == Some(b"soun") => track.is_sound = true,
                    b"stsd" if is_blank_table(content) => return Err(Flaw::Blank),
                    b"stsd" => track.is_dense = has_dense_entries(content),
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
        Ok(track)
    }

    /// Returns whether the tables list samples, wherever they are.
    fn has_samples(&self) -> bool {
        self.chunks.is_some_and(|(offsets, _)| !offsets.is_empty())
            && self.sizes.as_ref().is_some_and(|sizes| sizes.of(0, u64::MAX) > 0)
    }

    /// Returns the chunks of samples, and `None` where the tables don't tell.
    pub(super) fn chunks(&self) -> impl Iterator<Item = Option<Frames>> {
        let tables = self.chunks.zip(self.runs).zip(self.sizes.as_ref()).filter(|_| !self.is_elsewhere);
        tables.into_iter().flat_map(move |(((offsets, width), runs), sizes)| {
            let mut runs = runs.chunks_exact(12).map(|run| (word(run, 0), word(run, 4))).peekable();
            let (mut per_chunk, mut sample) = (0, 0);
            offsets.chunks_exact(width).enumerate().map(move |(chunk, offset)| {
                while let Some((_, samples)) =
                    runs.next_if(|(first, _)| first.is_some_and(|first| first as usize <= chunk + 1))
                {
                    per_chunk = u64::from(samples?);
                }
                let start = offset.iter().fold(0, |offset: u64, byte| offset << 8 | u64::from(*byte));
                let bytes = sizes.of(sample, per_chunk);
                // QuickTime gives compressed sound its decoded size: its size in the file is unknown.
                let bytes =
                    if self.is_sound && matches!(sizes, Sizes::Same { size: ..16, .. }) { bytes.min(1) } else { bytes };
                sample += per_chunk;
                Some(Frames { start, end: start.saturating_add(bytes) })
            })
        })
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

/// Returns whether all formats of a track are of pictures that never contain many zeros.
fn has_dense_entries(stsd: &[u8]) -> bool {
    let entries = children(b"stsd", stsd.get(8..).unwrap_or_default()).unwrap_or_default();
    !entries.is_empty() && entries.iter().all(|(format, _)| is_dense(format))
}

/// Returns whether frames may be in another file, which an entry then names.
fn names_another_file(dref: &[u8]) -> bool {
    let entries = children(b"dref", dref.get(8..).unwrap_or_default()).unwrap_or_default();
    entries.iter().any(|(_, entry)| word(entry, 0).is_some_and(|flags| flags & 1 == 0))
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
