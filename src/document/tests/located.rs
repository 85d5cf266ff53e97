//! Words planted in strings are found again, however the string is written.

use super::*;
use proptest::prelude::*;

/// Returns the string under `k`, and the source text of each of `words` in it.
fn found(text: &str, format: Format, words: &[&str]) -> (String, Vec<String>) {
    let source = Source::new("t", text.to_owned());
    let parsed = parse(&source, format);
    assert_eq!(parsed.flaws, [], "{text}");
    let Value::Table(table) = parsed.tree.root().value() else { panic!("{text}") };
    let node = table.get("k").expect("`k` is there").value;
    let Value::String(value) = node.value() else { panic!("{text}") };
    let place = |word: &&str| {
        let at = value.find(*word).unwrap_or_else(|| panic!("{word} in {value:?}"));
        text[node.locate(at..at + word.len()).range()].to_owned()
    };
    (value.to_owned(), words.iter().map(place).collect())
}

#[test]
fn ranges_are_exact_in_every_yaml_style() {
    for (text, value) in [
        ("k: x @a  word 小狗 🐶", "x @a  word 小狗 🐶"),
        ("k: word\n  小狗\n\n  🐶   \n\n\n  end # no", "word 小狗\n🐶\n\nend"),
        ("k:\n  word\n  小狗\nj: 1", "word 小狗"),
        ("k: 'it''s @a\n\n  word\n  小狗'", "it's @a\nword 小狗"),
        ("k: ' @a  \n word'", " @a word"),
        (
            "k: \"\\tx\\u72d7\\x41\\U0001F435\\ud83d\\udc35 @a \\\"word\\\" \\/小狗\\\\\"",
            "\tx狗A🐵🐵 @a \"word\" /小狗\\",
        ),
        ("k: \"a \\\n    word\n   小狗 \\\n\n   @a\\  \n  🐶\"", "a word 小狗 \n@a  🐶"),
        ("k: |\n  @a\n   word\n\n  小狗\nj: 1", "@a\n word\n\n小狗\n"),
        ("k: |-\n\n\n    @a\n\n      word\n    小狗\n\n\nj: 1", "\n\n@a\n\n  word\n小狗"),
        ("k: |+\n  word\n\n\nj: 1", "word\n\n\n"),
        ("k: |2 # c\n    @a\n  word\n", "  @a\nword\n"),
        ("k: |1-\n   @a\n  word", "  @a\n word"),
        ("k: >\n  @a\n  word\n\n  小狗\n    more\n    🐶\n\n  end\nj: 1", "@a word\n小狗\n  more\n  🐶\n\nend\n"),
        ("k: >-\n\n  @a\n\n\n  word\n  \tx\n  小狗", "\n@a\n\nword\n\tx\n小狗"),
        ("k: >2+\n    @a\n  word\n   \n  小狗\n\n", "  @a\nword\n \n小狗\n\n"),
        ("k: &n !!str |\n  word", "word\n"),
        ("k:\n  # c | d\n  &n |\n  word", "word\n"),
        ("k: >\n\n\n  word\n   \n\n   x\n", "\n\nword\n \n\n x\n"),
    ] {
        for text in [text.to_owned(), text.replace('\n', "\r\n"), format!("\u{feff}# 狗\n{text}")] {
            let words: Vec<&str> = ["@a", "word", "小狗", "小", "🐶", "more", "end", "x", "it"]
                .into_iter()
                .filter(|w| value.contains(w))
                .collect();
            let (read, places) = found(&text, Format::Yaml, &words);
            assert_eq!(read, value, "{text:?}");
            assert_eq!(places, words, "{text:?}");
        }
    }
}

#[test]
fn escapes_are_found_as_they_are_written() {
    let text = r#"k: "\tx\u72d7\x41\U0001F436\ud83d\udc35 \"q\" \
       end""#;
    let words = ["\t", "狗", "A", "🐶", "🐵", "\"q", "q\"", "x狗A", "end"];
    let places = ["\\t", "\\u72d7", "\\x41", "\\U0001F436", "\\ud83d\\udc35", "\\\"q", "q\\\"", "x\\u72d7\\x41", "end"];
    assert_eq!(found(text, Format::Yaml, &words).1, places);
    let text = "k = \"\"\"\n\\tx\\u72d7\\x41\\U0001F436 \"q\" \\\"\\\n\n   end\"\"\"";
    let words = ["\t", "狗", "A", "🐶", "\"q", "q\"", "x狗A", "\"end"];
    let places = ["\\t", "\\u72d7", "\\x41", "\\U0001F436", "\"q", "q\"", "x\\u72d7\\x41", "\\\"\\\n\n   end"];
    assert_eq!(found(text, Format::Toml, &words).1, places);
}

