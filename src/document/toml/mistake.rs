//! The meaning of a syntax error: from the parser's terms to those of users.

use super::super::flaw::SyntaxKind;
use super::super::lines::{first_character, first_line};
use super::super::span::Span;
use super::super::yaml::escape::is_half;
use toml_parser::{Expected, ParseError};

/// Returns the place where the parser met an error, the place to show, and the kind of mistake. The parser's places
/// count from `base`.
pub(super) fn describe(text: &str, base: usize, error: &ParseError) -> (usize, Span, SyntaxKind) {
    let place = |span: toml_parser::Span| {
        let start = text.floor_char_boundary(base + span.start());
        Span::new(start, text.floor_char_boundary(base + span.end()).max(start))
    };
    let unexpected = error.unexpected().map(place).unwrap_or_default();
    let context = error.context().map_or(unexpected, place);
    let (start, at) = (context.start as usize, unexpected.start as usize);
    let written = &text[context.range()];
    let opening = || first_character(text, start);
    let quote = written.starts_with(['"', '\'']);
    let strange = text[at..].chars().next().filter(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    let (span, kind) = match error.description() {
        _ if strange.is_some() => (first_character(text, at), SyntaxKind::Control(strange.unwrap_or_default())),
        string
            if string.starts_with("invalid") && string.ends_with("string") && quote && at == context.end as usize =>
        {
            let opened = Span::new(start, start + quotes(written));
            (first_line(text, start), SyntaxKind::UnclosedQuote { opened })
        }
        "missing escaped value" | "too few unicode value digits" | "invalid value" if quote => {
            let span = escape(text, start, at);
            let is_half = is_half(&text[span.range()]);
            (span, if is_half { SyntaxKind::HalfCharacter } else { SyntaxKind::BadEscape })
        }
        // The parser puts an empty scalar where a value should be.
        _ if written.is_empty() && !is_key(error) => (near(text, at), SyntaxKind::Other("missing value".to_owned())),
        "unclosed array" | "unclosed inline table" | "unclosed table" | "unclosed array table" => {
            (opening(), SyntaxKind::UnclosedBracket { opened: opening() })
        }
        "unexpected key or value" if text[..at].trim_end_matches([' ', '\t']).ends_with(['"', '\'']) => {
            (first_line(text, at), SyntaxKind::AfterQuote)
        }
        "string values must be quoted" | "missing opening quote" if !written.is_empty() => {
            (context, SyntaxKind::Unquoted)
        }
        _ if is_word(written) && !is_key(error) => (context, SyntaxKind::Unquoted),
        description if description.starts_with("missing comma between") => {
            (first_character(text, at), SyntaxKind::NoComma)
        }
        description if description.starts_with("extra comma in") => (near(text, at), SyntaxKind::EmptyItem),
        _ if text[at..].starts_with(':') && is_key(error) => (first_character(text, at), SyntaxKind::ColonForEquals),
        description => {
            let span = if unexpected.start == unexpected.end { near(text, at) } else { unexpected };
            (span, SyntaxKind::Other(message(description, error.expected().unwrap_or_default())))
        }
    };
    (at.max(start), span, kind)
}

/// Returns the character at `at`; at the end of a line, the last word or character on it.
fn near(text: &str, at: usize) -> Span {
    let here = first_character(text, at);
    let before = text[..at].trim_end_matches([' ', '\t']);
    let word = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    match before.chars().next_back() {
        Some(last) if here.start == here.end && last != '\n' => {
            Span::new(word.len().min(before.len() - last.len_utf8()), before.len())
        }
        _ => here,
    }
}

/// Returns whether an error leaves no doubt about the values.
pub(super) fn is_harmless(error: &ParseError) -> bool {
    let about = error.description();
    about.starts_with("missing comma between") || about.starts_with("extra comma in")
}

/// Returns the mistake of a number without digits, or with digits of another script.
pub(super) fn number() -> SyntaxKind {
    SyntaxKind::Other("not a number: its digits are missing, or of another script".to_owned())
}

/// Returns the mistake of an invalid date.
pub(super) fn date(error: &dyn std::error::Error) -> SyntaxKind {
    SyntaxKind::Other(error.to_string().to_lowercase())
}

/// Returns whether a scalar without quotes is a text rather than a misspelt number or word of TOML.
fn is_word(written: &str) -> bool {
    let bad_word = ["true", "false", "inf", "nan"].iter().any(|word| written.eq_ignore_ascii_case(word));
    let radix = written.starts_with(['+', '-', '0']) && written.len() > 1 && written[1..].starts_with(['x', 'o', 'b']);
    let odd = |c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E' | 't' | 'T' | 'z' | 'Z');
    let one_line = !written.contains(['\n', '"', '\'', '[', ']', '{', '}', ',', '=', '#']);
    one_line && !bad_word && !radix && written.contains(odd)
}

/// Returns whether the error is about a key.
fn is_key(error: &ParseError) -> bool {
    let about = error.description();
    about.contains("key") || about.contains("table") || about.contains("comment") || about.contains("comma")
}

/// Returns the number of bytes of quotes that open a string.
fn quotes(written: &str) -> usize {
    if written.starts_with("\"\"\"") || written.starts_with("'''") { 3 } else { 1 }
}

/// Returns the escape that an error at `at` is about, from its backslash on.
fn escape(text: &str, start: usize, at: usize) -> Span {
    let backslash = text[start..at].rfind('\\').map_or(start, |found| start + found);
    let letter = first_character(text, backslash + 1);
    let digits = match &text[letter.range()] {
        "x" => 2,
        "u" => 4,
        "U" => 8,
        // The quote that ends the text is not part of it.
        "\"" | "'" => return Span::new(backslash, backslash + 1),
        _ => 0,
    };
    let end = letter.end as usize;
    let written = text[end..].chars().take(digits).take_while(char::is_ascii_hexdigit).count();
    Span::new(backslash, end + written)
}

/// Returns the parser's message, with what it expected.
fn message(description: &str, expected: &[Expected]) -> String {
    let expected: Vec<String> = expected
        .iter()
        .map(|expected| match expected {
            Expected::Literal("\n") => "a new line".to_owned(),
            Expected::Literal(literal) => format!("`{literal}`"),
            Expected::Description(description) => (*description).to_owned(),
            _ => "something else".to_owned(),
        })
        .collect();
    let mut words = description.to_owned();
    if let Some((last, others)) = expected.split_last() {
        words.push_str(", expected ");
        if !others.is_empty() {
            words.push_str(&others.join(", "));
            words.push_str(" or ");
        }
        words.push_str(last);
    }
    words
}
