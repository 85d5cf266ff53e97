//! Presentation: colors, characters, columns.

use std::borrow::Cow;
use std::fmt::{self, Display};
use textwrap::{WordSeparator, WordSplitter};
use unicode_width::UnicodeWidthChar as _;

/// The abilities of the reader's terminal. Determined once, by the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The use of colors.
    pub color: Color,
    /// The characters that lines are drawn with.
    pub drawing: Drawing,
    /// Columns of the terminal; `None` if it isn't one, and nothing is cut.
    pub width: Option<usize>,
}

/// The use of colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// The terminal's own colors.
    Ansi,
    /// No colors.
    None,
}

/// The characters that lines are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawing {
    /// Box drawing.
    Unicode,
    /// ASCII only.
    Ascii,
}

/// A color with a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hue {
    /// It is done.
    Good,
    /// It deserves a look.
    Caution,
    /// It failed.
    Bad,
    /// Current activity, or something to type.
    Accent,
    /// A heading.
    Strong,
    /// Secondary.
    Faint,
    /// None of these.
    Plain,
}

impl Look {
    /// Plain text, of any width: for a file or a pipe.
    pub const PLAIN: Look = Look { color: Color::None, drawing: Drawing::Unicode, width: None };

    /// Returns `text` in a color, if colors are enabled.
    pub fn paint<T: Display>(self, hue: Hue, text: T) -> Painted<T> {
        let start = match hue {
            _ if self.color == Color::None => "",
            Hue::Good => "\x1b[32m",
            Hue::Caution => "\x1b[33m",
            Hue::Bad => "\x1b[31m",
            Hue::Accent => "\x1b[36m",
            Hue::Strong => "\x1b[1m",
            Hue::Faint => "\x1b[2m",
            Hue::Plain => "",
        };
        Painted { start, text }
    }

    /// Returns the sign for omitted text.
    pub fn ellipsis(self) -> &'static str {
        match self.drawing {
            Drawing::Unicode => "…",
            Drawing::Ascii => "...",
        }
    }

    /// Returns `text` with line breaks between words, if it is wider than the terminal; commands in backquotes stay
    /// whole. Continuation lines are indented two columns more than their line.
    pub fn wrapped(self, text: &str) -> String {
        let Some(width) = self.width.filter(|width| *width > NARROWEST) else { return text.to_owned() };
        let lines = text.split('\n').map(|line| {
            if columns_of(line) < width {
                return line.to_owned();
            }
            let indent = " ".repeat(line.len() - line.trim_start_matches(' ').len() + 2);
            let options = textwrap::Options::new(width - 1)
                .word_separator(WordSeparator::AsciiSpace)
                .word_splitter(WordSplitter::NoHyphenation)
                .break_words(false)
                .subsequent_indent(&indent);
            let (mut typed, mut line) = (false, line.to_owned());
            line = line
                .chars()
                .map(|c| {
                    typed ^= c == '`';
                    if typed && c == ' ' { GLUE } else { c }
                })
                .collect();
            textwrap::fill(&line, options).replace(GLUE, " ")
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Returns `text`, its end left out if it takes more than `columns`.
    pub fn fit(self, text: &str, columns: usize) -> Cow<'_, str> {
        let ellipsis = self.ellipsis();
        let limit = columns.saturating_sub(columns_of(ellipsis));
        let (mut taken, mut cut) = (0, None);
        for (at, c) in text.char_indices() {
            taken += columns_of_char(c);
            if taken > limit && cut.is_none() {
                cut = Some(at);
            }
            if taken > columns {
                return Cow::Owned(format!("{}{ellipsis}", &text[..cut.unwrap_or(at)]));
            }
        }
        Cow::Borrowed(text)
    }
}

/// Text in a color.
#[derive(Clone, Copy, Debug)]
pub struct Painted<T> {
    start: &'static str,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.start.is_empty() { "" } else { "\x1b[0m" };
        write!(f, "{}{}{end}", self.start, self.text)
    }
}

