//! Every limit that the manual names: reached, it is fine; passed by one, it is found, and nothing else is.

use super::*;
use crate::document::bounds::MANIFEST_BYTES;
use crate::document::{parse, tree::Tree};
use crate::manifest::expand::{Expansion, MOST_COLUMNS, MOST_JOBS, MOST_NAMES};
use crate::service::content::samples::png;

/// The codes of what is found, each once.
fn codes(loaded: &Loaded) -> Vec<&'static str> {
    let mut codes: Vec<_> = loaded.findings.iter().map(|finding| finding.code.as_str()).collect();
    codes.dedup();
    codes
}

/// Checks that a manifest is found right at a limit, and that this is found in one that passes it.
fn holds(what: &str, at: &str, over: &str, code: &str) {
    let (_temp, folder) = folder();
    let found = |text: &str| {
        let loaded = load_text("jobs", text.to_owned(), Format::Yaml, &folder);
        codes(&loaded).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found(at), [""; 0], "{what}, at the limit");
    assert_eq!(found(over), [code], "{what}, beyond the limit");
}

/// The same of jobs, with the library and the defaults of [`HEAD`].
fn jobs_hold(what: &str, at: &str, over: &str, code: &str) {
    holds(what, &format!("{HEAD}{at}\n"), &format!("{HEAD}{over}\n"), code);
}

#[test]
fn of_jobs() {
    let id = |id: String| format!("- {{ id: {id}, prompt: '@dog runs' }}");
    jobs_hold("characters of an id", &id("x".repeat(128)), &id("x".repeat(129)), "job-id");
    let of_bytes = |bytes: usize| format!("{}{}", "狗".repeat(66), "x".repeat(bytes - 198));
    jobs_hold("bytes of an id", &id(of_bytes(200)), &id(of_bytes(201)), "job-id");
    let with = |field: &str, value: String| format!("- {{ id: a, prompt: '@dog runs', {field}: {value} }}");
    let videos = |count: usize| with("number_of_videos", count.to_string());
    jobs_hold("videos", &videos(4), &videos(5), "number-of-videos");
    jobs_hold("videos", &videos(1), &videos(0), "number-of-videos");
    jobs_hold("takes", &with("take", u32::MAX.to_string()), &with("take", (1_u64 << 32).to_string()), "setting");
    jobs_hold("takes", &with("take", "1".into()), &with("take", "0".into()), "setting");
    let prompt = |length: usize| format!("- {{ id: a, prompt: '@dog {}' }}", "狗".repeat(length - 5));
    jobs_hold("characters of a prompt", &prompt(2048), &prompt(2049), "prompt-length");
    let negative = |length: usize| with("negative_prompt", "x".repeat(length));
    jobs_hold("characters of a negative prompt", &negative(2048), &negative(2049), "prompt-length");
}

#[test]
fn of_references() {
    let of = |names: usize, images: usize, name: &str| {
        let url = |image: usize| format!("\"https://e.example/{image}.png\"");
        let urls: Vec<_> = (0..images).map(url).collect();
        let list = |n: usize| format!("{{ name: {name}{n}, type: subject, urls: [{}] }}", urls.join(", "));
        let lists: Vec<_> = (0..names).map(list).collect();
        let prompt: String = (0..names).map(|n| format!("@{name}{n} ")).collect();
        format!("- {{ id: a, prompt: '{prompt}', references: [{}] }}", lists.join(", "))
    };
    jobs_hold("references", &of(3, 1, "r"), &of(4, 1, "r"), "reference-count");
    jobs_hold("references", &of(1, 1, "r"), "- { id: a, prompt: 'x', references: [] }", "reference-count");
    jobs_hold("images", &of(1, 3, "r"), &of(1, 4, "r"), "image-count");
    jobs_hold("images", &of(1, 1, "r"), &of(1, 0, "r"), "image-count");
    let long = |bytes: usize| of(1, 1, &"n".repeat(bytes - 1));
    jobs_hold("bytes of a name", &long(30), &long(31), "reference-name");
}

