//! A fix that may produce something else than was meant is not safe; and no safe fix makes another mistake.

use super::*;
use crate::manifest::fix_text;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// Returns the safe fixes of the findings in `text`, each as the old and the new text.
#[track_caller]
fn safe(text: &str, format: Format) -> Vec<(String, String)> {
    let loaded = load(text, format);
    assert!(!loaded.findings.is_empty(), "{text} has no mistake");
    let fixes = loaded.findings.iter().filter_map(|finding| finding.fix.as_ref());
    let safe = fixes.filter(|fix| fix.applicability.is_safe());
    safe.map(|fix| (text[fix.span.range()].to_owned(), fix.replacement.to_string())).collect()
}

/// Returns the safe fixes in a job of YAML with these lines after its id.
#[track_caller]
fn safe_in_job(lines: &str) -> Vec<(String, String)> {
    let head = "version: 1\nreferences:\n  dog: { type: subject, urls: [\"https://e.com/a.png\"] }\n  cat: { type: subject, urls: [\"https://e.com/b.png\"] }\n";
    let lines: String = lines.lines().map(|line| format!("  {line}\n")).collect();
    safe(&format!("{head}defaults: {{ resolution: 720p }}\njobs:\n- id: a\n{lines}"), Yaml)
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(was, now)| ((*was).to_owned(), (*now).to_owned())).collect()
}

#[test]
fn a_fix_that_may_make_something_else_is_not_safe() {
    for (lines, expected) in [
        // Another key that already exists, although no longer in the jobs that it expands to; or that is repeated.
        ("matrix: { x: [a] }\nmatrx: { y: [a] }\nprompt: '@dog '\nduration: 5", &[][..]),
        ("rows: [{ x: a }]\nrow: [{ x: b }]\nprompt: '@dog '\nduration: 5", &[]),
        ("matirx: { x: [a] }\nprompt: '@dog ${{ matrix.x }}'\nduration: 5", &[("matirx", "matrix")]),
        ("prompt: '@dog'\ndruation: 5\ndruation: 8", &[]),
        // A name that the list already has, twice, or that the prompt has too.
        ("prompt: '@dog'\nduration: 5\nreferences: [dog, dgo]", &[]),
        ("prompt: '@dog'\nduration: 5\nreferences: [dgo, odg]", &[]),
        (
            "prompt: '@dog'\nduration: 5\nreferences: [{ name: dog, type: subject, urls: ['https://e.com/a'] }, dgo]",
            &[],
        ),
        ("prompt: '@dgo runs'\nduration: 5\nreferences: [dgo]", &[]),
        ("prompt: '@dog'\nduration: 5\nreferences: [dgo]", &[("dgo", "dog")]),
        // Several texts in one.
        ("prompt: '@dog'\nduration: 5\ntags: hero,spring", &[]),
        ("prompt: '@dog'\nduration: 5\nreferences: dog, cat", &[]),
        ("prompt: '@dog'\nduration: 5\nreferences: ''", &[]),
        ("prompt: '@dog'\nduration: 5\ntags: hero", &[("hero", "[\"hero\"]")]),
        // The type of a tag stays, whatever the quotes.
        ("prompt: '@dog'\nduration: 5\nselected_model: !!int &m 5", &[]),
        ("prompt: '@dog'\nduration: 5\nselected_model: &m !!int 5", &[]),
        ("prompt: '@dog'\nduration: 5\nselected_model: &m 5", &[("5", "\"5\"")]),
        // Paths of another machine, or out of the folder.
        (
            "prompt: '@x'\nduration: 5\nreferences: [{ name: x, type: subject, urls: ['C:\\x.png', '\\\\h\\x.png', 'a\\b.png'] }]",
            &[],
        ),
    ] {
        assert_eq!(safe_in_job(lines), pairs(expected), "{lines}");
    }
    // The rest of a text in brackets.
    let flow = "version: 1\nreferences: { dog: { type: subject, urls: [\"https://e.com/a\"] } }\njobs:\n- { id: a, resolution: 720p, duration: 5, prompt: the @dog runs, tag, and stops }\n";
    assert_eq!(safe(flow, Yaml), []);
    for (output, expected) in [
        ("name: 'a\\{id}-{n}'", &[("'a\\{id}-{n}'", "'a/{id}-{n}'")][..]),
        ("name: '..\\{id}-{n}'", &[]),
        ("dir: 'C:\\out'", &[]),
        ("dir: 'a\\\\b'", &[]),
    ] {
        assert_eq!(safe(&format!("version: 1\njobs: []\noutput: {{ {output} }}\n"), Yaml), pairs(expected), "{output}");
    }
    let price = |price: &str| {
        format!("version: 1\njobs: []\nprices: {{ table: [{{ resolution: 720p, duration: 5, price: {price} }}] }}\n")
    };
    assert_eq!(safe(&price("'3.50'"), Yaml), pairs(&[("'3.50'", "3.5")]));
    assert_eq!(safe(&price("'0.12345678901'"), Yaml), []);
    assert_eq!(safe(&price("'1e14'"), Yaml), []);
    for headers in [
        "[\"refernces\".dog]\ntype='subject'\nurls=['https://e.com/a']\n[refernces]\n",
        "[\"refernces\"]\n[output]\n[refernces.cat]\ntype='subject'\nurls=['https://e.com/a']\n",
        "[refernces]\n[output]\n[\"refern\\u0063es\".cat]\ntype='subject'\nurls=['https://e.com/a']\n",
        "[defualts]\ntags.x = 1\n[output]\n[defualts.tags.y]\n",
    ] {
        let made = safe(&format!("version = 1\njobs = []\n{headers}"), Toml);
        assert!(
            made.iter().all(|(was, _)| !was.contains("refern") && !was.contains("defualts")),
            "{headers}: {made:?}"
        );
    }
}

