//! `batch check --fix` and `--diff`: what is fixed, and that everything else stays as it is, byte for byte.

use crate::support::project::Project;
use crate::support::setup::{MANIFEST, manifest_of};
use batch::base::folder::Folder;
use batch::diagnostic::finding::Finding;
use batch::diagnostic::fix::apply;
use batch::diagnostic::levels::Levels;
use batch::document::Format;
use batch::manifest::{self, Loaded};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Every kind of line that an edit could disturb, and a mistake of each kind that is fixed.
const BROKEN: &str = "\u{feff}# jobs\u{3000}\r
version: '1'\t# one\r
references:   \r
  human: { typ: subject, urls: https://e.com/a.png }  # 人\r
  grass: {type: background, urls: [\"https://e.com/b.png\"]}\r
\r
jobs:\r
  - id: 5\r
    prompt: @human walks on the @gras, slowly  \r
    resolution: 720\r
    druation: 5s\r
  - id: b  \r
    prompt: >+\r
      @human,\r
\r
      on @grass。\r
    resolution: '720P'\r
    duration: \"8\"\r
\r
# end";

const MENDED: &str = "\u{feff}# jobs\u{3000}\r
version: 1\t# one\r
references:   \r
  human: { type: subject, urls: [\"https://e.com/a.png\"] }  # 人\r
  grass: {type: background, urls: [\"https://e.com/b.png\"]}\r
\r
jobs:\r
  - id: \"5\"\r
    prompt: \"@human walks on the @grass , slowly\"  \r
    resolution: 720p\r
    duration: 5\r
  - id: b  \r
    prompt: >+\r
      @human ,\r
\r
      on @grass 。\r
    resolution: '720p'\r
    duration: 8\r
\r
# end";

#[test]
fn safe_fixes_are_made_and_all_else_stays() {
    let project = Project::new().with(MANIFEST, BROKEN);
    let ended = project.batch(["check", "--fix"]).run().exits(0);
    assert_eq!(project.read(MANIFEST), MENDED, "{ended:?}");
    assert!(ended.stdout.is_empty() && ended.stderr.contains("fixed 13 mistakes in jobs.yaml"), "{ended:?}");
    assert!(ended.stderr.contains("10:17 wrong-type: `720` became `720p`"), "{ended:?}");
    assert!(ended.stderr.contains("batch plan"), "prompts changed: {ended:?}");
    let again = project.batch(["check", "--fix"]).run().exits(0);
    assert_eq!(project.read(MANIFEST), MENDED);
    assert!(!again.stderr.contains("fixed"), "{again:?}");
}

#[test]
fn a_difference_is_shown_and_nothing_is_written() {
    let project = Project::new().with(MANIFEST, BROKEN);
    for options in [&["check", "--diff"][..], &["check", "--fix", "--diff"]] {
        let ended = project.batch(options).run().exits(1);
        assert_eq!(project.read(MANIFEST), BROKEN);
        assert!(ended.stderr.contains("would fix 13 mistakes"), "{ended:?}");
        // It is one that `patch` takes.
        project.write("copy.yaml", BROKEN);
        project.command("patch", ["--binary", "copy.yaml"]).input(&ended.stdout).run().exits(0);
        assert_eq!(project.read("copy.yaml"), MENDED, "{ended:?}");
    }
    let colored = project.batch(["check", "--diff", "--color", "always"]).run().exits(1);
    assert!(colored.stdout.contains("\u{1b}[32m+version: 1"), "{colored:?}");
    let good = Project::new().with(MANIFEST, manifest_of(2));
    assert_eq!(good.batch(["check", "--diff"]).run().exits(0).stdout, "");
    let hopeless = Project::new().with(MANIFEST, BROKEN.replace("'720P'", "9k"));
    assert!(hopeless.batch(["check", "--diff"]).run().exits(2).stdout.contains("+version: 1"));
}

#[test]
fn what_no_fix_mends_remains_and_decides_the_exit_code() {
    let project = Project::new().with(MANIFEST, BROKEN.replace("'720P'", "9k"));
    let ended = project.batch(["check", "--fix", "--format", "json"]).run().exits(2);
    assert_eq!(project.read(MANIFEST), MENDED.replace("'720p'", "9k"));
    let document = ended.json();
    assert_eq!((&document["errors"], &document["diagnostics"][0]["code"]), (&1.into(), &"resolution".into()));
    assert!(document["diagnostics"][0].get("fix").is_none(), "{document:#}");
}

#[test]
fn a_fix_is_offered_where_it_would_be_made() {
    let project = Project::new().with(MANIFEST, BROKEN);
    let ended = project.batch(["check"]).run().exits(2);
    assert!(ended.stderr.contains("11 of these can be fixed with `batch check --fix`"), "{ended:?}");
    let document = project.batch(["check", "--format", "json"]).run().exits(2).json();
    let fix =
        document["diagnostics"].as_array().unwrap().iter().find(|one| one["code"] == "unknown-field").unwrap()["fix"]
            .clone();
    let start = BROKEN.find("typ:").unwrap();
    assert_eq!(
        fix,
        serde_json::json!({
            "span": {
                "start": { "offset": start, "line": 4, "column": 12 },
                "end": { "offset": start + 3, "line": 4, "column": 15 }
            },
            "replacement": "type", "safe": true
        })
    );
    crate::formats::conforms(&project, "check", &document);
}

#[test]
fn links_permissions_and_neighbours_stay() {
    let project = Project::new().with("real/jobs.yaml", BROKEN);
    std::os::unix::fs::symlink("real/jobs.yaml", project.path("jobs.yaml")).unwrap();
    fs::set_permissions(project.path("real/jobs.yaml"), fs::Permissions::from_mode(0o640)).unwrap();
    project.batch(["check", "--fix"]).run().exits(0);
    assert!(project.path("jobs.yaml").symlink_metadata().unwrap().is_symlink());
    assert_eq!(project.read("real/jobs.yaml"), MENDED);
    assert_eq!(project.path("real/jobs.yaml").metadata().unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(project.path("real")).unwrap().count(), 1, "no temporary file stays");
}

#[test]
fn standard_input_is_printed_with_its_fixes() {
    let project = Project::new();
    let ended = project.batch(["check", "--fix", "-"]).input(BROKEN).run().exits(0);
    assert_eq!(ended.stdout, MENDED);
    let good = project.batch(["check", "--fix", "-"]).input(MENDED).run().exits(0);
    assert_eq!(good.stdout, MENDED, "what needs no fix is printed as well");
    for options in [["check", "--fix", "--format", "json", "-"], ["check", "--diff", "--format", "json", "-"]] {
        let refused = project.batch(options).input(BROKEN).run().exits(2);
        assert!(refused.stdout.is_empty() && refused.stderr.contains("--format"), "{refused:?}");
    }
}

/// How often each mistake is found.
fn tally(loaded: &Loaded) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for finding in &loaded.findings {
        *tally.entry(format!("{}: {}", finding.code, finding.message)).or_default() += 1;
    }
    tally
}

#[test]
fn every_fix_of_the_collected_mistakes_mends_its_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests/bad");
    let mut tried = 0;
    for case in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()) {
        for name in ["jobs.yaml", "jobs.toml", "jobs.json"] {
            let path = case.join(name);
            if !path.is_file() {
                continue;
            }
            let loaded = manifest::load(&path);
            let folder = Folder::open(&case.canonicalize().unwrap()).unwrap();
            let check = |text: String| manifest::load_text(name, text, Format::of_path(&path), &folder);
            for finding in loaded.findings.iter().filter(|finding| finding.fix.is_some()) {
                tried += 1;
                mends_its_own(&loaded, finding, check, &path);
            }
            let fixed = manifest::fix_file(&path, &Levels::default());
            assert!(
                fixed.loaded.findings.iter().all(|f| f.fix.as_ref().is_none_or(|fix| !fix.applicability.is_safe()))
            );
            assert_eq!(fixed.fixed.is_empty(), fixed.original == fixed.loaded.source.text(), "{}", path.display());
        }
    }
    assert!(tried > 90, "only {tried} fixes");
}

fn mends_its_own(loaded: &Loaded, finding: &Finding, check: impl Fn(String) -> Loaded, path: &Path) {
    let (edited, _) = apply(loaded.source.text(), &finding.fix);
    let again = check(edited.clone());
    let (before, after) = (tally(loaded), tally(&again));
    let key = format!("{}: {}", finding.code, finding.message);
    let shown = path.display();
    assert!(after.get(&key).copied().unwrap_or(0) < before[&key], "{shown}: {key} stays in\n{edited}");
    let is_torn = |tally: &BTreeMap<String, usize>| tally.keys().any(|key| key.starts_with("syntax:"));
    assert!(!is_torn(&after) || is_torn(&before), "{shown}: torn\n{edited}");
}
