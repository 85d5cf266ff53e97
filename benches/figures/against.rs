//! This build beside another one, in one run: `--against OTHER_BATCH`.

use crate::inputs::{self, Scale};
use crate::probe::{PROGRAM, Spent, spend};
use crate::rows::run::{MEMORY, WIDE, service};
use crate::table::{self, Figure};
use batch::base::digest::Sha256;
use std::path::Path;
use std::process::Command;

/// Measures both, in turn, and returns the table.
pub(crate) fn measure(scale: Scale, other: &Path) -> String {
    let jobs = scale.of(20_000, 100_000);
    let folder = inputs::folder();
    let mut pairs = Pairs { builds: [Path::new(PROGRAM), other], rounds: scale.rounds(), lines: Vec::new() };
    for (what, path) in [
        ("YAML, references written out", inputs::yaml(&folder.join("jobs.yaml"), jobs, "")),
        ("YAML, references in a library", inputs::library(&folder.join("library.yaml"), jobs)),
        ("TOML, references written out", inputs::toml(&folder.join("jobs.toml"), jobs)),
    ] {
        let path = path.display().to_string();
        pairs.take(&[format!("`check` of {jobs} jobs, {what}")], |build| [spend(build, &["check", "-q", &path], 0)]);
    }
    let jobs = scale.of(2_000, 20_000);
    let whats = [
        format!("`run` of {jobs} jobs at zero latency, {WIDE} wide, files in memory"),
        "the same again, with nothing to do".into(),
    ];
    pairs.take(&whats, |build| {
        let folder = tempfile::tempdir_in(MEMORY).unwrap();
        let manifest = inputs::yaml(&folder.path().join("jobs.yaml"), jobs, "run: { poll_interval: 1ms }\n");
        let (manifest, service) = (manifest.display().to_string(), service("0s"));
        let run = ["run", &manifest, "--base-url", &service.base_url(), "-j", &WIDE.to_string(), "-q"];
        let spent = [spend(build, &run, 0), spend(build, &run, 0)];
        assert_eq!(service.account().charges(), jobs as u64, "every job was bought once");
        spent
    });
    let [ours, theirs] = pairs.builds.map(named);
    format!(
        "{}\nThis build: {ours}. The other: {theirs}. Each ratio is this one's over the other's, of a pair of runs that follow each other.\n\n\
         | figure | wall time | processor time | peak memory | for illustration |\n| --- | --- | --- | --- | --- |\n{}",
        table::head(scale),
        pairs.lines.concat(),
    )
}

/// Two builds that do the same in turn.
struct Pairs<'b> {
    builds: [&'b Path; 2],
    rounds: usize,
    lines: Vec<String>,
}

impl Pairs<'_> {
    /// Has each build do this in each round, with a line of the table for each of the steps.
    fn take<const STEPS: usize>(&mut self, whats: &[String; STEPS], mut step: impl FnMut(&Path) -> [Spent; STEPS]) {
        let mut rounds = Vec::new();
        for round in 0..self.rounds {
            // None is always the second, with the warmer caches.
            let first = round % 2;
            let mut seen = [first, 1 - first].map(|build| (build, step(self.builds[build])));
            seen.sort_by_key(|(build, _)| *build);
            rounds.push(seen.map(|(_, spent)| spent));
        }
        for (number, what) in whats.iter().enumerate() {
            let ratio = |of: fn(&Spent) -> f64| {
                let ratios = rounds.iter().map(|[ours, theirs]| of(&ours[number]) / of(&theirs[number]));
                Figure::new(ratios.collect(), "").text()
            };
            let [ours, theirs] = rounds[self.rounds - 1].map(|spent| spent[number]);
            let line = format!(
                "| {what} | {} | {} | {} | {:.2} s / {:.2} s, {:.0} MB / {:.0} MB |\n",
                ratio(|spent| spent.wall),
                ratio(|spent| spent.processor),
                ratio(|spent| spent.peak),
                ours.processor,
                theirs.processor,
                ours.peak / 1e6,
                theirs.peak / 1e6,
            );
            crate::say(line.trim_end());
            self.lines.push(line);
        }
    }
}

/// Returns what tells a build from others: its commit, or the hash of the program if it doesn't name one.
fn named(build: &Path) -> String {
    let output = Command::new(build).arg("--version").output().unwrap();
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match version.split_once('(') {
        Some((_, commit)) => format!("commit {}", commit.trim_end_matches(')')),
        None => format!("{version} without a commit, SHA-256 {}…", Sha256::of_file(build).unwrap().short()),
    }
}
