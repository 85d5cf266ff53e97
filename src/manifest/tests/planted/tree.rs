//! The content of a manifest before it is written in a format, with marks on the places of findings.

use std::ops::Range;

/// A place that will be known once the text is written.
pub(super) type Mark = usize;

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    Text(Text),
    /// A number or a truth value, as it is written.
    Bare(String, Mark),
    List(Vec<Tree>),
    Table(Vec<(Key, Tree)>),
    /// A value with an anchor.
    Named(String, Box<Tree>),
    /// An alias.
    Alias(String, Mark),
}

/// A key.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Text(Text),
    /// `<<`
    Merge,
    /// A wrong line instead of a key; its value doesn't matter.
    Wrong(&'static str, Mark),
}

/// A text, with a mark on all that is written for it, and marks on ranges of its bytes.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) value: String,
    pub(super) whole: Mark,
    pub(super) parts: Vec<(Range<usize>, Mark)>,
}

impl Tree {
    /// Returns whether there is a wrong line somewhere in it.
    pub(super) fn has_wrong(&self) -> bool {
        match self {
            Tree::List(items) => items.iter().any(Tree::has_wrong),
            Tree::Table(entries) => {
                entries.iter().any(|(key, value)| matches!(key, Key::Wrong(..)) || value.has_wrong())
            }
            Tree::Named(_, tree) => tree.has_wrong(),
            Tree::Text(_) | Tree::Bare(..) | Tree::Alias(..) => false,
        }
    }
}
