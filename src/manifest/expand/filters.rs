//! Filters: the only thing that a template does to a value. The template engine runs them, and knows no others.

use super::flaw::TemplateFlaw;
use crate::base::nearest::nearest;
use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, ErrorKind, Expression, UndefinedBehavior};
use std::ops::Range;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The known filters, in the order of the manual.
pub(crate) const NAMES: [&str; 8] = ["default", "lower", "upper", "trim", "replace", "slug", "pad", "split"];

/// The name of the earlier `slug`, for jobs that may have been bought with it.
const FORMER_SLUG: &str = "former_slug";

/// The name of the value while it passes through its filters.
const VALUE: &str = "value";

/// The maximum width of `pad`, in characters.
const WIDEST: usize = 128;

/// The maximum number of bytes that a text may be filled to.
pub(super) const LONGEST: usize = 1024 * 1024;

/// Words of the engine's language that a template doesn't have.
const KEYWORDS: [&str; 7] = ["if", "else", "and", "or", "not", "in", "is"];

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.add_filter("default", default);
    engine.add_filter("lower", |text: String| text.to_lowercase());
    engine.add_filter("upper", |text: String| text.to_uppercase());
    engine.add_filter("trim", |text: String| text.trim().to_owned());
    engine.add_filter("replace", |text: String, from: String, to: String| replace(&text, &from, &to));
    engine.add_filter("slug", |text: String| slug(&text));
    engine.add_filter(FORMER_SLUG, |text: String| former_slug(&text));
    engine.add_filter("split", |text: String, separator: String| split(&text, &separator));
    engine.add_filter("pad", |text: String, width: usize| pad(&text, width));
    engine
});

/// Filters, compiled once for all jobs.
#[derive(Debug)]
pub(super) struct Filters {
    expression: Expression<'static, 'static>,
    /// The same with the `slug` from before it kept the letters of all scripts.
    former: Option<Box<Expression<'static, 'static>>>,
    has_default: bool,
}

impl Filters {
    /// Returns whether they have a result for a missing value.
    pub(super) fn has_default(&self) -> bool {
        self.has_default
    }

    /// Returns whether one of them had another result in an earlier version.
    pub(super) fn has_former(&self) -> bool {
        self.former.is_some()
    }

    /// Applies the filters to `value`, as they are now or as they were before.
    ///
    /// # Errors
    /// Returns the engine's message if a filter doesn't accept the value.
    pub(super) fn apply(&self, value: Value, former: bool) -> Result<Value, String> {
        let expression = self.former.as_deref().filter(|_| former).unwrap_or(&self.expression);
        let result = expression.eval(Value::from_pairs([(VALUE, value)])).map_err(|error| words(&error))?;
        match result.kind() {
            ValueKind::Undefined
            | ValueKind::None
            | ValueKind::Bool
            | ValueKind::Number
            | ValueKind::String
            | ValueKind::Seq => Ok(result),
            other => Err(format!("the result is a {other}")),
        }
    }
}

/// Compiles the filters after a name: `| lower | replace("a", "b")`.
///
/// # Errors
/// Returns the mistake, with its bytes.
pub(super) fn compile(text: &str) -> Result<Filters, (Range<usize>, TemplateFlaw)> {
    let Checked { has_default, slugs } = check(text)?;
    let former = (!slugs.is_empty()).then(|| {
        let mut former = text.to_owned();
        slugs.iter().rev().for_each(|range| former.replace_range(range.clone(), FORMER_SLUG));
        ENGINE.compile_expression_owned(format!("{VALUE}{former}")).ok()
    });
    let expression = ENGINE.compile_expression_owned(format!("{VALUE}{text}")).map_err(|error| {
        let whole = 0..text.trim_end().len();
        let range = error.range().map_or(whole.clone(), |range| {
            let start = range.start.saturating_sub(VALUE.len()).min(whole.end);
            start..range.end.saturating_sub(VALUE.len()).clamp(start, whole.end)
        });
        let range = if range.is_empty() || text.get(range.clone()).is_none() { whole } else { range };
        (range, TemplateFlaw::Syntax(words(&error)))
    })?;
    Ok(Filters { expression, former: former.flatten().map(Box::new), has_default })
}

/// Returns the engine's message for an error.
fn words(error: &minijinja::Error) -> String {
    let words = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    match error.kind() {
        ErrorKind::MissingArgument => format!("an argument is missing ({words})"),
        ErrorKind::TooManyArguments => format!("there are too many arguments ({words})"),
        _ => words,
    }
}

