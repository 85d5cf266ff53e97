//! Nothing is written outside the output folder, whoever says so: manifest, lock, service, or a link that was planted.

use super::{manifest, project, run};
use crate::support::project::Project;
use crate::support::service::{options, simulator};
use batch::simulate::{Latency, Options, Simulator};
use std::os::unix::fs::symlink;
use std::time::Duration;
use tempfile::TempDir;

/// What a manifest says of names and places.
#[test]
fn no_id_name_or_template_leads_out() {
    let simulator = simulator(&[]);
    for (from, to) in [
        ("id: walk", "id: \"../walk\""),
        ("id: walk", "id: \"..\""),
        ("id: walk", "id: \"/tmp/walk\""),
        ("id: walk", "id: \"a/../../walk\""),
        ("id: walk", "id: \"wa\\0lk\""),
        ("id: walk", "id: \"-rf\""),
        ("jobs:", "output: { dir: \"../out\" }\njobs:"),
        ("jobs:", "output: { dir: \"/tmp\" }\njobs:"),
        ("jobs:", "output: { dir: \"out/../..\" }\njobs:"),
        ("jobs:", "output: { dir: \"~/out\" }\njobs:"),
        ("jobs:", "output: { name: \"../{id}-{n}.mp4\" }\njobs:"),
        ("jobs:", "output: { name: \"/tmp/{id}-{n}.mp4\" }\njobs:"),
        ("jobs:", "output: { name: \"a/../../../{id}-{n}.mp4\" }\njobs:"),
        ("jobs:", "output: { name: \"{id}-{n}.mp4\\0.txt\" }\njobs:"),
        ("id: walk", "id: walk, output: { name: \"../x-{n}.mp4\" }"),
        ("id: walk", "id: walk, output: \"../x-{n}.mp4\""),
    ] {
        let project = Project::new().with("jobs.yaml", manifest("").replacen(from, to, 1));
        let ended = run(&project, &simulator, &[]);
        let beside = project.root().parent().unwrap().read_dir().unwrap().count();
        assert_eq!(beside, 2, "{to}: nothing but the project and its home: {ended:?}");
        assert_eq!(ended.code(), 2, "{to}: {ended:?}");
    }
    assert_eq!(simulator.account().charges(), 0);
}

/// What a run needs itself is no place for a video: the record of what is paid would be lost, or the video.
#[test]
fn no_video_takes_the_place_of_a_lock_or_a_manifest() {
    let simulator = simulator(&[]);
    for (output, lock) in [
        ("dir: \".\", name: jobs.lock", None),
        ("dir: \".\", name: jobs.lock.journal", None),
        ("dir: \".\", name: Jobs.Yaml", None),
        ("dir: \".\", name: \".env\"", None),
        ("dir: jobs.lock", None),
        ("name: state", Some("out/state")),
        ("name: state.journal", Some("out/state")),
    ] {
        let manifest = manifest("").replacen("jobs:", &format!("output: {{ {output} }}\njobs:"), 1);
        let project = Project::new().with("jobs.yaml", &manifest);
        std::fs::create_dir(project.path("out")).unwrap();
        let arguments: Vec<&str> = lock.iter().flat_map(|lock| ["--lock", lock]).collect();
        let ended = run(&project, &simulator, &arguments);
        assert_eq!(ended.code(), 2, "{output}: {ended:?}");
        assert_eq!(project.files("."), ["jobs.yaml"], "{output}");
        assert_eq!(project.read("jobs.yaml"), manifest);
    }
    assert_eq!(simulator.account().charges(), 0);
}

/// A link that is there from the start is found before anything is paid.
#[test]
fn a_link_that_leads_out_is_found_before_anything_is_paid() {
    let plant: [fn(&Project, &TempDir); 4] = [
        |project, outside| symlink(outside.path(), project.path("out")).unwrap(),
        |project, outside| {
            std::fs::create_dir(project.path("out")).unwrap();
            symlink(outside.path().join("walk-1.mp4"), project.path("out/walk-1.mp4")).unwrap();
        },
        |project, _| symlink("..", project.path("out")).unwrap(),
        |project, outside| symlink(outside.path().join("not/there"), project.path("out")).unwrap(),
    ];
    for (number, plant) in plant.iter().enumerate() {
        let (project, outside, simulator) = (project(), TempDir::new().unwrap(), simulator(&[]));
        plant(&project, &outside);
        let ended = run(&project, &simulator, &[]);
        assert!(matches!(ended.code(), 2 | 5), "{number}: {ended:?}");
        assert_eq!(outside.path().read_dir().unwrap().count(), 0, "{number}: {ended:?}");
        assert_eq!(project.root().parent().unwrap().read_dir().unwrap().count(), 2, "{number}: {ended:?}");
        assert_eq!(simulator.account().charges(), 0, "{number}: {ended:?}");
    }
}

