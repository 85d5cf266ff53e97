//! What a syntax error is about: from the parser's terms to those of people.

use crate::document::flaw::{Flaw, SyntaxKind};
use crate::document::lines::{first_character, first_line, line_start, next_line};
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
    let first = text.as_bytes().get(start).copied();
    let quote = matches!(first, Some(b'"' | b'\''));
    if quote && is_escape(kind) {
        return syntax(bad_escape(text, start), SyntaxKind::BadEscape);
    }
    let opened = first_character(text, bracket.unwrap_or(start));
    if quote && bracket.is_none() && (ran_on || is_unclosed(kind)) || matches!(kind, ErrorKind::UnclosedQuotedScalar) {
        let opened = first_character(text, if quote { start } else { at });
        return syntax(first_line(text, opened.start as usize), SyntaxKind::UnclosedQuote { opened });
    }
    if bracket.is_some() && (ran_on || is_unclosed(kind)) {
        return syntax(opened, SyntaxKind::UnclosedBracket { opened });
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

/// A second document.
pub(super) fn many_documents(span: Span) -> Flaw {
    Flaw::Syntax { span, kind: SyntaxKind::ManyDocuments }
}

/// Where what the parser couldn't finish starts, after what it gave last; and the first item's dash before it.
pub(super) fn unfinished(text: &str, from: usize, at: usize) -> (usize, Option<usize>) {
    let mut start = from.min(at);
    let mut dash = None;
    while let Some(rest) = text.get(start..at).filter(|rest| !rest.is_empty()) {
        let skip = match rest.as_bytes()[0] {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => 1,
            b'#' => next_line(text, start).min(at) - start,
            // An indicator, unless a word starts with it.
            b'-' | b':' | b'?' if rest[1..].is_empty() || rest[1..].starts_with([' ', '\t', '\n', '\r']) => {
                dash = dash.or(rest.starts_with('-').then_some(start));
                1
            }
            b':' if from == start => 1,
            b'&' | b'!' => rest.find([' ', '\t', '\n', '\r']).unwrap_or(rest.len()),
            _ => break,
        };
        start += skip;
    }
    (start, dash)
}

/// The place of a value that isn't there: behind the `:` or `-` that announces it.
pub(super) fn behind_indicator(text: &str, span: Span) -> Span {
    let at = span.start as usize;
    let at = at + usize::from(text.get(at..).is_some_and(|rest| rest.starts_with([':', '-', '?'])));
    Span::new(at, at)
}

/// The span of a block scalar from its `|` or `>` on, without the blank lines after it. `content` is what the parser
/// gives: from the first character of the content to the end of the lines that belong to it.
pub(super) fn block_scalar(text: &str, from: usize, content: Span) -> Span {
    let (start, _) = unfinished(text, from, content.start as usize);
    let indicator = text.get(start..).is_some_and(|rest| rest.starts_with(['|', '>']));
    let start = if indicator { start } else { content.start as usize };
    let written = text.get(start..content.end as usize).unwrap_or_default();
    Span::new(start, start + written.trim_end_matches([' ', '\t', '\n', '\r']).len())
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

/// The first escape that is none, in the double-quoted string that starts at `start`. The parser only says which string.
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
