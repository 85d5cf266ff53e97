//! Every mistake in values, rows and matrices is reported, and nothing that merely follows from one.

use crate::base::folder::Folder;
use crate::diagnostic::finding::Finding;
use crate::document::Format;
use crate::manifest::load_text;
use std::path::Path;

/// Returns code, place and job of each finding in a manifest of these jobs, next to files of these names.
fn found(jobs: &str, files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let text = format!(
        "version: 1\nreferences: {{ cup: {{ type: subject, urls: [\"https://e.example/c.png\"] }} }}\n\
         defaults: {{ resolution: 720p, duration: 5 }}\njobs:\n{jobs}"
    );
    let loaded = load_text("jobs.yaml", text, Format::Yaml, &Folder::open(folder.path()).unwrap());
    let shown = |finding: &Finding| {
        let (source, span) = loaded.source.of(finding.labels[0].span);
        let at = source.position(span.start as usize);
        let job = finding.job.as_deref().unwrap_or("-");
        format!("{} {}:{} {} {job}", finding.code, at.line, at.column, &source.text()[span.range()])
    };
    loaded.findings.iter().map(shown).collect()
}

#[test]
fn every_mistake_in_one_value_is_told_at_its_own_place() {
    let expected = |line: usize, columns: [usize; 4]| {
        let codes = ["unknown-mention", "unknown-mention", "mention-spacing", "mention-spacing"];
        let words = ["@cpu", "@dog", "@cup", "@cup"];
        let shown = |at: usize| format!("{} {line}:{} {} a", codes[at], columns[at], words[at]);
        (0..4).map(shown).collect::<Vec<_>>()
    };
    let of_file = |name: &str| format!("- id: a\n  rows: {name}\n  prompt: ${{{{ row.prompt }}}}\n");
    let inline =
        |prompt: &str| format!("- id: a\n  prompt: ${{{{ row.prompt }}}}\n  rows:\n  - {{ prompt: {prompt} }}\n");
    for (name, text, line, columns) in [
        ("p.csv", "prompt\n\"@cpu, @dog runs. @cup! @cup;\"\n", 2, [2, 8, 19, 25]),
        ("p.csv", "prompt\n\"@cpu \"\"x\"\" @dog, @cup\"\"x @cup;\"\n", 2, [2, 13, 19, 27]),
        ("p.csv", "prompt\n@cpu @dog @cup! @cup;\n", 2, [1, 6, 11, 17]),
        ("p.jsonl", r#"{"prompt": "@cpu \"x\" @dog\n@cup! \u72d7@cup;"}"#, 1, [13, 24, 30, 42]),
    ] {
        assert_eq!(found(&of_file(name), &[(name, text)]), expected(line, columns), "{text}");
    }
    for (prompt, columns) in [
        ("'@cpu isn''t @dog @cup! @cup;'", [16, 28, 33, 39]),
        ("\"@cpu \\\"x\\\" @dog @cup! @cup;\"", [16, 27, 32, 38]),
        ("\"@cpu @dog @cup! @cup;\"", [16, 21, 26, 32]),
    ] {
        assert_eq!(found(&inline(prompt), &[]), expected(8, columns), "{prompt}");
    }
    let block = "- id: a\n  prompt: a ${{ matrix.prompt }}\n  matrix:\n    prompt:\n    - |\n      @cpu it's\n      @dog @cup!\n      @cup;\n";
    let lines = ["10:7 @cpu", "11:7 @dog", "11:12 @cup", "12:7 @cup"];
    let codes = ["unknown-mention", "unknown-mention", "mention-spacing", "mention-spacing"];
    let shown: Vec<_> = codes.iter().zip(lines).map(|(code, line)| format!("{code} {line} a")).collect();
    assert_eq!(found(block, &[]), shown);
    // Text that filters have changed is written nowhere: each mistake is reported at the value as a whole.
    let filtered = "- id: a\n  prompt: ${{ row.prompt | trim }}\n  rows: [{ prompt: ' @cpu @dog ' }]\n";
    assert_eq!(found(filtered, &[]), ["unknown-mention 7:20 ' @cpu @dog ' a"; 2]);
}

#[test]
fn what_is_filled_with_several_values_tells_each_that_is_wrong() {
    let job = "- id: ${{ row.a }}\n  prompt: '@x '\n  rows: [{ a: p, b: q }, { a: r, b: s }, { a: up, b: t }]\n  \
               references: [{ name: x, type: subject, urls: ['${{ row.a }}/${{ row.b }}.png'] }]\n";
    let found = found(job, &[]);
    assert_eq!(found.len(), 1, "in all jobs it is the template's: {found:?}");
    let some = job.replace(
        "'${{ row.a }}/${{ row.b }}.png'",
        "'${{ row.a | replace(\"up\", \"https://e.example\") }}/${{ row.b }}'",
    );
    assert_eq!(self::found(&some, &[]).len(), 2);
}

#[test]
fn what_is_wrong_with_matrix_or_rows_hides_nothing_else_in_the_job() {
    let rest = "  prompt: ''\n  colour: red\n  duration: 6\n  references: [cpu, \"${{ matrix.x }}\"]\n  tags: [a b]\n";
    let others = |line: usize| {
        let at = |down: usize, rest: &str| {
            let (code, rest) = rest.split_once(' ').unwrap();
            format!("{code} {}:{rest}", line + down)
        };
        vec![
            at(0, "empty-prompt 11 '' a"),
            at(1, "unknown-field 3 colour a"),
            at(2, "duration 13 6 a"),
            at(3, "unknown-reference 16 cpu a"),
            at(4, "setting 10 a b a"),
        ]
    };
    for (field, mistakes) in [
        ("matrix: { x: 5 }", vec!["matrix 6:16 5 -"]),
        ("matrix: { x: [], y: 5 }", vec!["matrix 6:16 [] -", "matrix 6:23 5 -"]),
        ("matrix: { x: [1], exclude: [{ x: 1 }] }", vec!["matrix 6:13 x -"]),
        ("matrix: { x: 1, exclude: [{ x: 1, z: 1 }] }", vec!["matrix 6:16 1 -", "matrix 6:37 z -"]),
        ("matrix: { x: *nowhere }", vec!["syntax 6:16 *nowhere -"]),
        ("matrix: [@x]", vec!["syntax 6:12 @ -"]),
        ("matrix: 5", vec!["matrix 6:11 5 -"]),
    ] {
        let expected: Vec<String> = mistakes.into_iter().map(str::to_owned).chain(others(7)).collect();
        assert_eq!(found(&format!("- id: a\n  {field}\n{rest}"), &[]), expected, "{field}");
    }
    for (rows, mistake) in [
        ("5", "rows 6:9 5 -"),
        ("no.csv", "unreadable 6:9 no.csv -"),
        ("p.txt", "rows 6:9 p.txt -"),
        ("empty.csv", "rows 1:1  -"),
        ("[5]", "rows 6:10 5 -"),
    ] {
        let job = format!("- id: a\n  rows: {rows}\n{}", rest.replace("matrix.x", "row.x"));
        let mut found = found(&job, &[("empty.csv", "")]);
        let mut expected = others(7);
        expected.push(mistake.to_owned());
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{rows}");
    }
}

#[test]
fn the_names_of_a_broken_matrix_are_each_offered_once() {
    let text = "version: 1\njobs:\n- id: a\n  matrix: { p: 5, include: [{ p: 1, q: 2 }, { q: 3 }] }\n  prompt: ${{ matrix.x }}\n";
    let loaded = load_text("jobs.yaml", text.to_owned(), Format::Yaml, &Folder::open(Path::new(".")).unwrap());
    let helps: Vec<_> = loaded.findings.iter().filter_map(|finding| finding.help.as_deref()).collect();
    assert!(helps.contains(&"the names are `p` and `q`"), "{helps:?}");
}

#[test]
fn a_wrong_row_hides_no_other_row() {
    let job = |name: &str| format!("- id: ${{{{ row.id }}}}\n  rows: {name}\n  prompt: ${{{{ row.prompt }}}}\n");
    for (name, text, mistakes) in [
        (
            "p.csv",
            "id,prompt\na,@cpu\nb\nc,@cup!\n",
            ["unknown-mention 2:3 @cpu a", "rows 3:1 b -", "mention-spacing 4:3 @cup c"],
        ),
        (
            "p.jsonl",
            "{\"id\": \"a\", \"prompt\": \"@cpu\"}\n{\"id\": [1], \"prompt\": \"@cup\"}\n{\"id\": \"c\", \"prompt\": \"@cup!\"}\n",
            ["unknown-mention 1:24 @cpu a", "template 2:8 [1] -", "mention-spacing 3:24 @cup c"],
        ),
        (
            "p.jsonl",
            "{\"id\": \"a\", \"prompt\": \"@cpu\"}\n{\"id\": 1,}\n{\"id\": \"c\", \"prompt\": \"@cup!\"}\n",
            ["unknown-mention 1:24 @cpu a", "rows 2:10 } -", "mention-spacing 3:24 @cup c"],
        ),
    ] {
        assert_eq!(found(&job(name), &[(name, text)]), mistakes, "{text}");
    }
    // The names of the columns are known all the same; in JSON Lines the lost row may have had another one.
    let unknown = |name: &str| job(name) + "  negative_prompt: ${{ row.x }}\n";
    let of_csv = found(&unknown("p.csv"), &[("p.csv", "id,prompt\na,@cup\nb\n")]);
    assert_eq!(of_csv, ["template 8:28 x -", "rows 3:1 b -"]);
    let of_lines = found(&unknown("p.jsonl"), &[("p.jsonl", "{\"id\": \"a\", \"prompt\": \"@cup\"}\n5\n")]);
    assert_eq!(of_lines, ["rows 2:1 5 -"]);
    let twice =
        found(&job("p.jsonl"), &[("p.jsonl", "{\"id\": \"a\", \"id\": 1, \"prompt\": \"x\", \"prompt\": \"@cup\"}\n")]);
    assert_eq!(twice, ["rows 1:13 \"id\" -", "rows 1:37 \"prompt\" -"]);
}

#[test]
fn an_axis_of_one_value_is_blamed_in_the_middle_of_a_text() {
    let job = |prompt: &str| {
        format!(
            "- id: a-${{{{ matrix.a }}}}\n  matrix: {{ a: [1, 2], k: ['@cpu'], n: [~], l: [[1]] }}\n  prompt: '{prompt}'\n"
        )
    };
    let prompt = "@cup ${{ matrix.n }}${{ matrix.k }} ${{ matrix.a }} and on";
    assert_eq!(found(&job(prompt), &[]), ["unknown-mention 6:29 @cpu a-1"]);
    // A list is no part of a text, in any job.
    assert_eq!(found(&job("@cup ${{ matrix.l }} ${{ matrix.a }}"), &[]), ["template 7:17 ${{ matrix.l }} a-1"]);
}

#[test]
fn a_misspelt_matrix_is_all_that_is_wrong_with_its_templates() {
    for (field, template) in [("matirx: { p: [a, b] }", "matrix.p"), ("row: [{ p: a }]", "row.p")] {
        let job =
            format!("- id: a-${{{{ {template} }}}}\n  {field}\n  prompt: '@cup ${{{{ {template} }}}}'\n  take: 0\n");
        let found = found(&job, &[]);
        let [strange, take] = found.as_slice() else { panic!("{found:?}") };
        assert!(strange.starts_with("unknown-field 6:3"), "{strange}");
        assert_eq!(take, "setting 8:9 0 -");
    }
    // The other field is known to be missing.
    let other = "- id: a-${{ row.p }}\n  matirx: { p: [a, b] }\n  prompt: '@cup'\n";
    assert_eq!(found(other, &[]), ["template 5:17 p -", "unknown-field 6:3 matirx -"]);
    // If the field exists, the misspelt one was not meant for it.
    for broken in ["[a, b]", "5"] {
        let both = format!(
            "- id: a-${{{{ matrix.p }}}}\n  matrix: {{ p: {broken} }}\n  matirx: 5\n  prompt: '@cup'\n  take: 0\n"
        );
        let head = "version: 1\nreferences: { cup: { type: subject, urls: [\"https://e.example/c.png\"] } }\njobs:\n";
        let loaded =
            load_text("jobs.yaml", format!("{head}{both}"), Format::Yaml, &Folder::open(Path::new(".")).unwrap());
        let strange = loaded.findings.iter().find(|finding| finding.code.as_str() == "unknown-field").unwrap();
        assert_eq!(strange.fix, None);
    }
}
