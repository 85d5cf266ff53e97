//! The workflows of `docs/ci.md`, executed step by step as they stand there: real git, a remote, and the simulated service, whose
//! charges are counted.

use crate::support::image::png;
use crate::support::program::Ended;
use crate::support::project::Project;
use crate::support::service::options;
use crate::support::setup::{manifest, manifest_of};
use batch::simulate::{Latency, Options, Running, Simulator};
use serde_yaml::Value;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// The blocks of one language under a heading of the page.
fn blocks(heading: &str, language: &str) -> Vec<String> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md")).unwrap();
    let section = page.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let fence = format!("```{language}\n");
    let blocks = section.split("\n```").filter_map(|part| part.strip_prefix(&format!("{language}\n")));
    assert!(section.contains(&fence), "{heading} has no {language}");
    blocks.map(str::to_owned).collect()
}

/// The steps of the workflow under a heading.
fn steps(heading: &str) -> Vec<Value> {
    let workflow: Value = serde_yaml::from_str(&blocks(heading, "yaml")[0]).unwrap();
    let jobs = workflow["jobs"].as_mapping().unwrap();
    assert_eq!(jobs.len(), 1);
    jobs.values().next().unwrap()["steps"].as_sequence().unwrap().clone()
}

/// A repository on a server, and machines that work on it.
struct Site {
    project: Project,
    service: Running,
}

/// How a workflow went.
struct Went {
    /// The first step that failed, and what it said.
    failed: Option<String>,
    said: String,
}

impl Went {
    fn well(self) -> Went {
        assert_eq!(self.failed, None, "{}", self.said);
        self
    }

    fn badly(self) -> Went {
        assert!(self.failed.is_some(), "{}", self.said);
        self
    }
}

impl Site {
    /// A repository with this manifest in its first commit.
    fn new(manifest: &str) -> Site {
        Site::with(manifest, options(&[]))
    }

    fn with(manifest: &str, options: Options) -> Site {
        let project = Project::without_git().with("first/jobs.yaml", manifest);
        // `batch` does what a test wants to happen while it runs, once; and nobody waits.
        project.write(
            "bin/batch",
            format!(
                "#!/bin/bash\nreal={}\nif [ \"$1\" = run ] && [ -e \"$SITE/while-it-runs\" ]; then\n  \
                 mv \"$SITE/while-it-runs\" \"$SITE/while-it-ran\"\n  . \"$SITE/while-it-ran\"\nfi\nexec \"$real\" \"$@\"\n",
                env!("CARGO_BIN_EXE_batch")
            ),
        );
        project.write("bin/sleep", "#!/bin/sh\n");
        let site = Site { project, service: Simulator::spawn_thread(options).unwrap() };
        site.sh("chmod +x bin/*; git init -q --bare -b main remote; cd first; git init -q -b main; git add .; \
                 git commit -qm first; git remote add origin ../remote; git push -q origin main")
            .exits(0);
        site
    }

    /// Runs a script in the folder of all machines.
    fn sh(&self, script: &str) -> Ended {
        self.shell(script, &[])
    }

    fn shell(&self, script: &str, more: &[(&str, &str)]) -> Ended {
        let site = self.project.root().display().to_string();
        let path = format!("{site}/bin:{}", std::env::var("PATH").unwrap());
        let shell = self.project.command("/bin/bash", ["-e", "-c", &format!("exec 2>&1; {script}")]);
        let shell = shell.env("PATH", &path).env("SITE", &site).env("GIT_CONFIG_NOSYSTEM", "1");
        let shell = ["AUTHOR", "COMMITTER"].into_iter().fold(shell, |shell, who| {
            shell.env(&format!("GIT_{who}_NAME"), "n").env(&format!("GIT_{who}_EMAIL"), "n@example.com")
        });
        let shell = shell.env("BAICAI_BASE_URL", &self.service.base_url());
        more.iter().fold(shell, |shell, (name, value)| shell.env(name, value)).run()
    }

    /// The commit of the branch.
    fn tip(&self) -> String {
        self.sh("git -C remote rev-parse main").exits(0).stdout.trim().to_owned()
    }

    /// What is to happen when `batch run` is started next: a script that has the program as `$real`.
    fn while_it_runs(&self, script: &str) {
        self.project.write("while-it-runs", script);
    }

