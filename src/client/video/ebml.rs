//! Walks the elements of a Matroska or WebM file.

use super::{End, Flaw, bytes_at};
use std::io::{self, Read, Seek};

/// Maximum number of elements: a live file of some seconds has some hundred.
const ELEMENTS: usize = 1_000_000;

/// Maximum number of bytes read of a table of contents.
const READ: u64 = 64 * 1024;

const HEADER: u32 = 0x1A45_DFA3;
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1F43_B675;
const SEEK_HEAD: u32 = 0x114D_9B74;
const SEEK: u32 = 0x4DBB;
const SEEK_POSITION: u32 = 0x53AC;
const SIMPLE_BLOCK: u32 = 0xA3;
const BLOCK_GROUP: u32 = 0xA0;
const ENCRYPTED_BLOCK: u32 = 0xAF;

/// The elements of a segment, and those of a cluster (RFC 9559).
const REGISTERED: [u32; 19] = [
    HEADER,
    SEGMENT,
    CLUSTER,
    SEEK_HEAD,
    SIMPLE_BLOCK,
    BLOCK_GROUP,
    ENCRYPTED_BLOCK,
    // Info, tracks, cues, attachments, chapters, tags; padding and checksum.
    0x1549_A966,
    0x1654_AE6B,
    0x1C53_BB6B,
    0x1941_A469,
    0x1043_A770,
    0x1254_C367,
    0xEC,
    0xBF,
    // In a cluster: its time, silent tracks, its position, the size of the previous one.
    0xE7,
    0x5854,
    0xA7,
    0xAB,
];

/// An element: the start of its content, and its end if it has a size.
#[derive(Clone, Copy)]
struct Element {
    id: u32,
    content: u64,
    end: Option<u64>,
}

/// The finding at a position in the file.
enum Found {
    Element(Element),
    /// The end of the file.
    End,
    /// An element with an incomplete head.
    Cut,
    /// Something other than an element.
    Trailer,
}

/// Checks that a file, `length` bytes long, has all elements completely.
///
/// # Errors
/// Fails if a part is missing, or it can't be read.
pub(super) fn walk(file: &mut (impl Read + Seek), length: u64) -> Result<End, Flaw> {
    let mut at = 0;
    for _ in 0..ELEMENTS {
        let Found::Element(element) = find(file, at)? else { return Err(Flaw::Cut) };
        match (element.id, element.end) {
            (SEGMENT, None) => return segment(file, element.content, length),
            // Tags may have been appended after it.
            (SEGMENT, Some(end)) if element.content < end && end <= length => return Ok(End::Proven),
            (_, Some(end)) if end <= length => at = end,
            _ => return Err(Flaw::Cut),
        }
    }
    Err(Flaw::Broken)
}

/// Walks the elements of a segment without a size, and those of its clusters without one.
fn segment(file: &mut (impl Read + Seek), start: u64, length: u64) -> Result<End, Flaw> {
    let mut at = start;
    let mut frames = Frames::Missing;
    for _ in 0..ELEMENTS {
        let element = match find(file, at)? {
            Found::Element(element) => element,
            Found::Cut => return Err(Flaw::Cut),
            Found::End | Found::Trailer => return frames.judge(),
        };
        at = match element.end {
            None if element.id == CLUSTER || element.id == SEGMENT => element.content,
            Some(end) if end <= length => end,
            None | Some(_) if REGISTERED.contains(&element.id) => return Err(Flaw::Cut),
            // Content without a registered name that doesn't fit is a tag or text.
            None | Some(_) => return frames.judge(),
        };
        frames = match (element.id, element.end) {
            (CLUSTER, None) => Frames::Awaited,
            (CLUSTER, Some(end)) if end > element.content => Frames::Here,
            (SIMPLE_BLOCK | BLOCK_GROUP | ENCRYPTED_BLOCK, _) => Frames::Here,
            _ => frames,
        };
        if element.id == SEEK_HEAD && furthest(file, element)?.is_some_and(|far| far >= length - start) {
            return Err(Flaw::Cut);
        }
    }
    Err(Flaw::Broken)
}

/// The knowledge about the frames.
#[derive(Clone, Copy)]
enum Frames {
    Missing,
    /// A cluster has begun, but has none yet.
    Awaited,
    Here,
}

impl Frames {
    fn judge(self) -> Result<End, Flaw> {
        match self {
            Frames::Missing => Err(Flaw::NoFrames),
            Frames::Awaited => Err(Flaw::Cut),
            Frames::Here => Ok(End::Seam),
        }
    }
}

/// Reads the head of the element `at` a position.
fn find(file: &mut (impl Read + Seek), at: u64) -> io::Result<Found> {
    let head = bytes_at(file, at, 12)?;
    let Some(first) = head.first() else { return Ok(Found::End) };
    let width = first.leading_zeros() as usize + 1;
    let Some(id) = Some(width).filter(|width| *width <= 4).and_then(|width| head.get(..width)) else {
        return Ok(if is_begun(&head) { Found::Cut } else { Found::Trailer });
    };
    let id = id.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
    let cut = || if REGISTERED.contains(&id) { Found::Cut } else { Found::Trailer };
    let Some(first) = head.get(width) else { return Ok(cut()) };
    let size_width = first.leading_zeros() as usize + 1;
    let Some(size) = Some(size_width).filter(|size| *size <= 8).and_then(|size| head.get(width..width + size)) else {
        return Ok(cut());
    };
    let most = (1 << (7 * size_width)) - 1;
    let size = size.iter().fold(0, |size: u64, byte| size << 8 | u64::from(*byte)) & most;
    let content = at + (width + size_width) as u64;
    let end = Some(size).filter(|size| *size != most).map(|size| content.saturating_add(size));
    Ok(Found::Element(Element { id, content, end }))
}

/// Returns whether these bytes are the beginning of a known id.
fn is_begun(head: &[u8]) -> bool {
    REGISTERED.iter().any(|id| id.to_be_bytes()[id.leading_zeros() as usize / 8..].starts_with(head))
}

/// Returns the furthest position in a table of contents, relative to the start of the segment's content.
fn furthest(file: &mut (impl Read + Seek), table: Element) -> io::Result<Option<u64>> {
    let Some(end) = table.end else { return Ok(None) };
    let content = bytes_at(file, table.content, (end - table.content).min(READ))?;
    let mut cursor = io::Cursor::new(content);
    let (mut at, mut far) = (0, None);
    while let Found::Element(element) = find(&mut cursor, at)? {
        let Some(end) = element.end else { break };
        // The entries are searched, and everything else in them is skipped.
        at = if element.id == SEEK { element.content } else { end };
        if element.id == SEEK_POSITION && end - element.content <= 8 {
            let bytes = bytes_at(&mut cursor, element.content, end - element.content)?;
            far = far.max(Some(bytes.iter().fold(0, |place, byte| place << 8 | u64::from(*byte))));
        }
    }
    Ok(far)
}
