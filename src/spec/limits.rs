//! Every number of the service, with its source.

/// References of one generation \[spec\].
pub const REFERENCES: std::ops::RangeInclusive<usize> = 1..=3;

/// Images of one reference \[spec\] (said of subjects; applied to backgrounds too).
pub const IMAGES: std::ops::RangeInclusive<usize> = 1..=3;

/// Videos of one generation \[spec\].
pub const VIDEOS: std::ops::RangeInclusive<i64> = 1..=4;

/// Bytes of a reference's name at most \[upstream\].
pub const REFERENCE_NAME_BYTES: usize = 30;

/// An image must be smaller than this many bytes \[upstream\].
pub const IMAGE_BYTES: u64 = 20_000_000;

/// Pixels of an image's side at most \[upstream\].
pub const IMAGE_SIDE: usize = 4000;

/// The statuses that the way to the service says only of requests that it didn't pass on, unless the manifest says otherwise: 429 was
/// seen of rate limits alone, and any other status of requests that had been passed on too.
pub const TURNED_AWAY: [u16; 1] = [429];

/// Characters of a job id at most: it names files.
pub const JOB_ID_CHARACTERS: usize = 128;

/// Bytes of a job id at most: a file's name has room for 255, and its video's number and hash stand behind it.
pub const JOB_ID_BYTES: usize = 200;

/// Characters of a prompt at most, and of a negative one \[upstream\].
pub const PROMPT_CHARACTERS: usize = 2048;

/// The maker's list price of one video in credits (v4.5, Fusion) \[upstream\].
pub fn list_price(resolution: super::vocabulary::Resolution, duration: super::vocabulary::Duration) -> u32 {
    use super::vocabulary::{Duration::*, Resolution::*};
    match (resolution, duration) {
        (P360 | P540, Five) => 45,
        (P360 | P540, Eight) => 90,
        (P720, Five) => 60,
        (P720, Eight) | (P1080, _) => 120,
    }
}
