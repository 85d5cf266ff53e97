//! Every command that stands in the manual is run, and ends and answers as the manual says.
//!
//! A block fenced as `sh` holds a command on each line, one fenced as `console` a command behind each `$` with what it
//! answers (`…` stands for anything), and the workflows of `docs/ci.md` hold commands in their `run`, `script` and
//! `entry`. No other block may hold any. Chinese pages are left out, since `manual_chinese.rs` checks
//! that their blocks are those of the English ones.

use crate::manual::{page, pages};
use crate::support::project::Project;
use crate::support::service::simulator;
use serde_yaml::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::thread;

/// Where the commands of a section are run.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// The root of this repository, as far as its examples go.
    Repository,
    /// A project with the manifest of `examples/quickstart`.
    Project,
    /// The same, after a run.
    Ran,
    /// A project with the manifest of the README, and two mistakes in it.
    Mistaken,
    /// A project whose jobs have the ids and tags of the section about choosing.
    Tagged,
    /// A folder with a project in its folder `videos`.
    Above,
    /// A folder with three pictures.
    Pictures,
}

/// Each section with commands: where they are run, one after the other, and the exit code of each.
const SECTIONS: &[(&str, &str, Place, &[i32])] = &[
    ("README.md", "Try it", Place::Repository, &[0]),
    ("README.md", "A mistake", Place::Mistaken, &[2]),
    ("README.md", "The real service", Place::Project, &[0, 0, 0, 0]),
    ("examples/README.md", "Examples", Place::Repository, &[0]),
    ("docs/ci.md", "Before a commit", Place::Ran, &[0, 0]),
    ("docs/ci.md", "A pull request on GitHub", Place::Ran, &[0, 0, 0]),
    ("docs/ci.md", "Code scanning", Place::Ran, &[0]),
    ("docs/ci.md", "GitLab", Place::Ran, &[0, 0, 0]),
    ("docs/command-line.md", "`batch show`", Place::Project, &[0]),
    ("docs/command-line.md", "`batch completions`", Place::Project, &[0, 0]),
    ("docs/command-line.md", "A command at the end", Place::Project, &[0, 0]),
    ("docs/command-line.md", "Choosing jobs", Place::Tagged, &[0, 0, 0]),
    ("docs/editors.md", "Editors", Place::Project, &[0]),
    ("docs/manifest.md", "Digest", Place::Repository, &[0]),
    ("docs/manifest.md", "unreadable", Place::Above, &[2, 0, 0]),
    ("docs/recovery.md", "Uncertain jobs", Place::Project, &[0, 3, 3, 0]),
    (TUTORIAL, "", Place::Pictures, &[0; 15]),
];

/// The page whose commands follow on each other from its beginning to its end.
const TUTORIAL: &str = "docs/tutorial.md";

/// Commands that are not run here, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("cargo test", "this test is part of it"),
    ("cargo test --test it crash -- --nocapture", "it is a part of the tests by itself, and runs for a while"),
    ("BATCH_CRASH=long cargo test --test it crash -- --nocapture", "it runs for minutes"),
    ("cargo test --test it fleet -- --nocapture", "it is a part of the tests by itself"),
    ("cargo test --test it -- fleet::steps fleet::storm --nocapture", "it is a part of the tests by itself"),
    ("cargo test --lib ledger::shared::model", "it is a part of the tests by itself"),
    ("cargo bench --bench figures", "it measures for half an hour"),
    ("cargo bench --bench figures -- --quick", "it measures for minutes"),
    ("cargo bench --bench figures -- 1 3 12", "it measures for minutes"),
    ("cargo bench --bench figures -- 14", "it measures for minutes"),
    ("cargo bench --bench figures -- --against ../batch-before", "it measures for minutes, and needs another build"),
    ("tests/editors/run", "it needs language servers, which it fetches"),
];

/// What stands between two fences.
struct Block {
    heading: String,
    language: String,
    text: String,
}

