//! Braces that look like a template but aren't one: written as in other tools, or with a slip. They would be sent
//! literally.

use super::scope::Scope;
use super::template::OPEN;
use crate::base::look_alike;
use std::ops::Range;

/// Braces around a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Braces {
    /// Their bytes in the text.
    pub range: Range<usize>,
    /// The template that is meant.
    pub meant: String,
}

/// The names that may be inside braces.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Each name with its scope.
    pub known: Vec<(Scope, String)>,
}

impl Names {
    /// Returns the inside of the template that is probably meant by the text between braces, if any.
    fn meant(&self, inner: &str) -> Option<String> {
        let (name, filters) = match inner.split_once('|') {
            Some((name, filters)) => (name.trim(), format!(" | {}", filters.trim())),
            None => (inner.trim(), String::new()),
        };
        if let Some((word, rest)) = name.split_once('.') {
            let scope = match word.trim() {
                "row" | "rows" => Some(Scope::Row),
                "matrix" => Some(Scope::Matrix),
                "job" if rest.trim() == "number" => Some(Scope::Job),
                _ => None,
            };
            let is_name = |part: &str| !part.is_empty() && part.chars().all(is_word);
            if let Some(scope) = scope.filter(|_| rest.split('.').map(str::trim).all(is_name)) {
                let rest: Vec<&str> = rest.split('.').map(str::trim).collect();
                return Some(format!("${{{{ {}.{}{filters} }}}}", scope.word(), rest.join(".")));
            }
        }
        let (scope, known) = self.known.iter().find(|(_, known)| known == name)?;
        let written = match known.chars().all(is_word) {
            true => format!("{}.{known}", scope.word()),
            false => format!("{}['{known}']", scope.word()),
        };
        Some(format!("${{{{ {written}{filters} }}}}"))
    }
}

/// Returns all braces in `text` that look like a template around one of these names, or around `row.NAME` and
/// `matrix.NAME`, but aren't one.
pub(super) fn find(text: &str, names: &Names) -> Vec<Braces> {
    if !text.contains(|c| is(c, '{') || is(c, '}')) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].find(|c| is(c, '{') || is(c, '}')) {
        let here = at + next;
        // A template, which is read elsewhere.
        if text[..here].ends_with('$') && text[here..].starts_with(&OPEN[1..]) {
            at = text[here..].find("}}").map_or(text.len(), |end| here + end + 2);
            continue;
        }
        let (range, meant) = match text[here..].starts_with(|c| is(c, '{')) {
            true => opened(text, here, names),
            false => closed(text, at, here),
        };
        at = range.end;
        found.extend(meant.map(|meant| Braces { range, meant }));
    }
    found
}

/// Returns the bytes of the braces that open at `here`, with a dollar sign before them and all closing braces after
/// them, and the template that is meant.
fn opened(text: &str, here: usize, names: &Names) -> (Range<usize>, Option<String>) {
    let inside = here + run(&text[here..], '{');
    let before = text[..here].trim_end_matches([' ', '\t']);
    let dollar = before.chars().next_back().filter(|c| is(*c, '$'));
    let start = dollar.map_or(here, |dollar| before.len() - dollar.len_utf8());
    let rest = &text[inside..];
    let end = rest.find(|c| is(c, '{') || is(c, '}') || matches!(c, '\n' | '\r'));
    let closes = end.is_some_and(|end| rest[end..].starts_with(|c| is(c, '}')));
    if closes {
        let inner = &rest[..end.unwrap_or(rest.len())];
        let close = inside + inner.len();
        let meant = names.meant(&plain(inner));
        return (start..close + run(&text[close..], '}'), meant);
    }
    // Nothing closes them: they are around the name that follows, if it is one of the job's values.
    let name = rest.trim_start_matches([' ', '\t']);
    let length = name.find(|c: char| !is_word(c) && c != '.').unwrap_or(name.len());
    let name = name[..length].trim_end_matches('.');
    let meant = name.contains('.').then(|| Names::default().meant(name)).flatten();
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    (start..if meant.is_some() { inside + blanks + name.len() } else { inside }, meant)
}

