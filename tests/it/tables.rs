//! Tables as people have them: each way to write one makes the same jobs, and what was bought by an older reading stays bought.

use crate::support::setup::{MANIFEST, Setup};
use batch::base::folder::Folder;
use batch::diagnostic::code::Code;
use batch::document::Format;
use batch::manifest::{Loaded, load_text};
use std::fs;

/// A manifest whose one block has these lines, beside a table.
fn text(block: &str) -> String {
    format!(
        "version: 1\nreferences:\n  dog: {{ type: subject, urls: [\"https://images.example.com/dog.png\"] }}\n\
         defaults: {{ resolution: 360p, duration: 5 }}\njobs:\n{block}"
    )
}

fn loaded(block: &str, name: &str, table: &[u8]) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), table).unwrap();
    load_text("jobs.yaml", text(block), Format::Yaml, &Folder::open(folder.path()).unwrap())
}

/// Id, prompt and images of each job; or the findings.
fn jobs(block: &str, name: &str, table: &[u8]) -> Vec<String> {
    let loaded = loaded(block, name, table);
    let Some(manifest) = &loaded.manifest else {
        return loaded.findings.iter().map(|finding| format!("{}: {}", finding.code, finding.message)).collect();
    };
    let shown = |job: &batch::manifest::model::Job| {
        let images = job.generation.references.iter().flat_map(|reference| &reference.images);
        format!("{} {} {}", job.id, job.generation.prompt, images.count())
    };
    manifest.jobs.iter().map(shown).collect()
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

#[test]
fn every_way_to_write_a_table_makes_the_same_jobs() {
    let block = |name: &str| {
        format!("  - {{ id: \"${{{{ row.id }}}}\", rows: {name}, prompt: \"@dog ${{{{ row.what }}}}\" }}\n")
    };
    let plain = "id,what\na,runs\n小狗,\"sits\nand waits\"\n";
    let with = |separator: &str| plain.replace(',', separator);
    let tables: Vec<(&str, Vec<u8>)> = vec![
        ("t.csv", plain.into()),
        ("t.csv", format!("\u{feff}{plain}").into()),
        ("t.csv", plain.replace('\n', "\r\n").into()),
        ("t.csv", plain.replace('\n', "\r").into()),
        ("t.csv", with(";").into()),
        ("t.csv", with("|").into()),
        ("t.csv", with("\t").into()),
        ("t.csv", format!("sep=;\r\n{}", with(";")).into()),
        ("t.csv", format!("\"sep=,\"\n{plain}").into()),
        ("t.csv", format!("\u{feff}sep=^\n{}", with("^")).into()),
        ("t.tsv", with("\t").into()),
        ("t.TSV", with("\t").into()),
        ("t.csv", utf16(&with("\t"), false)),
        ("t.csv", utf16(plain, true)),
        ("t.csv", "id,what,,\na,runs,,\n,,,\n小狗,\"sits\nand waits\"\n,\n".into()),
        ("t.csv", "id , what\n a ,runs\n小狗\t,\"sits\nand waits\"\n".into()),
        ("t.jsonl", "{\"id\": \"a\", \"what\": \"runs\", \"x\": {\"y\": [1]}}\r\n\r\n{\"id\": \"小狗\", \"what\": \"sits\\nand waits\"}\n".into()),
        ("t.json", "[\n {\"id\": \"a\", \"what\": \"runs\"},\n {\"id\": \"小狗\", \"what\": \"sits\\nand waits\", \"x\": null}\n]\n".into()),
        ("t.json", "{\"id\": \"a\", \"what\": \"runs\"}\n{\"id\": \"小狗\", \"what\": \"sits\\nand waits\"}\n".into()),
    ];
    for (name, table) in tables {
        let shown = String::from_utf8_lossy(&table).into_owned();
        assert_eq!(
            jobs(&block(name), name, &table),
            ["a @dog runs 1", "小狗 @dog sits\nand waits 1"],
            "{name}: {shown:?}"
        );
    }
}

#[test]
fn numbers_lists_and_places_come_out_of_tables() {
    let value = |table: &str| {
        let block = "  - { id: \"j${{ job.number | pad(2) }}\", rows: t.jsonl, prompt: \"@dog ${{ row.v }}\" }\n";
        jobs(block, "t.jsonl", format!("{{\"v\": {table}}}\n").as_bytes())
    };
    for written in ["1.50", "2.0", "1E2", "1e-7", "9999999999999999.5", "18446744073709551616", "-0", "7"] {
        assert_eq!(value(written), [format!("j01 @dog {written} 1")]);
    }
    let images = |rows: &str, urls: &str, name: &str| {
        let references = format!("[{{ name: dog, type: subject, urls: {urls} }}]");
        let block = format!(
            "  - {{ id: \"${{{{ row.id }}}}\", rows: {name}, prompt: \"@dog runs\", references: {references} }}\n"
        );
        jobs(&block, name, rows.as_bytes())
    };
    let (one, two) = ("https://e.example/1.png", "https://e.example/2.png");
    let list = "\"${{ row.images }}\"";
    let lines =
        format!("{{\"id\": \"a\", \"images\": [\"{one}\", \"{two}\"]}}\n{{\"id\": \"b\", \"images\": [\"{one}\"]}}\n");
    assert_eq!(images(&lines, list, "t.jsonl"), ["a @dog runs 2", "b @dog runs 1"]);
    for separator in ["|", ";", " ", ","] {
        let table = format!("id\timages\na\t{one}{separator}{two}\nb\t{one}\n");
        let split = format!("'${{{{ row.images | split(\"{separator}\") }}}}'");
        assert_eq!(images(&table, &split, "t.tsv"), ["a @dog runs 2", "b @dog runs 1"], "{separator}");
        let whole = images(&table, "[\"${{ row.images }}\"]", "t.tsv");
        assert_eq!(whole, ["image-url: several URLs in one: an item of `urls` is a single image"], "{separator}");
    }
    // What is wrong with one of them is told where it stands.
    let block = "  - { id: a, rows: t.csv, prompt: \"@x runs\", references: [{ name: x, type: subject, urls: '${{ row.i | split(\";\") }}' }] }\n";
    let loaded = loaded(block, "t.csv", b"i,j\nhttps://e.example/1.png; ftp://e.example/2.png,x\n");
    let (source, span) = loaded.source.of(loaded.findings[0].labels[0].span);
    assert_eq!((loaded.findings[0].code, &source.text()[span.range()]), (Code::ImageUrl, "ftp://e.example/2.png"));
}

#[test]
fn a_mistake_in_a_json_table_is_named_by_its_entry() {
    let block = "  - { id: \"${{ row.id }}\", rows: t.json, prompt: \"@dog ${{ row.what }}\" }\n";
    let found = |table: &str| {
        let loaded = loaded(block, "t.json", table.as_bytes());
        let said = |finding: &batch::diagnostic::finding::Finding| {
            (finding.message.clone(), finding.help.clone().unwrap_or_default())
        };
        loaded.findings.iter().map(said).collect::<Vec<_>>()
    };
    let good = "{\"id\": \"a\", \"what\": \"runs\"}";
    for (table, message) in [
        (format!("[{good},\n {{\"id\" \"b\"}}]"), "entry 2 of the array is no JSON: a comma is missing before this"),
        (format!("[{good},\n {good},\n {{\"id\": \"b\",}}]"), "entry 3 of the array is no JSON: key must be a string"),
        (format!("[\n  {good},\n 7\n]"), "entry 2 of the array is no JSON object"),
        (
            format!("[{{\"id\": \"小狗, \"what\": 1}}, {good}]"),
            "entry 1 of the array is no JSON: a text needs double quotes",
        ),
        (format!("{{\n \"total\": 1,\n \"rows\": [{good}]\n}}\n"), "the file of rows is one JSON object"),
        (format!("{{\"行\": [{good}]}}"), "the file of rows is one JSON object"),
        (format!("{good}\n{{\"id\" \"b\"}}\n"), "a line is no JSON"),
    ] {
        let found = found(&table);
        assert!(found[0].0.contains(message), "{table}: {found:?}");
        let is_line = message.starts_with("a line");
        assert_eq!(found[0].1.contains("on each line"), is_line, "{table}: {found:?}");
        assert!(found.len() <= 2, "{table}: {found:?}");
    }
    assert!(found("{\"行\": [{\"id\": 1}]}")[0].1.contains("`行`"));
}

#[test]
fn rows_that_are_the_same_twice_say_what_to_do() {
    let block = "  - { id: \"${{ row.id }}\", rows: t.csv, prompt: \"@dog ${{ row.what }}\" }\n";
    let found = loaded(block, "t.csv", b"id,what\na,runs\nb,sits\na,runs\n").findings;
    let helps: Vec<_> = found.iter().map(|finding| finding.help.clone().unwrap_or_default()).collect();
    assert!(helps.iter().all(|help| help.contains("both have `row.id: a`")), "{helps:?}");
    assert!(helps.iter().any(|help| help.contains("`${{ job.number }}`")), "{helps:?}");
}

#[test]
fn fifty_prompts_in_chinese_need_no_other_column() {
    let table: String = std::iter::once("提示词\n".to_owned())
        .chain((1..=50).map(|n| format!("@dog 在草地上奔跑，第{n}次\n")))
        .collect();
    let block = "  - { id: \"p-${{ job.number | pad(3) }}\", rows: t.csv, prompt: \"${{ row.提示词 }}\" }\n";
    let made = jobs(block, "t.csv", table.as_bytes());
    assert_eq!((made.len(), made[49].as_str()), (50, "p-050 @dog 在草地上奔跑，第50次 1"));
    let by_slug = block.replace("p-${{ job.number | pad(3) }}", "${{ row.提示词 | slug }}");
    assert_eq!(jobs(&by_slug, "t.csv", table.as_bytes())[0], "dog-在草地上奔跑-第1次 @dog 在草地上奔跑，第1次 1");
}

#[test]
fn what_was_bought_by_an_older_reading_of_a_table_stays_bought() {
    let block = "  - { id: \"${{ row.id }}\", rows: t.csv, prompt: \"@dog ${{ row.what }}\" }\n";
    let written_out = |what: &str| {
        let prompt = format!("@dog {what}").escape_default().to_string();
        text(&format!("  - {{ id: a, prompt: \"{prompt}\" }}\n"))
    };
    // What earlier versions sent, the table as it is now, and what its cell means.
    for (sent, name, table) in [
        ("runs\r\nand sits", "t.csv", "id,what\r\na,\"runs\r\nand sits\"\r\n"),
        ("runs\r\nand sits", "t.csv", "id,what\na,\"runs\nand sits\"\n"),
        ("runs\nand\r\nsits", "t.csv", "id,what\na,\"runs\nand\r\nsits\"\n"),
        ("v1.5", "t.jsonl", "{\"id\": \"a\", \"what\": \"v1.50\"}\n"),
    ] {
        let setup = Setup::new(&written_out(sent), &[]);
        if sent == "v1.5" {
            // A number, which was counted.
            setup.project.write(MANIFEST, written_out("1.5"));
        }
        setup.run([]).exits(0);
        setup.project.write(name, table.replace("\"v1.50\"", "1.50"));
        setup.project.write(MANIFEST, text(&block.replace("t.csv", name)));
        setup.batch(["run", "--frozen"]).exits(0);
        setup.run([]).exits(0);
        setup.batch(["verify"]).exits(0);
        assert_eq!(setup.charges(), 1, "{table:?}");
    }
    // What is new is asked for with line feeds, and once.
    let setup = Setup::new(&text(block), &[]);
    setup.project.write("t.csv", "id,what\r\na,\"runs\r\nand sits\"\r\n");
    setup.run([]).exits(0);
    setup.project.write("t.csv", "id,what\na,\"runs\nand sits\"\n");
    setup.batch(["run", "--frozen"]).exits(0);
    assert_eq!((setup.prompts(), setup.charges()), (vec!["@dog runs\nand sits".to_owned()], 1));
}
