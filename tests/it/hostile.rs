//! Hostile and huge manifests: an answer at once, the right code, exit code 2, and bounded memory; never a crash.

use crate::support::program::Ended;
use crate::support::project::Project;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::process::Command;

/// The most bytes of a manifest, as the manual has it.
const LIMIT: u64 = 256 * 1024 * 1024;

/// Address space of a run, in kilobytes: the largest manifest is held once, with its index and the program itself beside it.
const KILOBYTES: u64 = LIMIT / 1024 + 300_000;

/// What `batch check` says of a manifest that `source` gives, with bounded memory; `source` is a redirection or nothing.
fn check(project: &Project, manifest: &str, source: &str) -> Ended {
    let program = env!("CARGO_BIN_EXE_batch");
    let script = format!("ulimit -v {KILOBYTES}; {source} {program} check --format json {manifest}");
    project.command("/bin/bash", ["-c", &script]).run().exits(2)
}

/// The codes of what was found, each once, in order.
fn codes(ended: &Ended) -> Vec<String> {
    let found = ended.json()["diagnostics"].as_array().unwrap().clone();
    let mut codes: Vec<_> = found.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect();
    codes.dedup();
    codes
}

#[test]
fn what_is_no_regular_file_is_never_opened() {
    let project = Project::new().with("folder/file", "");
    let made = Command::new("mkfifo").arg(project.path("pipe")).status().unwrap();
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(project.path("socket")).unwrap();
    symlink("nowhere", project.path("dangling")).unwrap();
    symlink("loop", project.path("loop")).unwrap();
    symlink("pipe", project.path("link")).unwrap();
    for name in
        ["/dev/zero", "/dev/null", "/dev/random", "/dev/full", "pipe", "link", "socket", "folder", "dangling", "loop"]
    {
        assert_eq!(codes(&check(&project, name, "")), ["unreadable"], "{name}");
    }
}

/// Root may read everything: for root, too, it is one finding or none, and never a crash.
#[test]
fn what_may_not_be_read_is_said_so() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::new().with("jobs.yaml", "jobs: []");
    fs::set_permissions(project.path("jobs.yaml"), fs::Permissions::from_mode(0o0)).unwrap();
    let expected = if File::open(project.path("jobs.yaml")).is_ok() { "missing-field" } else { "unreadable" };
    assert_eq!(codes(&check(&project, "jobs.yaml", "")), [expected]);
}

#[test]
fn images_that_are_no_files_or_huge_are_found_out_without_reading_them() {
    let project = Project::new().with("folder/file", "");
    assert!(Command::new("mkfifo").arg(project.path("pipe")).status().unwrap().success());
    symlink("/dev/zero", project.path("zero")).unwrap();
    File::create(project.path("huge")).unwrap().set_len(1 << 40).unwrap();
    for image in ["pipe", "folder", "zero", "huge"] {
        project.write(
            "jobs.yaml",
            format!("version: 1\nreferences: {{dog: {{type: subject, urls: [{image}]}}}}\njobs: [{{id: a, prompt: '@dog runs', resolution: 720p, duration: 5}}]"),
        );
        assert_eq!(codes(&check(&project, "jobs.yaml", "")), ["image-url"], "{image}");
    }
}

#[test]
fn the_size_of_a_manifest_is_bounded_to_the_byte() {
    let project = Project::new();
    for (name, size, code) in
        [("at.yaml", LIMIT, "syntax"), ("over.yaml", LIMIT + 1, "limits"), ("far.yaml", 1 << 40, "limits")]
    {
        // A file of NUL bytes that takes no room: at the limit it is read, and no text.
        File::create(project.path(name)).unwrap().set_len(size).unwrap();
        assert_eq!(codes(&check(&project, name, "")), [code], "{name}");
    }
}

#[test]
fn standard_input_may_be_empty_closed_or_endless() {
    let project = Project::new();
    for (source, code) in [
        ("</dev/null", "missing-field"),
        ("yes |", "limits"),
        ("</dev/zero", "limits"),
        (&format!("head -c {} /dev/zero |", LIMIT + 1), "limits"),
        (&format!("head -c {LIMIT} /dev/zero |"), "syntax"),
    ] {
        assert_eq!(codes(&check(&project, "-", source)), [code], "{source}");
    }
    assert_eq!(check(&project, "- <&-", "").json()["ok"], false);
}

#[test]
fn bombs_of_aliases_merges_and_brackets_are_refused() {
    let bomb = |first: &str, next: &dyn Fn(usize) -> String| {
        (1..30).fold(format!("version: 1\na0: &a0 {first}\n"), |text, n| format!("{text}a{n}: &a{n} {}\n", next(n)))
    };
    let ten = |n: usize| vec![format!("*a{}", n - 1); 10].join(", ");
    let lists = bomb("[x, x, x]", &|n| format!("[{}]", ten(n)));
    let tables = bomb("{x: 1}", &|n| format!("{{k: [{}], l: [{}]}}", ten(n), ten(n)));
    let merges = bomb("{x: 1}", &|n| format!("{{<<: [{}], k{n}: [{}]}}", ten(n), ten(n)));
    let open = "[".repeat(100_000);
    let closed = format!("{open}{}", "]".repeat(100_000));
    let project = Project::new();
    for (name, text) in [
        ("lists.yaml", lists),
        ("tables.yaml", tables),
        ("merges.yaml", merges),
        ("open.yaml", format!("jobs: {open}")),
        ("open.toml", format!("jobs = {open}")),
        ("open.json", format!("{{\"jobs\": {open}")),
        ("closed.yaml", format!("jobs: {closed}")),
        ("closed.toml", format!("jobs = {closed}")),
        ("closed.json", format!("{{\"jobs\": {closed}}}")),
    ] {
        project.write(name, text);
        assert!(codes(&check(&project, name, "")).contains(&"limits".to_owned()), "{name}");
    }
}

#[test]
fn bytes_that_are_no_text_are_named_and_found() {
    let project = Project::new();
    let wide = |bytes: fn(u16) -> [u8; 2]| "version: 1".encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    for (bytes, word, line, column) in [
        ([vec![0xff, 0xfe], wide(u16::to_le_bytes)].concat(), "UTF-16", 1, 1),
        ([vec![0xfe, 0xff], wide(u16::to_be_bytes)].concat(), "UTF-16", 1, 1),
        (b"version: 1\njobs: \0".to_vec(), "NUL", 2, 7),
        (b"version: 1\njobs: \xff".to_vec(), "not UTF-8", 2, 7),
    ] {
        for name in ["jobs.yaml", "jobs.toml", "jobs.json"] {
            project.write(name, &bytes);
            let found = check(&project, name, "").json()["diagnostics"][0].clone();
            assert!(found["message"].as_str().unwrap().contains(word), "{found}");
            let start = &found["labels"][0]["start"];
            assert_eq!((start["line"].as_u64(), start["column"].as_u64()), (Some(line), Some(column)), "{found}");
        }
    }
    for text in ["", "# nothing\n", "\u{feff}", "---\n"] {
        project.write("jobs.yaml", text);
        assert_eq!(codes(&check(&project, "jobs.yaml", "")), ["missing-field"], "{text:?}");
    }
}
