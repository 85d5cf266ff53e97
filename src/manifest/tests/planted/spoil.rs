//! Puts wrong lines into jobs and into `defaults`.

use super::choices::Choices;
use super::plant::Expected;
use super::tree::{Key, Mark, Tree};
use crate::diagnostic::code::Code;

/// Lines that no mapping of YAML has.
pub(super) const YAML: &[&str] = &[
    "selected_model: @human walks",
    "selected_model: `x",
    "selected_model: %x",
    "selected_model: the end: really",
    "selected_model",
    "selected_model: \"a\\q\"",
    "selected_model: 'it's'",
    "selected_model: \"a\" b",
    "selected_model: \"never closed",
    "selected_model: 'never closed",
    "selected_model: [a, b",
    "selected_model: {a: b",
    "selected_model: [a]]",
    "selected_model: ]",
    "selected_model: *nowhere",
    "selected_model: !x 1",
    "selected_model: - a",
    "selected_model: a\n  n: 1",
    "selected_model: |0",
    "]",
];

/// Lines that no TOML has.
pub(super) const TOML: &[&str] = &[
    "selected_model = @human walks",
    "selected_model = x",
    "selected_model = 720p",
    "selected_model = ",
    "selected_model",
    "selected_model = \"a\\q\"",
    "selected_model = 'it's'",
    "selected_model = \"a\" b",
    "selected_model = \"never closed",
    "selected_model = 'never closed",
    "selected_model = [1, 2",
    "selected_model = {a = 1",
    "selected_model = [1]]",
    "selected_model = ]",
    "selected_model: x",
    "= 1",
    "- a",
    "]",
];

/// The result of spoiling.
pub(super) struct Spoilt {
    /// The wrong lines.
    pub(super) lines: Vec<Mark>,
    /// The jobs that contain them.
    jobs: Vec<String>,
    defaults: bool,
}

/// The first of the marks for wrong lines.
const FIRST: Mark = 1_000_000;

/// Spoils at least one table.
pub(super) fn spoil(tree: &mut Tree, lines: &[&'static str], choices: &mut Choices) -> Spoilt {
    let mut spoilt = Spoilt { lines: Vec::new(), jobs: Vec::new(), defaults: false };
    let jobs = field(tree, "jobs").expect("there are jobs");
    let Tree::List(jobs) = jobs else { panic!("a list") };
    let only = choices.below(jobs.len());
    for (number, job) in jobs.iter_mut().enumerate() {
        if number == only || choices.rarely(4) {
            let Some(Tree::Text(id)) = field(job, "id") else { panic!("a job has an id") };
            spoilt.jobs.push(id.value.clone());
            spoilt.add(job, lines, choices);
        }
    }
    if let Some(defaults) = field(tree, "defaults")
        && choices.rarely(4)
    {
        spoilt.defaults = true;
        spoilt.add(defaults, lines, choices);
    }
    spoilt
}

impl Spoilt {
    fn add(&mut self, table: &mut Tree, lines: &[&'static str], choices: &mut Choices) {
        let Tree::Table(entries) = table else { panic!("a table") };
        let mark = FIRST + self.lines.len();
        self.lines.push(mark);
        // The first line of a list's item is after its dash.
        let at = 1 + choices.below(entries.len());
        entries.insert(at, (Key::Wrong(choices.one(lines), mark), Tree::List(Vec::new())));
    }

    /// Returns whether a mistake must be found all the same.
    pub(super) fn is_judged(&self, planted: &Expected) -> bool {
        let in_job = planted.job.as_ref().is_some_and(|job| self.jobs.contains(job));
        // Of two jobs with one id, or of a value and its user, one may be lost.
        let related = planted.code == Code::DuplicateJobId || planted.code == Code::DurationResolution;
        !(in_job || related || self.defaults)
    }
}

/// Returns the value of a field.
fn field<'t>(tree: &'t mut Tree, name: &str) -> Option<&'t mut Tree> {
    let Tree::Table(entries) = tree else { return None };
    entries.iter_mut().find(|(key, _)| matches!(key, Key::Text(text) if text.value == name)).map(|(_, value)| value)
}