    /// Somebody changes the branch.
    const PUSH: &'static str = "(cd \"$SITE\"; rm -rf other; git clone -q remote other; cd other; date +%N >>note; \
                                git add note; git commit -qm note; git push -q origin main)\n";

    /// Executes the steps of a workflow that was started at a commit, on a new machine.
    fn execute(&self, steps: &[Value], commit: &str) -> Went {
        let (mut failed, mut said) = (None, String::new());
        self.sh("rm -rf machine artifact; mkdir -p machine/temp artifact").exits(0);
        for step in steps {
            let text = |name: &str| step[name].as_str().map(str::to_owned);
            if failed.is_some() && text("if").as_deref() != Some("always()") {
                continue;
            }
            let ended = match (text("uses"), text("run")) {
                (Some(action), None) if action.starts_with("actions/checkout@") => match step["with"]["ref"].as_str() {
                    Some("${{ github.ref }}") => {
                        self.sh("git clone -q --depth 1 --branch main \"file://$SITE/remote\" machine/work")
                    }
                    None => {
                        self.sh(&format!("git clone -q remote machine/work; git -C machine/work checkout -q {commit}"))
                    }
                    other => panic!("what is checked out by {other:?}?"),
                },
                (Some(action), None) if action.starts_with("actions/upload-artifact@") => {
                    let paths = step["with"]["path"].as_str().unwrap().replace('\n', " ");
                    self.sh(&format!(
                        "cd machine/work; for path in {paths}; do cp -r \"$path\" ../../artifact/ || true; done"
                    ))
                }
                (None, Some(script)) => {
                    assert!(!script.contains("${{"), "GitHub would fill this in: {script}");
                    let temp = self.project.path("machine/temp").display().to_string();
                    let mut env = vec![("RUNNER_TEMP", temp.as_str()), ("GITHUB_REF_NAME", "main")];
                    let key = step["env"]["BAICAI_API_KEY"].as_str();
                    assert!(key.is_none_or(|key| key == "${{ secrets.BAICAI_API_KEY }}"));
                    env.extend(key.map(|_| ("BAICAI_API_KEY", "sk-test")));
                    self.project.write("machine/script", &script);
                    self.shell("cd machine/work; bash -e ../script || exit $?", &env)
                }
                other => panic!("how is this executed: {other:?}"),
            };
            said += &ended.stdout;
            if ended.code() != 0 {
                failed.get_or_insert(format!("{}: {}", text("name").unwrap_or_default(), ended.code()));
            }
        }
        Went { failed, said }
    }

    fn run(&self, commit: &str) -> Went {
        self.execute(&steps("A run in CI"), commit)
    }

    fn charges(&self) -> u64 {
        self.service.account().charges()
    }

    /// The files of the branch.
    fn files(&self) -> Vec<String> {
        let files = self.sh("git -C remote ls-tree --name-only main").exits(0).stdout;
        files.lines().map(str::to_owned).collect()
    }
}

/// Kills a run as soon as the id of a task is on the disk.
const KILL: &str = "\"$real\" \"$@\" & run=$!\n\
                    until grep -q '\"submitted\"' jobs.lock.journal 2>/dev/null; do kill -0 $run || break; done\n\
                    kill -9 $run\nwait $run\nexit 137\n";

/// Jobs that are at the service for a moment, so that a run can be killed while they are.
fn slow(jobs: usize) -> Site {
    Site::with(&manifest_of(jobs), Options { latency: Latency::fixed(Duration::from_millis(500)), ..options(&[]) })
}

#[test]
fn a_workflow_that_is_run_again_on_its_commit_buys_nothing() {
    let site = Site::new(&manifest_of(5));
    let first = site.tip();
    site.run(&first).well();
    assert_eq!((site.charges(), site.files()), (5, vec!["jobs.lock".to_owned(), "jobs.yaml".to_owned()]));
    site.run(&first).well();
    assert_eq!(site.charges(), 5, "run again");
    // Another one was queued meanwhile, and the manifest has grown since.
    site.project.write("first/jobs.yaml", manifest_of(7));
    site.sh("cd first; git commit -qam more; git pull -q --rebase origin main; git push -q origin main").exits(0);
    site.run(&first).well();
    assert_eq!(site.charges(), 7, "what is new on the branch, and nothing else");
}