#[test]
fn a_number_stands_for_the_word_that_it_is_much_of() {
    for (format, key, before, after) in [
        (Toml, "resolution", "resolution = 0x2d0", "resolution = \"720p\""),
        (Yaml, "resolution", "resolution: 720.0", "resolution: 720p"),
        (Toml, "resolution", "resolution = 7_20", "resolution = \"720p\""),
        (Yaml, "resolution", "resolution: 0x2d1", "resolution: 0x2d1"),
    ] {
        mends(format, &frame(format, key), Code::WrongType, before, after);
    }
    let help = |text: &str, format| load(text, format).findings.remove(0).help.unwrap().to_string();
    let run = |line: &str| help(&format!("version = 1\njobs = []\nrun.{line}"), Toml);
    assert_eq!(run("patience = 0x10"), "say the unit: `\"16s\"`, `\"16m\"` or `\"16h\"`");
    assert_eq!(run("submit_rate = 1_0"), "say in how long: `\"10/min\"` or `\"10/s\"`");
    assert_eq!(run("on_uncertain = 5"), "write `\"hold\"` or `\"resubmit\"`");
    let job = |line: &str| help(&format!("version: 1\njobs: []\ndefaults: {{ {line} }}"), Yaml);
    assert_eq!(job("resolution: 480"), "write `360p`, `540p`, `720p` or `1080p`");
    assert_eq!(job("resolution: 0x2d0"), "write `720p`");
    assert_eq!(job("tags: 'a, b'"), "put them in brackets: `[\"a\", \"b\"]`");
}

/// Lines of a job in blocks of YAML, each of which is doubtful in its way.
const BLOCK: &[&str] = &[
    "prompt: @dog runs",
    "prompt: @dog\t# runs",
    "prompt: @dog [a] {b",
    "prompt: '@dgo, @cat'",
    "prompt: the @cats and @dog#x",
    "promt: a @dog, b",
    "prompt: ${{ matrix.x }} @dog,",
    "references: [dog, dgo]",
    "references: [@dog, cat]",
    "references: dog",
    "references: dog, cat",
    "refrences: [cat]",
    "tags:[a]",
    "tag: a b",
    "tags: [${{ matrix.x }}, b]",
    "tags: [a,,b]",
    "matrix: { x: [a, b] }",
    "matrx: { x: [a, b] }",
    "matirx: 5",
    "rows: [{ x: '@dgo, y' }]",
    "row: [{ x: 1 }]",
    "duration: '5'",
    "druation: 5",
    "Duration: 8",
    "duration: !!str &d 5",
    "resolution: 0x2d0",
    "resolution: 720P",
    "resolutoin: '720'",
    "selected_model: !!int &m 5",
    "selected_model: *m",
    "negative_prompt: `x`",
    "negative_prompt: 5",
    "take: '1e0'",
    "<<: { druation: 5, tags: a }",
    "id: a b",
];

