//! From a value back to its source.

use super::arena::{Arena, NONE, What};
use super::lines::{first_character, next_line};
use super::span::Span;
use std::ops::Range;

/// Returns a short place for a value as a whole; never more than a line.
pub(super) fn head(arena: &Arena<'_>, index: u32) -> Span {
    let slot = arena.slot(index);
    let start = slot.span.start as usize;
    let written = &arena.text[slot.span.range()];
    let first = arena.first(index);
    match slot.what {
        What::Table { .. } | What::List { .. } if arena.is_toml => match written.as_bytes().first() {
            // The first table of a list that is written as headers starts where the list does.
            Some(b'[') if first != NONE && arena.slot(first).span.start == slot.span.start => head(arena, first),
            Some(b'[') if matches!(slot.what, What::Table { .. }) => Span::new(start, start + header(written)),
            Some(b'[' | b'{') => first_character(arena.text, start),
            _ => first_line_of(arena, index),
        },
        What::Table { .. } | What::List { .. } if written.starts_with("<<") => Span::new(start, start + 2),
        What::Table { .. } if first != NONE => first_line_of(arena, first),
        What::List { .. } if first != NONE => match arena.slot(first).what {
            What::Alias(_) => arena.slot(first).span,
            _ => head(arena, first),
        },
        _ => first_line_of(arena, index),
    }
}

/// Returns the first line of the text in a slot.
fn first_line_of(arena: &Arena<'_>, index: u32) -> Span {
    let span = arena.slot(index).span;
    let written = &arena.text[span.range()];
    Span::new(span.start as usize, span.start as usize + written.find(['\n', '\r']).unwrap_or(written.len()))
}

/// Returns the length of a TOML header: `[a."b]".c]`.
fn header(written: &str) -> usize {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in written.char_indices() {
        match (quote, c) {
            (_, '\n' | '\r') => return at,
            (Some('"'), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(open), _) if open == c && !escaped => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, ']') => return at + 1 + usize::from(written[at + 1..].starts_with(']')),
            _ => {}
        }
        escaped = false;
    }
    written.len()
}

/// Returns the place where a range of bytes of a string's value is written.
pub(super) fn locate(arena: &Arena<'_>, index: u32, range: Range<usize>) -> Span {
    let slot = arena.slot(index);
    let (What::Verbatim { .. } | What::Decoded(_)) = slot.what else { return slot.span };
    let value = arena.text_of(index);
    if value.get(range.clone()).is_none() {
        return slot.span;
    }
    let start = slot.span.start as usize;
    match slot.what {
        What::Verbatim { before, .. } => {
            let start = start + usize::from(before);
            Span::new(start + range.start, start + range.end)
        }
        _ => Walk::new(arena, start, value).find(range).unwrap_or(slot.span),
    }
}

/// The form of a text in `"` in a file of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    /// With each quote inside doubled: CSV.
    Doubled,
    /// With escapes: JSON.
    Escaped,
}

/// Returns the place of a range of bytes of `value`, which is written in quotes at `start` of `text`.
pub(super) fn in_quotes(text: &str, start: usize, value: &str, range: Range<usize>, quotes: Quotes) -> Option<Span> {
    let style = match quotes {
        Quotes::Doubled => Style::Csv,
        Quotes::Escaped => Style::Double,
    };
    Walk { text, value, reached: 0, at: start + 1, style }.find(range)
}

/// A walk through a string's value and its source side by side.
///
/// The value is known, so the source needs no second decoder: besides the value's characters it has quotes, escapes,
/// indentation and folded lines, and at anything else, the walk is given up.
struct Walk<'a> {
    text: &'a str,
    value: &'a str,
    /// The progress in the value, and in the text.
    reached: usize,
    at: usize,
    style: Style,
}