#[test]
fn a_job_that_fails_leaves_a_record_and_a_red_workflow() {
    let site = Site::with(&manifest(&[("a", "@dog runs"), ("b", "@cat runs")]), options(&["submit:fail~@dog"]));
    let first = site.tip();
    site.run(&first).badly();
    assert_eq!(site.charges(), 3, "the job that fails is tried once more");
    assert!(site.files().contains(&"jobs.lock".to_owned()));
    site.run(&first).badly();
    assert_eq!(site.charges(), 3);
}

#[test]
fn a_push_while_a_run_is_on_loses_no_record() {
    let site = Site::new(&manifest_of(5));
    let first = site.tip();
    site.while_it_runs(&format!("\"$real\" \"$@\"\ncode=$?\n{}exit $code\n", Site::PUSH));
    site.run(&first).well();
    assert_eq!(site.files(), ["jobs.lock", "jobs.yaml", "note"]);
    site.run(&first).well();
    assert_eq!(site.charges(), 5);
}

#[test]
fn locks_of_two_runs_at_once_are_joined() {
    let site = Site::new(&manifest_of(5));
    let first = site.tip();
    // Somebody runs other jobs from a clone, and pushes the lock before this run does.
    site.project.write("others.yaml", manifest(&[("k1", "@cat sleeps"), ("k2", "@cat runs")]));
    site.while_it_runs(
        "(cd \"$SITE\"; git clone -q remote other; cd other; cp ../others.yaml .; \
         BAICAI_API_KEY=sk-test \"$real\" run others.yaml --lock jobs.lock; git add .; git commit -qm others; git push -q origin main)\n",
    );
    site.run(&first).well();
    assert_eq!(site.charges(), 7);
    site.run(&first).well();
    site.sh("rm -rf other; git clone -q remote other; cd other; BAICAI_API_KEY=sk-test batch run others.yaml --lock jobs.lock --frozen || [ $? = 1 ]")
        .exits(0);
    assert_eq!(site.charges(), 7);
}

#[test]
fn a_run_that_is_killed_leaves_its_journal_to_the_next() {
    let site = slow(6);
    let first = site.tip();
    site.while_it_runs(KILL);
    let went = site.run(&first).badly();
    assert!(site.files().contains(&"jobs.lock.journal".to_owned()), "{}", went.said);
    assert!(site.project.path("artifact/jobs.lock.journal").exists());
    site.run(&first);
    site.run(&first);
    assert!(!site.files().contains(&"jobs.lock.journal".to_owned()));
    assert_eq!(site.charges(), 6 - uncertain(&site), "nothing is bought twice");
}

/// How many jobs wait for a person, whose submits were killed before they arrived.
fn uncertain(site: &Site) -> u64 {
    let shown = site.sh("rm -rf look; git clone -q remote look; cd look; batch status --format json").exits(0).json();
    let jobs = shown["jobs"].as_array().unwrap();
    let waiting = jobs.iter().filter(|job| job["status"] == "uncertain").count() as u64;
    // A submit that was killed may have arrived.
    waiting.min(6_u64.saturating_sub(site.charges()))
}

#[test]
fn a_record_that_cannot_be_pushed_is_in_the_artifact() {
    let site = Site::new(&manifest_of(4));
    let first = site.tip();
    site.project.write("remote/hooks/pre-receive", "#!/bin/sh\nexit 1\n");
    site.sh("chmod +x remote/hooks/pre-receive").exits(0);
    site.run(&first).badly();
    assert_eq!(site.charges(), 4);
    site.sh("rm remote/hooks/pre-receive").exits(0);
    // As the page says, in a clone.
    let commands = &blocks("A run in CI", "sh")[0];
    site.project.write("restore", commands);
    site.sh("git clone -q remote clone; cp -r artifact clone/record; cd clone; . ../restore").exits(0);
    site.run(&first).well();
    assert_eq!(site.charges(), 4);
}

