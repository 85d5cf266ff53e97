//! Rows 1 to 4: what `check` costs beside what the parsers alone cost.

use crate::inputs::{self, Scale};
use crate::probe::{Seen, ask};
use crate::table::{Figure, Table};

pub(crate) fn measure(scale: Scale, table: &mut Table) {
    let folder = inputs::folder();
    let jobs = scale.of(20_000, 100_000);
    let yaml = inputs::yaml(&folder.join("jobs.yaml"), jobs, "");
    let toml = inputs::toml(&folder.join("jobs.toml"), jobs);
    let tenth = inputs::yaml(&folder.join("tenth.yaml"), jobs / 10, "");
    let path = |path: &std::path::Path| path.display().to_string();
    let bytes = |path: &std::path::Path| path.metadata().unwrap().len() as f64;

    let (mut of_yaml, mut of_toml, mut growth) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = [Seen::default(); 4];
    for _ in 0..scale.rounds() {
        let checked = ask("check", &[&path(&yaml)]);
        let events = ask("yaml-events", &[&path(&yaml)]);
        let small = ask("check", &[&path(&tenth)]);
        of_yaml.push(checked.seconds / events.seconds);
        growth.push(checked.seconds / small.seconds);
        let toml_checked = ask("check", &[&path(&toml)]);
        let spanned = ask("toml-table", &[&path(&toml)]);
        of_toml.push(toml_checked.seconds / spanned.seconds);
        seen = [checked, events, toml_checked, spanned];
    }
    let [checked, events, toml_checked, spanned] = seen;
    let megabytes = |path: &std::path::Path| bytes(path) / 1e6;
    table.at_most(
        "1",
        &format!("`check` of {jobs} jobs in YAML ({:.0} MB) / pulling the parser's events", megabytes(&yaml)),
        &Figure::new(of_yaml, ""),
        2.0,
        &format!("{:.2} s / {:.2} s", checked.seconds, events.seconds),
    );
    table.at_most(
        "2",
        &format!("`check` of {jobs} jobs in TOML ({:.0} MB) / `toml`'s own spanned table", megabytes(&toml)),
        &Figure::new(of_toml, ""),
        1.3,
        &format!("{:.2} s / {:.2} s", toml_checked.seconds, spanned.seconds),
    );
    for (what, seen, file, goal) in [("YAML", checked, &yaml, 5.0), ("TOML", toml_checked, &toml, 8.0)] {
        let ratio = Figure::new(vec![seen.peak / bytes(file)], "");
        table.at_most(
            "3",
            &format!("peak memory / file size, {what}"),
            &ratio,
            goal,
            &format!("{:.0} MB", seen.peak / 1e6),
        );
    }
    table.at_most("4", &format!("time of {jobs} jobs / time of a tenth"), &Figure::new(growth, ""), 11.0, "");
}
