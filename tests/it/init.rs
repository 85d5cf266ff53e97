//! `batch init` and the first minutes: what it writes works, and it never writes over anything.

use crate::support::project::Project;
use std::fs;
use std::path::Path;

#[test]
fn what_init_writes_is_valid_and_runs() {
    let project = Project::new();
    project.batch(["init", "videos/new"]).run().exits(0);
    assert_eq!(
        project.files("."),
        [
            "videos/new/.gitattributes",
            "videos/new/.gitignore",
            "videos/new/jobs.lock",
            "videos/new/jobs.schema.json",
            "videos/new/jobs.yaml"
        ]
    );
    assert!(project.path("videos/new/refs").is_dir());
    let check = project.batch(["check", "--deny", "warnings", "videos/new/jobs.yaml"]).run().exits(0);
    assert!(!check.stderr.contains("warning"), "{check:?}");
    project.batch(["run", "--simulate", "--sim-latency", "0", "videos/new/jobs.yaml"]).run().exits(0);
    project.batch(["verify", "--simulate", "videos/new/jobs.yaml"]).run().exits(0);
    let ignored = project.read("videos/new/.gitignore");
    for line in ["/out/", "*.sim.lock", "*.report.html", "*.lock.journal", ".env"] {
        assert!(ignored.lines().any(|ignored| ignored == line), "{ignored}");
    }
    assert!(!ignored.lines().any(|ignored| ignored == "*.lock"), "the lock is committed");
    let named = project.read("videos/new/jobs.yaml").lines().next().unwrap().to_owned();
    assert_eq!(named, "# yaml-language-server: $schema=jobs.schema.json", "editors find the schema without set-up");
    let printed = project.batch(["schema"]).run().exits(0).stdout;
    assert!(project.read("videos/new/jobs.schema.json") == printed, "`batch schema > jobs.schema.json` renews it");
}

#[test]
fn init_never_writes_over_anything() {
    let project = Project::new()
        .with(".gitignore", "target\n.env")
        .with("refs/dog.png", "an image")
        .with("jobs.lock", "mine")
        .with(".gitattributes", "*.png binary")
        .with("jobs.schema.json", "{}");
    project.batch(["init"]).run().exits(0);
    assert_eq!(project.read("jobs.lock"), "mine");
    assert_eq!(project.read(".gitattributes"), "*.png binary\njobs.lock merge=batch\n");
    let ignored = project.read(".gitignore");
    assert!(ignored.starts_with("target\n.env\n") && ignored.matches(".env").count() == 1, "{ignored}");
    assert_eq!(
        (project.read("refs/dog.png"), project.read("jobs.schema.json")),
        ("an image".to_owned(), "{}".to_owned())
    );

    project.write("jobs.yaml", "mine");
    fs::remove_file(project.path(".gitignore")).unwrap();
    let refused = project.batch(["init", "."]).run().exits(2);
    assert!(refused.stderr.contains("jobs.yaml"), "{refused:?}");
    assert_eq!((project.read("jobs.yaml"), project.files(".").len()), ("mine".to_owned(), 5));

    let project = Project::new().with("file", "a file");
    assert_ne!(project.batch(["init", "file"]).run().code(), 0);
    assert_eq!(project.read("file"), "a file");
    std::os::unix::fs::symlink("nowhere", project.path("jobs.yaml")).unwrap();
    project.batch(["init"]).run().exits(2);
    for name in ["jobs.yml", "jobs.toml", "jobs.json"] {
        let project = Project::new().with(name, "mine");
        let refused = project.batch(["init"]).run().exits(2);
        assert!(refused.stderr.contains(name), "a second manifest would hide the first: {refused:?}");
        assert_eq!(project.files("."), [name]);
    }
}

#[test]
fn the_first_command_of_the_readme_works_in_a_fresh_clone() {
    let clone = Project::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let command = "run examples/quickstart/jobs.yaml --simulate";
    assert!(readme.contains(&format!("cargo run --release -- {command}\n")), "the README promises another command");
    for file in ["jobs.yaml", "refs/dog.png", "refs/hill.jpg"] {
        clone.write(
            &format!("examples/quickstart/{file}"),
            fs::read(root.join("examples/quickstart").join(file)).unwrap(),
        );
    }
    let run = || clone.batch(command.split(' ').chain(["--sim-latency", "0"])).run().exits(0);
    assert!(run().stderr.contains("examples/quickstart/out/sim/"), "it says where the videos are");
    assert_eq!(clone.files("examples/quickstart/out/sim").len(), 4);
    assert!(clone.path("examples/quickstart/jobs.sim.lock").exists());
    assert!(run().stderr.contains("0 submits"));
}
