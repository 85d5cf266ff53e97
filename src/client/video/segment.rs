//! Walks the segment of a Matroska or WebM file.

use super::ebml::{
    BLOCK, BLOCK_GROUP, CLUSTER, ENCRYPTED_BLOCK, Element, FILLERS, Found, HEADER, IN_CLUSTER, IN_SEGMENT, SEEK_HEAD,
    SEGMENT, SIMPLE_BLOCK, TRACKS, dense_tracks, find, furthest, is_registered, tile, vint,
};
use super::frames::{Frames, Scan};
use super::{End, Flaw, bytes_at, tail};
use std::io::{self, Read, Seek};

/// Maximum number of elements: an hour of video and sound has some hundred thousand.
const ELEMENTS: usize = 1_000_000;

/// Checks that a file, `length` bytes long, has all elements completely.
///
/// # Errors
/// Fails if a part is missing, or it can't be read.
pub(super) fn walk(file: &mut (impl Read + Seek), length: u64) -> Result<End, Flaw> {
    let mut at = 0;
    for _ in 0..ELEMENTS {
        let element = match find(file, at)? {
            Found::Element(element) => element,
            Found::Trailer => return Err(Flaw::Broken),
            Found::End | Found::Cut => return Err(Flaw::Cut),
        };
        match (element.id, element.end) {
            (SEGMENT, Some(end)) if end > length || end == element.content => return Err(Flaw::Cut),
            (SEGMENT, end) => return Segment::new(element.content, end, length).walk(file, length),
            (id, _) if id != HEADER && !FILLERS.contains(&id) => return Err(Flaw::Broken),
            (id, Some(end)) if end <= length => {
                if id == HEADER {
                    tile(file, element.content, end, None)?;
                }
                at = end;
            }
            _ => return Err(Flaw::Cut),
        }
    }
    Err(Flaw::Broken)
}

/// A segment, and the knowledge from its elements so far.
struct Segment {
    start: u64,
    /// Its end, if it has a size.
    end: Option<u64>,
    /// The clusters and groups of blocks around the current position.
    within: Vec<Outer>,
    /// The tracks with pictures that never contain many zeros; `None` before the list of tracks.
    dense: Option<Vec<u64>>,
    progress: Progress,
    scan: Scan,
}

/// An element whose elements are walked too, and its end if it has a size.
#[derive(Clone, Copy)]
enum Outer {
    Cluster(Option<u64>),
    Group(u64),
}

impl Outer {
    fn end(self) -> Option<u64> {
        match self {
            Outer::Cluster(end) => end,
            Outer::Group(end) => Some(end),
        }
    }
}

impl Segment {
    fn new(start: u64, end: Option<u64>, length: u64) -> Segment {
        let (within, scan) = (Vec::new(), Scan::of(length));
        Segment { start, end, within, dense: None, progress: Progress::Missing, scan }
    }

    /// Walks the elements, and those of clusters.
    fn walk(mut self, file: &mut (impl Read + Seek), length: u64) -> Result<End, Flaw> {
        let mut at = self.start;
        for _ in 0..ELEMENTS {
            while self.within.last().is_some_and(|outer| outer.end() == Some(at)) {
                self.within.pop();
            }
            if self.end == Some(at) {
                // Tags may have been appended after it.
                return self.progress.judge().map(|()| End::Proven);
            }
            let element = match find(file, at)? {
                Found::Element(element) => element,
                Found::Cut => return Err(Flaw::Cut),
                Found::End if self.is_open() => return self.progress.judge().map(|()| End::Seam),
                Found::End => return Err(Flaw::Cut),
                Found::Trailer => return self.followed(file, at, length),
            };
            let is_open = element.end.is_none() && matches!(element.id, CLUSTER | SEGMENT);
            let end = element.end.unwrap_or(if is_open { element.content } else { u64::MAX });
            if end > length || !self.belongs(element.id) {
                return match is_registered(element.id) && end > length {
                    true => Err(Flaw::Cut),
                    // Content without a registered name that doesn't fit is a tag or text.
                    false => self.followed(file, at, length),
                };
            }
            if self.ends().any(|outer| end > outer) {
                return Err(Flaw::Broken);
            }
            at = self.enter(file, element, length)?;
        }
        Err(Flaw::Broken)
    }

