//! The manifests under `tests/manifests`: every mistake is found where it stands, in both formats, and nothing else is;
//! good twins have the same digests.

use batch::diagnostic::finding::Label;
use batch::document::Source;
use batch::manifest::{self, Loaded};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn cases(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests").join(kind);
    let mut cases: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

#[test]
fn every_mistake_is_found_where_it_stands() {
    let cases = cases("bad");
    let mut wrong = String::new();
    for case in &cases {
        let expected = fs::read_to_string(case.join("expected.txt")).unwrap();
        let mut found = String::new();
        for name in ["jobs.yaml", "jobs.toml", "jobs.json"] {
            let path = case.join(name);
            // A folder in a manifest's place is a case of its own.
            if path.exists() {
                describe(name, &manifest::load(&path), &mut found);
            }
        }
        if found != expected {
            writeln!(wrong, "--- {}\nexpected:\n{expected}found:\n{found}", case.display()).unwrap();
        }
    }
    assert!(cases.len() > 150, "the cases were not found");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_code_has_a_case() {
    for code in batch::diagnostic::code::Code::ALL {
        let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests/bad").join(code.as_str());
        assert!(case.join("expected.txt").is_file(), "no case shows {code}");
        let expected = fs::read_to_string(case.join("expected.txt")).unwrap();
        assert!(expected.lines().all(|line| line.starts_with("  ") || line.ends_with(&format!(" {code}"))), "{code}");
    }
}

/// One line a finding, one an additional label.
fn describe(name: &str, loaded: &Loaded, out: &mut String) {
    for finding in &loaded.findings {
        let severity = format!("{:?}", finding.severity).to_lowercase();
        let at = finding.labels.first().map_or_else(|| format!("{name}:1:1-1:1"), |label| place(&loaded.source, label));
        writeln!(out, "{at} {severity} {}", finding.code).unwrap();
        for label in finding.labels.iter().skip(1) {
            writeln!(out, "  {}", place(&loaded.source, label)).unwrap();
        }
    }
}

/// The name of the file, and the place in it.
fn place(source: &Source, label: &Label) -> String {
    let (source, span) = source.of(label.span);
    let (start, end) = (source.position(span.start as usize), source.position(span.end as usize));
    let name = Path::new(source.name()).file_name().unwrap().to_str().unwrap();
    format!("{name}:{}:{}-{}:{}", start.line, start.column, end.line, end.column)
}

#[test]
fn good_twins_have_the_same_digests() {
    let cases = cases("good");
    assert!(cases.len() > 10, "the cases were not found");
    for case in cases {
        let mut twins: Vec<Vec<(String, String)>> = Vec::new();
        for name in ["jobs.yaml", "jobs.toml", "jobs.json"] {
            let path = case.join(name);
            if !path.exists() {
                continue;
            }
            let loaded = manifest::load(&path);
            assert_eq!(loaded.findings, [], "{}", path.display());
            let mut jobs: Vec<_> =
                loaded.manifest.unwrap().jobs.iter().map(|job| (job.id.to_string(), job.digest.to_string())).collect();
            jobs.sort();
            twins.push(jobs);
        }
        assert!(twins.len() > 1, "{} has no twin", case.display());
        assert!(twins.windows(2).all(|pair| pair[0] == pair[1]), "{}: {twins:#?}", case.display());
    }
}
