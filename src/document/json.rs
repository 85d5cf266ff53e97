//! Mistakes in JSON that the reader of YAML, which reads it, accepts or reads differently: comments, texts without
//! quotes, and line breaks in texts.

use super::flaw::{Flaw, SyntaxKind};
use super::lines::first_line;
use super::repair::{self, Repair};
use super::span::Span;
use crate::base::look_alike;
use serde::de::IgnoredAny;

/// The mistakes in a text as JSON that its reader doesn't find, and the comments in it.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) flaws: Vec<Flaw>,
    pub(super) comments: Vec<Span>,
    pub(super) repairs: Vec<Repair>,
}

/// Looks through a text, unless it is well-formed JSON.
pub(super) fn look(text: &str) -> Found {
    let own = text.strip_prefix('\u{feff}').unwrap_or(text);
    if serde_json::from_str::<IgnoredAny>(own).is_ok() {
        return Found::default();
    }
    // A text without brackets around it is YAML under another name, and read as such.
    if !first_sign(own).starts_with(['{', '[']) {
        return Found::default();
    }
    let mut look = Look { text, at: text.len() - own.len(), found: Found::default() };
    look.tokens();
    look.found
}

/// Returns the text from its first character that is neither white space nor part of a comment.
fn first_sign(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        let comment = match () {
            () if rest.starts_with("/*") => rest[2..].find("*/").map(|end| end + 4),
            () if rest.starts_with("//") || rest.starts_with('#') => rest.find('\n'),
            () => return rest,
        };
        rest = rest[comment.unwrap_or(rest.len())..].trim_start();
    }
}

/// A walk through a text, token by token.
struct Look<'s> {
    text: &'s str,
    at: usize,
    found: Found,
}

impl Look<'_> {
    /// Walks to the end.
    fn tokens(&mut self) {
        while let Some(first) = self.text[self.at..].chars().next() {
            let rest = &self.text[self.at..];
            match first {
                '"' => self.text(),
                '#' => self.at += rest.find('\n').unwrap_or(rest.len()),
                '/' if rest.starts_with("//") => {
                    let line = first_line(self.text, self.at);
                    self.comment(line);
                }
                '/' if rest.starts_with("/*") => {
                    let end = rest[2..].find("*/").map_or(rest.len(), |end| end + 4);
                    self.comment(Span::new(self.at, self.at + end));
                }
                '{' | '}' | '[' | ']' | ',' | ':' => self.at += 1,
                c if c.is_whitespace() => self.at += c.len_utf8(),
                c if !c.is_ascii() && repair::meant(c).is_some_and(|meant| meant != "=") => self.look_alike(c),
                _ => self.bare(),
            }
        }
    }

    fn comment(&mut self, span: Span) {
        self.found.comments.push(span);
        let shown = first_line(self.text, span.start as usize);
        let shown = Span { start: span.start, end: shown.end.min(span.end) };
        self.flaw(shown, SyntaxKind::Comment);
        self.at = span.end as usize;
    }

    /// Reads a text in quotes. One that isn't closed on its line continues to its quote, if the characters after that
    /// can follow a text.
    fn text(&mut self) {
        let start = self.at;
        let Some(end) = closing(&self.text[start..]).map(|end| start + end) else {
            self.at = next(self.text, start);
            return;
        };
        let written = &self.text[start..end];
        let behind = self.text[end..].trim_start();
        if written.contains(['\n', '\r']) {
            let follows = behind.is_empty() || behind.starts_with([',', ':', ']', '}', '/', '#']);
            if !follows {
                self.at = next(self.text, start);
                return;
            }
            let at = start + written.find(['\n', '\r']).unwrap_or_default();
            self.flaw(Span::new(at, at), SyntaxKind::RawBreak);
        }
        self.at = end;
    }

    /// Reads a character that looks like one of the syntax; for a quote, with the text up to the next one on the line.
    fn look_alike(&mut self, c: char) {
        let meant = repair::meant(c).unwrap_or_default();
        let behind = self.at + c.len_utf8();
        let line = first_line(self.text, behind);
        let end = match look_alike::quote(c) {
            None => behind,
            Some(_) => {
                match self.text[line.range()].char_indices().find(|(_, close)| look_alike::quote(*close).is_some()) {
                    Some((end, close)) => behind + end + close.len_utf8(),
                    None => return self.bare(),
                }
            }
        };
        let repair = Repair::new(Span::new(self.at, end), c, if meant == "'" { "\"" } else { meant });
        self.found.flaws.push(repair.flaw());
        self.found.repairs.push(repair);
        self.at = end;
    }

    /// Reads a text without quotes.
    fn bare(&mut self) {
        let rest = &self.text[self.at..];
        let mut end = rest.len();
        for (at, c) in rest.char_indices() {
            let behind = &rest[at + c.len_utf8()..];
            let ends = match c {
                ',' | '[' | ']' | '{' | '}' | '\n' | '\r' => true,
                c if at > 0 && !c.is_ascii() && matches!(repair::meant(c), Some("," | ":" | "]" | "}")) => true,
                ':' => behind.is_empty() || behind.starts_with([' ', '\t', '\n', '\r', '"', '[', '{']),
                '/' => at > 0 && rest[..at].ends_with([' ', '\t']) && behind.starts_with(['/', '*']),
                '#' => rest[..at].ends_with([' ', '\t']),
                '"' => rest[..at].ends_with([' ', '\t']),
                _ => false,
            };
            if ends {
                end = at;
                break;
            }
        }
        let word = rest[..end].trim_end();
        let is_known = matches!(word, "true" | "false" | "null") || is_number(word);
        let span = Span::new(self.at, self.at + word.len());
        // Between words in a row there is most likely a missing comma.
        if !is_known {
            self.flaw(span, SyntaxKind::NoQuotes);
        }
        self.at += end.max(1);
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }

    fn flaw(&mut self, span: Span, kind: SyntaxKind) {
        self.found.flaws.push(Flaw::Syntax { span, kind });
    }
}

