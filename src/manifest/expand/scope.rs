//! Where the values of templates come from.

/// The scope of a name: the source of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The values of a combination.
    Matrix,
    /// The values of a row.
    Row,
    /// The number of the job among those of its block.
    Job,
}

impl Scope {
    /// All scopes.
    pub(super) const ALL: [Scope; 3] = [Scope::Matrix, Scope::Row, Scope::Job];

    /// Returns the scope as it is written in a template.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Scope::Matrix => "matrix",
            Scope::Row => "row",
            Scope::Job => "job",
        }
    }

    /// Returns the field that provides such values for a job.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Scope::Matrix => "matrix",
            Scope::Row => "rows",
            // It needs one of the two.
            Scope::Job => "matrix",
        }
    }
}