/// The style of a string.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// YAML without quotes.
    Plain,
    /// YAML in `'`.
    Single,
    /// YAML in `"`.
    Double,
    /// YAML after `|` or `>`, with the indentation of its lines; `fresh` before the first of them.
    Block { indent: usize, fresh: bool },
    /// CSV in `"`.
    Csv,
    /// TOML in `"` or `"""`.
    TomlEscaped,
    /// TOML in `'` or `'''`.
    TomlLiteral,
}

impl<'a> Walk<'a> {
    fn new(arena: &Arena<'a>, start: usize, value: &'a str) -> Walk<'a> {
        let text = arena.text;
        let written = &text[start..];
        let (style, skipped) = match written.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) if arena.is_toml => {
                let style = if *quote == b'"' { Style::TomlEscaped } else { Style::TomlLiteral };
                let long = written.starts_with("\"\"\"") || written.starts_with("'''");
                // A line break right after the opening quotes is not part of the string.
                let broken = if long { line_break(&written[3..]) } else { 0 };
                (style, if long { 3 + broken } else { 1 })
            }
            Some(b'"') => (Style::Double, 1),
            Some(b'\'') => (Style::Single, 1),
            Some(b'|' | b'>') => {
                let content = next_line(text, start);
                (Style::Block { indent: indentation(&text[content..], value), fresh: true }, content - start)
            }
            _ => (Style::Plain, 0),
        };
        Walk { text, value, reached: 0, at: start + skipped, style }
    }

    /// Returns the source of a range of the value.
    fn find(mut self, range: Range<usize>) -> Option<Span> {
        let mut start = None;
        while self.reached < range.end {
            let before = self.reached;
            let source = self.step()?;
            if before <= range.start && range.start < self.reached {
                start = Some(source.start);
            }
            if self.reached >= range.end {
                return Some(Span::new(start?, source.end));
            }
        }
        // The range is empty: the place before its character, after indentation and the like.
        let at = if self.reached < self.value.len() { self.step()?.start } else { self.at };
        Some(Span::new(at, at))
    }

    /// Advances by one character of the value, or by line breaks that are written as one unit. Returns the source.
    fn step(&mut self) -> Option<Range<usize>> {
        loop {
            let rest = &self.value[self.reached..];
            let next = rest.chars().next()?;
            let written = &self.text[self.at..];
            let gap = self.gap(written);
            let (length, taken) = match gap.means {
                _ if gap.length == 0 => (self.character(written, next)?, next.len_utf8()),
                Means::Nothing => (gap.length, 0),
                Means::Space => (gap.length, usize::from(next == ' ')),
                Means::Breaks(most) => (gap.length, rest.bytes().take(most).take_while(|&byte| byte == b'\n').count()),
            };
            if taken == 0 && gap.means != Means::Nothing {
                return None;
            }
            let source = self.at..self.at + length;
            self.at = source.end;
            self.reached += taken;
            if taken > 0 {
                return Some(source);
            }
        }
    }

    /// Returns the number of bytes of the character `next`, which isn't a folded line break.
    fn character(&self, written: &str, next: char) -> Option<usize> {
        let escapes = matches!(self.style, Style::Double | Style::TomlEscaped);
        if escapes && let Some(escape) = written.strip_prefix('\\') {
            let letter = escape.chars().next()?;
            let digits = match letter {
                'x' => 2,
                'u' if next as u32 > 0xffff => 10,
                'u' => 4,
                'U' => 8,
                _ => 0,
            };
            return Some(1 + letter.len_utf8() + digits);
        }
        if self.style == Style::Single && next == '\'' {
            return written.starts_with("''").then_some(2);
        }
        if self.style == Style::Csv && next == '"' {
            return written.starts_with("\"\"").then_some(2);
        }
        if next == '\n' && written.starts_with('\r') {
            return Some(line_break(written).max(1));
        }
        written.starts_with(next).then_some(next.len_utf8())
    }

    /// Returns the layout at the start of `written`: line breaks, and white space around them.
    fn gap(&mut self, written: &str) -> Gap {
        match &mut self.style {
            Style::Csv | Style::TomlLiteral => Gap::NONE,
            Style::TomlEscaped => Gap { means: Means::Nothing, ..Gap::escaped(written) },
            // A space after a backslash is a space, even at the end of a line.
            Style::Double if matches!(written.as_bytes(), [b'\\', b' ' | b'\t', ..]) => Gap::NONE,
            Style::Double if written.starts_with('\\') => Gap::escaped(written),
            Style::Plain | Style::Single | Style::Double => Gap::folded(written),
            Style::Block { indent, fresh } => {
                let gap = Gap::between_lines(written, *indent, std::mem::take(fresh));
                // The value itself says whether lines are folded here.
                let folded = matches!(gap.means, Means::Breaks(_)) && self.value[self.reached..].starts_with(' ');
                if folded { Gap { means: Means::Space, ..gap } } else { gap }
            }
        }
    }
}

