//! Characters of the syntax that an input method wrote in its own form: `：` for `:`, `，` for `,`, curly quotes. If a
//! text can't be read because of them, it is read with the intended characters in their place, so that no further
//! mistake is reported that follows from them.

use super::flaw::{Flaw, SyntaxKind};
use super::span::Span;
use super::{Format, lines};
use crate::base::look_alike;

/// The size above which a text is not read again and again.
pub(super) const MOST_BYTES: usize = 4 * 1024 * 1024;

/// The maximum number of times that a text is read again: a repair may reveal a mistake on the next line.
pub(super) const ROUNDS: usize = 32;

/// A look-alike where the syntax needs another character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Repair {
    /// Its place; for quotes, including the text between them.
    pub(super) span: Span,
    character: char,
    meant: &'static str,
}

impl Repair {
    pub(super) fn new(span: Span, character: char, meant: &'static str) -> Repair {
        Repair { span, character, meant }
    }

    pub(super) fn flaw(self) -> Flaw {
        Flaw::Syntax { span: self.span, kind: SyntaxKind::LookAlike(self.character, self.meant) }
    }
}

/// Returns whether a text may contain any; checked before it is read again.
pub(super) fn is_likely(text: &str) -> bool {
    text.len() <= MOST_BYTES && text.contains(|c: char| !c.is_ascii() && meant(c).is_some())
}

/// Returns the look-alikes on the lines in which these spans start, and on all lines of texts that were meant for
/// mappings.
pub(super) fn look(text: &str, format: Format, flaws: &[Flaw], texts: &[Span]) -> Vec<Repair> {
    let mut starts: Vec<usize> = flaws
        .iter()
        .filter(|flaw| matches!(flaw, Flaw::Syntax { .. }))
        .map(|flaw| lines::line_start(text, flaw.span().start as usize))
        .collect();
    for span in texts {
        let mut line = lines::line_start(text, span.start as usize);
        while line < span.end as usize {
            starts.push(line);
            line = lines::next_line(text, line);
        }
    }
    starts.sort_unstable();
    starts.dedup();
    starts.into_iter().flat_map(|start| on_line(text, start, format)).collect()
}