#[test]
fn of_images() {
    let (temp, folder) = folder();
    let text = format!("{HEAD}- {{ id: a, prompt: '@dog runs' }}\n");
    for (width, height, bytes, found) in [
        (4000, 4000, 19_999_999, false),
        (4001, 4000, 19_999_999, true),
        (4000, 4001, 19_999_999, true),
        (512, 512, 20_000_000, true),
    ] {
        // What stands behind a picture doesn't matter to it.
        fs::write(temp.path().join("refs/dog.png"), png(width, height)).unwrap();
        let file = fs::OpenOptions::new().write(true).open(temp.path().join("refs/dog.png")).unwrap();
        file.set_len(bytes).unwrap();
        let loaded = load_text("jobs", text.clone(), Format::Yaml, &folder);
        let large =
            loaded.findings.iter().any(|finding| finding.message.contains("4000") || finding.message.contains("20 MB"));
        assert_eq!(large, found, "{width} x {height}, {bytes} bytes: {:?}", loaded.findings);
    }
}

#[test]
fn of_settings() {
    let jobs = "jobs: [{ id: a, prompt: '@dog runs' }]\n";
    let head = HEAD.trim_end_matches("jobs:\n");
    let of = |what: &str, block: &dyn Fn(&str) -> String, at: &str, over: &str, code: &str| {
        holds(what, &format!("{head}{}\n{jobs}", block(at)), &format!("{head}{}\n{jobs}", block(over)), code);
    };
    for (field, at, over) in [
        ("concurrency", "1", "0"),
        ("concurrency", "10000", "10001"),
        ("fleet_concurrency", "1", "0"),
        ("fleet_concurrency", "100000", "100001"),
        ("submit_rate", "1/h", "0/h"),
        ("job_timeout", "1ms", "0ms"),
        ("job_timeout", "7d", "7d1ms"),
        ("poll_interval", "1ms", "0s"),
        ("poll_interval", "7d", "7d1ms"),
        ("poll_rate", "1/h", "0/s"),
        ("downloads", "1", "0"),
        ("downloads", "256", "257"),
        ("patience", "0s", "-1s"),
        ("patience", "7d", "7d1ms"),
        ("confirm_above", "0", "-1"),
    ] {
        of(field, &|value| format!("run: {{ {field}: {value} }}"), at, over, "setting");
    }
    let status = |value: &str| format!("service: {{ turned_away: [{value}] }}");
    of("a status", &status, "400", "399", "setting");
    of("a status", &status, "599", "600", "setting");
    let price = |value: &str| format!("prices: {{ table: [{{ resolution: 720p, duration: 5, price: {value} }}] }}");
    of("a price", &price, "0", "-1", "setting");
    of("a price", &price, "1000000000000", "1000000000001", "setting");
    of("digits of a price", &price, "0.123456789", "0.1234567891", "setting");
    let name = |length: &str| format!("output: {{ name: \"{{id}}/{{n}}{}\" }}", "x".repeat(length.parse().unwrap()));
    of("bytes of a file's name", &name, "237", "238", "output-path");
}

#[test]
fn of_templates() {
    let job = |prompt: &str| format!("- {{ id: a, matrix: {{ a: [x] }}, prompt: '@dog {prompt}' }}");
    let padded = |width: usize| job(&format!("${{{{ matrix.a | pad({width}) }}}}"));
    jobs_hold("characters of `pad`", &padded(128), &padded(129), "template");
    // The text that is made is long either way, which is a warning of its own.
    let made = |bytes: usize| {
        let half = "y".repeat(1024);
        let jobs = format!(
            "- {{ id: a, matrix: {{ a: ['{}'] }}, prompt: '@dog ${{{{ matrix.a | replace(\"x\", \"{half}\") }}}}{}' }}",
            "x".repeat(1000),
            "z".repeat(bytes - 1_024_005)
        );
        codes(&check(&format!("{HEAD}{jobs}\n"), Format::Yaml))
    };
    assert_eq!(made(1024 * 1024), ["prompt-length"]);
    assert_eq!(made(1024 * 1024 + 1), ["template"]);
}

#[test]
fn of_aliases() {
    // A hundred aliases of a list with 10,500 items stand for 100 times itself and its items.
    let values = 100 * 10_501;
    let text = |bytes: usize| {
        let list = format!("a: &a [{}]\n", vec!["1"; 10_500].join(","));
        let text = format!("{list}b: [{}]\n#", vec!["*a"; 100].join(","));
        format!("{text}{}", "x".repeat(bytes - text.len()))
    };
    let flaws = |bytes: usize| parse(&Source::new("jobs.yaml", text(bytes)), Format::Yaml).flaws.len();
    // A million, and one more for each byte.
    assert_eq!(flaws(values - 1_000_000), 0, "at the limit");
    assert_eq!(flaws(values - 1_000_000 - 1), 1, "beyond the limit");
}