/// Returns whether the reader of YAML reads a word as a number: whether JSON allows it is checked by the value's field.
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && digits.parse::<f64>().is_ok()
        || digits
            .strip_prefix("0x")
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Returns the end of a text in quotes.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    let end = text[1..].find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    end.map(|end| end + 2)
}

/// Returns the start of the next line.
fn next(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(&str, SyntaxKind)> {
        let flaws = look(text).flaws.into_iter();
        flaws
            .map(|flaw| {
                (&text[flaw.span().range()], if let Flaw::Syntax { kind, .. } = flaw { kind } else { panic!() })
            })
            .collect()
    }

    #[test]
    fn what_json_does_not_have_is_found_where_it_stands() {
        use SyntaxKind::{Comment, LookAlike, NoQuotes, RawBreak};
        for (text, expected) in [
            ("{}", &[][..]),
            ("{\"a\": \"// no\", \"b\": \"/* no */\"}", &[]),
            ("// jobs\n{\"a\": 1}", &[("// jobs", Comment)]),
            ("{\"a\": // x \"y\"\n \"b\"}", &[("// x \"y\"", Comment)]),
            ("{\"a\": /* x\ny */ \"b\", /* z */ \"c\": 1}", &[("/* x", Comment), ("/* z */", Comment)]),
            ("{\"a\": 720p, \"b\": true}", &[("720p", NoQuotes)]),
            ("{a: \"b\", c : [x y, 'z']}", &[("a", NoQuotes), ("c", NoQuotes), ("x y", NoQuotes), ("'z'", NoQuotes)]),
            ("{\"a\": 1,}", &[]),
            ("{\"a\": -1.5e3, \"b\": 0x1f, \"c\": +1} # x", &[]),
            ("{\"a\": \"b\nc\", \"d\": 1}", &[("", RawBreak)]),
            ("{\"a\": \"b\r\nc\"}", &[("", RawBreak)]),
            // The quote isn't closed, which the reader reports.
            ("{\"a\": \"b,\n\"c\": 1}", &[]),
            ("{\"a\": https://e.example/x.png // y\n}", &[("https://e.example/x.png", NoQuotes), ("// y", Comment)]),
            ("version: 1\njobs: []\n", &[]),
            ("# x\n// y\nversion: 1\n", &[]),
            ("{\"小\": 狗}", &[("狗", NoQuotes)]),
            (
                "{\"a\"：1，\"b\": “c”}",
                &[("：", LookAlike('：', ":")), ("，", LookAlike('，', ",")), ("“c”", LookAlike('“', "\""))],
            ),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
