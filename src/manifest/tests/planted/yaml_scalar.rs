//! Writes texts in YAML: in every style that can express them, with everything that a style leaves free.

use super::choices::Choices;
use super::page::{Ink, Page};
use super::tree::Text;

/// The position of a scalar.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The column of the block around it.
    pub(super) column: usize,
    pub(super) in_flow: bool,
    pub(super) is_key: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
    Folded,
}

/// Writes a text.
pub(super) fn write(page: &mut Page, text: &Text, place: Place, choices: &mut Choices) {
    let all = [Style::Plain, Style::Single, Style::Double, Style::Literal, Style::Folded];
    let fitting: Vec<Style> = all.into_iter().filter(|style| fits(*style, &text.value, place)).collect();
    let style = choices.one(&fitting);
    let start = page.end();
    let mut ink = Ink::new(page);
    match style {
        Style::Plain => folded_lines(&mut ink, &text.value, place, choices, |_, c| c.to_string()),
        Style::Single => {
            ink.page.push("'");
            let quote = |_: &mut Choices, c| if c == '\'' { "''".to_owned() } else { String::from(c) };
            folded_lines(&mut ink, &text.value, place, choices, quote);
            ink.page.push("'");
        }
        Style::Double => double(&mut ink, &text.value, place, choices),
        Style::Literal | Style::Folded => block(&mut ink, &text.value, style, place, choices),
    }
    let characters = ink.characters;
    page.mark_text(text, start, &characters);
}

/// Returns whether a style can express a text.
fn fits(style: Style, value: &str, place: Place) -> bool {
    let printable = !value.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\u{85}'));
    let lines = || value.split('\n');
    let tight = lines().all(|line| line.trim_matches([' ', '\t']) == line);
    let one_line = !value.contains('\n');
    match style {
        Style::Double => true,
        Style::Single => printable && tight && (one_line || !place.is_key),
        Style::Plain => {
            let indicator = value.starts_with(|c| "-?:,[]{}#&*!|>'\"%@`".contains(c));
            let apart = [": ", ":\t", ":\n", " #", "\t#", "\n#"].iter().any(|what| value.contains(what));
            let in_flow = place.in_flow && value.contains([',', '[', ']', '{', '}', ':']);
            let meaning = value.parse::<f64>().is_ok() || matches!(value, "" | "~" | "null" | "true" | "false");
            let ends = value.ends_with([':', '\n']) || value.starts_with('\n');
            printable && tight && !(indicator || apart || in_flow || meaning || ends) && (one_line || !place.is_key)
        }
        Style::Literal | Style::Folded => {
            let body = value.trim_end_matches('\n');
            !place.in_flow && !place.is_key && printable && !body.is_empty() && !body.ends_with([' ', '\t'])
        }
    }
}

/// Writes lines that are folded: a space may be a line break, and a line break is an empty line.
fn folded_lines(
    ink: &mut Ink<'_>,
    value: &str,
    place: Place,
    choices: &mut Choices,
    write: impl Fn(&mut Choices, char) -> String,
) {
    let characters: Vec<char> = value.chars().collect();
    let mut at = 0;
    while let Some(&c) = characters.get(at) {
        let white = |at: usize| characters.get(at).is_none_or(|c| matches!(c, ' ' | '\t' | '\n' | '#'));
        let breaks = characters[at..].iter().take_while(|c| **c == '\n').count();
        if breaks > 0 {
            let pause = pause(breaks + 1, place, choices);
            ink.layout(breaks, &pause);
            at += breaks;
            continue;
        }
        let can_fold = c == ' ' && !place.is_key && at > 0 && !white(at - 1) && !white(at + 1);
        if can_fold && choices.rarely(4) {
            let pause = pause(1, place, choices);
            ink.layout(1, &pause);
        } else {
            let written = write(choices, c);
            ink.character(&written);
        }
        at += 1;
    }
}

/// Returns line breaks with white space around them, that a folded text may have between two words.
fn pause(breaks: usize, place: Place, choices: &mut Choices) -> String {
    let mut pause = choices.one(&["", " ", "  \t"]).to_owned();
    for _ in 1..breaks {
        pause.push('\n');
        pause.push_str(choices.one(&["", " ", "      "]));
    }
    pause.push('\n');
    pause.extend(std::iter::repeat_n(' ', place.column + 1 + choices.below(4)));
    pause.push_str(choices.one(&["", "", "\t"]));
    pause
}

/// Writes in double quotes.
fn double(ink: &mut Ink<'_>, value: &str, place: Place, choices: &mut Choices) {
    ink.page.push("\"");
    let characters: Vec<char> = value.chars().collect();
    let mut at = 0;
    while let Some(&c) = characters.get(at) {
        let white = |at: usize| characters.get(at).is_none_or(|c| matches!(c, ' ' | '\t' | '\n'));
        let breaks = characters[at..].iter().take_while(|c| **c == '\n').count();
        let inside = at > 0 && !white(at - 1);
        if breaks > 0 && inside && !white(at + breaks) && !place.is_key && choices.rarely(2) {
            let pause = pause(breaks + 1, place, choices);
            ink.layout(breaks, &pause);
            at += breaks;
            continue;
        }
        if c == ' ' && inside && !white(at + 1) && !place.is_key && choices.rarely(4) {
            let pause = pause(1, place, choices);
            ink.layout(1, &pause);
            at += 1;
            continue;
        }
        let continued = !place.is_key && choices.rarely(8);
        if continued {
            ink.page.push("\\\n");
            ink.page.spaces(place.column + 1 + choices.below(4));
            ink.page.push(choices.one(&["", "\t"]));
        }
        // White space at the start of a line would be lost.
        let written = escaped(c, continued, choices);
        ink.character(&written);
        at += 1;
    }
    ink.page.push("\"");
}

