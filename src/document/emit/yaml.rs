//! YAML as a person would write it: blocks, short lists in brackets, texts of several lines as they are.
//!
//! Texts that a reader of YAML 1.1 may read as something else are quoted, which no crate's emitter does: `no`, `on`,
//! `720`, `1_000`.

use super::item::Item;
use super::plain;
use std::fmt::Write as _;

/// The maximum number of columns of a list in brackets.
const WIDTH: usize = 100;

/// The length in bytes above which a key needs a `?`: readers look for its colon only so far.
const LONG_KEY: usize = 512;

/// Returns the document.
pub(super) fn write(item: &Item) -> String {
    let mut out = String::new();
    match item {
        Item::Table(entries) if !entries.is_empty() => table(&mut out, entries, 0),
        Item::List(items) if !items.is_empty() => list(&mut out, items, 0),
        scalar => value(&mut out, scalar, 0),
    }
    out
}

/// Writes the entries of a table, from the start of a line (or after a dash) on.
fn table(out: &mut String, entries: &[(String, Item)], indent: usize) {
    for (number, (key, item)) in entries.iter().enumerate() {
        if number > 0 {
            margin(out, indent);
        }
        let key = if plain::is_text(key) { key.clone() } else { quoted(key) };
        if key.len() > LONG_KEY {
            let _ = writeln!(out, "? {key}");
            margin(out, indent);
        } else {
            out.push_str(&key);
        }
        out.push(':');
        match item {
            Item::Table(entries) if !entries.is_empty() => {
                out.push('\n');
                margin(out, indent + 2);
                table(out, entries, indent + 2);
            }
            Item::List(items) if !items.is_empty() => match in_brackets(items, indent + key.len() + 2) {
                Some(short) => {
                    let _ = writeln!(out, " {short}");
                }
                None => {
                    out.push('\n');
                    margin(out, indent + 2);
                    list(out, items, indent + 2);
                }
            },
            scalar => {
                out.push(' ');
                value(out, scalar, indent);
            }
        }
    }
}

/// Writes the items of a list, from the start of a line (or after a dash) on.
fn list(out: &mut String, items: &[Item], indent: usize) {
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            margin(out, indent);
        }
        out.push_str("- ");
        match item {
            Item::Table(entries) if !entries.is_empty() => table(out, entries, indent + 2),
            Item::List(items) if !items.is_empty() => list(out, items, indent + 2),
            scalar => value(out, scalar, indent),
        }
    }
}

/// Writes a value on one line, or as a block of text indented deeper than `indent`; with the end of the line.
fn value(out: &mut String, item: &Item, indent: usize) {
    let Some(lines) = (if let Item::Text(text) = item { block(text) } else { None }) else {
        out.push_str(&scalar(item));
        out.push('\n');
        return;
    };
    let (header, text) = lines;
    let _ = writeln!(out, "{header}");
    for line in text.split_terminator('\n') {
        if !line.is_empty() {
            margin(out, indent + 2);
            out.push_str(line);
        }
        out.push('\n');
    }
}

fn scalar(item: &Item) -> String {
    match item {
        Item::Bool(value) => value.to_string(),
        Item::Integer(value) => value.to_string(),
        // Never an exponent: readers of 1.1 and 1.2 know different ones.
        Item::Float(value) => {
            let digits = value.to_string();
            if digits.contains('.') { digits } else { digits + ".0" }
        }
        Item::Text(text) if plain::is_text(text) => text.clone(),
        Item::Text(text) => quoted(text),
        Item::List(_) => "[]".to_owned(),
        Item::Table(_) => "{}".to_owned(),
    }
}

/// Returns a list of scalars in brackets, if it fits on a line that has this many columns already.
fn in_brackets(items: &[Item], before: usize) -> Option<String> {
    let is_short = |item: &Item| !matches!(item, Item::List(_) | Item::Table(_));
    if !items.iter().all(is_short) || items.len() > WIDTH {
        return None;
    }
    let all = format!("[{}]", items.iter().map(scalar).collect::<Vec<_>>().join(", "));
    (before + all.chars().count() <= WIDTH).then_some(all)
}

/// Returns the header of a block for a text of several lines; `None` if a block can't hold it, or would hide characters
/// in it.
fn block(text: &str) -> Option<(&'static str, &str)> {
    let body = text.trim_end_matches('\n');
    let is_shown = |c: char| c == '\n' || !plain::needs_escape(c);
    let ends_blank = |line: &str| line.ends_with([' ', '\t']);
    if !body.contains('\n') && body.len() == text.len() || !text.chars().all(is_shown) || body.is_empty() {
        return None;
    }
    if body.starts_with([' ', '\n', '\t']) || body.lines().any(ends_blank) {
        return None;
    }
    match text.len() - body.len() {
        0 => Some(("|-", text)),
        1 => Some(("|", text)),
        _ => Some(("|+", text)),
    }
}

fn margin(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Returns a text in double quotes, with its invisible characters escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if plain::needs_escape(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