/// A link that is planted while the generation is on: the video stays at the service, and is fetched when the link is gone.
#[test]
fn a_link_that_is_planted_during_the_run_is_not_followed() {
    let plant: [fn(&Project, &TempDir); 3] = [
        |project, outside| symlink(outside.path(), project.path("out")).unwrap(),
        |project, outside| {
            std::fs::create_dir(project.path("out")).unwrap();
            symlink(outside.path().join("walk-1.mp4"), project.path("out/walk-1.mp4")).unwrap();
        },
        |project, outside| {
            std::fs::create_dir(project.path("out")).unwrap();
            std::fs::write(outside.path().join("precious"), "precious").unwrap();
            symlink(outside.path().join("precious"), project.path("out/walk-1.mp4")).unwrap();
        },
    ];
    for (number, plant) in plant.iter().enumerate() {
        let slow = Options { latency: Latency::fixed(Duration::from_millis(400)), ..options(&[]) };
        let (project, outside) = (project(), TempDir::new().unwrap());
        let simulator = Simulator::spawn_thread(slow).unwrap();
        let mut started = project.batch(["run", "--progress", "json"]).against(&simulator.base_url()).start();
        started.wait_for_stdout("\"submitted\"");
        plant(&project, &outside);
        let ended = started.end().exits(5);
        let left: Vec<_> = outside.path().read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.iter().all(|path| std::fs::read(path).unwrap() == b"precious"), "{number}: {left:?} {ended:?}");
        let out = project.path("out");
        if out.is_symlink() {
            std::fs::remove_file(out).unwrap();
        } else {
            std::fs::remove_dir_all(out).unwrap();
        }
        run(&project, &simulator, &[]).exits(0);
        assert_eq!(simulator.account().charges(), 1, "{number}");
        assert!(project.path("out/walk-1.mp4").is_file());
    }
}

/// What a service calls its tasks and videos names no file.
#[test]
fn nothing_that_a_service_says_names_a_file() {
    for fault in [
        "submit:set(taskId=../../../tmp/x)",
        "submit:set(taskId=..)",
        "result:set(urls=[\"http://127.0.0.1:1/../../../../tmp/x.mp4\"])@1",
        "result:set(urls=[\"http://127.0.0.1:1/..%2f..%2fx.mp4\"])@1",
    ] {
        let (project, simulator) = (project(), simulator(&[fault]));
        let mut started = project.batch(["run", "--progress", "json"]).against(&simulator.base_url()).start();
        if fault.starts_with("result") {
            started.wait_for_stdout("\"retrying\"");
            started.signal("INT");
        }
        let ended = started.end();
        assert_eq!(project.root().parent().unwrap().read_dir().unwrap().count(), 2, "{fault}: {ended:?}");
        let files = project.files(".");
        assert!(files.iter().all(|file| file.starts_with("jobs.")), "{fault}: {files:?}");
    }
}

/// A lock may come with a pull request: paths in it are held to the same folder.
#[test]
fn no_path_of_a_lock_leads_out() {
    let simulator = simulator(&[]);
    let done = project();
    run(&done, &simulator, &[]).exits(0);
    let lock = done.read("jobs.lock");
    let video = std::fs::read(done.path("out/walk-1.mp4")).unwrap();
    assert!(lock.contains("\"out/walk-1.mp4\""));
    for path in ["../walk-1.mp4", "/tmp/../walk-1.mp4", "out/../../walk-1.mp4"] {
        // A rename would move the file that the lock names.
        let project = Project::new().with("jobs.yaml", manifest("").replace("id: walk", "id: stroll"));
        project.write("jobs.lock", lock.replace("out/walk-1.mp4", path));
        let outside = project.root().parent().unwrap().join("walk-1.mp4");
        std::fs::write(&outside, &video).unwrap();
        for command in ["verify", "status", "plan"] {
            project.batch([command]).run();
        }
        let ended = run(&project, &simulator, &[]);
        assert_eq!(std::fs::read(&outside).unwrap(), video, "{path}: {ended:?}");
        assert!(!project.path("out/stroll-1.mp4").exists() || ended.code() == 0, "{path}: {ended:?}");
    }
}

