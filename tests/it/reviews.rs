//! What pull requests and code scanning are told of a manifest's mistakes.

use crate::support::project::Project;
use crate::support::setup::{MANIFEST, manifest, manifest_of};
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// Fails unless the log is as the published schema says.
#[track_caller]
fn is_sarif(log: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sarif/sarif-2.1.0.schema.json");
    let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(log).map(|e| format!("{}: {e}", e.instance_path())).take(5).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn every_bad_manifest_makes_a_valid_log_and_a_command_for_each_finding() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests/bad");
    let project = Project::new();
    let mut names = Vec::new();
    for case in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        for extension in ["yaml", "toml"] {
            if let Ok(text) = fs::read(case.join(format!("jobs.{extension}"))) {
                let name = format!("{}.{extension}", case.file_name().unwrap().to_str().unwrap());
                project.write(&name, text);
                names.push(name);
            }
        }
    }
    names.extend(["missing.yaml".to_owned(), ".".to_owned()]);
    let check = |format: &'static str| {
        project.batch(["check", "--format", format].into_iter().chain(names.iter().map(String::as_str))).run().exits(2)
    };
    let (json, sarif, github) = (check("json").json(), check("sarif"), check("github"));
    is_sarif(&sarif.json());
    assert_eq!(sarif.stdout, check("sarif").stdout, "two checks of the same print the same");
    let diagnostics = json["diagnostics"].as_array().unwrap();
    assert!(diagnostics.len() > 300, "{}", diagnostics.len());
    let log = sarif.json();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), diagnostics.len());
    for (result, diagnostic) in results.iter().zip(diagnostics) {
        assert_eq!((&result["ruleId"], &result["level"]), (&diagnostic["code"], &diagnostic["severity"]));
        let Some(label) = diagnostic["labels"].as_array().and_then(|labels| labels.first()) else { continue };
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!((&region["startLine"], &region["endColumn"]), (&label["start"]["line"], &label["end"]["column"]));
    }
    assert_eq!(
        (run["artifacts"].as_array().unwrap().len(), &run["invocations"][0]["exitCode"]),
        (names.len(), &2.into())
    );
    let lines: Vec<_> = github.stdout.lines().collect();
    assert_eq!(lines.len(), diagnostics.len());
    assert!(lines.iter().all(|line| line.starts_with("::error file=") || line.starts_with("::warning file=")));
    let (concise, gitlab) = (check("concise").stdout, check("gitlab").json());
    let violations = gitlab.as_array().unwrap();
    assert_eq!((concise.lines().count(), violations.len()), (diagnostics.len(), diagnostics.len()));
    let mut fingerprints = HashSet::new();
    for ((diagnostic, line), violation) in diagnostics.iter().zip(concise.lines()).zip(violations) {
        let start = &diagnostic["labels"][0]["start"];
        let [row, column] = ["line", "column"].map(|field| start[field].as_u64().unwrap_or(1));
        let code = diagnostic["code"].as_str().unwrap();
        assert!(line.contains(&format!(":{row}:{column}: {code}: ")), "{line}: {diagnostic}");
        assert_eq!(
            (&violation["check_name"], &violation["location"]["lines"]["begin"]),
            (&diagnostic["code"], &row.into())
        );
        assert!(fingerprints.insert(violation["fingerprint"].as_str().unwrap()), "twice: {violation}");
        let severity = if diagnostic["severity"] == "error" { "major" } else { "minor" };
        assert_eq!(violation["severity"], severity);
        assert!(!violation["location"]["path"].as_str().unwrap().starts_with('/'), "{violation}");
    }
    is_sarif(&project.batch(["check", "--format", "sarif", "-"]).input(&manifest_of(1)).run().exits(0).json());
}

#[test]
fn paths_count_from_the_root_of_the_repository() {
    let bad = manifest_of(1).replace("360p", "361p");
    let project = Project::new().with("videos/jobs.yaml", &bad);
    let inside = |program: crate::support::program::Program| {
        let ended = program.run().exits(2);
        ended.stdout.split_once("file=").unwrap().1.split(',').next().unwrap().to_owned()
    };
    let shell = |folder: &str| {
        let script = format!("cd {folder} && '{}' check --format github jobs.yaml", env!("CARGO_BIN_EXE_batch"));
        project.command("/bin/sh", ["-c", &script])
    };
    let root = project.root().canonicalize().unwrap();
    let (root, videos) = (root.to_str().unwrap(), root.join("videos"));
    assert_eq!(inside(shell("videos")), "videos/jobs.yaml", "the work tree is the root");
    assert_eq!(inside(shell("videos").env("GITHUB_WORKSPACE", root)), "videos/jobs.yaml");
    assert_eq!(inside(shell("videos").env("GITHUB_WORKSPACE", videos.to_str().unwrap())), "jobs.yaml");
    assert_eq!(inside(shell("videos").env("GITHUB_WORKSPACE", "/nowhere")), "videos/jobs.yaml");
    let absolute = project.batch(["check", "--format", "github", videos.join("jobs.yaml").to_str().unwrap()]);
    assert_eq!(inside(absolute), "videos/jobs.yaml");
}

#[test]
fn the_summary_of_the_step_is_an_extra() {
    let project = Project::new()
        .with(MANIFEST, manifest(&[("a", "@dog, sit"), ("b", "@dgo sits")]))
        .with("summary.md", "from before\n");
    let check = |page: &str| project.batch(["check", "--format", "github"]).env("GITHUB_STEP_SUMMARY", page).run();
    assert_eq!(check("summary.md").exits(2).stderr, "");
    let page = project.read("summary.md");
    assert!(page.starts_with("from before\n\nbatch check: 1 error, 1 warning in <code>jobs.yaml</code>\n"), "{page}");
    assert!(
        page.contains("| error | <code>jobs.yaml:9:") && page.contains("| <code>mention-spacing</code> |"),
        "{page}"
    );
    let refused = check("nowhere/summary.md").exits(2);
    assert!(refused.stderr.contains("warning: ") && refused.stderr.contains("GITHUB_STEP_SUMMARY"), "{refused:?}");
    assert_eq!(refused.stdout.lines().count(), 2, "{refused:?}");
}
