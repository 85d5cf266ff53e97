//! Messages about values of another type than their field's.

use super::values::choices;
use super::{Words, all, code_points, either, quoted};
use crate::base::look_alike;
use crate::diagnostic::code::Code;
use crate::document::Format;
use crate::manifest::fields::*;
use crate::manifest::problem::{Fill, Found, Place, What};
use crate::manifest::suggest;

pub(super) fn wrong_type(at: Place, what: What, found: &Found, format: Format) -> Words {
    let (who, kind) = match what {
        What::Manifest => ("the manifest is".to_owned(), Kind::Table(&MANIFEST)),
        What::Field(field) => (format!("`{}` takes", field.name), field.kind),
        What::Item(field) => match field.kind.item() {
            Kind::Table(block) => (format!("{} is", block.title), Kind::Table(block)),
            kind => (format!("an item of `{}` is", field.name), kind),
        },
    };
    let message = match found {
        Found::Null => format!("{who} {}, and there is nothing here", wanted(kind)),
        _ => format!("{who} {}, not {}", wanted(kind), described(found)),
    };
    let words = Words::error(Code::WrongType, message).at(at, label(found));
    let is_filled = at.fill != Fill::None;
    match fix(what, kind, found, format, is_filled) {
        Some(help) => words.help(help),
        None => words,
    }
}

/// Returns the description of the values that a field accepts.
fn wanted(kind: Kind) -> &'static str {
    match (kind, kind.shape()) {
        (Kind::Named(_), _) => "a mapping from names to references",
        (Kind::Use(_), _) => "the name of a reference, or a reference written out",
        (_, Shape::Text) => "a text",
        (_, Shape::Integer) => "a whole number",
        (_, Shape::Number) => "a number",
        (_, Shape::Boolean) => "`true` or `false`",
        (_, Shape::List) => "a list",
        (_, Shape::Table) => "a mapping",
        (_, Shape::TextOrTable) => "a text or a mapping",
        (_, Shape::TextOrList) => "a text or a list",
    }
}

/// Returns the description of the value that was found.
fn described(found: &Found) -> String {
    match found {
        Found::Null => "nothing".to_owned(),
        Found::Boolean(value) => format!("`{value}`"),
        Found::Integer(text) | Found::Number(text) => format!("the number {}", quoted(text)),
        Found::Text(text) => format!("the text {}", quoted(text)),
        Found::List => "a list".to_owned(),
        Found::Table => "a mapping".to_owned(),
        Found::Other(name) => (*name).to_owned(),
    }
}

fn label(found: &Found) -> &'static str {
    match found {
        Found::Null => "no value",
        Found::Boolean(_) => "true or false",
        Found::Integer(_) | Found::Number(_) => "a number",
        Found::Text(_) => "a text",
        Found::List => "a list",
        Found::Table => "a mapping",
        Found::Other(name) => name,
    }
}