/// Entries of a job in brackets.
const FLOW: &[&str] = &[
    "prompt: @dog runs",
    "prompt: @dog [a] {b",
    "prompt: @dog ${{ matrix.x }} b",
    "prompt: the @dog runs, tag, and takes",
    "prompt: '@dgo, @cat'",
    "references: [@dog, cat]",
    "references: [dog, dgo]",
    "references: dog",
    "tags:[a]",
    "tags: a",
    "tags: [a,,b]",
    "matrx: { x: [a] }",
    "matrix: { x: [${{ a }}] }",
    "druation: 5",
    "duration: 5.0",
    "resolution: 720",
    "\"resolution\":720",
    "negative_prompt: %x",
];

/// Counts the broken rules among those that a fix could break.
fn tally(loaded: &Loaded) -> BTreeMap<&'static str, usize> {
    let mut tally = BTreeMap::new();
    let codes = [Code::Syntax, Code::DuplicateKey, Code::DuplicateReferenceName, Code::UnknownField, Code::WrongType];
    for finding in loaded.findings.iter().filter(|finding| codes.contains(&finding.code)) {
        *tally.entry(finding.code.as_str()).or_default() += 1;
    }
    tally
}

proptest! {
    #[test]
    fn no_safe_fix_makes_another_mistake(
        jobs in prop::collection::vec(
            (any::<bool>(), prop::collection::vec(any::<prop::sample::Index>(), 1..6)),
            1..4,
        ),
    ) {
        let mut text = String::from(
            "version: 1\nreferences:\n  dog: { type: subject, urls: [\"https://e.com/a.png\"] }\n  cat: { type: subject, urls: [\"https://e.com/b.png\"] }\njobs:\n",
        );
        for (number, (is_flow, lines)) in jobs.iter().enumerate() {
            let lines = lines.iter().map(|line| *line.get(if *is_flow { FLOW } else { BLOCK }));
            if *is_flow {
                let entries: Vec<&str> = lines.collect();
                text += &format!("- {{ id: j{number}, {} }}\n", entries.join(", "));
            } else {
                text += &format!("- id: j{number}\n");
                lines.for_each(|line| text += &format!("  {line}\n"));
            }
        }
        let folder = Folder::open(Path::new(".")).unwrap();
        let before = load_text("jobs", text.clone(), Yaml, &folder);
        let fixed = fix_text("jobs", text.clone(), Yaml, &folder);
        let after = fixed.loaded.source.text().to_owned();
        let (was, now) = (tally(&before), tally(&fixed.loaded));
        // Mistakes that were hidden by a syntax error or an unknown name appear once that is fixed.
        let is_fixed = |code: Code| now.get(code.as_str()) < was.get(code.as_str());
        let is_uncovered = is_fixed(Code::Syntax) || is_fixed(Code::UnknownField);
        for (code, count) in &now {
            let is_more = *count > was.get(code).copied().unwrap_or_default();
            prop_assert!(!is_more || is_uncovered && *code != "syntax", "{} {}\n{}\n{}", code, count, text, after);
        }
        prop_assert!(!now.contains_key("duplicate-key") || was.contains_key("duplicate-key") || is_fixed(Code::Syntax));
        let again = fix_text("jobs", after.clone(), Yaml, &folder);
        prop_assert_eq!(again.loaded.source.text(), after);
    }
}

#[test]
fn each_placeholder_that_stands_for_nothing_is_offered_its_own() {
    let text = "version: 1\njobs: []\noutput: { name: '{job}/{ID}-{N}.mp4' }\n";
    let loaded = load(text, Yaml);
    let shown: Vec<_> = loaded
        .findings
        .iter()
        .map(|finding| (&text[finding.labels[0].span.range()], finding.fix.as_ref().map(|fix| &*fix.replacement)))
        .collect();
    assert_eq!(shown, [("{job}", None), ("{ID}", Some("{id}")), ("{N}", Some("{n}"))]);
    assert_eq!(safe(text, Yaml), []);
}
