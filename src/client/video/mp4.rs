//! Walks the boxes of an MP4 or QuickTime file.

use super::boxes::belongs;
use super::fragment::{Fragment, indexed, listed};
use super::frames::{Frames, Scan};
use super::moov::Moov;
use super::timeline::Timeline;
use super::{End, Flaw, bytes_at, tail};
use std::io::{self, Read, Seek};

/// Maximum number of boxes: a video of some seconds has a dozen, a fragmented one two for each fragment.
const BOXES: usize = 100_000;

/// Maximum size of a box that is read completely, in bytes: the index of an hour of video has some MB.
const READ: u64 = 64 * 1024 * 1024;

/// The names of boxes at the outermost level, by ISO 14496-12, QuickTime, and the MP4 registration authority.
const REGISTERED: [&[u8; 4]; 29] = [
    b"ftyp", b"moov", b"mdat", b"moof", b"mfra", b"free", b"skip", b"wide", b"uuid", b"meta", b"sidx", b"ssix",
    b"styp", b"prft", b"emsg", b"udta", b"pdin", b"pnot", b"PICT", b"meco", b"bloc", b"imda", b"otyp", b"etyp",
    b"mpvd", b"junk", b"pict", b"sefd", b"gmin",
];

/// Size of an ID3v1 tag in bytes.
const ID3V1: u64 = 128;

/// Returns whether a box at the outermost level may have this name.
pub(super) fn is_registered(kind: [u8; 4]) -> bool {
    REGISTERED.contains(&&kind)
}

/// A box: its start, and the start and the end of its content.
struct Head {
    kind: [u8; 4],
    at: u64,
    content: u64,
    end: u64,
}

/// The finding at a position in the file.
enum Found {
    Box(Head),
    /// The end of the file.
    End,
    /// Something other than a box.
    Rest(Rest),
}

/// The bytes after the last complete box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Nothing,
    /// Something that players skip: a few bytes, text, a tag.
    Trailer,
    /// Something other than a box: a trailer of a camera, or the remains of a damaged part.
    Foreign,
    /// So few bytes that they may be a tag, or the beginning of a box.
    Stub,
    /// A box whose end is after the end of the file.
    Cut,
    /// A box with a size smaller than its own header.
    Broken,
}

/// Checks that a file, `length` bytes long, has everything that its index and its fragments refer to.
///
/// # Errors
/// Fails if a part is missing, or it can't be read.
pub(super) fn walk(file: &mut (impl Read + Seek), length: u64) -> Result<End, Flaw> {
    let mut film = Film::default();
    let mut at = 0;
    for _ in 0..BOXES {
        match find(file, at, length)? {
            Found::Box(head) => {
                film.take_in(file, &head)?;
                at = head.end;
            }
            Found::End => return film.judge(file, at, Rest::Nothing),
            Found::Rest(rest) => return film.judge(file, at, rest),
        }
    }
    Err(Flaw::Broken)
}

/// Reads the head `at` a position.
fn find(file: &mut (impl Read + Seek), at: u64, length: u64) -> io::Result<Found> {
    let head = bytes_at(file, at, 16)?;
    if head.is_empty() {
        return Ok(Found::End);
    }
    let (Some(size), Some(&kind)) = (head.first_chunk(), head.get(4..).and_then(<[u8]>::first_chunk)) else {
        return Ok(Found::Rest(if may_begin_a_box(&head) { Rest::Stub } else { Rest::Trailer }));
    };
    // A tag's name and title could be read as one.
    let is_tag = head.starts_with(b"TAG") && length - at == ID3V1;
    let is_registered = is_registered(kind) && !is_tag;
    let mut otherwise = |flaw| {
        Ok(Found::Rest(match is_registered {
            true => flaw,
            false if tail::is_harmless(file, at, length)? => Rest::Trailer,
            false => Rest::Foreign,
        }))
    };
    let (header, size) = match u32::from_be_bytes(*size) {
        0 if is_registered => (8, length - at),
        1 => match head.get(8..).and_then(<[u8]>::first_chunk) {
            Some(size) => (16, u64::from_be_bytes(*size)),
            None => return otherwise(Rest::Cut),
        },
        size => (8, u64::from(size)),
    };
    if size < header {
        return otherwise(Rest::Broken);
    }
    match at.checked_add(size).filter(|end| *end <= length && !is_tag && belongs(kind, None)) {
        Some(end) => Ok(Found::Box(Head { kind, at, content: at + header, end })),
        None => otherwise(Rest::Cut),
    }
}

/// Returns whether fewer bytes than a header may be the beginning of a box: boxes of 16 MiB and more never follow others.
fn may_begin_a_box(bytes: &[u8]) -> bool {
    let name = bytes.get(4..).unwrap_or_default();
    let has_size = bytes.first_chunk().is_none_or(|size| matches!(u32::from_be_bytes(*size), 1 | 8..));
    bytes.first() == Some(&0) && has_size && REGISTERED.iter().any(|registered| registered.starts_with(name))
}

