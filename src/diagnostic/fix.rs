//! An edit that fixes a mistake.

use crate::document::span::Span;
use std::cmp::Reverse;
use std::sync::Arc;

/// An edit of a part of the manifest that resolves a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The replaced text; empty for an insertion.
    pub span: Span,
    /// The new text, in the syntax of the place: quotes and escapes included.
    pub replacement: Arc<str>,
    /// The safety of applying it without review.
    pub applicability: Applicability,
}

/// The safety of applying a fix without review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// Nothing else can be meant: `check --fix` applies it.
    Safe,
    /// A guess, or one solution out of several: it is only shown.
    Unsafe,
}

impl Applicability {
    /// Returns whether the fix may be applied without review.
    pub fn is_safe(self) -> bool {
        self == Applicability::Safe
    }
}

/// Returns `text` with the edits made, and the numbers of those that were made; everything else in it is unchanged.
///
/// Of two that overlap or touch only the first is made: the other may be meant for text that no longer exists then.
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
        let replacement = replacement.into();
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
