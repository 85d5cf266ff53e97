mod mistakes;

use super::csv::{CsvFlaw, Dialect, Records};
use super::flaw::TemplateFlaw;
use super::template::{Part, Template};
use super::*;
use crate::base::folder::Folder;
use crate::document::derived::Form;
use crate::document::{self, Format, Source};
use crate::manifest::{Loaded, load_text};
use proptest::prelude::*;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

/// Loads a manifest whose only job is this text.
fn loaded(job: &str) -> Loaded {
    let head = "version: 1\nreferences: { cup: { type: subject, urls: [\"https://e.example/c.png\"] } }\n\
                defaults: { resolution: 720p, duration: 5 }\njobs:\n";
    let folder = Folder::open(Path::new(".")).unwrap();
    load_text("jobs.yaml", format!("{head}{job}"), Format::Yaml, &folder)
}

/// Returns the values that fill each job of a matrix.
fn combinations(matrix: &str) -> Vec<String> {
    let text = format!("jobs:\n  - {{ id: x, prompt: x, matrix: {matrix} }}\n");
    let source = Source::new("jobs.yaml", text);
    let parsed = document::parse(&source, Format::Yaml);
    assert!(parsed.flaws.is_empty(), "{matrix}: {:?}", parsed.flaws);
    let files = Files::default();
    let expansion = Expansion::of(&parsed.tree, &files);
    let block = expansion.block(0).unwrap();
    let shown = |number| {
        let values = block.values(number).into_iter();
        values.map(|(name, value)| format!("{}={value}", &name["matrix.".len()..])).collect::<Vec<_>>().join(" ")
    };
    (0..block.count().unwrap_or_default()).map(shown).collect()
}

#[test]
fn matrices_mean_what_the_manual_of_github_actions_says() {
    // The examples of GitHub's pages on matrices, with their results.
    for (matrix, expected) in [
        (
            "{ fruit: [apple, pear], animal: [cat, dog], include: [{ color: green }, { color: pink, animal: cat }, \
             { fruit: apple, shape: circle }, { fruit: banana }, { fruit: banana, animal: cat }] }",
            &[
                "fruit=apple animal=cat color=pink shape=circle",
                "fruit=apple animal=dog color=green shape=circle",
                "fruit=pear animal=cat color=pink",
                "fruit=pear animal=dog color=green",
                "fruit=banana",
                "fruit=banana animal=cat",
            ][..],
        ),
        (
            "{ os: [windows, ubuntu], node: [14, 16], include: [{ os: windows, node: 16, npm: 6 }] }",
            &["os=windows node=14", "os=windows node=16 npm=6", "os=ubuntu node=14", "os=ubuntu node=16"],
        ),
        (
            "{ os: [macos, windows], version: [12, 14, 16], environment: [staging, production], exclude: \
             [{ os: macos, version: 12, environment: production }, { os: windows, version: 16 }] }",
            &[
                "os=macos version=12 environment=staging",
                "os=macos version=14 environment=staging",
                "os=macos version=14 environment=production",
                "os=macos version=16 environment=staging",
                "os=macos version=16 environment=production",
                "os=windows version=12 environment=staging",
                "os=windows version=12 environment=production",
                "os=windows version=14 environment=staging",
                "os=windows version=14 environment=production",
            ],
        ),
        (
            "{ include: [{ site: production, datacenter: a }, { site: staging, datacenter: b }] }",
            &["site=production datacenter=a", "site=staging datacenter=b"],
        ),
        (
            "{ os: [a, b], version: [1], include: [{ os: b, version: 2 }] }",
            &["os=a version=1", "os=b version=1", "os=b version=2"],
        ),
        // `include` comes after `exclude`, and restores what is excluded.
        ("{ os: [a, b], exclude: [{ os: b }], include: [{ os: b }] }", &["os=a", "os=b"]),
        // A later entry may overwrite a value that an entry added, but not one that an axis has.
        ("{ os: [a], include: [{ x: 1 }, { x: 2 }, { os: b, x: 3 }] }", &["os=a x=2", "os=b x=3"]),
    ] {
        assert_eq!(combinations(matrix), expected, "{matrix}");
    }
}

