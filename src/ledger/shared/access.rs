//! What an engine may learn from the environment.

use std::fmt;

/// The environment of a command, and whether the ledger's URL is the word of the person who runs it.
#[derive(Clone, Copy)]
pub struct Access {
    /// Looks up a variable; an empty one counts as none.
    pub variable: fn(&str) -> Option<String>,
    /// `true` unless the URL only stands in the manifest, which somebody else may have written.
    pub is_own_word: bool,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("is_own_word", &self.is_own_word).finish_non_exhaustive()
    }
}