#[test]
fn ranges_are_exact_in_every_toml_style() {
    for (text, value) in [
        ("k = \"@a word 小狗\"", "@a word 小狗"),
        ("k = \"\\t@a \\\"word\\\" \\u72d7小狗\"", "\t@a \"word\" 狗小狗"),
        ("k = '@a \\word 小狗'", "@a \\word 小狗"),
        ("k = \"\"\"\n@a\nword \\\n   小狗 \"x\"\n\"\"\"", "@a\nword 小狗 \"x\"\n"),
        ("k = \"\"\"@a\n\n  word\\n\\\n\n\n  小狗\"\"\"\"\"", "@a\n\n  word\n小狗\"\""),
        ("k = '''\n@a\n  word\n小狗'''", "@a\n  word\n小狗"),
        ("k = '''@a 'word'''''", "@a 'word''"),
    ] {
        for text in [text.to_owned(), text.replace('\n', "\r\n"), format!("\u{feff}# 狗\n{text}\n[t]\n")] {
            let words: Vec<&str> =
                ["@a", "word", "小狗", "小", "x"].into_iter().filter(|word| value.contains(word)).collect();
            let (read, places) = found(&text, Format::Toml, &words);
            assert_eq!(read.replace("\r\n", "\n"), value, "{text:?}");
            assert_eq!(places, words, "{text:?}");
        }
    }
}

/// The ways to write a text in YAML or TOML.
#[derive(Clone, Copy, Debug)]
enum Writing {
    Double,
    Single,
    Literal,
    Folded,
    TomlBasic,
    TomlLong,
    TomlLiteral,
}

/// Returns a document with `words` under `k`, written with some freedom. Lines are separated by `breaks`.
fn written(writing: Writing, lines: &[Vec<String>], indent: usize) -> (String, Format) {
    let pad = " ".repeat(indent);
    let plain = |line: &Vec<String>| line.join(" ");
    let escaped = |line: &Vec<String>| {
        let escape = |c: char| match c {
            '"' => "\\\"".to_owned(),
            '狗' => "\\u72d7".to_owned(),
            c => c.to_string(),
        };
        plain(line).chars().map(escape).collect::<String>()
    };
    let join =
        |with: &str, line: &dyn Fn(&Vec<String>) -> String| lines.iter().map(line).collect::<Vec<_>>().join(with);
    let yaml = |value: String| (format!("j: 狗\nk: {value}\nl: 1\n"), Format::Yaml);
    let toml = |value: String| (format!("j = '狗'\nk = {value}\nl = 1\n"), Format::Toml);
    match writing {
        Writing::Double => yaml(format!("\"{}\"", join(&format!("\\n\\\n{pad}"), &escaped))),
        Writing::Single => yaml(format!("'{}'", join(&format!("\n\n{pad}"), &|line| plain(line).replace('\'', "''")))),
        Writing::Literal => yaml(format!("|-\n{pad}{}", join(&format!("\n{pad}"), &plain))),
        Writing::Folded => {
            yaml(format!(">-\n{pad}{}", join(&format!("\n\n{pad}"), &|line| line.join(&format!("\n{pad}")))))
        }
        Writing::TomlBasic => toml(format!("\"{}\"", join("\\n", &escaped))),
        Writing::TomlLong => {
            toml(format!("\"\"\"\n{}\"\"\"", join("\n", &|line| escaped(line).replace(' ', &format!(" \\\n{pad}")))))
        }
        Writing::TomlLiteral => toml(format!("'''\n{}'''", join("\n", &|line| plain(line).replace('\'', "’")))),
    }
}

proptest! {
    #[test]
    fn every_word_is_found_where_it_is_written(
        lines in prop::collection::vec(prop::collection::vec("[a-z@狗猫🐶\"'#:,]{0,3}[a-z]", 1..4), 1..5),
        indent in 1_usize..5,
        writing in prop::sample::select(vec![
            Writing::Double, Writing::Single, Writing::Literal, Writing::Folded,
            Writing::TomlBasic, Writing::TomlLong, Writing::TomlLiteral,
        ]),
    ) {
        let (text, format) = written(writing, &lines, indent);
        let lines: Vec<String> = lines.iter().map(|line| line.join(" ")).collect();
        let value = match writing {
            Writing::TomlLiteral => lines.join("\n").replace('\'', "’"),
            _ => lines.join("\n"),
        };
        let source = Source::new("t", text.clone());
        let parsed = parse(&source, format);
        prop_assert!(parsed.flaws.is_empty(), "{:?} {text}", parsed.flaws);
        let Value::Table(table) = parsed.tree.root().value() else { panic!("{text}") };
        let node = table.get("k").expect("`k` is there").value;
        let Value::String(read) = node.value() else { panic!("{text}") };
        prop_assert_eq!(read, &value, "{}", text);
        let undo = |slice: &str| match writing {
            Writing::Single => slice.replace("''", "'"),
            Writing::Double | Writing::TomlBasic | Writing::TomlLong => slice.replace("\\\"", "\"").replace("\\u72d7", "狗"),
            _ => slice.to_owned(),
        };
        let mut end = 0;
        for (at, c) in value.char_indices() {
            let span = node.locate(at..at + c.len_utf8());
            let slice = &text[span.range()];
            prop_assert!(span.start >= end || c == '\n', "in order: {:?} {}", slice, text);
            end = span.start;
            if c.is_whitespace() {
                continue;
            }
            prop_assert_eq!(undo(slice), c.to_string(), "{}", text);
        }
        for word in value.split_whitespace() {
            let at = word.as_ptr() as usize - value.as_ptr() as usize;
            let slice = &text[node.locate(at..at + word.len()).range()];
            prop_assert_eq!(undo(slice), word, "{}", text);
        }
    }
}
