//! Makes text from manifests and services safe for a terminal.
//!
//! A terminal interprets its input: escape sequences move its cursor, set its title, type replies into its input;
//! bidirectional marks show one text as another. None of these reaches it: each is replaced by something visible.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns `text` on one line: line breaks are replaced as well.
pub fn line(text: &str) -> Cow<'_, str> {
    replace(text, false)
}

/// Returns `text` with its line breaks (`\n`) kept.
pub fn lines(text: &str) -> Cow<'_, str> {
    replace(text, true)
}

/// Returns the replacement for `c`; `None` if it is safe for a terminal.
pub fn stand_in(c: char) -> Option<StandIn> {
    match c {
        // Each has a symbol of its own: ␛ for the escape character.
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).map(StandIn::Picture),
        '\x7f' => Some(StandIn::Picture('\u{2421}')),
        // C1 controls, line and paragraph separators, bidirectional marks and overrides, invisible characters, tags.
        // The joiners U+200C and U+200D stay: Persian and emoji need them.
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{200b}'
        | '\u{200e}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => Some(StandIn::Number(c)),
        _ => None,
    }
}

/// The replacement for a character that a terminal must not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandIn {
    /// A symbol for it, one column wide.
    Picture(char),
    /// Its code, such as `<U+202E>`.
    Number(char),
}

impl std::fmt::Display for StandIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            StandIn::Picture(picture) => f.write_char(picture),
            StandIn::Number(c) => write!(f, "<U+{:04X}>", c as u32),
        }
    }
}

fn replace(text: &str, keep_breaks: bool) -> Cow<'_, str> {
    let kept = |c: char| keep_breaks && c == '\n';
    if !text.contains(|c| !kept(c) && stand_in(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match stand_in(c) {
            Some(stand_in) if !kept(c) => write!(safe, "{stand_in}").expect("a string takes all"),
            _ => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_seen_and_not_obeyed() {
        assert_eq!(line("a\x1b[31mred\x07\r\n"), "a␛[31mred␇␍␊");
        assert_eq!(line("\u{9b}2J \u{202e}gpj.exe"), "<U+009B>2J <U+202E>gpj.exe");
        assert_eq!(lines("one\ntwo\x7f"), "one\ntwo␡");
    }

    #[test]
    fn what_people_write_stays() {
        for text in ["", "小狗在草地上", "👩\u{200d}🚀", "naïve e\u{301}", "می\u{200c}خواهم"] {
            assert!(matches!(line(text), Cow::Borrowed(same) if same == text));
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_a_terminal_obeys_gets_through(text: String) {
            let safe = line(&text);
            proptest::prop_assert!(!safe.contains(char::is_control));
            proptest::prop_assert_eq!(line(&safe), safe.as_ref());
        }
    }
}
