//! A call that brought nothing.

use crate::client::Failure;

/// A call without an answer, or without the expected one.
#[derive(Debug)]
pub(super) enum Missed {
    /// The run is over.
    Out,
    /// The service said something else; the verdict is never `Unreachable` or `NoWay`.
    Failed(Failure),
}