proptest! {
    #[test]
    fn a_matrix_is_its_product_without_what_is_excluded_and_with_what_is_included(
        sizes in prop::collection::vec(1usize..5, 1..4),
        excluded in prop::collection::vec((0usize..4, 0usize..5), 0..3),
        included in 0usize..3,
    ) {
        let names = ["a", "b", "c", "d"];
        let mut matrix = String::from("{ ");
        for (name, size) in names.iter().zip(&sizes) {
            let values: Vec<_> = (0..*size).map(|n| n.to_string()).collect();
            write!(matrix, "{name}: [{}], ", values.join(", ")).unwrap();
        }
        let excluded: Vec<_> = excluded.into_iter().map(|(axis, value)| (axis % sizes.len(), value)).collect();
        let entries = |entries: Vec<String>| entries.join(", ");
        let exclude = entries(excluded.iter().map(|(axis, value)| format!("{{ {}: {value} }}", names[*axis])).collect());
        let include = entries((0..included).map(|n| format!("{{ a: new{n} }}")).collect());
        write!(matrix, "exclude: [{exclude}], include: [{include}] }}").unwrap();
        // The naive way: count like an odometer, and skip the excluded ones.
        let mut expected = Vec::new();
        for number in 0..sizes.iter().product::<usize>() {
            let mut rest = number;
            let mut values = vec![0; sizes.len()];
            for (value, size) in values.iter_mut().zip(&sizes).rev() {
                (*value, rest) = (rest % size, rest / size);
            }
            if !excluded.iter().any(|(axis, value)| values[*axis] == *value) {
                let shown: Vec<_> = names.iter().zip(&values).map(|(name, value)| format!("{name}={value}")).collect();
                expected.push(shown.join(" "));
            }
        }
        expected.extend((0..included).map(|n| format!("a=new{n}")));
        let found = combinations(&matrix);
        prop_assert_eq!(&found, &expected, "{}", matrix);
        prop_assert_eq!(combinations(&matrix), found, "the order is stable");
    }

    #[test]
    fn any_table_is_read_back_from_csv_with_the_place_of_every_cell(
        table in prop::collection::vec(prop::collection::vec("[a,\"\r\n 狗-]{0,6}", 3), 1..6),
        crlf in any::<bool>(),
        mark in any::<bool>(),
        quoted in any::<bool>(),
    ) {
        let mut text = String::from(if mark { "\u{feff}" } else { "" });
        for row in &table {
            let cell = |cell: &String| {
                // A bare carriage return could be taken for a part of the line's end.
                let needed = cell.contains([',', '"', '\n', '\r']);
                if needed || quoted { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
            };
            text += &row.iter().map(cell).collect::<Vec<_>>().join(",");
            text += if crlf { "\r\n" } else { "\n" };
        }
        let mut records = Records::of(&text, Dialect::of(&text, ','));
        for row in &table {
            let fields = records.next().unwrap().unwrap();
            let found: Vec<_> = fields.iter().map(|field| field.text.to_string()).collect();
            // A line break in a cell becomes `\n`, however it is written.
            let unified = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
            prop_assert_eq!(&found, &row.iter().map(|cell| unified(cell)).collect::<Vec<_>>());
            for field in &fields {
                let written = &text[field.span.range()];
                let inner = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(written);
                prop_assert_eq!(unified(&inner.replace("\"\"", "\"")), field.text.to_string());
                if let Form::Plain(before) = field.form {
                    prop_assert!(written[usize::from(before)..].starts_with(field.text.as_ref()));
                }
            }
        }
        prop_assert!(records.next().is_none());
    }

    #[test]
    fn no_text_breaks_the_reader_of_templates_or_of_csv(text in "([a-z.|(){}$\"' \\[\\]狗,\r\n-]|\\$\\{\\{|\\}\\}|matrix|row){0,20}") {
        let _ = Template::parse(&text).map_err(|flaws| {
            assert!(flaws.iter().all(|(range, _)| text.get(range.clone()).is_some()), "{text:?}: {flaws:?}");
        });
        let mut records = Records::of(&text, Dialect::of(&text, ','));
        while records.next().is_some() {}
    }
}

#[test]
fn what_is_no_csv_is_found_where_it_stands() {
    let flaw = |text| {
        let mut records = Records::of(text, Dialect::of(text, ','));
        std::iter::from_fn(|| records.next()).find_map(Result::err)
    };
    assert_eq!(flaw("a,b\nc,\"d\ne"), Some(CsvFlaw::OpenQuote(6..8)));
    assert_eq!(flaw("a,\"b\"c,d"), Some(CsvFlaw::BehindQuote(5..6)));
    assert_eq!(flaw("a,5\" disk\n"), None);
}

#[test]
fn a_template_is_a_name_with_filters() {
    for (text, expected) in [
        ("plain", Ok(vec!["plain"])),
        ("${{ matrix.a }}", Ok(vec!["<matrix.a>"])),
        ("x${{matrix.a.b}}y${{ row[\"a b\"]|lower }}", Ok(vec!["x", "<matrix.a.b>", "y", "<row.a b>"])),
        ("${{ row['}}'] }}$", Ok(vec!["<row.}}>", "$"])),
        ("a $${{ x }} ${{ row.名-1 }}", Ok(vec!["a ", "${{ x }} ", "<row.名-1>"])),
        ("${{ row.a | replace('}}', \"|\") | pad(3) }}", Ok(vec!["<row.a>"])),
        ("${{ row.a", Err((0..9, TemplateFlaw::Open))),
        ("${{ row.a ${{ row.b }}", Err((0..22, TemplateFlaw::Open))),
        ("x${{  }}", Err((1..8, TemplateFlaw::Empty))),
        ("${{ 'a' }}", Err((4..7, TemplateFlaw::NoName))),
        ("${{ row }}", Err((4..7, TemplateFlaw::Bare(Scope::Row)))),
        ("${{ rows.a }}", Err((4..8, TemplateFlaw::UnknownScope { name: "rows".into(), nearest: Some(Scope::Row) }))),
        ("${{ env.a }}", Err((4..7, TemplateFlaw::UnknownScope { name: "env".into(), nearest: None }))),
        ("${{ row.a + 1 }}", Err((10..11, TemplateFlaw::NotAllowed("+".into())))),
        ("${{ row.a | lower + 1 }}", Err((18..19, TemplateFlaw::NotAllowed("+".into())))),
        ("${{ row.a | default(b) }}", Err((20..21, TemplateFlaw::NotAllowed("b".into())))),
        ("${{ row.a | default(1) if 1 }}", Err((23..25, TemplateFlaw::NotAllowed("if".into())))),
        (
            "${{ row.a | lowr }}",
            Err((12..16, TemplateFlaw::UnknownFilter { name: "lowr".into(), nearest: Some("lower") })),
        ),
        ("${{ row[0] }}", Err((7..8, TemplateFlaw::NotAllowed("[".into())))),
    ] {
        let found = Template::parse(text).map(|template| {
            let part = |part: &Part| match part {
                Part::Text(range) => text[range.clone()].to_owned(),
                Part::Expression { expression, .. } => format!("<{}>", expression.name()),
            };
            template.parts.iter().map(part).collect::<Vec<_>>()
        });
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
            (Err(mut flaws), Err(expected)) => assert_eq!(flaws.remove(0), expected, "{text}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }
}

#[test]
fn values_keep_their_type_or_take_that_of_what_they_fill() {
    // A row inline, a job's field, and the prompt or number of videos that results.
    let job = |row: &str, field: &str| {
        let job = format!("  - id: x\n    prompt: \"@cup\"\n    rows: [{{ {row} }}]\n    {field}\n");
        let loaded = loaded(&job);
        let codes: Vec<_> = loaded.findings.iter().map(|finding| finding.code.as_str()).collect();
        loaded
            .manifest
            .map(|manifest| {
                let generation = &manifest.jobs[0].generation;
                (generation.negative_prompt.clone().unwrap_or_default().to_string(), generation.number_of_videos)
            })
            .ok_or(codes.join(" "))
    };
    for (row, field, expected) in [
        ("n: 3", "number_of_videos: ${{ row.n }}", Ok((Cow::Borrowed(""), 3))),
        ("n: \"3\"", "number_of_videos: ${{ row.n }}", Err("wrong-type")),
        ("n: 9", "number_of_videos: ${{ row.n }}", Err("number-of-videos")),
        ("n: null", "number_of_videos: ${{ row.n }}", Ok((Cow::Borrowed(""), 1))),
        ("n: null", "number_of_videos: ${{ row.n | default(2) }}", Ok((Cow::Borrowed(""), 2))),
        ("n: 3", "negative_prompt: ${{ row.n }}", Ok((Cow::Borrowed("3"), 1))),
        ("n: 1.10", "negative_prompt: v${{ row.n }}", Ok((Cow::Borrowed("v1.10"), 1))),
        ("n: true", "negative_prompt: ${{ row.n }}", Ok((Cow::Borrowed("true"), 1))),
        ("n: Ünï Code_9!", "negative_prompt: ${{ row.n | slug }}", Ok((Cow::Borrowed("ünï-code-9"), 1))),
        ("n: 7", "negative_prompt: ${{ row.n | pad(3) }}", Ok((Cow::Borrowed("007"), 1))),
        (
            "n: \" A-b \"",
            "negative_prompt: \"[${{ row.n | trim | lower | replace('-', '+') }}]\"",
            Ok((Cow::Borrowed("[a+b]"), 1)),
        ),
        ("n: ab", "negative_prompt: ${{ row.n | upper }}", Ok((Cow::Borrowed("AB"), 1))),
        ("n: ab", "negative_prompt: ${{ row.n | pad('x') }}", Err("template")),
        ("n: ab", "negative_prompt: ${{ row.n | replace('x') }}", Err("template")),
        ("n: ab", "negative_prompt: ${{ row.n | replace('', 'x') }}", Err("template")),
        ("n: [a]", "negative_prompt: ${{ row.n }}", Err("wrong-type")),
        ("n: a", "negative_prompt: ${{ job.number | pad(3) }}", Ok((Cow::Borrowed("001"), 1))),
        ("n: a", "negative_prompt: ${{ job.count }}", Err("template")),
        ("n: 18446744073709551616", "negative_prompt: ${{ row.n }}", Ok((Cow::Borrowed("18446744073709551616"), 1))),
        ("n: { a: b }", "negative_prompt: ${{ row.n.a }}", Ok((Cow::Borrowed("b"), 1))),
        ("n: x", "negative_prompt: $${{ row.n }}", Ok((Cow::Borrowed("${{ row.n }}"), 1))),
        ("n: \"${{ row.n }}\"", "negative_prompt: x", Err("template")),
    ] {
        let expected = expected.map(|(text, number)| (text.into_owned(), number)).map_err(str::to_owned);
        assert_eq!(job(row, field), expected, "{row}: {field}");
    }
}

#[test]
fn a_field_that_a_row_leaves_out_is_missing_where_the_row_is() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.csv"), "id,seconds\r\na,5\r\nb,\r\nc,8\r\nd,\r\n").unwrap();
    let text = "version: 1\nreferences: { cup: { type: subject, urls: [\"https://e.example/c.png\"] } }\njobs:\n\
                \x20 - { id: \"${{ row.id }}\", rows: p.csv, prompt: \"@cup\", resolution: 720p, duration: \"${{ row.seconds }}\" }\n";
    let loaded = load_text("jobs.yaml", text.to_owned(), Format::Yaml, &Folder::open(folder.path()).unwrap());
    let places: Vec<_> = loaded
        .findings
        .iter()
        .map(|finding| {
            let at = |label: &crate::diagnostic::finding::Label| {
                let (source, span) = loaded.source.of(label.span);
                let position = source.position(span.start as usize);
                format!("{}:{}:{}", source.name(), position.line, position.column)
            };
            (finding.job.as_deref().unwrap(), finding.code.as_str(), at(&finding.labels[0]), at(&finding.labels[1]))
        })
        .collect();
    let template = || "jobs.yaml:4:85".to_owned();
    assert_eq!(
        places,
        [
            ("b", "missing-field", "p.csv:3:3".to_owned(), template()),
            ("d", "missing-field", "p.csv:5:3".to_owned(), template()),
        ]
    );
}

#[test]
fn too_many_jobs_are_refused_before_they_are_made() {
    let axis = |name: &str| format!("{name}: [{}]", vec!["1"; 101].join(", "));
    let matrix = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].map(axis).join(", ");
    let loaded = loaded(&format!("  - id: x\n    prompt: \"@cup\"\n    matrix: {{ {matrix} }}\n"));
    assert_eq!(loaded.findings.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), ["limits"]);
}

/// Measures a hundred thousand jobs of two hundred templates and five hundred rows; run it with `--release`.
#[test]
#[ignore = "a measurement"]
fn a_hundred_thousand_jobs_of_two_hundred_templates() {
    let rows: Vec<_> = (0..500).map(|n| format!("{{ sku: p{n}, seconds: {} }}", [5, 8][n % 2])).collect();
    let rows = rows.join(", ");
    let jobs: String = (0..200)
        .map(|n| {
            format!("  - id: t{n}-${{{{ row.sku | lower }}}}\n    rows: [{rows}]\n    prompt: \"@cup turns {n} times, as ${{{{ row.sku }}}}\"\n    duration: ${{{{ row.seconds }}}}\n")
        })
        .collect();
    let start = std::time::Instant::now();
    let loaded = loaded(&jobs);
    let took = start.elapsed();
    assert!(loaded.findings.is_empty(), "{:?}", loaded.findings.first());
    assert_eq!(loaded.manifest.unwrap().jobs.len(), 100_000);
    assert!(took.as_secs() < 10, "{took:?}");
}
