//! JSON that is safe to show on a terminal: control characters are written as `\\u…`, which means the same.

use super::terminal_safe::stand_in;
use serde::Serialize;
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// Writes `value` on one line.
///
/// # Errors
/// Fails if `out` can't be written to, or `value` can't be JSON.
pub(super) fn write(out: impl Write, value: &impl Serialize) -> serde_json::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Visible))
}

/// Compact, as serde_json writes it, except for characters that it leaves unescaped although a terminal interprets them.
struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|c| stand_in(c).is_some()) {
            let (plain, behind) = rest.split_at(at);
            out.write_all(plain.as_bytes())?;
            let mut characters = behind.chars();
            for unit in characters.next().into_iter().flat_map(|c| c.encode_utf16(&mut [0; 2]).to_vec()) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = characters.as_str();
        }
        out.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, &text).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        assert_eq!(written("a\u{1b}[31m\u{9b}31m\u{7f}"), r#""a\u001b[31m\u009b31m\u007f""#);
        assert_eq!(written("\u{202e}gpj\u{e0041}"), r#""\u202egpj\udb40\udc41""#);
        assert_eq!(written("小狗 \"x\"\n"), "\"小狗 \\\"x\\\"\\n\"");
    }

    proptest::proptest! {
        #[test]
        fn it_means_the_same(text: String) {
            let json = written(&text);
            proptest::prop_assert!(!json.contains(|c| stand_in(c).is_some()));
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
