//! The GitHub action and GitLab's component, as far as they go without their services: their steps are run by the shells that would
//! run them, with what their inputs say.

use crate::manual::page;
use crate::support::program::Ended;
use crate::support::project::Project;
use crate::support::service::simulator;
use crate::support::setup::{MANIFEST, manifest, manifest_of};
use serde::Deserialize as _;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The value of a field.
fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}

fn action() -> Value {
    serde_yaml::from_str(&page("action.yml")).unwrap()
}

/// The inputs that a text uses.
fn used(text: &str) -> BTreeSet<String> {
    let name = |rest: &str| rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next().unwrap().to_owned();
    text.split("inputs.").skip(1).map(name).collect()
}

/// The inputs that are declared.
fn declared(inputs: &Value) -> BTreeSet<String> {
    inputs.as_object().unwrap().keys().cloned().collect()
}

/// The programs that a runner has, with `batch` or without.
fn path(project: &Project, with_batch: bool) -> String {
    let usual = std::env::var("PATH").unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_batch")).parent().unwrap().to_str().unwrap();
    let stub = project.path("../stub");
    std::fs::create_dir_all(&stub).unwrap();
    let cargo = stub.join("cargo");
    std::fs::write(&cargo, "#!/bin/sh\necho cargo \"$@\"\n").unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let stub = stub.display();
    if with_batch { format!("{stub}:{programs}:{usual}") } else { format!("{stub}:{usual}") }
}

/// Runs a step of the action as a runner does, with these inputs besides the defaults.
fn step(project: &Project, name: &str, inputs: &[(&str, &str)], with_batch: bool) -> Ended {
    let action = action();
    let steps = action["runs"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("no step is called {name}"));
    let mut values: BTreeMap<&str, &str> = action["inputs"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, input)| (name.as_str(), text(input, "default")))
        .collect();
    values.extend(inputs.iter().copied());
    let filled = |text: &str| {
        values
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{{ inputs.{name} }}}}"), value))
    };
    assert_eq!(text(step, "shell"), "bash");
    let folder = step["working-directory"].as_str().map_or_else(|| ".".to_owned(), filled);
    let script = format!("cd '{folder}'\n{}", filled(text(step, "run")));
    assert!(!script.contains("${{"), "an expression in a script is open to what is filled in: {script}");
    let bash = ["--noprofile", "--norc", "-eo", "pipefail", "-c", &script];
    let mut program = project
        .command("bash", bash)
        .env("PATH", &path(project, with_batch))
        .env("GITHUB_OUTPUT", project.path("../output").to_str().unwrap())
        .env("GITHUB_PATH", project.path("../path").to_str().unwrap())
        .env("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR"))
        .env("RUNNER_TEMP", "/runner/temp")
        .env("GITHUB_ACTIONS", "true");
    for (name, value) in step["env"].as_object().into_iter().flatten() {
        program = program.env(name, &filled(value.as_str().unwrap()));
    }
    program.run()
}

#[test]
fn the_action_uses_every_input_that_it_has_and_no_other() {
    let action = action();
    let steps = action["runs"]["steps"].to_string();
    assert_eq!(used(&steps), declared(&action["inputs"]));
    assert_eq!(text(&action["runs"], "using"), "composite");
    // Outputs of steps are named by their ids.
    for id in ["look", "cache"] {
        assert!(
            steps.contains(&format!("\"id\":\"{id}\"")) && steps.contains(&format!("steps.{id}.outputs.")),
            "{steps}"
        );
    }
}

#[test]
fn the_action_checks_what_it_is_told_as_strictly_as_it_is_told() {
    let warned = manifest(&[("a", "@dog, sit")]);
    let project =
        Project::new().with(MANIFEST, manifest_of(1)).with("videos/a.yaml", &warned).with("videos/b c.yaml", &warned);
    let check = |inputs: &[(&str, &str)]| step(&project, "Check the manifests", inputs, true);
    check(&[]).exits(0);
    let two = ("manifests", "a.yaml\nb c.yaml\n");
    let inside = ("working-directory", "videos");
    let refused = check(&[two, inside]).exits(2);
    let annotations: Vec<_> = refused.stdout.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(annotations, ["::error file=videos/a.yaml", "::error file=videos/b c.yaml"]);
    let passed = check(&[two, inside, ("deny", "")]).exits(0);
    assert_eq!(passed.stdout.matches("::warning ").count(), 2, "{passed:?}");
    let allowed = check(&[two, inside, ("deny", "warnings twin-jobs"), ("allow", "mention-spacing")]).exits(0);
    assert_eq!(allowed.stdout, "");
    check(&[("manifests", "$(touch made)`touch made`;touch made")]).exits(2);
    assert!(!project.path("made").exists(), "an input is no command");
}