/// Returns the braces that close at `here` and have no opening brace after `from`.
fn closed(text: &str, from: usize, here: usize) -> (Range<usize>, Option<String>) {
    let end = here + run(&text[here..], '}');
    let before = text[from..here].trim_end_matches([' ', '\t']);
    let name = before.rfind(|c: char| !is_word(c) && c != '.').map_or(before, |at| {
        let behind = &before[at..];
        &behind[behind.chars().next().map_or(0, char::len_utf8)..]
    });
    let meant = name.contains('.').then(|| Names::default().meant(name)).flatten();
    let start = if meant.is_some() { from + before.len() - name.len() } else { here };
    (start..end, meant)
}

/// Returns the length of a run of these braces, including blanks between them.
fn run(text: &str, brace: char) -> usize {
    let mut length = 0;
    loop {
        let rest = &text[length..];
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        match rest[blanks..].chars().next().filter(|c| is(*c, brace)) {
            Some(c) => length += blanks + c.len_utf8(),
            None => return length,
        }
    }
}

/// Returns whether a character is this one, or looks like it.
fn is(c: char, wanted: char) -> bool {
    c == wanted || look_alike::ascii(c) == Some(wanted)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// Replaces the full stops, bars and blanks of other scripts in a text by those of ASCII.
fn plain(text: &str) -> String {
    let mapped =
        |c: char| look_alike::ascii(c).filter(|plain| matches!(plain, '.' | '|' | ' ' | '"' | '\'')).unwrap_or(c);
    text.chars().map(mapped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_around_a_name_are_found_however_they_are_written() {
        let names = Names {
            known: vec![(Scope::Row, "prompt".into()), (Scope::Row, "提示 词".into()), (Scope::Matrix, "色".into())],
        };
        for (text, written, meant) in [
            ("a {{ row.x }} b", "{{ row.x }}", "${{ row.x }}"),
            ("{{row.x|lower}}", "{{row.x|lower}}", "${{ row.x | lower }}"),
            ("a ${row.x} b", "${row.x}", "${{ row.x }}"),
            ("a $ {{ row.x }} b", "$ {{ row.x }}", "${{ row.x }}"),
            ("a $ { { row.x } } b", "$ { { row.x } }", "${{ row.x }}"),
            ("a row.x }} b", "row.x }}", "${{ row.x }}"),
            ("a {{ row.x b", "{{ row.x", "${{ row.x }}"),
            ("{{{ matrix.a.b }}}", "{{{ matrix.a.b }}}", "${{ matrix.a.b }}"),
            ("a {prompt} b", "{prompt}", "${{ row.prompt }}"),
            ("${ prompt }", "${ prompt }", "${{ row.prompt }}"),
            ("{{ 提示 词 }}", "{{ 提示 词 }}", "${{ row['提示 词'] }}"),
            ("｛｛ row．x ｝｝", "｛｛ row．x ｝｝", "${{ row.x }}"),
            ("＄{{ 色 }}", "＄{{ 色 }}", "${{ matrix.色 }}"),
            ("${{ row.a }} and {{ rows.b }}", "{{ rows.b }}", "${{ row.b }}"),
            ("{{ job.number }}", "{{ job.number }}", "${{ job.number }}"),
        ] {
            let found = find(text, &names);
            let shown: Vec<_> = found.iter().map(|found| (&text[found.range.clone()], found.meant.as_str())).collect();
            assert_eq!(shown, [(written, meant)], "{text}");
        }
    }

    #[test]
    fn other_braces_are_texts() {
        let names = Names { known: vec![(Scope::Row, "prompt".into())] };
        for text in [
            "${{ row.x }}",
            "$${{ row.x }}",
            "{ a }",
            "{}",
            "}}",
            "{{",
            "{\"row\": 1}",
            "a row. }} b",
            "{row}",
            "${{ row.x | replace(\"{{\", \"}}\") }}",
            "{other.prompt}",
            "row.x",
            "json {\n  row.x\n",
        ] {
            let found = find(text, &names);
            assert!(found.is_empty(), "{text}: {found:?}");
        }
    }
}