#[test]
fn of_names_and_columns() {
    let matrix = |axes: usize, included: usize| {
        let axes: String = (0..axes).map(|n| format!("a{n}: [1], ")).collect();
        let included: String = (0..included).map(|n| format!("i{n}: 1, ")).collect();
        format!("- {{ id: a, prompt: '@dog runs', matrix: {{ {axes} include: [{{ {included} x: 1 }}] }} }}")
    };
    jobs_hold("axes", &matrix(MOST_NAMES - 1, 0), &matrix(MOST_NAMES, 0), "limits");
    jobs_hold("names under `include`", &matrix(1, MOST_NAMES - 2), &matrix(1, MOST_NAMES - 1), "limits");
    let row = |columns: usize| (0..columns).map(|n| format!("c{n}: 1, ")).collect::<String>();
    let rows = |columns: usize| format!("- {{ id: a, prompt: '@dog runs', rows: [{{ {} }}] }}", row(columns));
    jobs_hold("columns of rows in the manifest", &rows(MOST_COLUMNS), &rows(MOST_COLUMNS + 1), "limits");
    let (temp, folder) = folder();
    for (name, cells) in [("t.csv", false), ("t.jsonl", true)] {
        for (columns, expected) in [(MOST_COLUMNS, &[][..]), (MOST_COLUMNS + 1, &["limits"])] {
            let line = |of: &dyn Fn(usize) -> String| (0..columns).map(of).collect::<Vec<_>>().join(",");
            let table = match cells {
                false => format!("{}\n{}\n", line(&|n| format!("c{n}")), line(&|n| n.to_string())),
                true => format!("{{{}}}\n", line(&|n| format!("\"c{n}\": 1"))),
            };
            fs::write(temp.path().join(name), table).unwrap();
            let text = format!("{HEAD}- {{ id: a, prompt: '@dog runs', rows: {name} }}\n");
            assert_eq!(codes(&load_text("jobs", text, Format::Yaml, &folder)), expected, "{columns} in {name}");
        }
    }
}

/// How many jobs matrices and rows stand for, before any of them is made; or the codes of what is wrong.
fn count(text: &str) -> Result<usize, usize> {
    let source = Source::new("jobs.yaml", text.to_owned());
    let parsed = parse(&source, Format::Yaml);
    let tree: &Tree<'_> = &parsed.tree;
    let files = Files::default();
    let mut expansion = Expansion::of(tree, &files);
    let problems = expansion.take_problems().len();
    let blocks = (0..2).filter_map(|index| expansion.block(index)?.count());
    if problems == 0 { Ok(blocks.sum()) } else { Err(problems) }
}

#[test]
fn of_jobs_that_are_made() {
    let axis = |values: usize| format!("[{}]", vec!["1"; values].join(","));
    let job = |a: usize, b: usize| format!("- {{ id: x, prompt: x, matrix: {{ a: {}, b: {} }} }}\n", axis(a), axis(b));
    let most = MOST_JOBS as usize;
    assert_eq!(count(&format!("jobs:\n{}", job(1000, 1000))), Ok(most));
    assert_eq!(count(&format!("jobs:\n{}", job(101, 9901))), Err(1), "a million and one");
    assert_eq!(count(&format!("jobs:\n{}{}", job(1000, 999), job(1, 1000))), Ok(most));
    assert_eq!(count(&format!("jobs:\n{}{}", job(1000, 999), job(1, 1001))), Err(1), "both together");
}

#[test]
fn of_files_of_rows() {
    let (temp, folder) = folder();
    let with = |files: usize, bytes: u64| {
        let jobs: String =
            (0..files).map(|n| format!("- {{ id: a{n}, prompt: '@dog runs', rows: t{n}.csv }}\n")).collect();
        for n in 0..files {
            fs::File::create(temp.path().join(format!("t{n}.csv"))).unwrap().set_len(bytes).unwrap();
        }
        codes(&load_text("jobs", format!("{HEAD}{jobs}"), Format::Yaml, &folder))
    };
    // Of NUL bytes, which are no text: what is too large isn't read.
    assert_eq!(with(1, MANIFEST_BYTES), ["syntax"]);
    assert_eq!(with(1, MANIFEST_BYTES + 1), ["limits"]);
}
