//! A mistake costs only the value that contains it, is reported once, and has the right name.

use super::*;

/// Returns the content of a text except broken values, and its flaws.
fn yaml(text: &str) -> (String, Vec<String>) {
    let (value, flaws) = shown(text, Format::Yaml);
    (value.to_string().replace("\"<broken>\"", "BROKEN").replace('"', ""), flaws)
}

#[test]
fn yaml_mistakes_are_named_and_cost_no_more_than_their_value() {
    for (text, value, flaws) in [
        ("a: @x y\nb: 1", "{a:BROKEN,b:1}", &["@x y: PlainAt"][..]),
        ("a: @x # no\nb: `y", "{a:BROKEN,b:BROKEN}", &["@x: PlainAt", "`y: PlainOther"]),
        ("- a\n- @x: y\n- b", "[a,BROKEN,b]", &["@x: y: PlainAt"]),
        ("a: [@x, y]\nb: [1,\n @y]\nc: 2", "{a:BROKEN,b:BROKEN,c:2}", &["@x: PlainAt", "@y: PlainAt"]),
        ("a: b: c\nd: 1", "{a:BROKEN,d:1}", &[":: ColonInPlain"]),
        ("a: \"x\nb: 1\nc: \"y\"", "{a:BROKEN,b:1,c:y}", &["\"x: UnclosedQuote"]),
        ("a: 'x\nb: 1", "{a:BROKEN,b:1}", &["'x: UnclosedQuote"]),
        ("a: [x, y\nb: 1", "{a:BROKEN,b:1}", &["[: UnclosedBracket"]),
        ("a: [\"x, y]\nb: \"1\"", "{a:BROKEN,b:1}", &["\"x, y]: UnclosedQuote"]),
        ("a:\n  b: {c: 'it''s, d: 1}\n  e: 'f'", "{a:{b:BROKEN,e:f}}", &["'it''s, d: 1}: UnclosedQuote"]),
        ("{\"a\": \"x\\q\"}", "BROKEN", &["\\q: BadEscape"]),
        ("a: {x: [y}\nb: 1", "{a:BROKEN,b:1}", &["[: Other"]),
        ("a: 'it's'\nb: 1", "{a:BROKEN,b:1}", &["s': AfterQuote"]),
        ("a: \"C:\\pics\"\nb: 1", "{a:BROKEN,b:1}", &["\\p: BadEscape"]),
        ("a: \"\\n\\u12\"\nb: \"\\ud83d x\"", "{a:BROKEN,b:BROKEN}", &["\\u12: BadEscape", "\\ud83d: HalfCharacter"]),
        (
            "a: \"\\q \\n \\w \\ud83d\\ude00 \\ude00 \\ud83d\\ud83d\\z\"\nb: \"\\c",
            "{a:BROKEN,b:BROKEN}",
            &[
                "\\q: BadEscape",
                "\\w: BadEscape",
                "\\ude00: HalfCharacter",
                "\\ud83d: HalfCharacter",
                "\\ud83d: HalfCharacter",
                "\\z: BadEscape",
                "\\c: BadEscape",
            ],
        ),
        ("a: [\"\\q\\\n  \\w\", x]\nb: 1", "{a:BROKEN,b:1}", &["\\q: BadEscape", "\\w: BadEscape"]),
        // A string that isn't closed ends where reading continues.
        ("a: \"\\q x\nb: \"\\w\"\nc: 1", "{a:BROKEN,b:BROKEN,c:1}", &["\\q: BadEscape", "\\w: BadEscape"]),
        ("a: [x,,y]\nb: {c: 1,, d: 2}\ne: [,x]", "{a:BROKEN,b:BROKEN,e:BROKEN}", &[",: EmptyItem"; 3]),
        ("a: [x,\n  , y]\nb: 1", "{a:BROKEN,b:1}", &[",: EmptyItem"]),
        ("a: ['x' 'y']\nb: {\"c\": 1 \"d\": 2}\ne: 1", "{a:BROKEN,b:BROKEN,e:1}", &["': NoComma", "\": NoComma"]),
        ("a: [{c: 1} {d: 2}]\nb: {c: [1] d: 2}\ne: 1", "{a:BROKEN,b:BROKEN,e:1}", &["{: NoComma", "d: NoComma"]),
        ("{\"a\": \"b\",\n \"c\" \"d\"}", "BROKEN", &["\": NoComma"]),
        (
            "a: \"x\u{7f}y\u{1}\"\nb: x\u{1}\nc: |\n  x\n  y\u{2}\nd: 1 # \u{3}\ne: 1",
            "{a:BROKEN,b:BROKEN,c:BROKEN,d:BROKEN,e:1}",
            &["\u{7f}: Control", "\u{1}: Control", "\u{1}: Control", "\u{2}: Control", "\u{3}: Control"],
        ),
        ("a: \u{feff}x\nb: 1", "{a:BROKEN,b:1}", &["\u{feff}: Control"]),
        ("a: {c: 1, d:[x]}\nb: {d:{e: 1}}\ne: 1", "{a:BROKEN,b:BROKEN,e:1}", &[":: TightColon"; 2]),
        (
            "a: [x, ${{ m.p }}, y]\nb: {c: p-${{ m['a,b'] }}-q, d: 1}\ne: 1",
            "{a:BROKEN,b:BROKEN,e:1}",
            &["${{ m.p }}: PlainTemplate", "p-${{ m['a,b'] }}-q: PlainTemplate"],
        ),
        (
            "- [@x [y] z, w]\n- {a: @x ${{ y }} z\t# w\n  }",
            "[BROKEN,BROKEN]",
            &["@x [y] z: PlainAt", "@x ${{ y }} z: PlainAt"],
        ),
        ("a: @x [y\nb: @x\t# y", "{a:BROKEN,b:BROKEN}", &["@x [y: PlainAt", "@x: PlainAt"]),
        ("a: 1\n\tb: 2\nc: 3", "{a:BROKEN,c:3}", &["\t: Tab"]),
        ("a:\n\t- 2\nc: 3", "{a:BROKEN,c:3}", &["\t: Tab"]),
        ("a:\n  b: 1\n   c: 2\n  d: 3", "{a:{b:BROKEN,d:3}}", &["c: 2: Indentation"]),
        ("a:\n  b: 1\n c: 2\nd: 3", "{a:{b:1},d:3}", &["c: 2: Indentation"]),
        ("a:\n  b\n  c: 1\nd: 2", "{a:BROKEN,d:2}", &["b: NoColon"]),
        ("a: 1\nb\nc: 2", "{a:1,c:2}", &["b: NoColon"]),
        ("- id:a\n  n: 1\n- b", "[BROKEN,b]", &["id:a: NoColon"]),
        ("a: 1\n---\nb: 2", "{a:1}", &["---: ManyDocuments"]),
        ("a: @x\n---\nb: 2\na: 3", "{a:BROKEN}", &["@x: PlainAt", "---: ManyDocuments"]),
        (
            "a: *n\nb: &name 1\nc: *nme\nd: *name",
            "{a:BROKEN,b:1,c:BROKEN,d:1}",
            &["*n: UnknownAlias", "*nme: UnknownAlias"],
        ),
        ("a: &x [1, *x]", "{a:[1,BROKEN]}", &["*x: RecursiveAlias"]),
        ("a: &x @y\nb: *x", "{a:BROKEN,b:BROKEN}", &["@y: PlainAt"]),
        ("- &x {a: 1}\n- {b: &y 2, c: @z}\n- [*x, *y]", "[{a:1},BROKEN,[{a:1},BROKEN]]", &["@z: PlainAt"]),
        ("a: 1\nb: 2\na: 3\nb: 4\na: 5", "{a:1,b:2}", &["a: DuplicateKey", "b: DuplicateKey", "a: DuplicateKey"]),
        ("<<: {x: 1}\na: 2\n<<: {y: 1}", "{a:2,x:1}", &["<<: DuplicateKey"]),
        ("<<: 1\na: 2", "{a:2}", &["1: BadMerge"]),
        ("<<: [{b: 1}, c]\na: 2", "{a:2,b:1}", &["c: BadMerge"]),
        ("? [a]\n: 1\nb: 2", "{b:2}", &["[: ComplexKey"]),
        ("{[a]: 1, {c: d}: 2, b: 2}", "{b:2}", &["[: ComplexKey", "{: ComplexKey"]),
        (
            "a: !x 1\nb: !!int x\nc: !!str 1\nd: !!seq {}",
            "{a:BROKEN,b:BROKEN,c:1,d:{}}",
            &["!x: UnknownTag", "!!int: UnknownTag", "!!seq: UnknownTag"],
        ),
        ("@x", "BROKEN", &["@x: PlainAt"]),
        ("a: 1\n%b: 2\nc: 3", "{a:1,c:3}", &["%: Other"]),
        ("{\"a\": 1,\n \"b\": }x\n", "{a:1,b:null}", &["x: Other"]),
    ] {
        assert_eq!(yaml(text), (value.to_owned(), flaws.iter().map(|&flaw| flaw.to_owned()).collect()), "{text}");
    }
}