    /// Returns the ends of the elements around the current position that have a size.
    fn ends(&self) -> impl Iterator<Item = u64> {
        self.within.iter().filter_map(|outer| outer.end()).chain(self.end)
    }

    /// Returns whether the segment may end at the current position.
    fn is_open(&self) -> bool {
        self.ends().next().is_none()
    }

    /// Returns whether an element with this id may be at the current position: those of a segment have ids of four bytes.
    fn belongs(&self, id: u32) -> bool {
        FILLERS.contains(&id)
            || match self.within.last() {
                None => id > 0xFF_FFFF,
                Some(Outer::Cluster(None)) => id > 0xFF_FFFF || IN_CLUSTER.contains(&id),
                Some(Outer::Cluster(Some(_))) => IN_CLUSTER.contains(&id),
                Some(Outer::Group(_)) => true,
            }
    }

    /// Judges a segment that is followed by something other than one of its elements.
    fn followed(self, file: &mut (impl Read + Seek), at: u64, length: u64) -> Result<End, Flaw> {
        match self.is_open() && tail::is_harmless(file, at, length)? {
            true => self.progress.judge().map(|()| End::Seam),
            false => Err(Flaw::Broken),
        }
    }

    /// Takes in an element; returns the position of the next one, in it or after it.
    fn enter(&mut self, file: &mut (impl Read + Seek), element: Element, length: u64) -> Result<u64, Flaw> {
        let Element { id, content, end } = element;
        self.progress = match (id, end) {
            (CLUSTER, None) => Progress::Awaited,
            (CLUSTER, Some(end)) if end > content => Progress::Here,
            (SIMPLE_BLOCK | BLOCK_GROUP | ENCRYPTED_BLOCK, _) => Progress::Here,
            _ => self.progress,
        };
        if id > 0xFF_FFFF {
            // It ends a cluster without a size.
            self.within.clear();
            let known = IN_SEGMENT.iter().find(|(known, _)| *known == id && id != CLUSTER);
            if let (Some((_, only)), Some(end)) = (known, end) {
                tile(file, content, end, *only)?;
            }
        }
        match (id, end) {
            (CLUSTER, _) if self.dense.is_some() => self.within.push(Outer::Cluster(end)),
            (BLOCK_GROUP, Some(end)) => self.within.push(Outer::Group(end)),
            (SIMPLE_BLOCK | BLOCK, Some(end)) if self.is_blank(file, content, end)? => return Err(Flaw::Blank),
            (SEEK_HEAD, _) if furthest(file, element)?.is_some_and(|far| far >= length - self.start) => {
                return Err(Flaw::Cut);
            }
            (TRACKS, _) => self.dense = Some(dense_tracks(file, element)?),
            (CLUSTER, _) => return Err(Flaw::Broken),
            _ => {}
        }
        Ok(end.filter(|_| !matches!(id, CLUSTER | BLOCK_GROUP)).unwrap_or(content))
    }

    /// Returns whether the pictures of a block are overwritten with zeros.
    fn is_blank(&mut self, file: &mut (impl Read + Seek), start: u64, end: u64) -> io::Result<bool> {
        let head = bytes_at(file, start, 8)?;
        let Some((track, width)) = vint(&head) else { return Ok(start < end) };
        // The track, a time in two bytes and flags.
        let start = start + width as u64 + 3;
        Ok(self.dense.iter().flatten().any(|dense| *dense == track)
            && start < end
            && self.scan.finds_blank(file, Frames { start, end })?)
    }
}

/// The knowledge about the frames.
#[derive(Clone, Copy)]
enum Progress {
    Missing,
    /// A cluster has begun, but has none yet.
    Awaited,
    Here,
}

impl Progress {
    fn judge(self) -> Result<(), Flaw> {
        match self {
            Progress::Missing => Err(Flaw::NoFrames),
            Progress::Awaited => Err(Flaw::Cut),
            Progress::Here => Ok(()),
        }
    }
}