/// A pull request may bring a link along: nothing of what it leads to is in any output, and no host of images gets it.
#[test]
fn nothing_of_a_private_file_is_shown_or_sent() {
    let outside = TempDir::new().unwrap();
    let secrets = "BAICAI_API_KEY=canary-1\nprompt,canary-2\n{\"canary-3\": 1}\n";
    for name in ["accounts.csv", "accounts.txt", "accounts.yaml"] {
        std::fs::write(outside.path().join(name), secrets).unwrap();
    }
    let project = || {
        let project = Project::new().with(".git/config", secrets).with(".env", secrets).with(".env.rows.csv", secrets);
        symlink(outside.path(), project.path("folder")).unwrap();
        project
    };
    let absolute = |name: &str| outside.path().join(name).display().to_string();
    let targets = [".env", ".git/config", "./.ENV", ".env.rows.csv", "folder/accounts.csv", &absolute("accounts.txt")];
    let formats = ["human", "concise", "json", "github", "gitlab", "sarif"];
    let commands = [&["plan"][..], &["plan", "--format", "json"], &["status"], &["verify"], &["report"], &["fetch"]];
    let row = "https://images.example.com/x.png?q=${{ row[\"BAICAI_API_KEY=canary-1\"] }}";
    for target in targets {
        for link in ["jobs.yaml", "rows.csv", "rows.jsonl", "dog.png"] {
            let project = project();
            if target == "./.ENV" && !project.path(target).exists() {
                continue;
            }
            if link != "jobs.yaml" {
                let named = if link == "dog.png" { link } else { row };
                let rows = if link == "dog.png" { String::new() } else { format!("rows: {link}, ") };
                let manifest =
                    manifest("run: { mirror: true }\n").replace("run: { poll_interval: 50ms, patience: 300ms }\n", "");
                let quoted = format!("'{named}'");
                let of_job = format!("{rows}id: walk, references: [{{ name: dog, type: subject, urls: [{quoted}] }}]");
                project.write("jobs.yaml", manifest.replace("id: walk", &of_job));
            }
            symlink(target, project.path(link)).unwrap();
            let checks = formats.iter().map(|format| vec!["check", "--format", format]);
            let fixes = [vec!["check", "--diff"], vec!["convert", "jobs.yaml", "converted.toml"]];
            let all = checks.chain(fixes).chain(commands.iter().map(|command| command.to_vec()));
            for command in all {
                let ended = project.batch(&command).run();
                assert!(!ended.stdout.contains("canary") && !ended.stderr.contains("canary"), "{link}: {ended:?}");
                let is_told = ended.stdout.contains("private-file") || ended.stderr.contains("private-file");
                // These do what they can although the manifest has errors.
                let is_lenient = ["status", "fetch", "report"].contains(&command[0]);
                assert!(is_lenient || is_told && ended.code() != 0, "{link} -> {target}: {ended:?}");
            }
            let simulator = simulator(&[]);
            let sent = run(&project, &simulator, &["--allow-private-images"]).exits(2);
            assert!(!sent.stderr.contains("canary"), "{sent:?}");
            assert!(simulator.account().requests().is_empty(), "{link} -> {target}");
            assert!(!project.path("converted.toml").exists(), "{link} -> {target}");
        }
    }
}

/// An image that a manifest names is read from the project only: a link to elsewhere sends nothing away.
#[test]
fn no_image_is_read_from_outside_the_project() {
    let outside = TempDir::new().unwrap();
    std::fs::write(outside.path().join("private.png"), crate::support::image::png(64, 64, "private")).unwrap();
    let absolute = outside.path().join("private.png");
    for named in ["link.png", "folder/private.png", "../../private.png", absolute.to_str().unwrap()] {
        let simulator = simulator(&[]);
        let project = Project::new();
        symlink(&absolute, project.path("link.png")).unwrap();
        symlink(outside.path(), project.path("folder")).unwrap();
        project.write("jobs.yaml", manifest("").replace("https://images.example.com/dog.png", named));
        let ended = run(&project, &simulator, &[]);
        assert_eq!(ended.code(), 2, "{named}: {ended:?}");
        assert!(simulator.account().requests().is_empty(), "{named}");
    }
}
