//! Random edits: no panic, and every place is in the text.

use super::*;
use proptest::prelude::*;

/// The snippets that are inserted: everything with a meaning in one of the formats, and some without one.
const SNIPPETS: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "  ",
    "\n  - ",
    "\n- ",
    "- ",
    ": ",
    ":",
    "? ",
    "#",
    " # ",
    "@x",
    "`",
    "%",
    "&a ",
    "*a",
    "*b ",
    "<<: *shared\n",
    "<<: ",
    "!!int ",
    "!!str",
    "!x ",
    "|",
    ">",
    "|2-\n",
    ">+\n",
    "\"",
    "'",
    "''",
    "\"\"\"",
    "'''",
    "\\",
    "\\u12",
    "\\ud83d",
    "\\\n",
    "[",
    "]",
    "{",
    "}",
    ",",
    "[[",
    "]]",
    "[[jobs]]\n",
    "[a.b]\n",
    "=",
    " = ",
    ".",
    "a.b.c = 1\n",
    "狗",
    "🐶",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\0",
    "---\n",
    "...\n",
    "\n---\n",
    "%YAML 1.2\n",
    "~",
    "null",
    "0x",
    "1e999",
    "-",
    "key: value\n",
    "    prompt: @dog\n",
];

/// Returns a text with some edits: cuts, copies and snippets at random places.
pub(super) fn edited(text: &'static str) -> impl Strategy<Value = String> {
    let edit =
        (any::<prop::sample::Index>(), 0_usize..12, prop::option::of(prop::sample::select(SNIPPETS)), any::<bool>());
    prop::collection::vec(edit, 1..6).prop_map(move |edits| {
        let mut text = text.to_owned();
        for (at, length, snippet, copy) in edits {
            let start = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            let moved = if copy { text[start..end].repeat(2) } else { String::new() };
            text.replace_range(start..end, &format!("{}{moved}", snippet.unwrap_or_default()));
        }
        text
    })
}

/// Calls every function on a text.
fn visit(text: String, format: Format) {
    let source = Source::new("t", text);
    let parsed = parse(&source, format);
    let check = |span: Span| {
        assert!(source.text().get(span.range()).is_some(), "{span:?} of {:?}", source.text());
        span
    };
    for flaw in &parsed.flaws {
        check(flaw.span());
        match flaw {
            Flaw::DuplicateKey { first, .. } => drop(check(*first)),
            Flaw::Syntax { kind: SyntaxKind::UnclosedQuote { opened }, .. } => drop(check(*opened)),
            Flaw::Syntax { kind: SyntaxKind::UnclosedBracket { opened }, .. } => drop(check(*opened)),
            _ => {}
        }
    }
    let mut nodes = vec![(parsed.tree.root(), 1)];
    while let Some((node, depth)) = nodes.pop() {
        assert!(depth <= bounds::DEPTH + 1);
        check(node.span());
        check(node.used_at().unwrap_or_default());
        let head = check(node.head());
        assert!(!source.text()[head.range()].contains('\n'), "{head:?} of {:?}", source.text());
        let _ = node.is_bare();
        match node.value() {
            Value::String(value) => {
                let places: Vec<usize> = value.char_indices().map(|(at, _)| at).chain([value.len()]).collect();
                for pair in places.windows(2) {
                    check(node.locate(pair[0]..pair[1]));
                    check(node.locate(pair[0]..value.len()));
                    check(node.locate(pair[0]..pair[0]));
                }
                check(node.locate(1..2));
                check(node.locate(value.len()..value.len() + 1));
            }
            Value::List(list) => nodes.extend(list.iter().map(|item| (item, depth + 1))),
            Value::Table(table) => {
                for entry in table.iter() {
                    check(entry.key_span);
                    check(entry.merged_at.unwrap_or_default());
                    nodes.push((entry.value, depth + 1));
                }
                let _ = table.is_whole();
            }
            Value::Broken => assert!(!parsed.flaws.is_empty(), "nothing is broken without a flaw: {:?}", source.text()),
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn edited_yaml_is_read(text in edited(YAML)) {
        visit(text, Format::Yaml);
    }

    #[test]
    fn edited_toml_is_read(text in edited(TOML)) {
        visit(text, Format::Toml);
    }

    #[test]
    fn soup_is_read(text in prop::collection::vec(prop::sample::select(SNIPPETS), 0..40)) {
        visit(text.concat(), Format::Yaml);
        visit(text.concat(), Format::Toml);
    }
}