/// Layout between two characters.
#[derive(Clone, Copy)]
struct Gap {
    /// Its length in bytes; 0 if there is no layout.
    length: usize,
    means: Means,
}

/// The meaning of layout in the value.
#[derive(Clone, Copy, PartialEq)]
enum Means {
    Nothing,
    Space,
    /// At most this many line breaks.
    Breaks(usize),
}

impl Gap {
    const NONE: Gap = Gap { length: 0, means: Means::Nothing };

    /// Returns a line break in YAML outside a block, with the white space around it: a space, or a line break for each
    /// empty line. White space without a line break is content.
    fn folded(written: &str) -> Gap {
        let white = white_space(written);
        match written[..white].matches('\n').count() {
            0 => Gap::NONE,
            1 => Gap { length: white, means: Means::Space },
            breaks => Gap { length: white, means: Means::Breaks(breaks - 1) },
        }
    }

    /// Returns a line break after a backslash, with the white space that belongs to it.
    fn escaped(written: &str) -> Gap {
        let Some(rest) = written.strip_prefix('\\') else { return Gap::NONE };
        match Gap::folded(rest) {
            Gap { length: 0, .. } => Gap::NONE,
            Gap { length, means: Means::Breaks(breaks) } => Gap { length: length + 1, means: Means::Breaks(breaks) },
            Gap { length, .. } => Gap { length: length + 1, means: Means::Nothing },
        }
    }

    /// Returns the layout between two lines of a block: the line break, empty lines, and the next line's indentation.
    fn between_lines(written: &str, indent: usize, fresh: bool) -> Gap {
        let mut length = 0;
        let mut breaks = 0;
        let mut at_start = fresh;
        loop {
            let rest = &written[length..];
            let spaces = if at_start { rest.bytes().take(indent).take_while(|&byte| byte == b' ').count() } else { 0 };
            let broken = line_break(&rest[spaces..]);
            length += spaces + broken;
            if broken == 0 {
                return Gap { length, means: if breaks > 0 { Means::Breaks(breaks) } else { Means::Nothing } };
            }
            breaks += 1;
            at_start = true;
        }
    }
}

/// Returns the length of the white space at the start of `written`.
fn white_space(written: &str) -> usize {
    written.len() - written.trim_start_matches([' ', '\t', '\r', '\n']).len()
}

/// Returns the length of the line break at the start of `written`.
fn line_break(written: &str) -> usize {
    match written.as_bytes() {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        _ => 0,
    }
}

/// Returns the indentation of the lines of a block scalar: the difference between its first line with a letter and that
/// of its value.
fn indentation(content: &str, value: &str) -> usize {
    let spaces = |text: &str| {
        let line = text.lines().find(|line| !line.trim_matches(' ').is_empty())?;
        Some(line.len() - line.trim_start_matches(' ').len())
    };
    spaces(content).unwrap_or(0).saturating_sub(spaces(value).unwrap_or(0))
}
