//! Every number of the service, with its source.

/// The number of references of one generation \[spec\].
pub const REFERENCES: std::ops::RangeInclusive<usize> = 1..=3;

/// The number of images of one reference \[spec\] (stated for subjects; applied to backgrounds too).
pub const IMAGES: std::ops::RangeInclusive<usize> = 1..=3;

/// The number of videos of one generation \[spec\].
pub const VIDEOS: std::ops::RangeInclusive<i64> = 1..=4;

/// The maximum number of bytes of a reference's name \[upstream\].
pub const REFERENCE_NAME_BYTES: usize = 30;

/// The number of bytes that an image must stay below \[upstream\].
pub const IMAGE_BYTES: u64 = 20_000_000;

/// The maximum number of pixels of an image's side \[upstream\].
pub const IMAGE_SIDE: usize = 4000;

/// The statuses that a proxy on the way to the service uses only for requests that it didn't pass on, unless the
/// manifest says otherwise: 429 was seen for rate limits alone, and any other status also for requests that had been
/// passed on.
pub const TURNED_AWAY: [u16; 1] = [429];

/// The maximum number of characters of a job id: it names files.
pub const JOB_ID_CHARACTERS: usize = 128;

/// The maximum number of bytes of a job id: a file's name has room for 255, including the video's number and hash.
pub const JOB_ID_BYTES: usize = 200;

/// The maximum number of characters of a prompt, and of a negative one \[upstream\].
pub const PROMPT_CHARACTERS: usize = 2048;

/// Returns the model vendor's list price of one video in credits (v4.5, Fusion) \[upstream\].
pub fn list_price(resolution: super::vocabulary::Resolution, duration: super::vocabulary::Duration) -> u32 {
    use super::vocabulary::{Duration::*, Resolution::*};
    match (resolution, duration) {
        (P360 | P540, Five) => 45,
        (P360 | P540, Eight) => 90,
        (P720, Five) => 60,
        (P720, Eight) | (P1080, _) => 120,
    }
}
