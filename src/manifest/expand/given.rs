//! What a field provides for the templates of a job.

/// The values that a field provides for a job.
pub(super) enum Given<T> {
    /// The field is missing.
    Nothing,
    /// The values are unknown because of a mistake; their names, if those are known.
    Spoilt(Option<Vec<String>>),
    /// These values.
    Values(T),
}

impl<T> Given<T> {
    /// Returns the values.
    pub(super) fn get(&self) -> Option<&T> {
        if let Given::Values(values) = self { Some(values) } else { None }
    }

    /// Returns whether the values are unknown.
    pub(super) fn is_spoilt(&self) -> bool {
        matches!(self, Given::Spoilt(_))
    }
}
