//! Letters that look alike but are different characters: the difference shown in code points.

use crate::base::look_alike::{self, code_point};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Describes the first letter of `text` that is written in parts although one character would do; returns `None` if
/// there is none.
pub(super) fn parted(text: &str) -> Option<String> {
    let mut letters = letters(text);
    let letter = letters.find(|letter| letter.nfc().collect::<String>() != *letter)?;
    let whole: String = letter.nfc().collect();
    Some(format!("`{whole}` is written as {} here: one character, {}, is meant", points(letter), points(&whole)))
}

/// Describes the difference of two texts that look the same: one has a letter as one character, the other in parts.
pub(super) fn difference(here: &str, there: &str) -> Option<String> {
    if here == there || !here.nfc().eq(there.nfc()) {
        return None;
    }
    let (one, other) = letters(here).zip(letters(there)).find(|(one, other)| one != other)?;
    let shown: String = one.nfc().collect();
    Some(format!("they look alike: `{shown}` is {} here, and {} there", points(one), points(other)))
}

/// Names the look-alikes of ASCII in a text, each once.
pub(super) fn look_alikes(text: &str) -> Option<String> {
    let mut seen: Vec<char> = text.chars().filter(|c| look_alike::ascii(*c).is_some()).collect();
    seen.dedup();
    let first = *seen.first()?;
    Some(format!("`{first}` is {} ({})", look_alike::name(first), code_point(first)))
}

/// Returns the letters of a text, each with the marks that belong to it.
fn letters(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end =
            rest[first.len_utf8()..].find(|c| !is_combining_mark(c)).map_or(rest.len(), |end| first.len_utf8() + end);
        let (letter, behind) = rest.split_at(end);
        rest = behind;
        Some(letter)
    })
}

fn points(text: &str) -> String {
    text.chars().map(code_point).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_seen_is_said_in_code_points() {
        assert_eq!(
            difference("cafe\u{301}.png", "caf\u{e9}.png").unwrap(),
            "they look alike: `\u{e9}` is U+0065 U+0301 here, and U+00E9 there"
        );
        assert_eq!(
            parted("e\u{301}").unwrap(),
            "`\u{e9}` is written as U+0065 U+0301 here: one character, U+00E9, is meant"
        );
        assert_eq!((difference("a", "b"), parted("caf\u{e9}"), look_alikes("a")), (None, None, None));
        assert_eq!(look_alikes("５").unwrap(), "`５` is a full-width digit (U+FF15)");
    }
}