/// The knowledge from the boxes so far.
#[derive(Default)]
struct Film {
    moov: Option<Moov>,
    /// The boxes that hold frames, in order.
    media: Vec<Frames>,
    /// The positions of the fragments.
    fragments: Vec<u64>,
    /// The fragment whose data is being counted.
    fragment: Option<Fragment>,
    timeline: Timeline,
    /// Pictures of the fragments that never contain many zeros.
    dense: Vec<Frames>,
    /// `true` if an earlier fragment lacked some of its data.
    lacks: bool,
    /// The end of the segments in an index of segments.
    listed: u64,
    /// The positions of fragments in the index after them, if it exists.
    indexed: Option<Vec<u64>>,
}

impl Film {
    fn take_in(&mut self, file: &mut (impl Read + Seek), head: &Head) -> Result<(), Flaw> {
        let length = head.end - head.content;
        if matches!(&head.kind, b"mdat" | b"imda") {
            self.media.push(Frames { start: head.content, end: head.end });
            if let Some(fragment) = &mut self.fragment {
                fragment.has = fragment.has.saturating_add(length);
            }
        }
        if !matches!(&head.kind, b"moov" | b"moof" | b"sidx" | b"mfra") || length > READ {
            return Ok(());
        }
        let content = bytes_at(file, head.content, length)?;
        match &head.kind {
            b"moov" => self.moov = Some(self.moov.take().unwrap_or_default().with(&content)?),
            b"moof" => {
                self.lacks |= self.fragment.as_ref().is_some_and(Fragment::lacks_data);
                let mut fragment = Fragment::read(&content, head.at, self.moov.as_ref())?;
                self.timeline.take_in(&fragment);
                self.dense.append(&mut fragment.dense);
                self.fragments.push(head.at);
                self.fragment = Some(fragment);
            }
            b"mfra" => self.indexed = Some(indexed(&content)?),
            _ => self.listed = self.listed.max(head.end.saturating_add(listed(&content))),
        }
        Ok(())
    }

    /// Judges a file whose last box ends `at` a position.
    fn judge(mut self, file: &mut (impl Read + Seek), at: u64, rest: Rest) -> Result<End, Flaw> {
        let Some(moov) = self.moov.take() else {
            return Err(match rest {
                Rest::Cut => Flaw::Cut,
                Rest::Broken => Flaw::Broken,
                Rest::Nothing | Rest::Trailer | Rest::Foreign | Rest::Stub => Flaw::NoIndex,
            });
        };
        if rest == Rest::Cut {
            return Err(Flaw::Cut);
        }
        let mut scan = Scan::of(at);
        self.look_for_samples(file, &mut scan, &moov, at)?;
        let is_fragmented = moov.is_fragmented || self.fragment.is_some();
        match &self.fragment {
            Some(fragment) if self.lacks || fragment.lacks_data() || self.listed > at => return Err(Flaw::Cut),
            // A video of one fragment may have it in the index itself.
            None if !moov.has_samples => return Err(Flaw::NoFrames),
            _ => {}
        }
        if self.timeline.has_gap() || !self.is_indexed_right() {
            return Err(Flaw::Gap);
        }
        for frames in &self.dense {
            self.look(file, &mut scan, *frames, true)?;
        }
        match rest {
            _ if self.indexed.is_some() => Ok(End::Proven),
            Rest::Stub if is_fragmented => Err(Flaw::Cut),
            Rest::Broken | Rest::Foreign if is_fragmented => Err(Flaw::Broken),
            Rest::Nothing if !is_fragmented => Ok(End::Proven),
            _ => Ok(End::Seam),
        }
    }

    /// Checks the samples of the index; `at` is the end of all boxes.
    fn look_for_samples(
        &self,
        file: &mut (impl Read + Seek),
        scan: &mut Scan,
        moov: &Moov,
        at: u64,
    ) -> Result<(), Flaw> {
        for track in moov.tracks() {
            let chunks = || track.chunks().map_while(|chunk| chunk).filter(|chunk| chunk.end > chunk.start);
            if chunks().any(|chunk| chunk.end > at) {
                return Err(Flaw::Cut);
            }
            for chunk in chunks() {
                self.look(file, scan, chunk, track.is_dense)?;
            }
        }
        Ok(())
    }

    /// Checks that frames are where frames may be, and that dense ones aren't overwritten.
    fn look(&self, file: &mut (impl Read + Seek), scan: &mut Scan, frames: Frames, is_dense: bool) -> Result<(), Flaw> {
        match () {
            () if !self.is_media(&frames) => Err(Flaw::Broken),
            () if is_dense && scan.finds_blank(file, frames)? => Err(Flaw::Blank),
            () => Ok(()),
        }
    }

    /// Returns whether these frames lie in a box that holds frames.
    fn is_media(&self, frames: &Frames) -> bool {
        let after = self.media.partition_point(|media| media.start <= frames.start);
        self.media[..after].last().is_some_and(|media| frames.end <= media.end)
    }

    /// Returns whether each fragment that the index lists is at its position, or all were moved by the same distance.
    fn is_indexed_right(&self) -> bool {
        let (Some(listed), Some(first)) = (&self.indexed, self.fragments.first()) else { return true };
        let Some(moved) = listed.iter().min().map(|least| first.wrapping_sub(*least)) else { return true };
        listed.iter().all(|at| self.fragments.binary_search(&at.wrapping_add(moved)).is_ok())
    }
}
