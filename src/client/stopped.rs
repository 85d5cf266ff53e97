//! The reasons why a transfer ended early, for videos and images.

use super::Failure;
use std::io;

/// The reason why a transfer ended early.
pub(super) enum Stopped {
    /// It broke on the way: it may be continued.
    Broken(String),
    /// This machine failed.
    Disk(io::Error),
    /// The server refused, or sent something else.
    Failed(Failure),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Stopped {
        Stopped::Disk(error)
    }
}
