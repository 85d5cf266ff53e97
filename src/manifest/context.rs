//! The part of a manifest that is being read.

/// The owner of the values that are being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// The manifest itself.
    Manifest,
    /// `defaults`; with the position of the field among a job's fields, if it is known.
    Defaults(Option<usize>),
    /// The library's entry with this number.
    Entry(usize),
    /// The job with this number.
    Job(usize),
}