/// Facts about filters that are known before they are compiled.
struct Checked {
    /// `true` if the first is `default`.
    has_default: bool,
    /// The bytes of each `slug`.
    slugs: Vec<Range<usize>>,
}

/// Accepts nothing but known filters and their arguments: no operators, no conditions, no calls.
fn check(text: &str) -> Result<Checked, (Range<usize>, TemplateFlaw)> {
    let (mut first, mut slugs) = (None, Vec::new());
    let mut at = 0;
    let mut behind_bar = false;
    while let Some(c) = text[at..].chars().next() {
        let start = at;
        at += c.len_utf8();
        match c {
            '|' => behind_bar = true,
            '"' | '\'' => {
                at = end_of_quote(text, start, c).ok_or_else(|| {
                    let rest = start..text.trim_end().len();
                    (rest, TemplateFlaw::Syntax("a quote isn't closed".to_owned()))
                })?;
            }
            c if c.is_alphabetic() || c == '_' => {
                let end =
                    text[at..].find(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(text.len(), |end| at + end);
                at = end;
                let word = &text[start..end];
                if std::mem::take(&mut behind_bar) {
                    if !NAMES.contains(&word) {
                        let nearest =
                            nearest(word, NAMES).and_then(|near| NAMES.into_iter().find(|name| *name == near));
                        return Err((start..end, TemplateFlaw::UnknownFilter { name: word.to_owned(), nearest }));
                    }
                    if word == "slug" {
                        slugs.push(start..end);
                    }
                    first.get_or_insert(word);
                } else if KEYWORDS.contains(&word) || !matches!(word, "true" | "false" | "none") {
                    return Err((start..end, TemplateFlaw::NotAllowed(word.to_owned())));
                }
            }
            '(' | ')' | ',' | '.' | '-' | '0'..='9' => {}
            c if c.is_whitespace() => {}
            c => return Err((start..at, TemplateFlaw::NotAllowed(c.to_string()))),
        }
    }
    Ok(Checked { has_default: first == Some("default"), slugs })
}

/// Returns the position after the quote that closes the one at `start`.
fn end_of_quote(text: &str, start: usize, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text[start + 1..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(start + 1 + at + 1),
            _ => {}
        }
    }
    None
}

/// Returns the value, or `other` if it is empty.
fn default(value: Value, other: Value) -> Value {
    let is_empty = value.is_undefined() || value.is_none() || value.as_str() == Some("");
    if is_empty { other } else { value }
}

/// Returns the text with each `from` replaced by `to`.
fn replace(text: &str, from: &str, to: &str) -> Result<String, minijinja::Error> {
    let refused = |words: String| Err(minijinja::Error::new(ErrorKind::InvalidOperation, words));
    if from.is_empty() {
        return refused("there is nothing to replace".to_owned());
    }
    let longest = text.len().saturating_add(text.matches(from).count().saturating_mul(to.len()));
    if longest > LONGEST {
        return refused(format!("the result would have more than {LONGEST} bytes"));
    }
    Ok(text.replace(from, to))
}

/// Returns the text as a part of an id: lower-case letters and digits of every script, with one dash for everything
/// between them.
fn slug(text: &str) -> String {
    slug_of(&text.nfc().collect::<String>().to_lowercase(), |c| c.is_alphanumeric() || is_combining_mark(c))
}

/// Returns the [`slug`] from when ids were ASCII only: letters of other scripts counted as separators.
fn former_slug(text: &str) -> String {
    slug_of(&text.to_ascii_lowercase(), |c| c.is_ascii_alphanumeric())
}

fn slug_of(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    let mut slug = String::with_capacity(text.len());
    for c in text.chars() {
        if is_kept(c) && !(slug.is_empty() && is_combining_mark(c)) {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// Returns the parts of a text between separators, without the blanks around them; skips empty ones.
fn split(text: &str, separator: &str) -> Result<Vec<String>, minijinja::Error> {
    if separator.is_empty() {
        let words = "there is nothing to split at".to_owned();
        return Err(minijinja::Error::new(ErrorKind::InvalidOperation, words));
    }
    Ok(text.split(separator).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
}

/// Returns the text with zeros before it until it is `width` characters long.
fn pad(text: &str, width: usize) -> Result<String, minijinja::Error> {
    if width > WIDEST {
        let words = format!("the width is {WIDEST} at most");
        return Err(minijinja::Error::new(ErrorKind::InvalidOperation, words));
    }
    let missing = width.saturating_sub(text.chars().count());
    Ok("0".repeat(missing) + text)
}
