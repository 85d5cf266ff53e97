//! Manifests: each text is read, checked and shown, and every place lies in it.

use batch::base::folder::Folder;
use batch::diagnostic::code::Severity;
use batch::document::{self, Flaw, Format, Source, Span, SyntaxKind, Value, bounds};
use batch::manifest::{self, Loaded};
use batch::report::findings::human::{self, Extent};
use batch::report::findings::{Checked, json};
use batch::report::look::{Color, Drawing, Look};
use std::collections::HashSet;
use std::path::Path;

/// Aliases let a short text stand for many values: so many of them are looked at.
const NODES: usize = 10_000;

/// Bytes of a string whose every part is looked for in the text.
const STRING: usize = 200;

/// Reads, checks and shows the manifest in `bytes`.
pub fn check(bytes: &[u8], format: Format) {
    let text = match bounds::decode(bytes.to_vec()) {
        Ok(text) => text,
        Err((misencoded, _)) => return assert!(misencoded.position.offset <= bytes.len(), "{misencoded:?}"),
    };
    visit(&text, format);
    // It has images, so that `refs/dog.png` is found.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/manifests/good/local-images");
    let folder = Folder::open(&folder).expect("the fixtures are there");
    let load = || manifest::load_text("jobs", text.clone(), format, &folder);
    let loaded = load();
    judge(&loaded);
    show(&loaded);
    assert_eq!(loaded.findings, load().findings, "the same text, the same findings");
}

/// A manifest or an error; places in the text; and no two videos of a sound manifest at one place.
fn judge(loaded: &Loaded) {
    let errors = loaded.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    assert_eq!(loaded.manifest.is_some(), errors == 0, "a manifest or an error: {:?}", loaded.findings);
    for finding in &loaded.findings {
        assert!(!finding.message.is_empty());
        finding.labels.iter().for_each(|label| within(&loaded.source, label.span));
    }
    let Some(manifest) = &loaded.manifest else { return };
    let (mut ids, mut paths) = (HashSet::new(), HashSet::new());
    for job in &manifest.jobs {
        assert!(ids.insert(&job.id), "two jobs are {}", job.id);
        let path = job.name.path(1);
        assert!(manifest.folder.inside(&path).is_ok(), "{path} leads out of the folder");
        assert!(paths.insert(path.clone()), "two videos are {path}");
    }
}

/// Shown for people, however wide, and for machines.
fn show(loaded: &Loaded) {
    let findings = &loaded.findings;
    let source = findings.iter().any(|finding| !finding.labels.is_empty()).then_some(&loaded.source);
    let checked = [Checked { path: "jobs", source, jobs: loaded.jobs, findings }];
    let narrow = Look { color: Color::None, drawing: Drawing::Ascii, width: Some(20) };
    for look in [Look::PLAIN, narrow] {
        let mut shown = Vec::new();
        human::write(&mut shown, &checked, Extent::All, look).expect("memory takes all that is written");
        let shown = String::from_utf8(shown).expect("what is shown is text");
        let steers = |c: &char| c.is_control() && *c != '\n';
        assert_eq!(shown.chars().find(steers), None, "a terminal would obey: {shown:?}");
    }
    let mut shown = Vec::new();
    json::write(&mut shown, &checked).expect("memory takes all that is written");
    serde_json::from_slice::<serde_json::Value>(&shown).expect("what is shown is JSON");
}

/// Asks everything that can be asked of the tree in a text.
fn visit(text: &str, format: Format) {
    let source = Source::new("jobs", text.to_owned());
    let parsed = document::parse(&source, format);
    for flaw in &parsed.flaws {
        within(&source, flaw.span());
        match flaw {
            Flaw::DuplicateKey { first, .. } => within(&source, *first),
            Flaw::Syntax { kind: SyntaxKind::UnclosedQuote { opened }, .. }
            | Flaw::Syntax { kind: SyntaxKind::UnclosedBracket { opened }, .. } => within(&source, *opened),
            _ => {}
        }
    }
    let mut nodes = vec![(parsed.tree.root(), 1)];
    let mut seen = 0;
    while let Some((node, depth)) = nodes.pop().filter(|_| seen < NODES) {
        seen += 1;
        assert!(depth <= bounds::DEPTH + 1, "{depth} deep");
        within(&source, node.span());
        within(&source, node.used_at().unwrap_or_default());
        within(&source, node.head());
        assert!(!text[node.head().range()].contains('\n'), "a head is never more than a line");
        let _ = node.is_bare();
        match node.value() {
            Value::String(value) => {
                let characters = value.char_indices().map(|(at, c)| at..at + c.len_utf8()).take(STRING);
                characters.for_each(|place| within(&source, node.locate(place)));
                within(&source, node.locate(0..value.len()));
                within(&source, node.locate(value.len()..value.len() + 1));
            }
            Value::List(list) => nodes.extend(list.iter().take(NODES).map(|item| (item, depth + 1))),
            Value::Table(table) => {
                let mut keys = HashSet::new();
                for entry in table.iter().take(NODES) {
                    assert!(keys.insert(entry.key), "the key {:?} stands twice", entry.key);
                    within(&source, entry.key_span);
                    within(&source, entry.merged_at.unwrap_or_default());
                    nodes.push((entry.value, depth + 1));
                }
            }
            Value::Broken => assert!(!parsed.flaws.is_empty(), "nothing is broken without a flaw"),
            _ => {}
        }
    }
}

/// A span lies in the text, and between characters.
fn within(source: &Source, span: Span) {
    assert!(source.text().get(span.range()).is_some(), "{span:?} is no place in {:?}", source.text());
}