/// Returns the text with the intended character in place of each; every other byte keeps its place.
pub(super) fn repaired(text: &str, repairs: &[Repair]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut put = |at: usize, length: usize, meant: &str, is_behind: bool| {
        bytes[at..at + length].fill(b' ');
        let at = if is_behind { at + length - meant.len() } else { at };
        bytes[at..at + meant.len()].copy_from_slice(meant.as_bytes());
    };
    for repair in repairs {
        let (start, end) = (repair.span.start as usize, repair.span.end as usize);
        if matches!(repair.meant, "\"" | "'") {
            let first = repair.character.len_utf8();
            let last = text[..end].chars().next_back().map_or(0, char::len_utf8);
            put(start, first, repair.meant, true);
            put(end - last, last, repair.meant, false);
        } else {
            put(start, end - start, repair.meant, false);
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Returns the meaning of a look-alike in a syntax; `None` if it has none.
pub(super) fn meant(c: char) -> Option<&'static str> {
    Some(match look_alike::ascii(c)? {
        ':' => ":",
        ',' => ",",
        '=' => "=",
        '"' => "\"",
        '\'' => "'",
        '[' => "[",
        ']' => "]",
        '{' => "{",
        '}' => "}",
        _ => return None,
    })
}

/// Returns the look-alikes on one line that are where the syntax needs another character.
fn on_line(text: &str, start: usize, format: Format) -> Vec<Repair> {
    let line = &text[lines::first_line(text, start).range()];
    let mut found = Vec::new();
    let mut quote: Option<char> = None;
    let mut depth = 0_usize;
    // The start of the key or the value that is being read.
    let mut token = 0;
    let mut has_colon = false;
    let mut skip_to = 0;
    for (at, c) in line.char_indices() {
        if at < skip_to {
            continue;
        }
        let before = line[token..at].trim_matches([' ', '\t', '-', '\u{feff}']);
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if before.is_empty() => quote = Some(c),
            (None, '#') if at == 0 || line[..at].ends_with([' ', '\t']) => break,
            (None, '[' | '{') => (depth, token, has_colon) = (depth + 1, at + 1, false),
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') => (token, has_colon) = (at + 1, false),
            (None, ':') if line[at + 1..].starts_with([' ', '\t']) || at + 1 == line.len() => {
                (token, has_colon) = (at + 1, true);
            }
            (None, '=') if format == Format::Toml => (token, has_colon) = (at + 1, true),
            (None, c) => {
                let length = c.len_utf8();
                let span = Span::new(start + at, start + at + length);
                let Some(meant) = meant(c).filter(|_| !c.is_ascii()) else { continue };
                match meant {
                    ":" | "=" if !has_colon && is_key(before) && (meant == ":" || format == Format::Toml) => {
                        let meant = if format == Format::Toml { "=" } else { ":" };
                        found.push(Repair::new(span, c, meant));
                        (token, has_colon) = (at + length, true);
                    }
                    "," if depth > 0 && !before.is_empty() => {
                        found.push(Repair::new(span, c, ","));
                        (token, has_colon) = (at + length, false);
                    }
                    "\"" | "'" if before.is_empty() => {
                        let rest = &line[at + length..];
                        let close =
                            rest.char_indices().find(|(_, close)| look_alike::quote(*close) == look_alike::quote(c));
                        if let Some((end, close)) = close {
                            let end = at + length + end + close.len_utf8();
                            found.push(Repair::new(Span::new(start + at, start + end), c, meant));
                            skip_to = end;
                        }
                    }
                    "[" | "{" if before.is_empty() => {
                        found.push(Repair::new(span, c, meant));
                        (depth, token, has_colon) = (depth + 1, at + length, false);
                    }
                    "]" | "}" if depth > 0 => {
                        found.push(Repair::new(span, c, meant));
                        depth -= 1;
                    }
                    _ => {}
                }
            }
        }
    }
    found
}

/// Returns whether a text can be the key before a colon: one word, or something in quotes.
fn is_key(text: &str) -> bool {
    let is_quoted = text.len() > 2 && ["\"", "'"].iter().any(|quote| text.starts_with(quote) && text.ends_with(quote));
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '.');
    is_quoted || !text.is_empty() && text.chars().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_of_the_syntax_are_found_and_replaced_in_place() {
        for (line, format, expected) in [
            ("version：1", Format::Yaml, "version:  1"),
            ("  - id：a", Format::Yaml, "  - id:  a"),
            ("  - { id： a， prompt: \"x：y，z\" }", Format::Yaml, "  - { id:   a,   prompt: \"x：y，z\" }"),
            ("a: [\"x\"，\"y\"、 z]", Format::Yaml, "a: [\"x\",  \"y\",   z]"),
            ("a: 【x】", Format::Yaml, "a: [  x]  "),
            ("id ＝ \"a\"", Format::Toml, "id =   \"a\""),
            ("id：\"a\"", Format::Toml, "id=  \"a\""),
            ("id = “a”", Format::Toml, "id =   \"a\"  "),
            ("urls = [“a”，“b”]", Format::Toml, "urls = [  \"a\"  ,    \"b\"  ]"),
            ("prompt: a dog：a cat", Format::Yaml, "prompt: a dog：a cat"),
            ("a dog：a cat", Format::Yaml, "a dog：a cat"),
            ("prompt: 小狗，草地", Format::Yaml, "prompt: 小狗，草地"),
            ("# id：a", Format::Yaml, "# id：a"),
        ] {
            let found = on_line(line, 0, format);
            assert_eq!(repaired(line, &found), expected, "{line}");
        }
    }
}