/// A command of a page, and its answer where one is shown.
#[derive(Debug)]
struct Shown {
    page: String,
    heading: String,
    command: String,
    answer: Option<String>,
}

fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut heading) = (Vec::<Block>::new(), String::new());
    let mut open = false;
    for line in page.lines() {
        match line.trim_start().strip_prefix("```") {
            Some(language) if !open => {
                blocks.push(Block { heading: heading.clone(), language: language.to_owned(), text: String::new() });
            }
            None if open => blocks.last_mut().unwrap().text += &format!("{line}\n"),
            None if line.starts_with('#') => heading = line.trim_start_matches('#').trim().to_owned(),
            Some(_) | None => {}
        }
        open ^= line.trim_start().starts_with("```");
    }
    assert!(!open, "a fence is open");
    blocks
}

/// Every command in the blocks of all pages, in their order.
fn commands() -> Vec<Shown> {
    let mut commands = Vec::new();
    for path in pages().into_iter().filter(|path| !path.ends_with(".zh-CN.md")) {
        for Block { heading, language, text } in blocks(&page(&path)) {
            // Its steps need a remote and each other: `workflows.rs` executes them.
            if (path.as_str(), heading.as_str()) == ("docs/ci.md", "A run in CI") {
                continue;
            }
            let found = match language.as_str() {
                "sh" => text.lines().map(|line| (line.to_owned(), None)).collect(),
                "console" => answered(&text),
                "yaml" if path == "docs/ci.md" => in_workflow(&serde_yaml::from_str(&text).unwrap()),
                "text" => Vec::new(),
                // A file that the reader writes.
                written if path == TUTORIAL && written.contains(' ') => {
                    let (_, name) = written.split_once(' ').unwrap();
                    vec![(format!("cat > {name} <<'END'\n{text}{QUICK}END"), None)]
                }
                _ => {
                    let command = |line: &&str| ["$ ", "batch ", "cargo "].iter().any(|word| line.starts_with(word));
                    let hidden = text.lines().find(command);
                    assert_eq!(hidden, None, "{path}: a command in a block that isn't fenced as sh or console");
                    Vec::new()
                }
            };
            let found = found.into_iter().filter(|(command, _)| !command.is_empty() && !command.starts_with('#'));
            commands.extend(found.map(|(command, answer)| Shown {
                page: path.clone(),
                heading: if path == TUTORIAL { String::new() } else { heading.clone() },
                command,
                answer,
            }));
        }
    }
    commands
}

fn answered(text: &str) -> Vec<(String, Option<String>)> {
    let commands = text.strip_prefix("$ ").expect("a block of console starts with a command").split("\n$ ");
    let commands = commands.map(|command| command.split_once('\n').unwrap_or((command, "")));
    commands.map(|(command, answer)| (command.to_owned(), Some(answer.to_owned()))).collect()
}

