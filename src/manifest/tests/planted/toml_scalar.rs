//! Writes texts in TOML: in all four styles, with everything that they leave free.

use super::choices::Choices;
use super::page::{Ink, Page};
use super::tree::Text;

#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// A key without quotes.
    Bare,
    Basic,
    Literal,
    LongBasic,
    LongLiteral,
}

/// Writes a text as a key or as a value.
pub(super) fn write(page: &mut Page, text: &Text, is_key: bool, choices: &mut Choices) {
    let all = [Style::Bare, Style::Basic, Style::Literal, Style::LongBasic, Style::LongLiteral];
    let fitting: Vec<Style> = all.into_iter().filter(|style| fits(*style, &text.value, is_key)).collect();
    let style = choices.one(&fitting);
    let quotes = match style {
        Style::Bare => "",
        Style::Basic => "\"",
        Style::Literal => "'",
        Style::LongBasic => "\"\"\"",
        Style::LongLiteral => "'''",
    };
    let start = page.end();
    let mut ink = Ink::new(page);
    ink.page.push(quotes);
    // The first line break is not part of the text.
    if quotes.len() == 3 && (text.value.starts_with('\n') || choices.rarely(2)) {
        ink.page.push("\n");
    }
    let mut quoted = 0;
    for c in text.value.chars() {
        let written = match style {
            Style::Basic => escaped(c, matches!(c, '"' | '\n'), choices),
            Style::LongBasic => {
                if choices.rarely(8) {
                    ink.page.push(choices.one(&["\\\n", "\\  \n\n\t", "\\\n   \n  "]));
                    quoted = 0;
                    // White space would belong to the end of the line.
                    escaped(c, c.is_whitespace(), choices)
                } else {
                    escaped(c, quoted == 2, choices)
                }
            }
            Style::Bare | Style::Literal | Style::LongLiteral => c.to_string(),
        };
        quoted = if written == "\"" { quoted + 1 } else { 0 };
        ink.character(&written);
    }
    ink.page.push(quotes);
    let characters = ink.characters;
    page.mark_text(text, start, &characters);
}

/// Returns whether a style can express a text.
fn fits(style: Style, value: &str, is_key: bool) -> bool {
    let plain = !value.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\u{85}'));
    let one_line = !value.contains('\n');
    match style {
        Style::Bare => {
            is_key && !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        }
        Style::Basic => true,
        Style::Literal => plain && one_line && !value.contains('\''),
        Style::LongBasic => !is_key,
        Style::LongLiteral => !is_key && plain && !value.contains("'''"),
    }
}

/// Returns a character in double quotes: as itself if possible, or as an escape.
fn escaped(c: char, must: bool, choices: &mut Choices) -> String {
    let code = c as u32;
    let mut ways = Vec::new();
    let control = c.is_control() && !matches!(c, '\t' | '\n' | '\u{85}');
    if !(must || c == '\\' || control) {
        ways.extend([c.to_string(), c.to_string(), c.to_string()]);
    }
    ways.extend(match c {
        '\t' => vec!["\\t".to_owned()],
        '\n' => vec!["\\n".to_owned()],
        '"' => vec!["\\\"".to_owned()],
        '\\' => vec!["\\\\".to_owned()],
        _ => vec![],
    });
    if code < 0x100 {
        ways.push(format!("\\x{code:02X}"));
    }
    if code < 0x1_0000 {
        ways.push(format!("\\u{code:04x}"));
    }
    ways.push(format!("\\U{code:08x}"));
    ways[choices.below(ways.len())].clone()
}
