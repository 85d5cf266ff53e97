//! An edit that mends a mistake.

use crate::document::span::Span;
use std::cmp::Reverse;

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

/// `text` with the edits made, and the numbers of those that were; everything else in it stays as it is.
///
/// Of two that overlap or touch only the first is made: the other may be meant for what then stands there no more.
pub fn apply<'f>(text: &str, fixes: impl IntoIterator<Item = &'f Fix>) -> (String, Vec<usize>) {
    let mut fixes: Vec<(usize, &Fix)> = fixes.into_iter().enumerate().collect();
    fixes.sort_by_key(|(_, fix)| (fix.span.start, Reverse(fix.span.end)));
    let mut edited = String::with_capacity(text.len() + fixes.len());
    let mut made = Vec::new();
    let mut reached = 0;
    for (number, fix) in fixes {
        let range = fix.span.range();
        let is_apart = made.is_empty() || reached < range.start;
        let Some(kept) = text.get(reached..range.start).filter(|_| is_apart && text.is_char_boundary(range.end)) else {
            continue;
        };
        edited.push_str(kept);
        edited.push_str(&fix.replacement);
        reached = range.end;
        made.push(number);
    }
    edited.push_str(&text[reached..]);
    (edited, made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(start: usize, end: usize, replacement: &str) -> Fix {
        let replacement = replacement.to_owned();
        Fix { span: Span::new(start, end), replacement, applicability: Applicability::Safe }
    }

    #[test]
    fn edits_are_made_in_order_and_those_that_touch_wait() {
        let fixes = [fix(4, 5, "X"), fix(0, 0, "> "), fix(2, 4, "狗"), fix(7, 8, ""), fix(2, 3, "no"), fix(8, 8, "!")];
        let (edited, made) = apply("abcdefgh", &fixes);
        assert_eq!(edited, "> ab狗efg");
        assert_eq!(made, [1, 2, 3]);
        assert_eq!(apply("小", &[fix(1, 2, "x"), fix(9, 9, "y")]), ("小".to_owned(), vec![]));
    }
}
