//! Why a transfer ended early, of a video as of an image.

use super::Failure;
use std::io;

/// Why a transfer ended early.
pub(super) enum Stopped {
    /// On the way: what came may be continued.
    Broken(String),
    /// This machine failed.
    Disk(io::Error),
    /// The server said no, or sent something else.
    Failed(Failure),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Stopped {
        Stopped::Disk(error)
    }
}