#[test]
fn the_action_sees_whether_locks_belong_to_manifests() {
    let simulator = simulator(&[]);
    let head = format!("service: {{ base_url: \"{}\" }}\n", simulator.base_url());
    let project =
        Project::new().with(MANIFEST, head.clone() + &manifest_of(1)).with("b c.yaml", head + &manifest_of(2));
    let verify = |inputs: &[(&str, &str)]| step(&project, "See that the locks belong to them", inputs, true);
    assert!(verify(&[]).exits(1).stdout.contains("not-run"));
    let two = verify(&[("manifests", "jobs.yaml\nb c.yaml")]).exits(1);
    assert_eq!(two.stdout.matches("not-run").count(), 3, "{two:?}");
    project.batch(["run"]).against(&simulator.base_url()).run().exits(0);
    verify(&[]).exits(0);
    verify(&[("manifests", "jobs.yaml\nb c.yaml")]).exits(1);
    verify(&[("manifests", "\njobs.yaml\n")]).exits(0);
}

#[test]
fn the_action_builds_batch_where_there_is_none() {
    let project = Project::new();
    step(&project, "Look for batch", &[], true).exits(0);
    assert_eq!(project.read("../output"), "found=true\n");
    std::fs::remove_file(project.path("../output")).unwrap();
    step(&project, "Look for batch", &[], false).exits(0);
    let output = project.read("../output");
    let key = output.strip_prefix("key=").and_then(|rest| rest.strip_suffix("\nfound=false\n")).expect(&output);
    assert!(key.len() == 40 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{output}");
    assert_eq!(project.read("../path"), "/runner/temp/batch/bin\n");
    let built = step(&project, "Build batch", &[], false).exits(0);
    let source = env!("CARGO_MANIFEST_DIR");
    assert_eq!(built.stdout, format!("cargo install --locked --path {source} --root /runner/temp/batch\n"));
}

#[test]
fn the_component_checks_what_it_is_told_and_reports_it_to_gitlab() {
    let template = page("templates/check.yml");
    let documents: Vec<Value> =
        serde_yaml::Deserializer::from_str(&template).map(|document| Value::deserialize(document).unwrap()).collect();
    let [head, body] = &documents[..] else { panic!("a head and a body: {documents:#?}") };
    let inputs = &head["spec"]["inputs"];
    assert_eq!(used(&template), declared(inputs));
    let job = &body["batch-check"];
    assert_eq!(text(&job["artifacts"]["reports"], "codequality"), "gl-code-quality-report.json");
    let run = |project: &Project, given: &[(&str, &str)]| {
        let value = |name: &str| {
            let given = given.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
            given.unwrap_or_else(|| inputs[name]["default"].as_str().unwrap_or("batch")).to_owned()
        };
        let filled = |text: &str| {
            declared(inputs)
                .iter()
                .fold(text.to_owned(), |text, name| text.replace(&format!("$[[ inputs.{name} ]]"), &value(name)))
        };
        let lines: Vec<&str> = job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let mut program = project.command("/bin/sh", ["-ec", &lines.join("\n")]).env("PATH", &path(project, true));
        for (name, value) in job["variables"].as_object().unwrap() {
            program = program.env(name, &filled(value.as_str().unwrap()));
        }
        program.run()
    };
    let report =
        |project: &Project| serde_json::from_str::<Value>(&project.read("gl-code-quality-report.json")).unwrap();

    let project = Project::new().with(MANIFEST, manifest(&[("a", "@dog, sit")]));
    let refused = run(&project, &[]).exits(2);
    assert!(
        refused.stdout.starts_with("jobs.yaml:8:") && refused.stdout.contains(": mention-spacing: "),
        "{refused:?}"
    );
    let told = report(&project);
    assert_eq!((&told[0]["check_name"], &told[0]["severity"]), (&"mention-spacing".into(), &"major".into()), "{told}");
    assert!(run(&project, &[("deny", "")]).exits(1).stdout.contains("not-run"));
    assert_eq!(report(&project)[0]["severity"], "minor");
    run(&project, &[("allow", "mention-spacing")]).exits(1);
    assert_eq!(report(&project), Value::Array(vec![]));
    project.write("b c.yaml", manifest_of(1).replace("360p", "361p"));
    assert!(run(&project, &[("manifest", "b c.yaml")]).exits(2).stdout.starts_with("b c.yaml:"));
}