/// Returns the columns that `text` takes on a terminal: Chinese characters take two.
pub fn columns_of(text: &str) -> usize {
    text.chars().map(columns_of_char).sum()
}

/// Columns of a terminal up to which nothing is wrapped: there would be one word per line.
const NARROWEST: usize = 30;

/// A placeholder for a blank at which no line is broken.
const GLUE: char = '\u{e000}';

/// Returns the columns that `c` takes on a terminal.
pub fn columns_of_char(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Returns a count with its noun and thousands separators: `1 job`, `33,379 jobs`.
pub fn count(n: usize, noun: &str) -> String {
    format!("{} {noun}{}", thousands(n), if n == 1 { "" } else { "s" })
}

/// Returns a size for people: `1.84 MB`.
pub fn size(bytes: u64) -> String {
    let mut amount = bytes as f64;
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    for unit in ["kB", "MB", "GB"] {
        amount /= 1000.0;
        // A value that rounds to a thousand becomes one of the next unit.
        if amount < 999.995 {
            return format!("{amount:.2} {unit}");
        }
    }
    format!("{:.2} TB", amount / 1000.0)
}

/// Returns a number with thousands separators.
pub fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_columns() {
        let look = Look::PLAIN;
        assert_eq!(look.fit("小狗在草地上", 12), "小狗在草地上");
        assert_eq!(look.fit("小狗在草地上", 11), "小狗在草地…");
        assert_eq!(look.fit("小狗在草地上", 10), "小狗在草…");
        assert_eq!(look.fit("abc", 2), "a…");
        assert_eq!(look.fit("abc", 0), "…");
        assert_eq!(Look { drawing: Drawing::Ascii, ..look }.fit("abcdef", 5), "ab...");
    }

    #[test]
    fn lines_break_between_words_and_never_in_what_is_typed() {
        let look = Look { width: Some(40), ..Look::PLAIN };
        let text = "  it would have cost: about 420 credits by the maker's list, which `batch plan my jobs.yaml --limit 3` shows";
        let wrapped = look.wrapped(text);
        assert_eq!(
            wrapped,
            "  it would have cost: about 420 credits\n    by the maker's list, which\n    `batch plan my jobs.yaml --limit 3`\n    shows"
        );
        assert_eq!(look.wrapped("a\n\nb"), "a\n\nb");
        assert_eq!(Look::PLAIN.wrapped(text), text, "no terminal");
        assert_eq!(Look { width: Some(10), ..look }.wrapped(text), text, "too narrow for words");
        let colored = format!("\u{1b}[32m{}\u{1b}[0m", "x ".repeat(18));
        assert_eq!(look.wrapped(&colored).lines().count(), 1, "colors take no room");
    }

    #[test]
    fn sizes_have_the_unit_that_fits() {
        let sizes = [0, 999, 1000, 24_610, 999_994, 999_996, 1_843_200, 4_000_000_000, 7_200_000_000_000].map(size);
        let expected = ["0 B", "999 B", "1.00 kB", "24.61 kB", "999.99 kB", "1.00 MB", "1.84 MB", "4.00 GB", "7.20 TB"];
        assert_eq!(sizes, expected);
    }

    #[test]
    fn numbers_are_read_at_a_glance() {
        assert_eq!(["1 job", "0 jobs", "33,379 jobs"], [count(1, "job"), count(0, "job"), count(33_379, "job")]);
        assert_eq!(thousands(1_234_567), "1,234,567");
    }

    #[test]
    fn colors_are_only_where_they_are_wanted() {
        assert_eq!(Look::PLAIN.paint(Hue::Bad, "x").to_string(), "x");
        let colorful = Look { color: Color::Ansi, ..Look::PLAIN };
        assert_eq!(colorful.paint(Hue::Bad, "x").to_string(), "\x1b[31mx\x1b[0m");
        assert_eq!(colorful.paint(Hue::Plain, "x").to_string(), "x");
    }
}
