//! Walks the boxes of an MP4 or QuickTime file.

use super::moov::{Fragment, Moov, children, number};
use super::{End, Flaw, bytes_at};
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

/// A box: the start and the end of its content.
struct Head {
    kind: [u8; 4],
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
            Found::End => return film.judge(at, Rest::Nothing),
            Found::Rest(rest) => return film.judge(at, rest),
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
    let otherwise = |rest| Ok(Found::Rest(if is_registered { rest } else { Rest::Trailer }));
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
    match at.checked_add(size).filter(|end| *end <= length && !is_tag) {
        Some(end) => Ok(Found::Box(Head { kind, content: at + header, end })),
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
    /// The fragment whose data is being counted.
    fragment: Option<Fragment>,
    /// `true` if an earlier fragment lacked some of its data.
    lacks: bool,
    /// The end of the segments in an index of segments.
    listed: u64,
    /// `true` if the index after the last fragment exists.
    ended: bool,
}

impl Film {
    fn take_in(&mut self, file: &mut (impl Read + Seek), head: &Head) -> io::Result<()> {
        let length = head.end - head.content;
        if &head.kind == b"mdat"
            && let Some(fragment) = &mut self.fragment
        {
            fragment.has = fragment.has.saturating_add(length);
        }
        self.ended |= &head.kind == b"mfra";
        if !matches!(&head.kind, b"moov" | b"moof" | b"sidx") || length > READ {
            return Ok(());
        }
        let content = bytes_at(file, head.content, length)?;
        match &head.kind {
            b"moov" => self.moov = Some(self.moov.take().unwrap_or_default().with(&content)),
            b"moof" => {
                self.lacks |= self.fragment.as_ref().is_some_and(Fragment::lacks_data);
                self.fragment = Some(Fragment::read(&content, self.moov.as_ref()));
            }
            _ => self.listed = self.listed.max(head.end.saturating_add(listed(&content))),
        }
        Ok(())
    }

    /// Judges a file whose last box ends `at` a position.
    fn judge(&self, at: u64, rest: Rest) -> Result<End, Flaw> {
        let Some(moov) = &self.moov else {
            return Err(match rest {
                Rest::Cut => Flaw::Cut,
                Rest::Broken => Flaw::Broken,
                Rest::Nothing | Rest::Trailer | Rest::Stub => Flaw::NoIndex,
            });
        };
        if moov.needs > at || rest == Rest::Cut {
            return Err(Flaw::Cut);
        }
        let is_fragmented = moov.is_fragmented || self.fragment.is_some();
        match &self.fragment {
            Some(fragment) if self.lacks || fragment.lacks_data() || self.listed > at => Err(Flaw::Cut),
            // A video of one fragment may have it in the index itself.
            None if is_fragmented && !moov.has_samples => Err(Flaw::NoFrames),
            _ if self.ended => Ok(End::Proven),
            _ if is_fragmented && rest == Rest::Stub => Err(Flaw::Cut),
            _ if is_fragmented && rest == Rest::Broken => Err(Flaw::Broken),
            None if !is_fragmented && rest == Rest::Nothing => Ok(End::Proven),
            _ => Ok(End::Seam),
        }
    }
}

/// Returns how many bytes after a `sidx` are covered by its segments.
fn listed(content: &[u8]) -> u64 {
    let (first, rest) = match content.first() {
        Some(0) => (number::<4>(content, 16), content.get(20..)),
        _ => (number::<8>(content, 20), content.get(28..)),
    };
    let rest = rest.unwrap_or_default();
    let count = number::<2>(rest, 2).unwrap_or_default();
    let sizes = rest.get(4..).unwrap_or_default().chunks_exact(12).take(usize::try_from(count).unwrap_or_default());
    // The highest bit says whether the reference is to another index.
    let sizes = sizes.map(|reference| number::<4>(reference, 0).unwrap_or_default() & 0x7fff_ffff);
    first.unwrap_or_default().saturating_add(sizes.sum())
}

impl Fragment {
    /// Reads a `moof` box: the number of bytes of its samples.
    fn read(content: &[u8], moov: Option<&Moov>) -> Fragment {
        let of_track = |track: u32| moov.and_then(|moov| moov.default_size(track)).unwrap_or_default();
        let tracks = children(content).filter(|(kind, _)| kind == b"traf");
        let needs =
            tracks.map(|(_, traf)| super::moov::samples_of_fragment(traf, of_track)).fold(0, u64::saturating_add);
        Fragment { needs, has: 0 }
    }

    fn lacks_data(&self) -> bool {
        self.has < self.needs
    }
}
