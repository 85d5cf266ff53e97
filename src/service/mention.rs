//! The mentions of references in a prompt: `@name` \[spec\], followed by a space \[upstream\].

use std::ops::Range;
use unicode_normalization::char::is_combining_mark;

/// A mention in a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Its bytes in the prompt, from the `@` on.
    pub range: Range<usize>,
    /// The target.
    pub target: Target,
}

/// The target of a mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The declared name with this index, followed by white space or the end.
    Name(usize),
    /// The declared name with this index, but white space is missing after it.
    Unspaced(usize),
    /// No declared name. If it begins with one (`@dogs` with only `dog` declared), that one's index.
    Unknown(Option<usize>),
}

impl Target {
    /// Returns the index of the declared name that is mentioned, if any.
    pub fn name(self) -> Option<usize> {
        match self {
            Target::Name(index) | Target::Unspaced(index) => Some(index),
            Target::Unknown(_) => None,
        }
    }
}

/// Returns all mentions in `prompt`, in order, given the declared names.
///
/// An `@` starts a mention unless an ASCII letter, a digit or one of `. _ % + -` is right before it. The text after it
/// is read as the longest declared name that it starts with. After that: white space or the end is fine; an ASCII
/// letter, digit, `_` or `-` after a name that ends in one of these makes another name, which isn't declared; anything
/// else is a missing space.
pub fn mentions<S: AsRef<str>>(prompt: &str, names: &[S]) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = prompt[from..].find('@').map(|i| from + i) {
        from = at + 1;
        let before = prompt[..at].bytes().next_back();
        if before.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'%' | b'+' | b'-')) {
            continue;
        }
        let rest = &prompt[at + 1..];
        let longest = names
            .iter()
            .enumerate()
            .filter(|(_, name)| !name.as_ref().is_empty() && rest.starts_with(name.as_ref()))
            .max_by_key(|(_, name)| name.as_ref().len());
        let (length, target) = match longest {
            None => (shown(rest), Target::Unknown(None)),
            Some((index, name)) => {
                let name = name.as_ref();
                match rest[name.len()..].chars().next() {
                    None => (name.len(), Target::Name(index)),
                    Some(c) if c.is_whitespace() => (name.len(), Target::Name(index)),
                    Some(c) if continues(c) && name.ends_with(continues) => {
                        (name.len() + shown(&rest[name.len()..]), Target::Unknown(Some(index)))
                    }
                    Some(_) => (name.len(), Target::Unspaced(index)),
                }
            }
        };
        found.push(Mention { range: at..at + 1 + length, target });
        from = at + 1 + length;
    }
    found
}

/// Returns whether `c` continues an ASCII name.
fn continues(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// Returns the length of the part of `rest` to show as the mentioned name: up to the next white space or punctuation.
fn shown(rest: &str) -> usize {
    rest.find(|c: char| !(c.is_alphanumeric() || continues(c) || is_combining_mark(c))).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Target::*;
    use proptest::prelude::*;

    fn shown<'p>(prompt: &'p str, names: &[&str]) -> Vec<(&'p str, Target)> {
        mentions(prompt, names).into_iter().map(|m| (&prompt[m.range], m.target)).collect()
    }

    #[test]
    fn mentions_are_read_by_the_rule() {
        let names = ["dog", "dog-house", "小狗", "human"];
        for (prompt, expected) in [
            ("@human and @dog", vec![("@human", Name(3)), ("@dog", Name(0))]),
            ("mail a@dog or a.@dog", vec![]),
            ("(@dog )", vec![("@dog", Name(0))]),
            ("在@小狗 旁", vec![("@小狗", Name(2))]),
            ("@小狗在草地上", vec![("@小狗", Unspaced(2))]),
            ("@小狗a", vec![("@小狗", Unspaced(2))]),
            ("@dog, @dog's", vec![("@dog", Unspaced(0)), ("@dog", Unspaced(0))]),
            ("@dogs", vec![("@dogs", Unknown(Some(0)))]),
            ("@dog_1 x", vec![("@dog_1", Unknown(Some(0)))]),
            ("@dog-house", vec![("@dog-house", Name(1))]),
            ("@dog-houses", vec![("@dog-houses", Unknown(Some(1)))]),
            ("@cat, @", vec![("@cat", Unknown(None)), ("@", Unknown(None))]),
            ("@@dog", vec![("@", Unknown(None)), ("@dog", Name(0))]),
            ("@小猫。", vec![("@小猫", Unknown(None))]),
            ("@dog\u{3000}x", vec![("@dog", Name(0))]),
        ] {
            assert_eq!(shown(prompt, &names), expected, "{prompt}");
        }
    }

    proptest! {
        #[test]
        fn ranges_are_ordered_slices_that_start_at_an_at(prompt in "[@ab_ 狗,.-]{0,24}", names in prop::collection::vec("[ab狗-]{1,3}", 0..4)) {
            let mut end = 0;
            for mention in mentions(&prompt, &names) {
                prop_assert!(mention.range.start >= end);
                end = mention.range.end;
                let text = &prompt[mention.range];
                prop_assert!(text.starts_with('@'));
                if let Some(index) = mention.target.name() {
                    prop_assert_eq!(&text[1..], &names[index]);
                }
            }
        }

        #[test]
        fn a_spaced_declared_name_is_always_found(before in "[a-z狗, ]{0,8}", name in "[a-z狗_-]{1,6}", after in "[a-z狗, ]{0,8}") {
            let prompt = format!("{before} @{name} {after}");
            let names = [name];
            prop_assert_eq!(mentions(&prompt, &names).iter().map(|m| m.target).collect::<Vec<_>>(), vec![Name(0)]);
        }
    }
}