#[test]
fn what_is_known_of_a_flaw_is_in_it() {
    let source = Source::new("t", "x: &shared 1\ny: *shard\nx: 'a\n".to_owned());
    let flaws = parse(&source, Format::Yaml).flaws;
    let opened = Span::new(26, 27);
    assert_eq!(
        flaws,
        [
            Flaw::UnknownAlias { name: "shard".into(), span: Span::new(16, 22), nearest: Some("shared".into()) },
            Flaw::DuplicateKey { key: "x".into(), first: Span::new(0, 1), second: Span::new(23, 24) },
            Flaw::Syntax { span: Span::new(26, 28), kind: SyntaxKind::UnclosedQuote { opened } },
        ]
    );
}

#[test]
fn a_table_that_lost_an_entry_is_not_whole() {
    for (text, whole) in [
        ("- {a: 1}\n- b: 1\n  c: @x\n  d: 2\n", true),
        ("- b: 1\n  c: @x\n- e: 1", true),
        ("- b: 1\n  c\n  d: 2\n", false),
        ("- b: 1\n c: 2\n", false),
        ("- b: 1\n   c: 2\n", true),
        ("- b: @x\n   and more\n  c: 1\n", false),
        ("- <<: *unknown\n  b: 1\n", false),
    ] {
        let source = Source::new("t", text.to_owned());
        let parsed = parse(&source, Format::Yaml);
        let Value::List(list) = parsed.tree.root().value() else { panic!("{text}") };
        let mut tables = list.iter().filter_map(|item| match item.value() {
            Value::Table(table) => Some(table.is_whole()),
            _ => None,
        });
        assert_eq!(tables.all(|one| one), whole, "{text}");
    }
}

