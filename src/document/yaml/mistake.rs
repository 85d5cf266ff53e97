//! The meaning of a syntax error: from the parser's terms to those of users.

use super::escape;
use crate::document::flaw::{Around, Flaw, SyntaxKind};
use crate::document::lines::{first_character, first_line, line_start};
use crate::document::span::Span;
use granit_parser::ErrorKind;

/// The circumstances of a syntax error besides its kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    /// The place where the parser gave up.
    pub(super) at: usize,
    /// The start of the part that it couldn't finish.
    pub(super) start: usize,
    /// The place of the outermost open bracket, if one is open.
    pub(super) bracket: Option<usize>,
    /// The value right before.
    pub(super) scalar: Option<Span>,
    /// `true` if the next entry starts before the place where the parser gave up: it read past entries.
    pub(super) ran_on: bool,
    /// The place where reading continues.
    pub(super) resumed: usize,
}

/// Returns the flaws of a syntax error: one, except for a string with several invalid escapes.
pub(super) fn flaws(text: &str, kind: &ErrorKind, about: Circumstances) -> Vec<Flaw> {
    if is_escape(kind) {
        // The parser only says in which string.
        let spans = escape::bad(text, about.at, about.resumed);
        let kind = |span: Span| {
            if escape::is_half(&text[span.range()]) { SyntaxKind::HalfCharacter } else { SyntaxKind::BadEscape }
        };
        return spans.into_iter().map(|span| Flaw::Syntax { span, kind: kind(span) }).collect();
    }
    let refused = match *kind {
        ErrorKind::UnexpectedCharacter { character } => Some(character).filter(|c| is_refused(*c)),
        ErrorKind::BomInsideDocument => Some('\u{feff}'),
        _ => None,
    };
    if let Some(character) = refused {
        return strange_characters(text, about.at, character);
    }
    vec![flaw(text, kind, about)]
}

