//! Mistakes planted in every style of writing: after the fixes they are gone, nothing new is found, and every line
//! without a mistake is unchanged.

use super::*;
use crate::manifest::{FixedManifest, fix_text};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// The style of a text.
#[derive(Clone, Copy, Debug)]
enum Style {
    Plain,
    Single,
    Double,
    Escaped,
    Literal,
    Folded,
    Flow,
    Basic,
    TomlLiteral,
    LongBasic,
    LongLiteral,
    Continued,
    JsonString,
}

use Style::*;

const STYLES: [Style; 13] = [
    Plain,
    Single,
    Double,
    Escaped,
    Literal,
    Folded,
    Flow,
    Basic,
    TomlLiteral,
    LongBasic,
    LongLiteral,
    Continued,
    JsonString,
];

impl Style {
    fn format(self) -> Format {
        match self {
            Plain | Single | Double | Escaped | Literal | Folded | Flow => Yaml,
            Basic | TomlLiteral | LongBasic | LongLiteral | Continued => Toml,
            JsonString => Json,
        }
    }

    /// Returns the words as a text of this style; `None` if it can't hold them.
    fn write(self, words: &[&str]) -> Option<String> {
        let text = words.join(" ");
        let json = |text: &str| serde_json::to_string(text).unwrap();
        let escaped = |text: &str| -> String {
            text.chars()
                .map(|c| {
                    if c.is_ascii_punctuation() || !c.is_ascii() {
                        format!("\\U{:08x}", c as u32)
                    } else {
                        c.to_string()
                    }
                })
                .collect()
        };
        let has = |chars: &[char]| text.contains(chars);
        Some(match self {
            Plain if has(&['"', '\'', '#', ':', '\\']) => return None,
            Plain => format!("a {text}"),
            Single => format!("'{}'", text.replace('\'', "''")),
            Double | Basic | JsonString => json(&text),
            Escaped => format!("\"{}\"", escaped(&text)),
            Flow => json(&text),
            Literal => format!("|\n    {}", words.join("\n    ")),
            Folded => format!(">-\n    {}", words.join("\n    ")),
            TomlLiteral if has(&['\'']) => return None,
            TomlLiteral => format!("'{text}'"),
            LongBasic => format!(
                "\"\"\"\n{}\"\"\"",
                words.iter().map(|word| json(word)[1..json(word).len() - 1].to_owned()).collect::<Vec<_>>().join("\n")
            ),
            Continued if has(&['"', '\\']) => return None,
            Continued => format!("\"\"\"{}\"\"\"", words.join(" \\\n   ")),
            LongLiteral if has(&['\'']) => return None,
            LongLiteral => format!("'''\n{}'''", words.join("\n")),
        })
    }

    /// Returns a job with this prompt and this duration; all its keys are of the format.
    fn manifest(self, prompt: &str, key: &str, duration: &str) -> String {
        match self.format() {
            Yaml => {
                let job = if matches!(self, Flow) {
                    format!("- {{ id: a, resolution: 720p, prompt: {prompt}, {key}: {duration} }}")
                } else {
                    format!("- id: a\n  prompt: {prompt}\n  resolution: 720p # 人\n  {key}: {duration}  ")
                };
                format!(
                    "version: 1\nreferences: {{ dog: {{ type: subject, urls: [\"https://e.com/a.png\"] }} }}\njobs:\n{job}\n# end"
                )
            }
            Toml => format!(
                "version = 1\n[references.dog]\ntype = 'subject'\nurls = ['https://e.com/a.png']\n[[jobs]]\nid = 'a'\nresolution = '720p' # 人\nprompt = {prompt}\n{key} = {duration}  \n# end"
            ),
            Json => format!(
                "{{\"version\": 1, \"references\": {{\"dog\": {{\"type\": \"subject\", \"urls\": [\"https://e.com/a.png\"]}}}},\n\"jobs\": [{{\"id\": \"a\", \"resolution\": \"720p\",\n\"prompt\": {prompt},\n\"{key}\": {duration} }}]}}\n"
            ),
        }
    }
}

fn fixed(text: &str, format: Format) -> FixedManifest {
    let folder = tempfile::tempdir().unwrap();
    fix_text("jobs", text.to_owned(), format, &Folder::open(folder.path()).unwrap())
}

proptest! {
    #[test]
    fn planted_mistakes_are_gone_and_nothing_else_changes(
        style in prop::sample::select(STYLES.to_vec()),
        words in prop::collection::vec(
            prop::sample::select(vec!["runs", "草地", "🐕", "it's", "\"so\"", "a\\b", "a:b", "#x", "@dog", "@dog,", "@dog。", "@dog's", "@dog狗", "(@dog)", "@dog\""]),
            0..6,
        ),
        key in prop::sample::select(vec!["duration", "druation", "Duration", "durations"]),
        duration in prop::sample::select(vec!["5", "\"5\"", "5.0", "\"8\"", "\"5s\""]),
        windows in any::<bool>(),
        mark in any::<bool>(),
    ) {
        let words: Vec<&str> = [&["@dog"][..], &words].concat();
        prop_assume!(style.write(&words).is_some());
        let mut text = style.manifest(&style.write(&words).unwrap(), key, duration);
        if windows {
            text = text.replace('\n', "\r\n");
        }
        if mark {
            text.insert(0, '\u{feff}');
        }
        let done = fixed(&text, style.format());
        let after = done.loaded.source.text();
        prop_assert_eq!(&done.loaded.findings, &vec![], "{}\n{}", text, after);
        let touched: BTreeSet<usize> = done.fixed.iter().map(|fixed| fixed.position.line - 1).collect();
        let (old, new): (Vec<&str>, Vec<&str>) = (text.split('\n').collect(), after.split('\n').collect());
        prop_assert_eq!(old.len(), new.len());
        for (number, (old, new)) in old.iter().zip(&new).enumerate() {
            prop_assert!((old == new) != touched.contains(&number), "line {}: {} {}", number + 1, old, new);
        }
        prop_assert_eq!(fixed(after, style.format()).fixed, vec![]);
    }
}