/// Ways to spoil a job, each with one flaw: a line to put in place of `prompt: ...`.
const SPOILT: &[(&str, &str)] = &[
    ("prompt: @human walks", "prompt = @human walks"),
    ("prompt: \"never closed", "prompt = \"never closed"),
    ("prompt: 'never closed", "prompt = 'never closed"),
    ("prompt: the end: really", "prompt = the end"),
    ("prompt: [a, b", "prompt = [\"a\", \"b\""),
    ("prompt: {a: b", "prompt = {a = 1"),
    ("prompt: \"a\\q\"", "prompt = \"a\\q\""),
    ("prompt: 'it's'", "prompt = \"a\" b"),
    ("prompt", "prompt"),
    ("prompt: a\n      n: 1", "prompt = "),
    ("prompt: a\n   n: 1", "= 1"),
    ("\tprompt: a", "[x"),
    ("prompt: %x", "prompt = a, b"),
];

#[test]
fn a_spoilt_job_leaves_all_others_as_they_are() {
    let jobs = 7;
    let yaml = |line: &str, spoilt: usize, indent: &str| {
        let job = |n: usize| {
            let line = if n == spoilt { line } else { "prompt: \"fine: @x\"" };
            let line = line.replace('\n', &format!("\n{indent}"));
            format!(
                "{indent}- id: j{n}\n{indent}  {line}\n{indent}  list:\n{indent}    - a\n{indent}  note: |\n{indent}    x: y\n"
            )
        };
        let jobs: String = (0..jobs).map(job).collect();
        format!("version: 1\njobs:\n{jobs}after: it\n")
    };
    let toml = |line: &str, spoilt: usize| {
        let job = |n: usize| {
            let line = if n == spoilt { line } else { "prompt = \"\"\"\nfine: @x\"\"\"" };
            format!("[[jobs]]\nid = \"j{n}\"\n{line}\nlist = [\n  \"a\",\n]\nnote = 'x'\n")
        };
        let jobs: String = (0..jobs).map(job).collect();
        format!("version = 1\n{jobs}[after]\nx = 1\n")
    };
    for &(in_yaml, in_toml) in SPOILT {
        for spoilt in 0..jobs {
            for (text, format) in [
                (yaml(in_yaml, spoilt, "  "), Format::Yaml),
                (yaml(in_yaml, spoilt, ""), Format::Yaml),
                (toml(in_toml, spoilt), Format::Toml),
            ] {
                let (value, flaws) = shown(&text, format);
                let whole = if format == Format::Toml { toml("", jobs) } else { yaml("", jobs, "  ") };
                let expected = shown(&whole, format).0;
                assert_eq!(flaws.len(), 1, "{flaws:?} in {text}");
                assert_eq!(value["after"], expected["after"], "{text}");
                for other in (0..jobs).filter(|&other| other != spoilt) {
                    assert_eq!(value["jobs"][other], expected["jobs"][other], "job {other} of {text}");
                }
            }
        }
    }
}

#[test]
fn many_mistakes_cost_linear_time() {
    let jobs = |job: &dyn Fn(usize, bool) -> String| -> String { (0..10_000).map(|n| job(n, n % 5 == 0)).collect() };
    let yaml = jobs(&|n, spoilt| {
        let prompt = if spoilt { "'never closed" } else { "fine" };
        format!("- id: j{n}\n  prompt: {prompt}\n  urls: [a, b]\n")
    });
    let toml = jobs(&|n, spoilt| {
        let prompt = if spoilt { "['never closed'" } else { "'fine'" };
        format!("[[jobs]]\nid = 'j{n}'\nprompt = {prompt}\nurls = ['a', 'b']\n")
    });
    for (text, format) in [(format!("jobs:\n{yaml}"), Format::Yaml), (toml, Format::Toml)] {
        let (value, flaws) = shown(&text, format);
        assert_eq!(flaws.len(), 2_000);
        assert!((0..10_000).all(|n| value["jobs"][n]["id"] == format!("j{n}") && value["jobs"][n]["urls"][1] == "b"));
    }
}