/// Returns the help: what to write instead.
fn fix(what: What, kind: Kind, found: &Found, format: Format, is_filled: bool) -> Option<String> {
    let help = match (kind, kind.shape(), found) {
        (_, _, Found::Null) => match what {
            What::Field(_) => "write a value, or leave the field out".to_owned(),
            _ => "write a value, or leave the item out".to_owned(),
        },
        (Kind::Word(words), _, Found::Integer(_) | Found::Number(_) | Found::Boolean(_) | Found::Other(_)) => {
            let number = if let Found::Integer(number) | Found::Number(number) = found { number } else { "" };
            let likely = suggest::word_of_number(words, number).map(|word| vec![word]);
            let words: Vec<String> = likely.as_deref().unwrap_or(words).iter().map(|word| text(word, format)).collect();
            format!("write {}", either(&words))
        }
        (Kind::Period(..), _, Found::Integer(number)) => {
            let number = suggest::whole_number(number)?;
            format!(
                "say the unit: {}, {} or {}",
                text(&format!("{number}s"), format),
                text(&format!("{number}m"), format),
                text(&format!("{number}h"), format)
            )
        }
        (Kind::Rate, _, Found::Integer(number)) => {
            let number = suggest::whole_number(number).filter(|number| *number > 0)?;
            format!(
                "say in how long: {} or {}",
                text(&format!("{number}/min"), format),
                text(&format!("{number}/s"), format)
            )
        }
        (_, Shape::Text, Found::Integer(text) | Found::Number(text)) => format!("put it in quotes: `\"{text}\"`"),
        (_, Shape::Text, Found::Boolean(value)) => format!("put it in quotes: `\"{value}\"`"),
        (_, Shape::Text, Found::Other(_)) => "put it in quotes".to_owned(),
        (_, Shape::Text, Found::List) => "write one text; in a block it may have several lines".to_owned(),
        (_, Shape::Integer | Shape::Number, Found::Text(text)) => {
            let plain = look_alike::plain(text);
            let Some((number, unit)) = suggest::number(&plain) else {
                return Some("write a number".to_owned());
            };
            let number: f64 = number.parse().ok()?;
            let is_taken = !matches!(kind, Kind::Choice(numbers) if !numbers.iter().any(|one| *one as f64 == number));
            match code_points::look_alikes(text) {
                _ if !is_taken => choices(kind),
                Some(named) => format!("write {number}: {named}"),
                // A cell has no quotes that could be superfluous.
                None if unit.is_empty() && is_filled => format!("write {number}"),
                None if unit.is_empty() => format!("write {number}, without quotes"),
                None => format!("write {number}, without a unit"),
            }
        }
        (_, Shape::Integer, Found::Number(text)) => {
            let number: f64 = text.parse().ok().filter(|number: &f64| number.fract() == 0.0 && number.abs() < 1e15)?;
            format!("write {number}, without a point")
        }
        (_, Shape::Boolean, Found::Text(text)) => match suggest::boolean(text) {
            Some(value) if is_filled => format!("write `{value}`"),
            Some(value) => format!("write `{value}`, without quotes"),
            None => "write `true` or `false`".to_owned(),
        },
        (_, Shape::Boolean, Found::Integer(number)) if number == "1" => "write `true`".to_owned(),
        (_, Shape::Boolean, Found::Integer(number)) if number == "0" => "write `false`".to_owned(),
        (Kind::List(Kind::Text | Kind::Use(_)), Shape::List, Found::Text(text))
            if text.len() < 40 && !text.contains(['"', '\n', '\\']) =>
        {
            let (What::Field(field) | What::Item(field)) = what else { return None };
            match suggest::items(field, text) {
                Some(items) if items.len() > 1 => format!("put them in brackets: `[\"{}\"]`", items.join("\", \"")),
                Some(items) => format!("put it in brackets: `[\"{}\"]`", items[0]),
                None => "write a list, or leave the field out".to_owned(),
            }
        }
        (_, Shape::List, Found::Table) if matches!(what, What::Field(field) if field.name == JOBS.name) => match format
        {
            Format::Yaml => "start each job with a dash: `- id: park-walk`".to_owned(),
            Format::Toml => "start each job with `[[jobs]]`, in double brackets".to_owned(),
            Format::Json => "put the jobs in brackets, each with an `id`".to_owned(),
        },
        (_, Shape::List, _) => "put it in brackets: `[…]`".to_owned(),
        (Kind::Table(block), _, Found::List) if std::ptr::eq(block, &MANIFEST) => {
            "put the list under `jobs`, and `version` before it".to_owned()
        }
        (Kind::Named(_), _, Found::List) => "write the name of each reference before it, as a key".to_owned(),
        (Kind::Table(block) | Kind::Use(block), ..) => {
            let names =
                |fields: &[&Field]| -> Vec<String> { fields.iter().map(|field| format!("`{}`", field.name)).collect() };
            match block.required {
                [] => format!("write fields in it, such as `{}`", block.fields[0].name),
                required => format!("write a mapping with {} in it", all(&names(required))),
            }
        }
        (Kind::Matrix, ..) => "write names with lists of values in it".to_owned(),
        (_, Shape::Text, _) => "write a text".to_owned(),
        (Kind::Choice([only]), ..) => format!("write {only}"),
        (Kind::Choice(_), ..) => choices(kind),
        (_, Shape::Integer, _) => "write a whole number".to_owned(),
        (_, Shape::Number, _) => "write a number".to_owned(),
        (_, Shape::Boolean, _) => "write `true` or `false`".to_owned(),
        _ => return None,
    };
    Some(help)
}

/// Returns a text as the format writes it.
fn text(text: &str, format: Format) -> String {
    match format {
        Format::Yaml => format!("`{text}`"),
        Format::Toml | Format::Json => format!("`\"{text}\"`"),
    }
}
