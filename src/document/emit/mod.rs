//! Writing documents: from the neutral tree to a text in each of the formats.

mod comments;
mod item;
pub mod plain;
mod yaml;

#[cfg(test)]
mod tests;

pub use comments::Modeline;
pub use item::Item;

use super::{Format, Source, Tree, parse};

/// A text in another format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The text; with the modeline, but without other comments.
    pub text: String,
    /// The number of comments that were dropped.
    pub comments: usize,
}

/// The reason why there is no text in another format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotConverted {
    /// It contains mistakes, or values that not all formats have.
    #[error("it holds values that not all formats have, as `null` or a date without quotes")]
    Unwritable,
    /// The result has another meaning when it is read: a bug of this program.
    #[error("what was written doesn't mean the same, which is a mistake of batch")]
    Altered,
}

/// Converts `source` to the format `to`: the same values, read back to make sure.
///
/// # Errors
/// [`NotConverted`] is the reason why it can't be converted.
pub fn convert(source: &Source, from: Format, to: Format) -> Result<Converted, NotConverted> {
    convert_as(source, from, to, |tree| Item::of(tree.root()))
}

/// Writes what `item` extracts from the tree of `source`, in the format `to`, read back to make sure.
///
/// # Errors
/// [`NotConverted`] is the reason why it can't be converted.
pub fn convert_as(
    source: &Source,
    from: Format,
    to: Format,
    item: impl FnOnce(&Tree<'_>) -> Option<Item>,
) -> Result<Converted, NotConverted> {
    let parsed = parse(source, from);
    let item = item(&parsed.tree).filter(|_| parsed.flaws.is_empty()).ok_or(NotConverted::Unwritable)?;
    let (comments, modeline) = comments::comments(source.text(), &parsed.tree);
    let head = modeline.and_then(|modeline| modeline.line(to)).unwrap_or_default();
    let text = head + &write(&item, to).ok_or(NotConverted::Unwritable)?;
    let written = Source::new("", text);
    let again = parse(&written, to);
    let is_same = again.flaws.is_empty() && Item::of(again.tree.root()).is_some_and(|again| again.means(&item));
    if !is_same {
        return Err(NotConverted::Altered);
    }
    Ok(Converted { text: written.text().to_owned(), comments })
}

/// Returns a document in this format; `None` if the format can't hold it: TOML's outermost value is a table.
pub fn write(item: &Item, format: Format) -> Option<String> {
    match format {
        Format::Yaml => Some(yaml::write(item)),
        Format::Toml => toml::to_string_pretty(item).ok(),
        Format::Json => serde_json::to_string_pretty(item).ok().map(|text| visible(&text) + "\n"),
    }
}

/// Returns JSON in which invisible characters are escaped: they are in strings only, and a reader of YAML refuses some.
fn visible(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' => out.push(c),
            c if plain::needs_escape(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
