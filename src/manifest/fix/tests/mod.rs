//! Every fix in every style of writing, with the text that results.

mod doubtful;
mod planted;

use crate::base::folder::Folder;
use crate::diagnostic::code::Code;
use crate::diagnostic::finding::Finding;
use crate::diagnostic::fix::{Fix, apply};
use crate::document::Format::{self, Json, Toml, Yaml};
use crate::manifest::{Loaded, load_text};

fn load(text: &str, format: Format) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    load_text("jobs", text.to_owned(), format, &Folder::open(folder.path()).unwrap())
}

/// Writes `before` in `frame` at `@@`, and checks that the safe fixes of this code turn it into `after` without another
/// finding.
#[track_caller]
fn mends(format: Format, frame: &str, code: Code, before: &str, after: &str) {
    let text = frame.replace("@@", before);
    let loaded = load(&text, format);
    let of_code = |loaded: &Loaded| -> Vec<Finding> {
        loaded.findings.iter().filter(|finding| finding.code == code).cloned().collect()
    };
    let found = of_code(&loaded);
    assert!(!found.is_empty(), "{before:?} is no mistake");
    let safe = found.iter().filter_map(|finding| finding.fix.clone()).filter(|fix| fix.applicability.is_safe());
    let safe: Vec<Fix> = safe.collect();
    let (edited, _) = apply(&text, &safe);
    assert_eq!(edited, frame.replace("@@", after), "{before:?}: {found:#?}");
    if before != after {
        assert_eq!(load(&edited, format).findings, [], "{edited}");
    }
}

const YAML: &str = r#"version: 1
references: { dog: { type: subject, urls: ["https://e.com/a.png"] } }
jobs:
- id: a
  resolution: 720p
  prompt: "@dog"
  duration: 5
  @@
- id: b
  prompt: '@dog sits'
  resolution: 720p
  duration: 8
"#;

const TOML: &str = r#"version = 1
[references.dog]
type = 'subject'
urls = ['https://e.com/a.png']
[[jobs]]
id = 'a'
resolution = '720p'
prompt = '@dog'
duration = 5
@@
[[jobs]]
id = 'b'
prompt = '@dog sits'
resolution = '720p'
duration = 8
"#;

const JSON: &str = r#"{"version": 1, "references": {"dog": {"type": "subject", "urls": ["https://e.com/a.png"]}},
"jobs": [{"id": "a",
"resolution": "720p",
"prompt": "@dog",
"duration": 5,
@@ },
 {"id": "b", "prompt": "@dog sits", "resolution": "720p", "duration": 8}]}"#;

/// Returns a manifest whose first job lacks the field `key`, and has room for another entry.
fn frame(format: Format, key: &str) -> String {
    let (text, entry) = match format {
        Yaml => (YAML, format!("  {key}:")),
        Toml => (TOML, format!("{key} =")),
        Json => (JSON, format!("\"{key}\":")),
    };
    let mut is_gone = false;
    let kept =
        text.lines().filter(|line| is_gone || !line.starts_with(&entry) || std::mem::replace(&mut is_gone, true));
    kept.map(|line| format!("{line}\n")).collect()
}

