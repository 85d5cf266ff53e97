//! What a syntax error is about: from the parser's terms to those of people.

use crate::document::flaw::{Flaw, SyntaxKind};
use crate::document::lines::{first_character, first_line, line_start};
use crate::document::span::Span;
use granit_parser::ErrorKind;

/// What is known of a syntax error besides its kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    /// Where the parser gave up.
    pub(super) at: usize,
    /// Where what it couldn't finish starts.
    pub(super) start: usize,
    /// Where the outermost open bracket stands, if one is open.
    pub(super) bracket: Option<usize>,
    /// The value right before.
    pub(super) scalar: Option<Span>,
    /// Whether the next entry starts before the place where the parser gave up: it ran on through entries.
    pub(super) ran_on: bool,
}

/// The flaw that a syntax error is.
pub(super) fn flaw(text: &str, kind: &ErrorKind, about: Circumstances) -> Flaw {
    let Circumstances { at, start, bracket, scalar, ran_on } = about;
    let syntax = |span, kind| Flaw::Syntax { span, kind };
    if let ErrorKind::UnexpectedCharacter { character } = *kind
        && !character.is_control()
    {
        let span = value_on_line(text, at, bracket.is_some());
        return syntax(span, if character == '@' { SyntaxKind::PlainAt } else { SyntaxKind::PlainOther(character) });
    }
    if let Some(kind) = tab(kind) {
        return syntax(tab_before(text, at), kind);
    }
    if is_escape(kind) {
        // The parser only says which string.
        return syntax(bad_escape(text, at), SyntaxKind::BadEscape);
    }
    if ran_on || is_unclosed(kind) {
        let quote = match kind {
            ErrorKind::UnclosedQuotedScalar => Some(at),
            _ => open_quote(text, bracket.unwrap_or(start)),
        };
        if let Some(quote) = quote {
            let opened = first_character(text, quote);
            return syntax(first_line(text, quote), SyntaxKind::UnclosedQuote { opened });
        }
        if let Some(bracket) = bracket {
            let opened = first_character(text, bracket);
            return syntax(opened, SyntaxKind::UnclosedBracket { opened });
        }
    }
    match kind {
        ErrorKind::RecursionLimitExceeded => Flaw::TooDeep { span: first_character(text, at) },
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            syntax(value_on_line(text, at, bracket.is_some()), SyntaxKind::AfterQuote)
        }
        ErrorKind::MappingValueNotAllowed => match scalar {
            Some(scalar) if (scalar.start as usize) < line_start(text, at) => {
                let begun = scalar.start as usize;
                if leads(text, begun) && indentation(text, at) == column(text, begun) {
                    syntax(first_line(text, begun), SyntaxKind::NoColon)
                } else {
                    syntax(content_of_line(text, at), SyntaxKind::Indentation)
                }
            }
            _ => syntax(first_character(text, at), SyntaxKind::ColonInPlain),
        },
        ErrorKind::SimpleKeyExpected => syntax(first_line(text, at), SyntaxKind::NoColon),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry if leads(text, at) => {
            syntax(content_of_line(text, at), SyntaxKind::Indentation)
        }
        _ => syntax(first_character(text, at), SyntaxKind::Other(lower(&kind.to_string()))),
    }
}

/// A value that starts at `start`, as far as it goes on its line: to a comment, or in brackets to the next `,`.
fn value_on_line(text: &str, start: usize, in_brackets: bool) -> Span {
    let line = first_line(text, start);
    let written = &text[line.range()];
    let comment = written.find(" #").unwrap_or(written.len());
    let bracket = if in_brackets { written.find([',', ']', '}']).unwrap_or(written.len()) } else { written.len() };
    Span::new(start, start + written[..comment.min(bracket)].trim_end().len())
}

/// What stands in the line around `at`, without its indentation.
fn content_of_line(text: &str, at: usize) -> Span {
    first_line(text, line_start(text, at) + indentation(text, at))
}

/// Whether nothing but indentation and dashes stands before `at` on its line.
fn leads(text: &str, at: usize) -> bool {
    text.get(line_start(text, at)..at).is_some_and(|before| before.trim_matches([' ', '-']).is_empty())
}

/// How far the line around `at` is indented.
fn indentation(text: &str, at: usize) -> usize {
    let start = line_start(text, at);
    text.get(start..).map_or(0, |line| line.len() - line.trim_start_matches(' ').len())
}

