//! Guesses at the meaning of a field that isn't known.

use super::fields::{
    BLOCKS, Block, DEFAULTS, ENTRY, Field, ID, JOB, MANIFEST, NUMBER_OF_VIDEOS, PROMPT, REFERENCE, REFERENCES,
    SELECTED_MODEL, URLS,
};
use crate::base::look_alike;
use crate::base::nearest::{near, nearest};
use crate::service::limits::{JOB_ID_BYTES, JOB_ID_CHARACTERS};
use crate::service::names::{JobId, fits_job_id};
use crate::service::vocabulary::Resolution;
use unicode_normalization::UnicodeNormalization as _;

/// The probable meaning of a field that isn't known.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meant {
    /// This field of the same block: it counts as present.
    Field(&'static Field),
    /// A field of another block, spelt correctly.
    Elsewhere(&'static Block),
    /// The `input` of a request as the service documents it.
    Input,
    /// The id of a job, among the defaults of all jobs.
    Id,
    /// The name of a reference of the library, which is its key.
    Key,
    /// Nothing that is known.
    Unknown,
}

/// Names that other interfaces have for a field, the service's own misspelling first.
const OTHER_NAMES: [(&str, &Field); 15] = [
    ("refs", &REFERENCES),
    ("mutil_reference", &REFERENCES),
    ("mutil_references", &REFERENCES),
    ("multi_reference", &REFERENCES),
    ("multi_references", &REFERENCES),
    ("model", &SELECTED_MODEL),
    ("text", &PROMPT),
    ("name", &ID),
    ("job", &ID),
    ("videos", &NUMBER_OF_VIDEOS),
    ("count", &NUMBER_OF_VIDEOS),
    ("image", &URLS),
    ("images", &URLS),
    ("image_url", &URLS),
    ("image_urls", &URLS),
];

/// Returns the probable meaning of `key` in `block`, which doesn't know it.
pub(super) fn meant(block: &'static Block, key: &str) -> Meant {
    let is = |other: &'static Block| std::ptr::eq(block, other);
    if key == "input" && (is(&JOB) || is(&DEFAULTS)) {
        return Meant::Input;
    }
    if key == ID.name && is(&DEFAULTS) {
        return Meant::Id;
    }
    if key == "name" && is(&ENTRY) {
        return Meant::Key;
    }
    let other = OTHER_NAMES.iter().find(|(name, field)| *name == key && block.position(field).is_some());
    if let Some((_, field)) = other {
        return Meant::Field(field);
    }
    if let Some(elsewhere) = elsewhere(block, key) {
        return Meant::Elsewhere(elsewhere);
    }
    match nearest(key, block.fields.iter().map(|field| field.name)).and_then(|name| block.field(name)) {
        Some(field) => Meant::Field(field),
        None => Meant::Unknown,
    }
}

/// Returns the one of `words` that `text` was probably meant for; and whether that is certain.
pub(super) fn word(words: &[&'static str], text: &str) -> Option<(&'static str, bool)> {
    let known = |word: &'static str| words.contains(&word).then_some((word, false));
    // Full-width letters and digits mean the ordinary ones that they look like.
    let plain = look_alike::plain(text);
    if let Some(exact) = words.iter().find(|word| plain != text && **word == plain.trim()) {
        return Some((exact, true));
    }
    let with_unit = format!("{}p", text.trim());
    if let Some(exact) = words.iter().find(|word| **word == with_unit) {
        return Some((exact, true));
    }
    match text.to_ascii_lowercase().as_str() {
        "hd" => known(Resolution::P720.as_str()),
        "fullhd" | "full-hd" | "fhd" => known(Resolution::P1080.as_str()),
        _ => {
            let near = near(text, words.iter().copied())?;
            let word = words.iter().find(|word| **word == near.name)?;
            Some((word, near.is_sure))
        }
    }
}

/// Returns the one of `words` that a number was written for: `720` for `720p`, as `0x2d0` is.
pub(super) fn word_of_number(words: &[&'static str], written: &str) -> Option<&'static str> {
    let with_unit = format!("{}p", whole_number(written)?);
    words.iter().copied().find(|word| *word == with_unit)
}

/// Returns the whole number from 0 on that is written so in YAML or TOML; `None` if readers disagree about it.
pub(super) fn whole_number(written: &str) -> Option<u64> {
    let digits: String = written.strip_prefix('+').unwrap_or(written).chars().filter(|c| *c != '_').collect();
    // With a leading zero, a number is octal to readers of YAML 1.1.
    if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let radix =
        |prefix: &str, radix| digits.strip_prefix(prefix).and_then(|rest| u64::from_str_radix(rest, radix).ok());
    let other = radix("0x", 16).or_else(|| radix("0o", 8)).or_else(|| radix("0b", 2));
    other.or_else(|| digits.parse().ok()).or_else(|| {
        let number: f64 = digits.parse().ok()?;
        (number.fract() == 0.0 && (0.0..1e15).contains(&number)).then_some(number as u64)
    })
}

/// Returns the items of a list for which a text was written: names and tags are words, and a URL may have any character
/// in it.
pub(super) fn items<'t>(field: &Field, text: &'t str) -> Option<Vec<&'t str>> {
    let apart = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '、' | '，');
    let items: Vec<&str> = match field.name {
        name if name == URLS.name => vec![text],
        _ => text.split(apart).filter(|item| !item.is_empty()).collect(),
    };
    (!text.trim().is_empty() && !items.is_empty()).then_some(items)
}

/// Returns the number in a text, and the unit after it.
pub(super) fn number(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let value: f64 = number.parse().ok()?;
    value.is_finite().then(|| (number, text[number.len()..].trim()))
}

/// Returns the `true` or `false` of a text, in one of the spellings that other tools know.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Some(true),
        "false" | "no" | "off" | "n" => Some(false),
        _ => None,
    }
}

