//! A finding: one mistake, with the places that show it.

use super::code::{Code, Severity};
use super::fix::Fix;
use crate::document::span::Span;

/// One mistake, in words and places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule is broken: a promise, and a section of the manual.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: one sentence that says what was found and what is allowed.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// The edit that does what the help says, where there is just one.
    pub fix: Option<Fix>,
    /// The id of the job that it is about, where there is one: of several that one template makes, the first.
    pub job: Option<String>,
    /// How many jobs it is about, of those that one template makes; 1 otherwise.
    pub jobs: usize,
    /// The places, the primary one first.
    pub labels: Vec<Label>,
}

/// A place in the manifest or in a file that it refers to, and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where: [`Source::of`](crate::document::Source::of) tells the file, and the place there.
    pub span: Span,
    /// What is there, in a few words.
    pub text: String,
}

impl Finding {
    /// Where the finding stands; a finding without a label is about the file as a whole.
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|label| label.span)
    }
}
