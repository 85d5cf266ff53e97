//! Reads the elements of a Matroska or WebM file.

use super::frames::is_dense;
use super::{Flaw, bytes_at};
use std::io::{self, Read, Seek};

/// Maximum number of bytes read of a table of contents or a list of tracks.
const READ: u64 = 64 * 1024;

pub(super) const HEADER: u32 = 0x1A45_DFA3;
pub(super) const SEGMENT: u32 = 0x1853_8067;
pub(super) const CLUSTER: u32 = 0x1F43_B675;
pub(super) const SEEK_HEAD: u32 = 0x114D_9B74;
const SEEK: u32 = 0x4DBB;
const SEEK_POSITION: u32 = 0x53AC;
pub(super) const TRACKS: u32 = 0x1654_AE6B;
const TRACK_ENTRY: u32 = 0xAE;
const TRACK_NUMBER: u32 = 0xD7;
const CODEC_ID: u32 = 0x86;
pub(super) const SIMPLE_BLOCK: u32 = 0xA3;
pub(super) const BLOCK_GROUP: u32 = 0xA0;
pub(super) const BLOCK: u32 = 0xA1;
pub(super) const ENCRYPTED_BLOCK: u32 = 0xAF;

/// Padding and a checksum, which may be anywhere.
pub(super) const FILLERS: [u32; 2] = [0xEC, 0xBF];

/// The elements at the outermost level and of a segment (RFC 9559), each with the only element in it besides padding and
/// checksum, if there is one: after those named above, cues, attachments, chapters, tags and information.
pub(super) const IN_SEGMENT: [(u32, Option<u32>); 10] = [
    (HEADER, None),
    (SEGMENT, None),
    (CLUSTER, None),
    (SEEK_HEAD, Some(SEEK)),
    (TRACKS, Some(TRACK_ENTRY)),
    (0x1C53_BB6B, Some(0xBB)),
    (0x1941_A469, Some(0x61A7)),
    (0x1043_A770, Some(0x45B9)),
    (0x1254_C367, Some(0x7373)),
    (0x1549_A966, None),
];

/// The elements of a cluster: blocks, its time, silent tracks, its position, the size of the previous one.
pub(super) const IN_CLUSTER: [u32; 7] = [SIMPLE_BLOCK, BLOCK_GROUP, ENCRYPTED_BLOCK, 0xE7, 0x5854, 0xA7, 0xAB];

/// An element: the start of its content, and its end if it has a size.
#[derive(Clone, Copy)]
pub(super) struct Element {
    pub(super) id: u32,
    pub(super) content: u64,
    pub(super) end: Option<u64>,
}

/// The finding at a position in the file.
pub(super) enum Found {
    Element(Element),
    /// The end of the file.
    End,
    /// An element with an incomplete head.
    Cut,
    /// Something other than an element.
    Trailer,
}

/// Reads the head of the element `at` a position.
pub(super) fn find(file: &mut (impl Read + Seek), at: u64) -> io::Result<Found> {
    let head = bytes_at(file, at, 12)?;
    let Some(first) = head.first() else { return Ok(Found::End) };
    let width = first.leading_zeros() as usize + 1;
    let Some(id) = Some(width).filter(|width| *width <= 4).and_then(|width| head.get(..width)) else {
        return Ok(if is_begun(&head) { Found::Cut } else { Found::Trailer });
    };
    let id = id.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
    let cut = || if is_registered(id) { Found::Cut } else { Found::Trailer };
    let Some(rest) = head.get(width..).filter(|rest| !rest.is_empty()) else { return Ok(cut()) };
    let Some((size, size_width)) = vint(rest) else { return Ok(cut()) };
    let content = at + (width + size_width) as u64;
    let end = Some(size).filter(|size| *size != most(size_width)).map(|size| content.saturating_add(size));
    Ok(Found::Element(Element { id, content, end }))
}

/// Reads a number of variable width; returns its width too.
pub(super) fn vint(bytes: &[u8]) -> Option<(u64, usize)> {
    let width = bytes.first()?.leading_zeros() as usize + 1;
    let number = bytes.get(..width).filter(|_| width <= 8)?;
    Some((number.iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte)) & most(width), width))
}

/// Returns the largest number of this width: as a size, it means that none is known.
fn most(width: usize) -> u64 {
    (1 << (7 * width)) - 1
}

/// Checks that elements fill the content of another one, all of one kind besides padding if there is only one.
pub(super) fn tile(file: &mut (impl Read + Seek), start: u64, end: u64, only: Option<u32>) -> Result<(), Flaw> {
    let mut at = start;
    while at < end {
        let Found::Element(Element { id, end: Some(next), .. }) = find(file, at)? else { return Err(Flaw::Broken) };
        if only.is_some_and(|only| id != only && !FILLERS.contains(&id)) {
            return Err(Flaw::Broken);
        }
        at = next;
    }
    if at == end { Ok(()) } else { Err(Flaw::Broken) }
}

/// Returns the ids of the elements of a segment and a cluster.
fn registered() -> impl Iterator<Item = u32> {
    IN_SEGMENT.iter().map(|(id, _)| *id).chain(IN_CLUSTER).chain(FILLERS)
}

/// Returns whether this is the id of an element of a segment or a cluster.
pub(super) fn is_registered(id: u32) -> bool {
    registered().any(|registered| registered == id)
}

/// Returns whether these bytes are the beginning of a known id.
fn is_begun(head: &[u8]) -> bool {
    registered().any(|id| id.to_be_bytes()[id.leading_zeros() as usize / 8..].starts_with(head))
}

/// Returns the furthest position in a table of contents, relative to the start of the segment's content.
pub(super) fn furthest(file: &mut (impl Read + Seek), table: Element) -> io::Result<Option<u64>> {
    let mut far = None;
    within(file, table, SEEK, |id, content| {
        if id == SEEK_POSITION && content.len() <= 8 {
            far = far.max(Some(content.iter().fold(0, |place, byte| place << 8 | u64::from(*byte))));
        }
    })?;
    Ok(far)
}

/// Returns the numbers of the tracks with pictures that never contain many zeros.
pub(super) fn dense_tracks(file: &mut (impl Read + Seek), tracks: Element) -> io::Result<Vec<u64>> {
    let (mut number, mut codec, mut dense) = (None, false, Vec::new());
    within(file, tracks, TRACK_ENTRY, |id, content| {
        match id {
            TRACK_ENTRY => (number, codec) = (None, false),
            TRACK_NUMBER => number = Some(content.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))),
            CODEC_ID => codec = is_dense(content),
            _ => {}
        }
        if let Some(track) = number.filter(|_| codec) {
            dense.push(track);
        }
    })?;
    Ok(dense)
}

/// Shows each element of a list: its entries, and the elements in them, by id and content.
fn within(
    file: &mut (impl Read + Seek),
    list: Element,
    entry: u32,
    mut show: impl FnMut(u32, &[u8]),
) -> io::Result<()> {
    let Some(end) = list.end else { return Ok(()) };
    let content = bytes_at(file, list.content, (end - list.content).min(READ))?;
    let mut cursor = io::Cursor::new(&content);
    let mut at = 0;
    while let Found::Element(element) = find(&mut cursor, at)? {
        let Some(end) = element.end else { break };
        let [start, stop] = [element.content, end].map(|place| usize::try_from(place).unwrap_or(usize::MAX));
        let Some(found) = content.get(start..stop.min(content.len())) else { break };
        show(element.id, found);
        at = if element.id == entry { element.content } else { end };
    }
    Ok(())
}
