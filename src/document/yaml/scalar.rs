//! The meaning of a scalar: the core schema of YAML 1.2.

use super::super::arena::{Arena, Odd, What};
use super::super::span::Span;

/// A tag that states the type of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Str,
    Int,
    Float,
    Bool,
    Null,
}

impl Tag {
    /// Returns the tag of the core schema with this name, as in `!!int`.
    pub(super) fn named(suffix: &str) -> Option<Tag> {
        Some(match suffix {
            "str" => Tag::Str,
            "int" => Tag::Int,
            "float" => Tag::Float,
            "bool" => Tag::Bool,
            "null" => Tag::Null,
            _ => return None,
        })
    }

    /// Reads a scalar as the tag says; `None` if that is impossible.
    pub(super) fn read(self, arena: &mut Arena<'_>, span: Span, quotes: u8, value: &str) -> Option<What> {
        if self == Tag::Str {
            return Some(arena.string(span, quotes, value));
        }
        let what = plain(arena, span, value);
        match (self, what) {
            (Tag::Float, What::Integer(index)) => Some(arena.float(arena.integer_of(index) as f64)),
            (Tag::Int, What::Integer(_) | What::Other(Odd::LargeInteger))
            | (Tag::Float, What::Float(_) | What::Other(Odd::LargeNumber))
            | (Tag::Bool, What::Bool(_))
            | (Tag::Null, What::Null) => Some(what),
            _ => None,
        }
    }
}

/// Reads a scalar without quotes and tag.
pub(super) fn plain(arena: &mut Arena<'_>, span: Span, value: &str) -> What {
    match value {
        "" | "~" | "null" | "Null" | "NULL" => return What::Null,
        "true" | "True" | "TRUE" => return What::Bool(true),
        "false" | "False" | "FALSE" => return What::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return arena.float(f64::NAN),
        _ => {}
    }
    if value.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        if let Some(what) = integer(arena, value) {
            return what;
        }
        if let Some(number) = float(value) {
            let overflow = number.is_infinite() && !value.to_ascii_lowercase().ends_with("inf");
            return if overflow { What::Other(Odd::LargeNumber) } else { arena.float(number) };
        }
    }
    arena.string(span, 0, value)
}

/// Reads `-?`digits, `0o17`, `0xff`.
fn integer(arena: &mut Arena<'_>, value: &str) -> Option<What> {
    let (digits, radix) = match value.as_bytes() {
        [b'0', b'x', ..] => (&value[2..], 16),
        [b'0', b'o', ..] => (&value[2..], 8),
        _ => (value.strip_prefix(['+', '-']).unwrap_or(value), 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let number = if radix == 10 { value.parse() } else { i64::from_str_radix(digits, radix) };
    Some(number.map_or(What::Other(Odd::LargeInteger), |number| arena.integer(number)))
}

/// Reads `1.5`, `.5`, `5.`, `1e3`, `-.inf`.
fn float(value: &str) -> Option<f64> {
    let (sign, rest) = match value.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, value.strip_prefix('+').unwrap_or(value)),
    };
    if matches!(rest, ".inf" | ".Inf" | ".INF") {
        return Some(sign * f64::INFINITY);
    }
    // Rust's own grammar also has `inf` and `nan`, which are words here.
    let written = rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    let starts = rest.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    (written && starts).then(|| rest.parse::<f64>().ok()).flatten().map(|number| sign * number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> String {
        let mut arena = Arena::yaml(value);
        match plain(&mut arena, Span::new(0, value.len()), value) {
            What::Null => "null".into(),
            What::Bool(value) => value.to_string(),
            What::Integer(index) => arena.integer_of(index).to_string(),
            What::Float(index) => format!("{:?}", arena.float_of(index)),
            What::Verbatim { .. } => "string".into(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn scalars_are_read_by_the_core_schema() {
        for (means, values) in [
            ("null", &["", "~", "null", "Null", "NULL"][..]),
            ("true", &["true", "True", "TRUE"]),
            ("false", &["false", "False", "FALSE"]),
            ("121", &["121", "+121", "0121", "0x79", "0o171"]),
            ("-5", &["-5", "-05"]),
            ("9223372036854775807", &["9223372036854775807"]),
            ("-9223372036854775808", &["-9223372036854775808"]),
            ("Other(LargeInteger)", &["9223372036854775808", "0xffffffffffffffffff"]),
            ("Other(LargeNumber)", &["1e999", "-1e999"]),
            ("5.0", &["5.0", "5.", "+5e0", "50E-1", "0.5e+1"]),
            ("-0.5", &["-.5", "-0.50"]),
            ("inf", &[".inf", "+.Inf", ".INF"]),
            ("-inf", &["-.inf"]),
            ("NaN", &[".nan", ".NaN", ".NAN"]),
            (
                "string",
                &[
                    "no",
                    "yes",
                    "on",
                    "off",
                    "y",
                    "n",
                    "nUll",
                    "tRue",
                    "720p",
                    "1_000",
                    "1:30",
                    "0b1",
                    "-0x1",
                    "0x",
                    "0o8",
                    "1e",
                    "e1",
                    ".",
                    "-",
                    "+",
                    "..5",
                    "1.2.3",
                    "--1",
                    "+-1",
                    "inf",
                    "-inf",
                    "nan",
                    "NaN",
                    "+.nan",
                    "2026-01-01",
                    ".e1",
                    "1e+",
                    "0xfg",
                ],
            ),
        ] {
            for value in values {
                assert_eq!(shown(value), means, "{value}");
            }
        }
    }
}
