//! `batch explain`: a code's page of the manual on a terminal.

use super::look::{Hue, Look};
use super::manual::{self, Language};
use super::markdown::{self, Block};
use crate::diagnostic::code::{Code, Severity};
use std::io::{self, BufWriter, Write};
use textwrap::{Options, WordSeparator};

/// Columns of text at most: longer lines are hard to read.
const WIDTH: usize = 80;

/// Columns of text at least, even where it then leaves the screen.
const LEAST_WIDTH: usize = 20;

/// The distance of code from the margin.
const INDENT: &str = "    ";

/// Writes the page of `code`.
///
/// # Errors
/// Fails if `out` can't be written to.
pub fn page(out: impl Write, code: Code, language: Language, look: Look) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let kind = match (manual::usual_severity(code), language) {
        (Severity::Error, Language::English) => look.paint(Hue::Bad, "error"),
        (Severity::Error, Language::Chinese) => look.paint(Hue::Bad, "错误"),
        (Severity::Warning, Language::English) => look.paint(Hue::Caution, "warning"),
        (Severity::Warning, Language::Chinese) => look.paint(Hue::Caution, "警告"),
    };
    writeln!(out, "{} ({kind})", look.paint(Hue::Strong, code))?;
    // The section begins with the rule in its own words.
    if language == Language::English {
        write_wrapped(&mut out, code.title(), "", look)?;
    }
    let mut before = None;
    for block in markdown::blocks(manual::page_in(language, code)) {
        // The points of a list stand together.
        if !matches!((&before, &block), (Some(Block::Item(_)), Block::Item(_))) {
            writeln!(out)?;
        }
        match &block {
            Block::Paragraph(text) => write_wrapped(&mut out, text, "", look)?,
            Block::Item(text) => write_wrapped(&mut out, text, "- ", look)?,
            Block::Code { text, .. } => write_code(&mut out, text, look)?,
        }
        before = Some(block);
    }
    if let Some(address) = manual::address(code) {
        writeln!(out, "\n{}", look.paint(Hue::Faint, address))?;
    }
    out.flush()
}

/// Returns the page of `code` as Markdown, for a reader who has no other page of the manual.
pub fn markdown(code: Code, language: Language) -> String {
    format!("**{code}**\n\n{}", markdown::without_links(manual::page_in(language, code)))
}

/// Writes all codes, each with its rule in a line.
///
/// # Errors
/// Fails if `out` can't be written to.
pub fn list(out: impl Write, look: Look) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let longest = Code::ALL.iter().map(|code| code.as_str().len()).max().unwrap_or_default();
    for &code in Code::ALL {
        let hue = match manual::usual_severity(code) {
            Severity::Error => Hue::Bad,
            Severity::Warning => Hue::Caution,
        };
        writeln!(out, "{}  {}", look.paint(hue, format_args!("{:longest$}", code.as_str())), code.title())?;
    }
    out.flush()
}

fn write_wrapped(out: &mut impl Write, text: &str, point: &str, look: Look) -> io::Result<()> {
    let width = look.width.unwrap_or(WIDTH).clamp(LEAST_WIDTH, WIDTH);
    let indent = " ".repeat(point.len());
    let options = Options::new(width).initial_indent(point).subsequent_indent(&indent);
    // A path or a URL stays whole; Chinese has no spaces.
    let separator = match text.is_ascii() || !text.contains(is_chinese) {
        true => WordSeparator::AsciiSpace,
        false => WordSeparator::UnicodeBreakProperties,
    };
    let options = options.word_separator(separator).break_words(false);
    writeln!(out, "{}", textwrap::fill(&markdown::plain(text), options))
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

/// Writes code as it is, and what is wrong and right in it in their colors.
fn write_code(out: &mut impl Write, text: &str, look: Look) -> io::Result<()> {
    for line in text.lines() {
        let mark = ["# wrong", "# right", "# 错误", "# 正确"].into_iter().find_map(|mark| line.find(mark));
        match mark.map(|at| line.split_at(at)) {
            Some((code, comment)) => {
                let hue = if comment.starts_with("# wrong") || comment.starts_with("# 错误") {
                    Hue::Bad
                } else {
                    Hue::Good
                };
                writeln!(out, "{INDENT}{code}{}", look.paint(hue, comment))?;
            }
            None if line.is_empty() => writeln!(out)?,
            None => writeln!(out, "{INDENT}{line}")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::look::Color;

    fn shown(code: Code, look: Look) -> String {
        let mut out = Vec::new();
        page(&mut out, code, Language::English, look).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_page_is_plain_in_a_pipe_and_painted_on_a_terminal() {
        let plain = shown(Code::Version, Look::PLAIN);
        assert_eq!(
            plain,
            "version (error)
The manifest's version is 1

`version` isn't 1, the only version of this format so far.

    version: 2                 # wrong
    version: 1                 # right

If the manifest was written for a newer `batch`, use that one.
"
        );
        let painted = shown(Code::Version, Look { color: Color::Ansi, ..Look::PLAIN });
        assert!(painted.starts_with("\x1b[1mversion\x1b[0m (\x1b[31merror\x1b[0m)\n"), "{painted:?}");
        assert!(painted.contains("\x1b[31m# wrong\x1b[0m\n") && painted.contains("\x1b[32m# right\x1b[0m\n"));
    }

    #[test]
    fn a_chinese_page_is_painted_and_wrapped_alike() {
        let shown = |look| {
            let mut out = Vec::new();
            page(&mut out, Code::DurationResolution, Language::Chinese, look).unwrap();
            String::from_utf8(out).unwrap()
        };
        let plain = shown(Look { width: Some(50), ..Look::PLAIN });
        assert!(plain.starts_with("duration-resolution (错误)\n\n`1080p`"), "{plain}");
        let mut text = plain.lines().filter(|line| !line.starts_with(INDENT));
        assert!(text.all(|line| crate::report::look::columns_of(line) <= 50), "{plain}");
        assert!(!plain.contains("error") && !plain.contains("videos last"), "{plain}");
        let painted = shown(Look { color: Color::Ansi, ..Look::PLAIN });
        assert!(painted.contains("\x1b[31m# 错误") && painted.contains("\x1b[32m# 正确"), "{painted:?}");
        for &code in Code::ALL {
            let page = manual::page_in(Language::Chinese, code);
            assert!(page.contains("# 错误") && page.contains(is_chinese), "{code}: {page}");
            // A line break within a paragraph would become a space between two characters.
            let prose = markdown::blocks(page).into_iter().filter(|block| !matches!(block, Block::Code { .. }));
            let joined = prose.map(|block| format!("{block:?}")).collect::<String>();
            assert!(!joined.contains("。 "), "{code}: {joined}");
        }
    }

    #[test]
    fn no_page_is_wider_than_it_may_be() {
        for &code in Code::ALL {
            for width in [60, 80, 300] {
                let page = shown(code, Look { width: Some(width), ..Look::PLAIN });
                let text = page.lines().filter(|line| !line.starts_with(INDENT));
                // What can't be broken, as a long name, may stick out.
                let most = width.min(WIDTH);
                assert!(text.clone().all(|line| line.chars().count() <= most || !line.contains(' ')), "{code}\n{page}");
            }
        }
    }
}
