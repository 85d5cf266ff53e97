//! The text that an editor shows for a field when the pointer rests on it.

use super::value::{bounds, written};
use crate::manifest::fields::{Field, Kind};
use serde_json::{Map, Value, json};

/// Adds the description of the field to the schema of its value.
pub(super) fn explain(schema: &mut Map<String, Value>, field: &Field, required: bool) {
    schema.insert("description".to_owned(), json!(text(field, required)));
    if let Some(default) = field.default {
        schema.insert("default".to_owned(), written(field, default));
    }
    if !field.examples.is_empty() {
        let examples: Vec<Value> = field.examples.iter().map(|example| written(field, example)).collect();
        schema.insert("examples".to_owned(), json!(examples));
    }
}

/// Returns the purpose of the field, its allowed values, and what applies without it.
fn text(field: &Field, required: bool) -> String {
    let mut text = field.doc.to_owned();
    let mut say = |sentence: String| {
        text.push_str("\n\n");
        text.push_str(&sentence);
    };
    if let Some(values) = values(field) {
        say(values);
    }
    match field.default {
        Some(default) => say(format!("Default: `{default}`.")),
        None if required => say("Required.".to_owned()),
        None => {}
    }
    text
}

/// Returns the allowed values in a sentence.
fn values(field: &Field) -> Option<String> {
    if !field.meanings.is_empty() {
        return Some(format!("One of:\n{}", meanings(field).join("\n")));
    }
    Some(match field.kind {
        Kind::Word(words) if words.len() > 1 => format!("One of {}.", list(words.iter())),
        Kind::Choice(numbers) if numbers.len() > 1 => format!("One of {}.", list(numbers.iter())),
        Kind::Word([only]) => format!("Always `{only}`."),
        Kind::Choice([only]) => format!("Always `{only}`."),
        Kind::True => "Always `true`.".to_owned(),
        Kind::Integer(least, most) => format!("A whole number from {least} to {most}."),
        Kind::Amount => "A number from 0 to 1000000000000, at most nine digits after the point.".to_owned(),
        Kind::Period(least, most) => format!(
            "A time span from `{}` to `{}`: whole numbers with `d`, `h`, `m`, `s` or `ms`, the longest unit first, as `1h30m`.",
            period(least),
            period(most)
        ),
        Kind::Rate => "A whole number from 1 on, with `/s`, `/min` or `/h`.".to_owned(),
        Kind::List(_) => format!("A list of {} to {}.", bounds(field)?.start(), bounds(field)?.end()),
        _ => return None,
    })
}

/// Returns the meaning of each of its words or numbers, as list items.
fn meanings(field: &Field) -> Vec<String> {
    let choices: Vec<String> = match field.kind {
        Kind::Word(words) => words.iter().map(|&word| word.to_owned()).collect(),
        Kind::Choice(numbers) => numbers.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    choices.iter().zip(field.meanings).map(|(choice, meaning)| format!("- `{choice}`: {meaning}")).collect()
}

/// Returns a bound of a time span, in the longest unit of which it is a whole number.
fn period(milliseconds: u64) -> String {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    match milliseconds {
        0 => "0s".to_owned(),
        days if days % DAY == 0 => format!("{}d", days / DAY),
        _ => format!("{milliseconds}ms"),
    }
}

fn list<T: ToString>(items: impl Iterator<Item = T>) -> String {
    items.map(|item| format!("`{}`", item.to_string())).collect::<Vec<_>>().join(", ")
}