/// Returns the flaw of a syntax error.
fn flaw(text: &str, kind: &ErrorKind, about: Circumstances) -> Flaw {
    let Circumstances { at, start, bracket, scalar, ran_on, .. } = about;
    let around = if bracket.is_some() { Around::Brackets } else { Around::Lines };
    let syntax = |span, kind| Flaw::Syntax { span, kind };
    if let ErrorKind::UnexpectedCharacter { character } = *kind {
        let span = value_on_line(text, at, around);
        let kind =
            if character == '@' { SyntaxKind::PlainAt(around) } else { SyntaxKind::PlainOther(character, around) };
        return syntax(span, kind);
    }
    if let Some(kind) = tab(kind) {
        return syntax(tab_before(text, at), kind);
    }
    if bracket.is_some()
        && !ran_on
        && let Some(flaw) = in_brackets(text, kind, at, scalar)
    {
        return flaw;
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
            syntax(value_on_line(text, at, around), SyntaxKind::AfterQuote)
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

/// Returns all invalid characters on a line, from the first at or after `at`, which is this one: the parser may only
/// say in which text it is.
fn strange_characters(text: &str, at: usize, first: char) -> Vec<Flaw> {
    let start = text.get(at..).and_then(|rest| rest.find(first)).map_or(at, |found| at + found);
    let line = first_line(text, start);
    let strange = text[line.range()].char_indices().filter(|(at, c)| *at == 0 || is_refused(*c));
    let flaw = |(found, c): (usize, char)| Flaw::Syntax {
        span: Span::new(start + found, start + found + c.len_utf8()),
        kind: SyntaxKind::Control(c),
    };
    strange.map(flaw).collect()
}

/// Returns whether YAML never accepts a character unescaped.
fn is_refused(c: char) -> bool {
    let is_control = c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    is_control || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Returns the mistake in closed brackets, if the parser's message doesn't name it.
fn in_brackets(text: &str, kind: &ErrorKind, at: usize, scalar: Option<Span>) -> Option<Flaw> {
    let (before, behind) = (text.get(..at)?, text.get(at..)?);
    let (span, kind) = match kind {
        // Before a comma it is never a key that is missing: it is the item.
        ErrorKind::UnexpectedEofImplicitFlowMapping if behind.starts_with(',') => {
            (first_character(text, at), SyntaxKind::EmptyItem)
        }
        ErrorKind::FlowMappingValueAdjacentCollection if behind.starts_with(':') => {
            (first_character(text, at), SyntaxKind::TightColon)
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar
            if behind.starts_with(['"', '\'', '[', '{']) =>
        {
            (first_character(text, at), SyntaxKind::NoComma)
        }
        ErrorKind::ExpectedFlowSequenceSeparator | ErrorKind::ExpectedFlowMappingSeparator
            if before.ends_with('$') && behind.starts_with("{{") =>
        {
            let begun = scalar.filter(|scalar| scalar.end as usize == at)?.start as usize;
            (value_on_line(text, begun, Around::Brackets), SyntaxKind::PlainTemplate)
        }
        // A key after a value without quotes was read as a part of it.
        ErrorKind::ExpectedFlowSequenceSeparator | ErrorKind::ExpectedFlowMappingSeparator
            if behind.starts_with(':') =>
        {
            let scalar = scalar.filter(|scalar| scalar.end as usize <= at)?;
            let word = text[scalar.range()].rfind([' ', '\t', '\n'])? + 1;
            (first_character(text, scalar.start as usize + word), SyntaxKind::NoComma)
        }
        ErrorKind::ExpectedFlowSequenceSeparator | ErrorKind::ExpectedFlowMappingSeparator
            if !behind.is_empty() && !behind.starts_with([']', '}']) =>
        {
            (first_character(text, at), SyntaxKind::NoComma)
        }
        _ => return None,
    };
    Some(Flaw::Syntax { span, kind })
}

/// Returns the value that starts at `start`, up to the end of its line: to a comment, or in brackets to the character
/// that ends it there.
fn value_on_line(text: &str, start: usize, around: Around) -> Span {
    let line = first_line(text, start);
    let written = &text[line.range()];
    let comment = written.find(" #").into_iter().chain(written.find("\t#")).min().unwrap_or(written.len());
    let end = match around {
        Around::Lines => comment,
        Around::Brackets => end_in_brackets(&written[..comment]),
    };
    Span::new(start, start + written[..end].trim_end().len())
}

/// Returns the place of the comma or bracket that ends a value in brackets; brackets that the value opens itself belong
/// to it.
fn end_in_brackets(written: &str) -> usize {
    let mut open = 0_usize;
    for (at, c) in written.char_indices() {
        match c {
            '[' | '{' => open += 1,
            ']' | '}' if open > 0 => open -= 1,
            ']' | '}' => return at,
            ',' if open == 0 => return at,
            _ => {}
        }
    }
    // Those that it doesn't close may belong to anything.
    if open == 0 { written.len() } else { written.find([',', ']', '}']).unwrap_or(written.len()) }
}

/// Returns the content of the line around `at`, without its indentation.
fn content_of_line(text: &str, at: usize) -> Span {
    first_line(text, line_start(text, at) + indentation(text, at))
}

/// Returns whether only indentation and dashes come before `at` on its line.
fn leads(text: &str, at: usize) -> bool {
    text.get(line_start(text, at)..at).is_some_and(|before| before.trim_matches([' ', '-']).is_empty())
}

/// Returns the indentation of the line around `at`.
fn indentation(text: &str, at: usize) -> usize {
    let start = line_start(text, at);
    text.get(start..).map_or(0, |line| line.len() - line.trim_start_matches(' ').len())
}

fn column(text: &str, at: usize) -> usize {
    text.get(line_start(text, at)..at).map_or(0, |before| before.chars().count())
}

/// Returns the kind of mistake if the error is about a tab.
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

/// Returns the tab that an error is about: the one at `at`, the last before it on its line, or the next after it.
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

/// Returns the quote that opens a string on the line of `start` and isn't closed on it.
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
            // Two single quotes are an escaped one, which closes nothing.
            None if c == '\'' && before == '\'' => open = last,
            // A quote in the middle of a word is a character like others.
            None if matches!(c, '"' | '\'') && matches!(before, ' ' | '[' | '{' | ',' | ':') => open = Some((at, c)),
            _ => {}
        }
        before = c;
    }
    open.map(|(at, _)| start + at)
}

/// Returns a message with a lower-case first letter and without a full stop.
fn lower(message: &str) -> String {
    let mut characters = message.trim_end_matches('.').chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}
