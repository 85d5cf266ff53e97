//! An edit that mends a mistake.

use crate::document::span::Span;

/// What to write in place of a stretch of the manifest, so that a finding is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What is replaced; empty where text is put in.
    pub span: Span,
    /// What stands there afterwards, in the syntax of the place: quotes and escapes included.
    pub replacement: String,
    /// Whether it may be applied unseen.
    pub applicability: Applicability,
}

/// Whether a fix may be applied unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// Nobody can have meant anything else: `check --fix` applies it.
    Safe,
    /// A guess, or one way out of several: it is only shown.
    Unsafe,
}

impl Applicability {
    /// Whether the fix may be applied unseen.
    pub fn is_safe(self) -> bool {
        self == Applicability::Safe
    }
}
