//! Fixes for values of another type, or that their field doesn't allow.

use super::page::{Page, double};
use super::sure;
use crate::base::decimal::Decimal;
use crate::base::look_alike;
use crate::diagnostic::fix::Applicability::{Safe, Unsafe};
use crate::diagnostic::fix::Fix;
use crate::document::Span;
use crate::manifest::fields::{DURATION, Field, Kind, PRICE_DURATION, Shape};
use crate::manifest::problem::{Found, What};
use crate::manifest::suggest;

/// Returns the fix that writes the same value in the expected type.
pub(super) fn wrong_type(page: Page<'_>, at: Span, what: What, found: &Found) -> Option<Fix> {
    let (field, kind) = match what {
        What::Manifest => return None,
        What::Field(field) => (field, field.kind),
        What::Item(field) => (field, field.kind.item()),
    };
    match (kind, kind.shape(), found) {
        (Kind::Word(words), _, Found::Integer(number) | Found::Number(number)) => {
            let word = suggest::word_of_number(words, number)?;
            page.text(at, number, word, Safe)
        }
        (Kind::Text | Kind::Filled, _, Found::Integer(_) | Found::Number(_) | Found::Boolean(_) | Found::Other(_)) => {
            page.quote(at, Safe)
        }
        (_, Shape::Integer | Shape::Number, Found::Text(text)) if look_alike::plain(text) != *text => {
            let plain = look_alike::plain(text);
            page.says(at, text).then(|| page.bare(at, &number_of(kind, plain.trim())?, Safe)).flatten()
        }
        (_, Shape::Integer | Shape::Number, Found::Text(text)) => {
            let (number, unit) = suggest::number(text).filter(|_| page.says(at, text))?;
            let in_seconds = matches!(unit, "s" | "sec" | "second" | "seconds");
            let is_duration = [DURATION.name, PRICE_DURATION.name].contains(&field.name);
            let is_sure = unit.is_empty() || (in_seconds && is_duration);
            page.bare(at, &number_of(kind, number)?, sure(is_sure))
        }
        (_, Shape::Integer, Found::Number(number)) if page.says(at, number) => {
            page.bare(at, &number_of(kind, number)?, Safe)
        }
        (_, Shape::Boolean, Found::Text(text)) if page.says(at, text) => truth(page, at, kind, suggest::boolean(text)?),
        (_, Shape::Boolean, Found::Integer(number)) => match number.as_str() {
            "1" => truth(page, at, kind, true),
            "0" => truth(page, at, kind, false),
            _ => None,
        },
        (Kind::List(Kind::Text | Kind::Use(_)), _, Found::Text(text)) => {
            let items = suggest::items(field, text).filter(|_| page.says(at, text))?;
            let written: Vec<String> = items.iter().map(|item| double(item)).collect::<Option<_>>()?;
            // A text with a comma or a space in it may be several items, or one all the same.
            let is_one = !text.contains(|c: char| matches!(c, ',' | ';' | '、' | '，') || c.is_whitespace());
            page.bare(at, &format!("[{}]", written.join(", ")), sure(is_one))
        }
        _ => None,
    }
}

/// Returns the fix that writes the value that was meant.
pub(super) fn not_allowed(page: Page<'_>, at: Span, field: &Field, found: &Found) -> Option<Fix> {
    match (field.kind, found) {
        (Kind::Word(words), Found::Text(text)) => {
            let (word, is_sure) = suggest::word(words, text)?;
            page.text(at, text, word, sure(is_sure))
        }
        // It may be right, and this program too old.
        (Kind::Choice([only]), _) => page.bare(at, &only.to_string(), Unsafe),
        _ => None,
    }
}

fn truth(page: Page<'_>, at: Span, kind: Kind, value: bool) -> Option<Fix> {
    let is_allowed = value || !matches!(kind, Kind::True);
    page.bare(at, if value { "true" } else { "false" }, Safe).filter(|_| is_allowed)
}

/// Returns a number as both formats write it, if the field accepts it.
fn number_of(kind: Kind, text: &str) -> Option<String> {
    let number: f64 = text.parse().ok()?;
    let whole = || (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64);
    match kind {
        Kind::Choice(choices) => whole().filter(|number| choices.contains(number)).map(|number| number.to_string()),
        Kind::Integer(least, most) => {
            whole().filter(|number| (least..=most).contains(number)).map(|number| number.to_string())
        }
        Kind::Amount => Decimal::from_number(number).is_ok().then(|| number.to_string()),
        _ => None,
    }
}
