//! The text at a place, and the way to write another one there.

use super::sure;
use crate::diagnostic::fix::{Applicability, Fix};
use crate::document::emit::plain;
use crate::document::{Format, Span};
use crate::manifest::problem::Surroundings;

/// The text of a manifest, in which edits are made.
#[derive(Clone, Copy)]
pub(super) struct Page<'t> {
    pub text: &'t str,
    pub format: Format,
}

/// The style of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Without quotes.
    Bare,
    /// In `'`.
    Single,
    /// In `"`.
    Double,
    /// In separate lines.
    Block,
}

impl Style {
    fn of(written: &str, format: Format) -> Style {
        match written.as_bytes().first() {
            Some(b'"') => Style::Double,
            Some(b'\'') => Style::Single,
            Some(b'|' | b'>') if format != Format::Toml => Style::Block,
            _ => Style::Bare,
        }
    }
}

impl<'t> Page<'t> {
    /// Returns the text that is written there.
    pub(super) fn written(self, span: Span) -> &'t str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Returns whether `text` is written there in the plainest way: not produced by a placeholder, and without
    /// unnecessary escapes.
    pub(super) fn says(self, span: Span, text: &str) -> bool {
        let written = self.written(span);
        let quoted = |quote: &str| {
            written.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)).is_some_and(|inside| inside == text)
        };
        !written.is_empty()
            && (written == text
                || ["\"\"\"", "'''", "\"", "'"].into_iter().any(quoted)
                || double(text).is_some_and(|double| double == written))
    }

    /// Returns the fix that writes the text `new` in place of a scalar with the text `old`.
    pub(super) fn text(self, span: Span, old: &str, new: &str, applicability: Applicability) -> Option<Fix> {
        let style = Style::of(self.whole(span).filter(|_| self.says(span, old))?, self.format);
        let replacement = match (self.format, style) {
            (_, Style::Block) => return None,
            (Format::Yaml, Style::Bare) if plain::is_text(new) => new.to_owned(),
            (_, Style::Single) => single(new, self.format).or_else(|| double(new))?,
            _ => double(new)?,
        };
        self.replace(span, replacement, applicability)
    }

    /// Returns the fix that writes the characters `new` in place of `old`, which are a part of a text; neither may have
    /// a meaning in the syntax of any text.
    pub(super) fn part(self, span: Span, old: &str, new: &str, applicability: Applicability) -> Option<Fix> {
        (self.written(span) == old).then(|| self.replace(span, new.to_owned(), applicability)).flatten()
    }

    /// Returns the fix that writes the name `new` in place of the key `old`.
    pub(super) fn key(self, span: Span, old: &str, new: &str, applicability: Applicability) -> Option<Fix> {
        match (self.format, Style::of(self.written(span), self.format)) {
            // All names of fields can be bare keys.
            (Format::Toml, Style::Bare) if self.says(span, old) => self.replace(span, new.to_owned(), applicability),
            _ => self.text(span, old, new, applicability),
        }
    }

    /// Returns the fix that writes a number, `true`, `false` or a list, which need no quotes, in place of a scalar.
    pub(super) fn bare(self, span: Span, new: &str, applicability: Applicability) -> Option<Fix> {
        self.whole(span)?;
        self.replace(span, new.to_owned(), applicability)
    }

    /// Returns the fix that puts the text there in quotes.
    pub(super) fn quote(self, span: Span, applicability: Applicability) -> Option<Fix> {
        let replacement = double(self.whole(span)?)?;
        self.replace(span, replacement, applicability)
    }

    /// Returns the fix that writes another name after the `@`, and white space after the name.
    pub(super) fn mention(self, at: Span, name: &str, prompt: Surroundings) -> Option<Fix> {
        self.mentioned(at)?;
        let style = Style::of(self.written(prompt.scalar), self.format);
        let is_simple = name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c) || is_wide_text(c));
        let spaced = prompt.behind.is_some_and(|behind| !behind.is_whitespace());
        if !is_simple || (spaced && self.starts_comment(at.end, style)) {
            return None;
        }
        let space = if spaced { " " } else { "" };
        self.replace(at, format!("@{name}{space}"), sure(prompt.is_sure))
    }

    /// Returns the fix that writes the names of several items in place of one text, in brackets.
    pub(super) fn items(self, span: Span, text: &str, items: &[String]) -> Option<Fix> {
        let before = self.text[..span.start as usize].trim_end();
        let is_in_brackets = before.ends_with(['[', ',']);
        let written: Vec<String> = items.iter().map(|item| double(item)).collect::<Option<_>>()?;
        let is_whole = is_in_brackets && self.whole(span).is_some() && self.says(span, text);
        is_whole.then(|| self.replace(span, written.join(", "), Applicability::Safe)).flatten()
    }

    /// Returns the fix that writes an `@` in place of a character that looks like it and starts `mention`; with quotes
    /// if YAML needs them.
    pub(super) fn sign(self, mention: Span, sign: char, prompt: Surroundings) -> Option<Fix> {
        let written = self.written(mention);
        if !written.starts_with(sign) {
            return None;
        }
        let style = Style::of(self.written(prompt.scalar), self.format);
        if style == Style::Bare && mention.start == prompt.scalar.start {
            let whole = self.whole(prompt.scalar)?;
            let fixed = format!("@{}", &whole[sign.len_utf8()..]);
            return self.replace(prompt.scalar, double(&fixed)?, sure(prompt.is_sure));
        }
        let span = Span { start: mention.start, end: mention.start + sign.len_utf8() as u32 };
        self.replace(span, "@".to_owned(), sure(prompt.is_sure))
    }

    /// Returns the fix that adds a space after a mention.
    pub(super) fn space(self, mention: Span, prompt: Surroundings) -> Option<Fix> {
        self.mentioned(mention)?;
        let style = Style::of(self.written(prompt.scalar), self.format);
        let behind = Span { start: mention.end, end: mention.end };
        let is_apart = !self.starts_comment(mention.end, style);
        is_apart.then(|| Fix { span: behind, replacement: " ".into(), applicability: sure(prompt.is_sure) })
    }

    /// Returns the text there, if it is a mention on one line, written literally.
    fn mentioned(self, span: Span) -> Option<&'t str> {
        self.text
            .get(span.range())
            .filter(|written| written.starts_with(['@', '\\']) && !written.contains(['\n', '\r']))
    }

    /// Returns the text at `span`, if it is all on one line and has no tag.
    fn whole(self, span: Span) -> Option<&'t str> {
        let written = self.text.get(span.range())?;
        // An anchor may be between the tag and the value.
        let before = self.text[..span.start as usize]
            .rsplit([' ', '\t', '\r', '\n', '[', '{', ','])
            .find(|word| !word.is_empty() && !word.starts_with('&'));
        let is_tagged = self.format != Format::Toml && before.is_some_and(|word| word.starts_with('!'));
        (!is_tagged && !written.contains(['\n', '\r'])).then_some(written)
    }

    /// Returns whether a space here would turn the rest of the line into a comment.
    fn starts_comment(self, at: u32, style: Style) -> bool {
        style == Style::Bare && self.text.get(at as usize..).is_none_or(|rest| rest.starts_with('#'))
    }

    fn replace(self, span: Span, replacement: String, applicability: Applicability) -> Option<Fix> {
        (self.written(span) != replacement).then(|| Fix { span, replacement: replacement.into(), applicability })
    }
}

/// Returns a text in double quotes, which all formats read alike.
pub(super) fn double(text: &str) -> Option<String> {
    let is_printable =
        !text.contains(|c: char| (c.is_control() && c != '\t') || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}'));
    is_printable.then(|| serde_json::to_string(text).ok()).flatten()
}

/// Returns a text in single quotes, if possible.
fn single(text: &str, format: Format) -> Option<String> {
    match format {
        _ if text.contains(char::is_control) => None,
        Format::Toml => (!text.contains('\'')).then(|| format!("'{text}'")),
        Format::Yaml | Format::Json => Some(format!("'{}'", text.replace('\'', "''"))),
    }
}

/// Returns whether a character belongs to a script beyond ASCII, or is a picture, and has no meaning in any syntax.
fn is_wide_text(c: char) -> bool {
    !c.is_ascii() && !c.is_control() && !c.is_whitespace() && c != '\u{feff}'
}