fn column(text: &str, at: usize) -> usize {
    text.get(line_start(text, at)..at).map_or(0, |before| before.chars().count())
}

/// Whether the errors are about a tab.
fn tab(kind: &ErrorKind) -> Option<SyntaxKind> {
    matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
    )
    .then_some(SyntaxKind::Tab)
}

/// The tab that an error is about: the one at `at`, the last before it on its line, or the next after it.
fn tab_before(text: &str, at: usize) -> Span {
    let start = line_start(text, at);
    let before = text.get(start..).and_then(|line| line.get(..at - start + 1)).and_then(|before| before.rfind('\t'));
    let after = || text.get(at..).and_then(|rest| rest.find('\t')).map(|tab| at + tab);
    let tab = before.map(|tab| start + tab).or_else(after).unwrap_or(at);
    first_character(text, tab)
}

fn is_unclosed(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnclosedQuotedScalar
            | ErrorKind::UnclosedFlowCollection { .. }
            | ErrorKind::DocumentIndicatorInQuotedScalar
            | ErrorKind::UnexpectedEofFlowMapping
            | ErrorKind::UnexpectedEofFlowSequence
            | ErrorKind::UnexpectedEofImplicitFlowMapping
    )
}

fn is_escape(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnknownQuotedScalarEscape
            | ErrorKind::InvalidQuotedScalarHexEscape
            | ErrorKind::InvalidLowSurrogateHexEscape
            | ErrorKind::InvalidLowSurrogate
            | ErrorKind::MissingLowSurrogate
            | ErrorKind::UnpairedLowSurrogate
            | ErrorKind::InvalidUnicodeEscape
    )
}

/// The quote that opens a string on the line of `start`, and that nothing on the line closes.
fn open_quote(text: &str, start: usize) -> Option<usize> {
    let line = &text[first_line(text, start).range()];
    let mut open: Option<(usize, char)> = None;
    let mut last = None;
    let mut escaped = false;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match open {
            Some((_, '"')) if escaped => escaped = false,
            Some((_, '"')) if c == '\\' => escaped = true,
            Some((_, quote)) if c == quote => last = open.take(),
            // Two single quotes are one that closes nothing.
            None if c == '\'' && before == '\'' => open = last,
            // A quote in the middle of a word is a character like others.
            None if matches!(c, '"' | '\'') && matches!(before, ' ' | '[' | '{' | ',' | ':') => open = Some((at, c)),
            _ => {}
        }
        before = c;
    }
    open.map(|(at, _)| start + at)
}

/// The first escape that is none, in the double-quoted string that starts at `start`.
fn bad_escape(text: &str, start: usize) -> Span {
    let mut at = start + 1;
    let mut high = None;
    while let Some(rest) = text.get(at..) {
        let mut characters = rest.chars();
        let Some(first) = characters.next() else { break };
        if first != '\\' {
            if first == '"' || high.is_some() {
                break;
            }
            at += first.len_utf8();
            continue;
        }
        let Some(letter) = characters.next() else { break };
        let digits = match letter {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            '0' | 'a' | 'b' | 't' | '\t' | 'n' | 'v' | 'f' | 'r' | 'e' | ' ' | '"' | '/' | '\\' | 'N' | '_' | 'L'
            | 'P' | '\n' | '\r' => 0,
            _ => return Span::new(at, at + 1 + letter.len_utf8()),
        };
        let written = characters.as_str().chars().take(digits).take_while(char::is_ascii_hexdigit).count();
        let escape = Span::new(at, at + 2 + written);
        if written < digits {
            return escape;
        }
        if digits > 0 {
            let code = u32::from_str_radix(&rest[2..2 + digits], 16).unwrap_or(u32::MAX);
            match (digits, code, high.take()) {
                (4, 0xd800..=0xdbff, None) => high = Some(escape),
                (4, 0xdc00..=0xdfff, Some(_)) => {}
                (_, _, Some(first)) => return first,
                _ if char::from_u32(code).is_none() => return escape,
                _ => {}
            }
        } else if let Some(first) = high {
            return first;
        }
        at = escape.end as usize + if digits == 0 { letter.len_utf8() - 1 } else { 0 };
    }
    high.unwrap_or_else(|| first_character(text, start))
}

/// A message with a small first letter and without a full stop.
fn lower(message: &str) -> String {
    let mut characters = message.trim_end_matches('.').chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}