/// Returns a character in double quotes: as itself if possible, or as an escape.
fn escaped(c: char, must: bool, choices: &mut Choices) -> String {
    let code = c as u32;
    let mut ways = Vec::new();
    if !(matches!(c, '"' | '\\') || c.is_control() && !matches!(c, '\t' | '\u{85}') || must && matches!(c, ' ' | '\t'))
    {
        ways.extend([c.to_string(), c.to_string(), c.to_string()]);
    }
    ways.extend(match c {
        '\t' => vec!["\\t".to_owned(), "\\\t".to_owned()],
        '\n' => vec!["\\n".to_owned()],
        '"' => vec!["\\\"".to_owned()],
        '\\' => vec!["\\\\".to_owned()],
        '/' => vec!["\\/".to_owned()],
        ' ' => vec!["\\ ".to_owned()],
        '\u{85}' => vec!["\\N".to_owned()],
        '\u{a0}' => vec!["\\_".to_owned()],
        '\u{2028}' => vec!["\\L".to_owned()],
        _ => vec![],
    });
    if code < 0x100 {
        ways.push(format!("\\x{code:02x}"));
    }
    if code < 0x1_0000 {
        ways.push(format!("\\u{code:04X}"));
    } else {
        let (high, low) = (0xd800 + ((code - 0x1_0000) >> 10), 0xdc00 + (code & 0x3ff));
        ways.push(format!("\\u{high:04x}\\u{low:04x}"));
    }
    ways.push(format!("\\U{code:08x}"));
    ways[choices.below(ways.len())].clone()
}

/// Writes a block scalar.
fn block(ink: &mut Ink<'_>, value: &str, style: Style, place: Place, choices: &mut Choices) {
    let body = value.trim_end_matches('\n');
    let trailing = value.len() - body.len();
    let deeper = 1 + choices.below(9);
    let indent = place.column + deeper;
    ink.page.push(if style == Style::Literal { "|" } else { ">" });
    // Without it the first line that isn't empty determines the indentation.
    let lead = body.split('\n').find(|line| !line.trim_matches(' ').is_empty()).unwrap_or_default();
    let blanks = body.split('\n').take_while(|line| line.trim_matches(' ').is_empty()).any(|line| !line.is_empty());
    let indicator =
        if blanks || lead.starts_with(' ') || choices.rarely(3) { deeper.to_string() } else { String::new() };
    let chomping = match trailing {
        0 => "-",
        1 => choices.one(&["", "+"]),
        _ => "+",
    };
    let header = if choices.rarely(2) { format!("{chomping}{indicator}") } else { format!("{indicator}{chomping}") };
    ink.page.push(&header);
    ink.page.push(choices.one(&["", " # 注释 | >", "\t# c", "  "]));
    ink.page.push("\n");
    let lines: Vec<&str> = body.split('\n').collect();
    let loose = |line: &str| line.starts_with([' ', '\t']);
    for (number, line) in lines.iter().enumerate() {
        if line.is_empty() {
            ink.page.spaces(choices.below(indent + 1));
        } else {
            ink.page.spaces(indent);
            block_line(ink, line, style == Style::Folded && !loose(line), indent, choices);
        }
        if number + 1 == lines.len() {
            break;
        }
        // Between two folded lines there is one line break more than is meant.
        let before = lines[..=number].iter().rposition(|line| !line.is_empty());
        let after = lines[number + 1..].iter().find(|line| !line.is_empty());
        let folds =
            style == Style::Folded && before == Some(number) && !loose(line) && after.is_some_and(|line| !loose(line));
        if folds {
            ink.page.push("\n");
        }
        ink.character("\n");
    }
    ink.page.push("\n");
    let last = ink.page.end() - 1;
    ink.characters.extend((0..trailing).map(|_| last..last + 1));
    for _ in 1..trailing {
        ink.page.spaces(choices.below(indent + 1));
        ink.page.push("\n");
    }
    if chomping != "+" && choices.rarely(3) {
        ink.page.push("\n");
        ink.page.spaces(choices.below(indent + 1));
        ink.page.push("\n");
    }
    ink.page.end_block();
}

/// Writes a line of a block scalar, over several lines if it may be folded.
fn block_line(ink: &mut Ink<'_>, line: &str, folds: bool, indent: usize, choices: &mut Choices) {
    let characters: Vec<char> = line.chars().collect();
    for (at, c) in characters.iter().enumerate() {
        let white = |at: usize| characters.get(at).is_none_or(|c| matches!(c, ' ' | '\t'));
        if folds && *c == ' ' && !white(at - 1) && !white(at + 1) && choices.rarely(3) {
            ink.layout(1, &format!("\n{}", " ".repeat(indent)));
        } else {
            ink.character(&c.to_string());
        }
    }
}