/// Returns an id like `id` that can name files.
pub(super) fn job_id(id: &str) -> Option<String> {
    let plain = look_alike::plain(id);
    let fixed: String = plain.nfc().map(|c| if fits_job_id(c) { c } else { '-' }).take(JOB_ID_CHARACTERS).collect();
    let fixed = &fixed[..fixed.floor_char_boundary(JOB_ID_BYTES)];
    Some(fixed.trim_matches(['.', '-']).to_owned()).filter(|fixed| JobId::check(fixed).is_ok())
}

/// Returns a name like `name` that can be mentioned.
pub(super) fn reference_name(name: &str) -> Option<String> {
    let parts = name.split(|c: char| c.is_whitespace() || c == '@').filter(|part| !part.is_empty());
    Some(parts.collect::<Vec<_>>().join("-")).filter(|fixed| !fixed.is_empty())
}

/// Returns the block that has a field `key`. Fields of jobs at the top level are more likely meant for all jobs.
fn elsewhere(block: &'static Block, key: &str) -> Option<&'static Block> {
    let order: [&'static Block; 2] =
        if std::ptr::eq(block, &MANIFEST) { [&DEFAULTS, &JOB] } else { [&JOB, &REFERENCE] };
    order.into_iter().chain(BLOCKS).find(|other| other.field(key).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::fields::RUN;

    fn shown(block: &'static Block, key: &str) -> String {
        match meant(block, key) {
            Meant::Field(field) => field.name.to_owned(),
            Meant::Elsewhere(other) => format!("in {}", other.title),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn slips_other_names_and_other_places_are_told_apart() {
        for (block, key, expected) in [
            (&JOB, "promt", "prompt"),
            (&JOB, "mutil_reference", "references"),
            (&JOB, "refs", "references"),
            (&JOB, "name", "id"),
            (&JOB, "input", "Input"),
            (&JOB, "urls", "in a reference"),
            (&JOB, "concurrency", "in `run`"),
            (&JOB, "colour", "Unknown"),
            (&MANIFEST, "resolution", "in `defaults`"),
            (&MANIFEST, "prompt", "in `defaults`"),
            (&MANIFEST, "id", "in a job"),
            (&MANIFEST, "job", "jobs"),
            (&MANIFEST, "dir", "in `output`"),
            (&DEFAULTS, "id", "Id"),
            (&DEFAULTS, "model", "selected_model"),
            (&ENTRY, "name", "Key"),
            (&ENTRY, "url", "urls"),
            (&REFERENCE, "images", "urls"),
            (&RUN, "concurency", "concurrency"),
        ] {
            assert_eq!(shown(block, key), expected, "{key} in {}", block.title);
        }
    }
}
