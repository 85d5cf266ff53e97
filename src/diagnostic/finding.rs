//! A finding: one mistake, with the places that show it.

use super::code::{Code, Severity};
use super::fix::Fix;
use crate::document::span::Span;
use std::sync::Arc;

/// One mistake, in words and places. A hundred thousand of them may say nearly the same: equal texts are shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The broken rule: a stable code, and a section of the manual.
    pub code: Code,
    /// Its severity.
    pub severity: Severity,
    /// The message: one sentence that says what was found and what is allowed.
    pub message: Arc<str>,
    /// The help: what to write instead.
    pub help: Option<Arc<str>>,
    /// The edit that does what the help says, if there is just one.
    pub fix: Option<Fix>,
    /// The id of the job that it is about, if any: of several that one template makes, the first.
    pub job: Option<Arc<str>>,
    /// The number of jobs that it is about, of those that one template makes; 1 otherwise.
    pub jobs: usize,
    /// The places, the primary one first.
    pub labels: Vec<Label>,
}

/// A place in the manifest or in a file that it refers to, with a remark about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place: [`Source::of`](crate::document::Source::of) returns the file, and the place there.
    pub span: Span,
    /// The remark, in a few words.
    pub text: Arc<str>,
}

impl Finding {
    /// Returns the place of the finding; a finding without a label is about the file as a whole.
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|label| label.span)
    }
}
