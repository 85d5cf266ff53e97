//! Reads boxes inside a box, and the numbers in them.

use super::Flaw;

/// Maximum number of zero bytes that may end a list of boxes: QuickTime ends some lists so.
const TERMINATOR: usize = 8;

/// The names of boxes that are in one kind of box alone: in another one, something before them is missing.
const PARENTS: [(&[u8; 4], &[&[u8; 4]]); 9] = [
    (b"moov", &[b"mvhd", b"trak", b"mvex"]),
    (b"trak", &[b"tkhd", b"mdia"]),
    (b"mdia", &[b"mdhd", b"minf"]),
    (b"minf", &[b"stbl"]),
    (b"stbl", &[b"stsd", b"stts", b"stsc", b"stsz", b"stco"]),
    (b"mvex", &[b"trex"]),
    (b"moof", &[b"mfhd", b"traf"]),
    (b"traf", &[b"tfhd", b"tfdt", b"trun"]),
    (b"mfra", &[b"tfra", b"mfro"]),
];

/// A box inside another one: its name and its content.
pub(super) type Child<'c> = ([u8; 4], &'c [u8]);

/// Returns whether a box may be in one with this name, or at the outermost level.
pub(super) fn belongs(kind: [u8; 4], parent: Option<&[u8; 4]>) -> bool {
    let only = PARENTS.iter().find(|(_, children)| children.contains(&&kind));
    is_name(kind) && only.is_none_or(|(name, _)| Some(*name) == parent)
}

/// Returns the boxes of which a box with this name consists.
///
/// # Errors
/// Fails if they don't fill it, or belong elsewhere.
pub(super) fn children<'c>(parent: &[u8; 4], mut content: &'c [u8]) -> Result<Vec<Child<'c>>, Flaw> {
    let mut found = Vec::new();
    while !(content.len() <= TERMINATOR && content.iter().all(|byte| *byte == 0)) {
        let (kind, child, rest) =
            split(content).filter(|(kind, ..)| belongs(*kind, Some(parent))).ok_or(Flaw::Broken)?;
        found.push((kind, child));
        content = rest;
    }
    Ok(found)
}

/// Splits off the first box.
fn split(content: &[u8]) -> Option<([u8; 4], &[u8], &[u8])> {
    let size = number::<4>(content, 0)?;
    let kind = *content.get(4..)?.first_chunk()?;
    let (header, size) = match size {
        1 => (16, usize::try_from(number::<8>(content, 8)?).ok()?),
        size => (8, usize::try_from(size).ok()?),
    };
    Some((kind, content.get(header..size)?, &content[size..]))
}

/// Returns whether four bytes may be the name of a box: printable, or with the copyright sign of QuickTime.
fn is_name(kind: [u8; 4]) -> bool {
    kind.iter().all(|byte| matches!(byte, b' '..=b'~' | 0xA9))
}

/// Reads a number of `N` bytes.
pub(super) fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(N)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Reads a number of four bytes.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    number::<4>(bytes, at).and_then(|number| u32::try_from(number).ok())
}
