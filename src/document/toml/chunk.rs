//! Cuts a text into chunks of whole statements, already as tokens.

use super::super::lines::{first_line, next_line};
use super::super::span::Span;
use toml_parser::Source;
use toml_parser::lexer::{Lexer, Token, TokenKind};

/// The number of tokens that make a chunk large enough.
const ENOUGH: usize = 4096;

/// The rule for the end of a string over several lines.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Quotes {
    Trusted,
    /// It ends at its closing quotes, or at a line in it that looks like a table's header.
    EndAtHeaders,
}

/// Some whole statements.
pub(super) struct Chunk<'s> {
    /// The offset that the tokens' places count from.
    pub(super) base: usize,
    pub(super) source: Source<'s>,
    pub(super) tokens: Vec<Token>,
    /// The quotes that open a string which was cut off at the end of the chunk.
    pub(super) unclosed: Option<Span>,
}

/// Returns the chunks of a text.
pub(super) fn chunks(text: &str, quotes: Quotes) -> Chunks<'_> {
    let source = Source::new(text);
    Chunks { text, quotes, base: 0, source, lexer: source.lex(), pending: None }
}

/// An iterator that cuts on demand.
pub(super) struct Chunks<'s> {
    text: &'s str,
    quotes: Quotes,
    base: usize,
    source: Source<'s>,
    lexer: Lexer<'s>,
    /// The statement that is cut off, after those before it.
    pending: Option<Chunk<'s>>,
}

impl<'s> Iterator for Chunks<'s> {
    type Item = Chunk<'s>;

    fn next(&mut self) -> Option<Chunk<'s>> {
        if let Some(chunk) = self.pending.take() {
            return Some(chunk);
        }
        let (base, source) = (self.base, self.source);
        // A little more, as the last statement is never cut.
        let mut tokens = Vec::with_capacity(ENOUGH + ENOUGH / 16);
        let mut statement = 0;
        let mut open = Vec::new();
        let mut mismatched = false;
        let mut before = TokenKind::Newline;
        for token in self.lexer.by_ref() {
            let start = base + token.span().start();
            let end = base + token.span().end();
            if self.quotes == Quotes::EndAtHeaders
                && let Some(header) = header_in_string(self.text, token, start, end)
            {
                self.base = header;
                self.source = Source::new(&self.text[header..]);
                self.lexer = self.source.lex();
                let unclosed = Some(Span::new(start, start + 3));
                let cut_off = Chunk { base, source, tokens: tokens.split_off(statement), unclosed };
                if tokens.is_empty() {
                    return Some(cut_off);
                }
                self.pending = Some(cut_off);
                break;
            }
            tokens.push(token);
            match token.kind() {
                TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => open.push(token.kind()),
                TokenKind::RightSquareBracket => mismatched |= !close(&mut open, TokenKind::LeftSquareBracket),
                TokenKind::RightCurlyBracket => mismatched |= !close(&mut open, TokenKind::LeftCurlyBracket),
                TokenKind::Newline => match open.last() {
                    // The parser would look for a missing bracket all the way.
                    None if tokens.len() >= ENOUGH || mismatched => break,
                    None => statement = tokens.len(),
                    // No statement starts inside a bracket: the bracket is not closed.
                    Some(&innermost) if starts_statement(self.text, end, innermost, before) => break,
                    Some(_) => {}
                },
                _ => {}
            }
            match token.kind() {
                TokenKind::Newline | TokenKind::Whitespace | TokenKind::Comment => {}
                kind => before = kind,
            }
        }
        (!tokens.is_empty()).then_some(Chunk { base, source, tokens, unclosed: None })
    }
}

/// Closes the innermost bracket of a kind, and those that are open inside it; returns `false` if it isn't the innermost
/// of all.
fn close(open: &mut Vec<TokenKind>, kind: TokenKind) -> bool {
    let innermost = open.last() == Some(&kind);
    if let Some(at) = open.iter().rposition(|&other| other == kind) {
        open.truncate(at);
    }
    innermost
}

/// Returns whether a string of the text contains a line that looks like a header.
pub(super) fn headers_in_strings(text: &str) -> bool {
    Source::new(text)
        .lex()
        .any(|token| header_in_string(text, token, token.span().start(), token.span().end()).is_some())
}

/// Returns the first line inside a string over several lines that looks like a header.
fn header_in_string(text: &str, token: Token, start: usize, end: usize) -> Option<usize> {
    if !matches!(token.kind(), TokenKind::MlBasicString | TokenKind::MlLiteralString) {
        return None;
    }
    let mut line = next_line(text, start);
    while line < end {
        if is_header(text, line) {
            return Some(line);
        }
        line = next_line(text, line);
    }
    None
}

/// Returns whether the line at `at` can only be a statement, given the innermost open bracket, and the token before the
/// line.
fn starts_statement(text: &str, at: usize, innermost: TokenKind, before: TokenKind) -> bool {
    let indentation = text[at..].len() - text[at..].trim_start_matches([' ', '\t']).len();
    let at = at + indentation;
    if is_header(text, at) {
        return true;
    }
    let line = &text[first_line(text, at).range()];
    let opens = matches!(before, TokenKind::Comma | TokenKind::LeftCurlyBracket | TokenKind::LeftSquareBracket);
    if let Some(inner) = line.strip_prefix("[[").or_else(|| line.strip_prefix('[')) {
        // A value isn't allowed here, so it is a header, even with keys that could be values.
        let value = opens || before == TokenKind::Equals;
        return !value && key(inner).is_some_and(|end| inner[end..].starts_with(']'));
    }
    // An inline table has entries too, even over several lines; but not without a comma between them.
    let entry = innermost == TokenKind::LeftCurlyBracket && opens;
    !entry && key(line).is_some_and(|end| line[end..].starts_with('='))
}

/// Returns the end of the key at the start of a line, dots and quotes included, and the white space after it.
fn key(line: &str) -> Option<usize> {
    let white = |at: usize| at + line[at..].len() - line[at..].trim_start_matches([' ', '\t']).len();
    let mut at = white(0);
    loop {
        let rest = &line[at..];
        let end = match rest.as_bytes().first()? {
            b'\'' => rest[1..].find('\'')? + 2,
            b'"' => closing(rest)?,
            _ => rest.find(|c| !is_bare(c)).unwrap_or(rest.len()),
        };
        if end == 0 {
            return None;
        }
        at = white(at + end);
        if !line[at..].starts_with('.') {
            return Some(at);
        }
        at = white(at + 1);
    }
}

/// Returns the end of the text in `"` at the start of `line`.
fn closing(line: &str) -> Option<usize> {
    let mut escaped = false;
    let end = line[1..].find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    end.map(|end| end + 2)
}

/// Returns whether the line at `at` is a table's header with bare keys that could not be values.
fn is_header(text: &str, at: usize) -> bool {
    if !text[at..].starts_with('[') {
        return false;
    }
    let line = &text[first_line(text, at).range()];
    let Some((inner, rest)) = line.trim_start_matches('[').split_once(']') else { return false };
    let rest = rest.trim_start_matches(']').trim_start_matches([' ', '\t']);
    let value = matches!(inner, "true" | "false" | "inf" | "nan");
    let keys = inner.split('.').all(|key| !key.is_empty() && key.chars().all(is_bare));
    keys && !value && inner.starts_with(|c: char| c.is_ascii_alphabetic()) && (rest.is_empty() || rest.starts_with('#'))
}

/// Returns whether a character is allowed in a key without quotes.
fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}
