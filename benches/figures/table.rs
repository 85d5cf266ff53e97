//! The table: each figure with its goal and its spread.

use crate::inputs::Scale;
use std::fmt::Write as _;
use std::process::Command;

/// Rows as they are measured.
pub(crate) struct Table {
    head: String,
    lines: Vec<String>,
}

/// A figure, as often as it was taken.
pub(crate) struct Figure {
    taken: Vec<f64>,
    unit: &'static str,
}

impl Figure {
    /// A figure that was taken so often, in `unit` (empty for a ratio).
    pub(crate) fn new(mut taken: Vec<f64>, unit: &'static str) -> Figure {
        taken.sort_by(f64::total_cmp);
        Figure { taken, unit }
    }

    /// The one in the middle.
    pub(crate) fn median(&self) -> f64 {
        self.taken[self.taken.len() / 2]
    }

    /// The one in the middle, with the least and the most.
    pub(crate) fn text(&self) -> String {
        let digits = |x: f64| if x >= 100.0 { format!("{x:.0}") } else { format!("{x:.2}") };
        let (least, most) = (digits(self.taken[0]), digits(self.taken[self.taken.len() - 1]));
        let middle = digits(self.median());
        if least == most { middle + self.unit } else { format!("{middle}{} ({least} to {most})", self.unit) }
    }
}

impl Table {
    /// An empty table, with the machine and the commit over it.
    pub(crate) fn begin(scale: Scale) -> Table {
        Table { head: head(scale), lines: Vec::new() }
    }

    /// Adds a figure that is to be `goal` at most.
    pub(crate) fn at_most(&mut self, row: &str, what: &str, figure: &Figure, goal: f64, illustration: &str) {
        self.add(row, what, figure, &format!("≤ {goal}{}", figure.unit), figure.median() <= goal, illustration);
    }

    /// Adds a figure that is to be `goal` at least.
    pub(crate) fn at_least(&mut self, row: &str, what: &str, figure: &Figure, goal: f64, illustration: &str) {
        self.add(row, what, figure, &format!("≥ {goal}{}", figure.unit), figure.median() >= goal, illustration);
    }

    /// Adds a figure that has no goal, and makes another one understood.
    pub(crate) fn illustrate(&mut self, row: &str, what: &str, figure: &Figure) {
        self.line(format!("| {row} | {what} | {} | | | |", figure.text()));
    }

    fn add(&mut self, row: &str, what: &str, figure: &Figure, goal: &str, met: bool, illustration: &str) {
        let verdict = if met { "met" } else { "**missed**" };
        self.line(format!("| {row} | {what} | {} | {goal} | {verdict} | {illustration} |", figure.text()));
    }

    fn line(&mut self, line: String) {
        crate::say(&line);
        self.lines.push(line);
    }

    /// All of it, in Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = self.head.clone();
        text.push_str("\n| # | figure | median (least to most) | goal | | for illustration |\n| --- | --- | --- | --- | --- | --- |\n");
        for line in &self.lines {
            let _ = writeln!(text, "{line}");
        }
        text
    }
}

/// The machine and the commit, for the line over a table.
pub(crate) fn head(scale: Scale) -> String {
    let line = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
    };
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let commit = line("git", &["describe", "--always", "--dirty", "--exclude=*"]);
    format!(
        "{}, commit {commit}, {}, {cores} cores of {}\n",
        match scale {
            Scale::Quick => "Quick form",
            Scale::Full => "Full form",
        },
        line("rustc", &["--version"]),
        model.trim_start_matches(['\t', ' ', ':']),
    )
}