#[test]
fn values_of_another_type_are_written_as_the_one_that_is_taken() {
    for (format, key, before, after) in [
        (Yaml, "duration", r#"duration: "5""#, "duration: 5"),
        (Yaml, "duration", "duration: '5'   # five", "duration: 5   # five"),
        (Yaml, "duration", "? duration\n  : \"5\"", "? duration\n  : 5"),
        (Yaml, "duration", "duration: 5s", "duration: 5"),
        (Yaml, "duration", r#"duration: "8 seconds""#, "duration: 8"),
        (Yaml, "duration", "duration: 5.0", "duration: 5"),
        (Yaml, "duration", "duration: 50e-1", "duration: 5"),
        (Toml, "duration", "duration = '5'", "duration = 5"),
        (Toml, "duration", r#"duration = """5""" # five"#, "duration = 5 # five"),
        (Toml, "duration", "duration = 8.0", "duration = 8"),
        (Json, "duration", r#""duration":"5""#, r#""duration":5"#),
        (Yaml, "resolution", "resolution: 720", "resolution: 720p"),
        (Toml, "resolution", "resolution = 720", r#"resolution = "720p""#),
        (Json, "resolution", r#""resolution": 720"#, r#""resolution": "720p""#),
        (Yaml, "negative_prompt", "negative_prompt: true", r#"negative_prompt: "true""#),
        (Yaml, "negative_prompt", "negative_prompt: 0x1F", r#"negative_prompt: "0x1F""#),
        (Toml, "negative_prompt", "negative_prompt = 2026-01-01", r#"negative_prompt = "2026-01-01""#),
        (Yaml, "need_expand_prompt", "need_expand_prompt: no", "need_expand_prompt: false"),
        (Toml, "need_expand_prompt", r#"need_expand_prompt = "true""#, "need_expand_prompt = true"),
        (Json, "need_expand_prompt", r#""need_expand_prompt": 1"#, r#""need_expand_prompt": true"#),
        (Yaml, "async", r#"async: "yes""#, "async: true"),
        (Yaml, "references", "references: dog", r#"references: ["dog"]"#),
        (Json, "references", r#""references": "dog""#, r#""references": ["dog"]"#),
        // A value without a single meaning, or that can't be written in its place, stays.
        (Yaml, "duration", r#"duration: "7""#, r#"duration: "7""#),
        (Yaml, "duration", "duration: 5m", "duration: 5m"),
        (Yaml, "duration", "duration: 5.5", "duration: 5.5"),
        (Yaml, "duration", "duration: !!str 5", "duration: !!str 5"),
        (Yaml, "duration", "duration: |\n    5", "duration: |\n    5"),
        (Yaml, "duration", "duration: >-\n    5", "duration: >-\n    5"),
        (Yaml, "duration", "duration: \"5\\\n    \"", "duration: \"5\\\n    \""),
        (Yaml, "duration", r#"duration: "\x35""#, r#"duration: "\x35""#),
        (
            Yaml,
            "duration",
            "duration: &five '5'\n  negative_prompt: *five",
            "duration: &five '5'\n  negative_prompt: *five",
        ),
        (Yaml, "async", r#"async: "no""#, r#"async: "no""#),
        (Yaml, "resolution", "resolution: 0720", "resolution: 0720"),
    ] {
        mends(format, &frame(format, key), Code::WrongType, before, after);
    }
}

#[test]
fn misspelt_words_are_spelt_right() {
    use Code::{Resolution, UnknownReference};
    for (format, key, code, before, after) in [
        (Yaml, "resolution", Resolution, r#"resolution: "720""#, r#"resolution: "720p""#),
        (Yaml, "resolution", Resolution, "resolution: 720P # HD", "resolution: 720p # HD"),
        (Toml, "resolution", Resolution, "resolution = '720P'", "resolution = '720p'"),
        (Yaml, "resolution", Resolution, "resolution: 702p", "resolution: 702p"),
        (Yaml, "resolution", Resolution, "resolution: HD", "resolution: HD"),
        (Yaml, "references", UnknownReference, "references: [dgo]", "references: [dog]"),
        (Yaml, "references", UnknownReference, "references:\n  - 'Dog' # a dog", "references:\n  - 'dog' # a dog"),
        (Toml, "references", UnknownReference, r#"references = [ "dgo", ]"#, r#"references = [ "dog", ]"#),
        (Yaml, "references", UnknownReference, "references: [cat]", "references: [cat]"),
    ] {
        mends(format, &frame(format, key), code, before, after);
    }
}

#[test]
fn misspelt_fields_are_spelt_right_where_they_stand_once() {
    for (format, key, before, after) in [
        (Yaml, "duration", "druation: 5", "duration: 5"),
        (Yaml, "duration", "'Duration' : 5", "'duration' : 5"),
        (Yaml, "duration", "? druation\n  : 5", "? duration\n  : 5"),
        (Toml, "duration", "druation=5", "duration=5"),
        (Toml, "duration", r#""druation" = 5"#, r#""duration" = 5"#),
        (Json, "duration", r#""druation" : 5"#, r#""duration" : 5"#),
        (Toml, "references", "refernces = ['dog']", "references = ['dog']"),
        // The field exists already, or is meant twice; another interface's name is a guess.
        (Yaml, "", "druation: 5", "druation: 5"),
        (Yaml, "duration", "druation: 5\n  duratoin: 5", "druation: 5\n  duratoin: 5"),
        (Yaml, "prompt", r#"text: "@dog""#, r#"text: "@dog""#),
        (Yaml, "", "colour: red", "colour: red"),
    ] {
        mends(format, &frame(format, key), Code::UnknownField, before, after);
    }
}

#[test]
fn a_header_that_stands_once_is_spelt_right() {
    for (before, after) in
        [("[defualts]\nduration = 5\n", "[defaults]\nduration = 5\n"), ("[ 'defualts' ]\n", "[ 'defaults' ]\n")]
    {
        mends(Toml, "version = 1\njobs = []\n@@", Code::UnknownField, before, after);
    }
    for kept in [
        "defualts.duration = 5\n",
        "outptu.dir = 'a'\noutptu.name = '{id}-{n}'\n",
        "[refernces.dog]\ntype='subject'\nurls=['https://e.com/a']\n",
        "[refernces.dog]\ntype = 'subject'\n[output]\n[refernces.cat]\ntype = 'subject'\n",
        "[refernces]\n[output]\n[refernces.cat]\ntype = 'subject'\n",
        "[[job]]\nid = 'a'\n[output]\n[[job]]\nid = 'b'\n",
        "[[job]]\nid = 'a'\n[output]\n[job.x]\nid = 'b'\n",
    ] {
        mends(Toml, "version = 1\n@@", Code::UnknownField, kept, kept);
    }
}

#[test]
fn a_space_is_put_behind_a_mention_in_every_style() {
    for (format, before, after) in [
        (Yaml, r#"prompt: "@dog, sit""#, r#"prompt: "@dog , sit""#),
        (Yaml, "prompt: '@dog''s'", "prompt: '@dog ''s'"),
        (Yaml, r#"prompt: "@dog\u72d7""#, r#"prompt: "@dog \u72d7""#),
        (Yaml, r#"prompt: "\x40d\x6fg!""#, r#"prompt: "\x40d\x6fg !""#),
        (Yaml, "prompt: \"@dog\\\n     , sit\"", "prompt: \"@dog \\\n     , sit\""),
        (Yaml, "prompt: the @dog, sit", "prompt: the @dog , sit"),
        (Yaml, "prompt: the @dog:x", "prompt: the @dog :x"),
        (Yaml, "prompt: |\n    @dog, @dog!\n    @dog.", "prompt: |\n    @dog , @dog !\n    @dog ."),
        (Yaml, "prompt: >2-\n      the\n    @dog#", "prompt: >2-\n      the\n    @dog #"),
        (Toml, "prompt = '@dog, sit'", "prompt = '@dog , sit'"),
        (Toml, r#"prompt = "\u0040dog\u002C sit""#, r#"prompt = "\u0040dog \u002C sit""#),
        (Toml, "prompt = \"\"\"\n@dog\\\n   , sit\"\"\"", "prompt = \"\"\"\n@dog \\\n   , sit\"\"\""),
        (Toml, "prompt = '''@dog''''", "prompt = '''@dog ''''"),
        (Json, r#""prompt": "@dog\"""#, r#""prompt": "@dog \"""#),
        // It would turn the rest into a comment.
        (Yaml, "prompt: the @dog#1", "prompt: the @dog#1"),
        (Yaml, "prompt: &p \"@dog,\"\n  negative_prompt: *p", "prompt: &p \"@dog,\"\n  negative_prompt: *p"),
    ] {
        mends(format, &frame(format, "prompt"), Code::MentionSpacing, before, after);
    }
}

#[test]
fn misspelt_mentions_are_spelt_right_with_a_space_behind() {
    for (format, before, after) in [
        (Yaml, r#"prompt: "@dgo runs""#, r#"prompt: "@dog runs""#),
        (Yaml, "prompt: '@Dog, sit'", "prompt: '@dog , sit'"),
        (Yaml, "prompt: a @dgo", "prompt: a @dog"),
        (Yaml, "prompt: >\n    a\n    @dgo\n    b", "prompt: >\n    a\n    @dog\n    b"),
        (Toml, r#"prompt = "\u0040dgo!""#, r#"prompt = "@dog !""#),
        (Yaml, r#"prompt: "@dogs run""#, r#"prompt: "@dogs run""#),
        (Yaml, "prompt: a @dgo#", "prompt: a @dgo#"),
        (Toml, "prompt = \"\"\"@dg\\\n  o\"\"\"", "prompt = \"\"\"@dg\\\n  o\"\"\""),
    ] {
        let listed = if format == Toml { "@@\nreferences = ['dog']" } else { "@@\n  references: [dog]" };
        let frame = frame(format, "prompt").replace("@@", listed);
        mends(format, &frame, Code::UnknownMention, before, after);
    }
}

#[test]
fn texts_get_the_quotes_that_they_need() {
    for (format, key, before, after) in [
        (Yaml, "prompt", "prompt: @dog runs, slowly", r#"prompt: "@dog runs, slowly""#),
        (Yaml, "prompt", r#"prompt: @dog says "a\b"  "#, r#"prompt: "@dog says \"a\\b\""  "#),
        (Yaml, "prompt", "prompt:\n    @dog runs", "prompt:\n    \"@dog runs\""),
        (Yaml, "negative_prompt", "negative_prompt: `a`", "negative_prompt: \"`a`\""),
        (Toml, "resolution", "resolution = 720p", r#"resolution = "720p""#),
        (Toml, "negative_prompt", "negative_prompt = blurry # no", r#"negative_prompt = "blurry" # no"#),
        (Toml, "negative_prompt", "negative_prompt = blurry, dark", "negative_prompt = blurry, dark"),
        (Toml, "negative_prompt", "tags = [hero, spring]", r#"tags = ["hero", "spring"]"#),
        // Its end is uncertain.
        (Yaml, "prompt", "prompt: @dog runs\n    on", "prompt: @dog runs\n    on"),
        (Yaml, "prompt", "prompt: @dog # runs", "prompt: @dog # runs"),
        (Yaml, "prompt", "prompt: @dog says: a", "prompt: @dog says: a"),
        (Yaml, "prompt", "prompt: @dog\t# runs", "prompt: @dog\t# runs"),
        (Yaml, "prompt", "prompt: @dog runs\n\ton", "prompt: @dog runs\n\ton"),
        (Yaml, "prompt", "prompt: @dog [runs", r#"prompt: "@dog [runs""#),
    ] {
        mends(format, &frame(format, key), Code::Syntax, before, after);
    }
    let flow = YAML.replace(
        "- id: a\n  resolution: 720p\n  prompt: \"@dog\"\n  duration: 5\n  @@",
        "- { id: a, resolution: 720p, duration: 5, @@ }",
    );
    for (before, after) in [
        ("prompt: @dog", r#"prompt: "@dog""#),
        ("prompt: @dog, take: 2", r#"prompt: "@dog", take: 2"#),
        ("prompt: @dog ,\n  'take': 2,", "prompt: \"@dog\" ,\n  'take': 2,"),
        ("negative_prompt: `${{ `, prompt: '@dog'", "negative_prompt: `${{ `, prompt: '@dog'"),
        ("prompt: '@dog', tags:[x]", "prompt: '@dog', tags: [x]"),
        // The end of the text is uncertain.
        ("prompt: @dog, slowly", "prompt: @dog, slowly"),
        ("prompt: @dog, as on http://e.com", "prompt: @dog, as on http://e.com"),
        ("prompt: @dog, note: slowly", "prompt: @dog, note: slowly"),
        ("prompt: @dog\n  runs", "prompt: @dog\n  runs"),
        ("prompt: @dog [runs", "prompt: @dog [runs"),
        ("prompt: @dog [a] runs", "prompt: @dog [a] runs"),
    ] {
        mends(Yaml, &flow, Code::Syntax, before, after);
    }
}