fn in_workflow(workflow: &Value) -> Vec<(String, Option<String>)> {
    match workflow {
        Value::Sequence(items) => items.iter().flat_map(in_workflow).collect(),
        Value::Mapping(fields) => {
            let fields = fields.iter().flat_map(|(name, value)| match (name.as_str(), value) {
                (Some("run" | "entry"), Value::String(command)) => vec![(command.clone(), None)],
                (Some("script"), Value::Sequence(lines)) => {
                    lines.iter().map(|line| (line.as_str().unwrap().to_owned(), None)).collect()
                }
                _ => in_workflow(value),
            });
            fields.collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn every_command_of_the_manual_ends_and_answers_as_it_says() {
    let mut sections = BTreeMap::<_, Vec<Shown>>::new();
    let mut not_run = BTreeSet::new();
    for shown in commands() {
        match NOT_RUN.iter().find(|(command, _)| *command == bare(&shown.command)) {
            Some((command, _)) => drop(not_run.insert(*command)),
            None => sections.entry((shown.page.clone(), shown.heading.clone())).or_default().push(shown),
        }
    }
    assert_eq!(not_run, NOT_RUN.iter().map(|(command, _)| *command).collect(), "commands that are not run");
    thread::scope(|scope| {
        for (page, heading, place, codes) in SECTIONS {
            let section = sections.remove(&((*page).to_owned(), (*heading).to_owned()));
            let section = section.unwrap_or_else(|| panic!("{page} has no commands under `{heading}`"));
            assert_eq!(section.len(), codes.len(), "{page}, {heading}: {section:#?}");
            scope.spawn(move || run(*place, &section, codes));
        }
    });
    assert!(sections.is_empty(), "where are these to be run? {sections:#?}");
}

/// A command without the remark behind it.
fn bare(command: &str) -> &str {
    command.split(" #").next().unwrap_or_default().trim_end()
}

/// Runs a section's commands at a place, one after the other.
fn run(place: Place, section: &[Shown], codes: &[i32]) {
    let project = prepared(place);
    let service = simulator(&[]);
    let programs = Path::new(env!("CARGO_BIN_EXE_batch")).parent().unwrap().to_str().unwrap();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
    let shell = |line: &str| {
        let shell = project.command("/bin/sh", ["-c", &format!("exec 2>&1; {line}")]).against(&service.base_url());
        shell.env("PATH", &path).input(&project_manifest()).run()
    };
    if place == Place::Ran {
        shell("batch run").exits(0);
    }
    for (shown, code) in section.iter().zip(codes) {
        // What the reader would build is built already.
        let ended = shell(&shown.command.replace("cargo run --release --", "batch")).exits(*code);
        if let Some(answer) = &shown.answer {
            let (page, heading, command) = (&shown.page, &shown.heading, &shown.command);
            assert!(reads_as(answer, &ended.stdout), "{page}, {heading}: `{command}` answers\n{}", ended.stdout);
        }
    }
}

/// A folder for the commands of a section.
fn prepared(place: Place) -> Project {
    let project = Project::new();
    // Git is the reader's: the empty folder of other tests becomes a clone that can be pushed from.
    let clone = "git init -q -b main && git init -q --bare ../remote && git remote add origin ../remote \
                 && git config push.autoSetupRemote true";
    project.command("/bin/sh", ["-c", clone]).run().exits(0);
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    match place {
        Place::Repository => copy(&examples, &project.path("examples")),
        Place::Above => {
            copy(&examples.join("quickstart"), &project.path("videos"));
            copy(&examples.join("quickstart/refs"), &project.path("refs"));
        }
        Place::Project | Place::Ran => {
            copy(&examples.join("quickstart"), &project.root());
            project.write("jobs.yaml", project_manifest());
        }
        Place::Mistaken => {
            copy(&examples.join("quickstart/refs"), &project.path("refs"));
            let readme = page("README.md");
            let manifest = blocks(&readme).into_iter().find(|block| block.language == "yaml").unwrap().text;
            let mistaken = manifest.replace("@human and @dog walk over", "@dgo walks over");
            project.write(
                "jobs.yaml",
                mistaken.replace("    resolution: 1080p\n", "    resolution: 1080p\n    duration: 8\n"),
            );
        }
        Place::Pictures => {
            let refs = examples.join("local-images/refs");
            fs::create_dir(project.path("pictures")).unwrap();
            for (from, to) in [("person.png", "person.png"), ("dog-face.png", "dog.png"), ("grass.jpg", "grass.jpg")] {
                fs::copy(refs.join(from), project.path("pictures").join(to)).unwrap();
            }
        }
        Place::Tagged => {
            let job = |(n, id): (usize, &str)| {
                let tags = ["hero", "spring", "summer"][n % 3];
                format!("  - {{ id: {id}, prompt: \"@dog runs {n} times\", tags: [{tags}] }}\n")
            };
            let ids = ["hero-1", "hero-2-draft", "walk", "stroll", "hero-3", "run"];
            let jobs: String = ids.into_iter().enumerate().map(job).collect();
            let head = project_manifest();
            project.write("jobs.yaml", format!("{}\njobs:\n{jobs}{QUICK}", head.split("\njobs:\n").next().unwrap()));
            copy(&examples.join("quickstart/refs"), &project.path("refs"));
        }
    }
    project
}

/// Asks the service often, so that a test needn't wait.
const QUICK: &str = "\nrun: { poll_interval: 10ms }\n";

fn project_manifest() -> String {
    page("examples/quickstart/jobs.yaml") + QUICK
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
        // What a reader made while trying is no part of the example: `examples/.gitignore` lists the same.
        let name = from.file_name().unwrap().to_string_lossy();
        if name == "out" || name.starts_with("jobs.sim.") {
            continue;
        }
        match from.is_dir() {
            true => copy(&from, &to),
            false => drop(fs::copy(&from, &to).unwrap()),
        }
    }
}

/// Whether an answer is the one that is shown, but for `…` and for what no two runs have in common.
fn reads_as(shown: &str, answer: &str) -> bool {
    let (shown, answer) = (masked(shown), masked(answer));
    let mut pieces = shown.trim_end().split('…');
    let Some(mut rest) = answer.trim_end().strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let pieces: Vec<_> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    for piece in between {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

/// The text with `_` for times, ids of tasks and the number of polls, and without blanks at the ends of lines.
fn masked(text: &str) -> String {
    let line = |line: &str| {
        let mut words: Vec<_> = line.trim_end().split(' ').map(str::to_owned).collect();
        for n in 0..words.len() {
            let core = words[n].trim_matches(|c: char| c.is_ascii_punctuation()).to_owned();
            let seconds = core.strip_suffix('s').is_some_and(|digits| digits.parse::<u32>().is_ok());
            let clock = core.len() == 8 && core.chars().all(|c| c.is_ascii_digit() || c == ':');
            let task = core.len() == 32 && core.chars().all(|c| c.is_ascii_hexdigit());
            let polls = words.get(n + 1).is_some_and(|next| next.starts_with("polls"));
            if !core.is_empty() && (seconds || clock || task || polls) {
                words[n] = words[n].replace(&core, "_");
            }
        }
        words.join(" ") + "\n"
    };
    text.lines().map(line).collect()
}

#[test]
fn answers_are_compared_but_for_what_no_two_runs_have_in_common() {
    assert!(reads_as("…\n3s; 3 submits, 34 polls\n", "12:00:00 a\n4s; 3 submits, 7 polls\n"));
    assert!(reads_as("a … c", "a b c"));
    for (shown, answer) in
        [("3s; 3 submits", "3s; 4 submits"), ("a … c", "a b"), ("a", "a b"), ("… b", "b a"), ("a\n", "")]
    {
        assert!(!reads_as(shown, answer), "{shown:?} is not {answer:?}");
    }
}

#[test]
fn commands_in_the_sentences_of_the_manual_have_names_and_options_that_there_are() {
    let project = Project::new();
    let mut helps = BTreeMap::<String, String>::new();
    let mut help = |command: &str| {
        let made = || crate::manual::help_of(&project, command);
        helps.entry(command.to_owned()).or_insert_with(made).clone()
    };
    let mut found = 0;
    for path in pages() {
        let text = page(&path);
        let prose: String = text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n");
        for command in prose.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("batch ")) {
            let mut words = command.split_whitespace();
            let name = words.next().unwrap();
            let options: Vec<_> = words.filter(|word| word.starts_with("--")).collect();
            if !name.starts_with('-') {
                let help = help(name);
                for option in options {
                    let there = help.split([' ', '\n', ',']).any(|word| word == option);
                    assert!(there, "{path}: `batch {command}`: there is no {option}");
                }
            }
            found += 1;
        }
    }
    assert!(found > 80, "only {found} commands were found");
}