#[test]
fn a_machine_that_dies_for_good_costs_the_chunk_that_was_open() {
    let site = slow(45);
    let first = site.tip();
    // The first chunk is recorded; in the second one the machine is gone, and with it what comes after.
    let steps = steps("A run in CI");
    let until_run = steps.iter().position(|step| step["env"].is_mapping()).unwrap() + 1;
    let dies = KILL.replace("kill -9 $run\n", "kill -9 $run $PPID\n");
    let second = format!("cat >\"$SITE/while-it-runs\" <<'END'\n{dies}END\nexec \"$real\" \"$@\"\n");
    site.while_it_runs(&second);
    site.execute(&steps[..until_run], &first).badly();
    let lost = site.charges() - 20;
    assert!((1..=20).contains(&lost), "{lost} were bought in the second chunk");
    site.run(&first).well();
    assert_eq!(site.charges(), 45 + lost);
}

#[test]
fn the_checks_of_a_pull_request_pass_on_what_batch_init_started() {
    let site = Site::new("");
    let start = "rm -rf first/jobs.yaml; cd first; batch init; printf '\\nrun: { poll_interval: 10ms }\\n' >>jobs.yaml; \
                 BAICAI_API_KEY=sk-test batch run; git add --all; git commit -qm start; git push -q origin main";
    site.sh(start).exits(0);
    assert!(site.files().contains(&"jobs.lock".to_owned()));
    let steps = steps("A pull request on GitHub");
    site.execute(&steps, &site.tip()).well();
    // What nobody has run yet is no error of the manifest, but the branch isn't ready.
    site.sh("cd first; sed -i 's/resolution: 720p/resolution: 540p/' jobs.yaml; git commit -qam edit; git push -q origin main")
        .exits(0);
    let failed = site.execute(&steps, &site.tip()).badly().failed.unwrap();
    assert!(failed.starts_with("The lock belongs"), "{failed}");
}

#[test]
fn the_checks_of_a_pull_request_need_the_images_and_not_the_videos() {
    let local = manifest_of(2).replace("\"https://images.example.com/dog.png\"", "refs/dog.png");
    assert!(local.contains("refs/dog.png"), "{local}");
    let site = Site::new(&local);
    site.project.write("first/refs/dog.png", png(64, 64, "dog"));
    let start = "cd first; echo /out/ >.gitignore; BAICAI_API_KEY=sk-test batch run; git add --all; git commit -qm run; git push -q origin main";
    site.sh(start).exits(0);
    let steps = steps("A pull request on GitHub");
    site.execute(&steps, &site.tip()).well();
    // It is `--no-files` that makes them pass: a run in this checkout would fetch the videos.
    let without = site.sh("cd machine/work; batch plan --exit-code").exits(1);
    assert!(without.stdout.contains("2 to fetch"), "{}", without.stdout);
    // What git LFS leaves where nobody asked for the files.
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    site.project.write("first/refs/dog.png", pointer);
    site.sh("cd first; git commit -qam lfs; git push -q origin main").exits(0);
    let went = site.execute(&steps, &site.tip()).badly();
    assert!(went.failed.unwrap().starts_with("The manifest is right"));
    assert!(went.said.contains("git lfs pull"), "{}", went.said);
}

#[test]
fn a_hook_sees_what_a_manifest_reads() {
    let hooks = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml")).unwrap();
    let hooks: Value = serde_yaml::from_str(&hooks).unwrap();
    let local: Value = serde_yaml::from_str(&blocks("Before a commit", "yaml")[0]).unwrap();
    let all = hooks.as_sequence().unwrap().iter().chain(local["repos"][0]["hooks"].as_sequence().unwrap());
    let mut seen = 0;
    for hook in all {
        // pre-commit itself doesn't tell a hook of files that are gone, nor whose they are.
        assert_eq!((hook["always_run"].as_bool(), hook["pass_filenames"].as_bool()), (Some(true), Some(false)));
        let head = manifest(&[]);
        let rows =
            "  - { id: \"${{ row.id }}\", rows: t.csv, prompt: \"@dog runs\", duration: \"${{ row.seconds }}\" }\n";
        let project = Project::new().with("jobs.yaml", format!("{head}{rows}")).with("t.csv", "id,seconds\na,5\n");
        let entry = hook["entry"].as_str().unwrap().strip_prefix("batch ").unwrap();
        project.batch(entry.split(' ')).run().exits(0);
        project.write("t.csv", "id,seconds\na,7\n");
        project.batch(entry.split(' ')).run().exits(2);
        seen += 1;
    }
    assert_eq!(seen, 3);
}
