//! Row 14: how time grows with the number of jobs, from ten thousand to a million of them.

use crate::inputs::{self, Scale};
use crate::probe::{PROGRAM, Spent, spend};
use crate::table::{Figure, Table};
use std::path::Path;

/// What is measured, the share of the largest number of jobs that fits into a manifest, and the exit code.
type Growth = (&'static str, f64, i32, fn(&Path, usize) -> Vec<String>);

const ALL: &[Growth] = &[
    ("`check` of a matrix", 1.0, 0, |folder, jobs| check(inputs::matrix(&folder.join("jobs.yaml"), jobs))),
    ("`check` of rows in CSV", 1.0, 0, |folder, jobs| check(inputs::rows(folder, jobs, "csv"))),
    ("`check` of rows in JSONL", 1.0, 0, |folder, jobs| check(inputs::rows(folder, jobs, "jsonl"))),
    ("`check`, references in a library", 1.0, 0, |folder, jobs| {
        check(inputs::library(&folder.join("jobs.yaml"), jobs))
    }),
    ("`check`, references written out", 0.4, 0, |folder, jobs| {
        check(inputs::yaml(&folder.join("jobs.yaml"), jobs, ""))
    }),
    ("`check` in TOML, references written out", 0.4, 0, |folder, jobs| {
        check(inputs::toml(&folder.join("jobs.toml"), jobs))
    }),
    ("`check --format json` of two mistakes a job", 1.0, 2, |folder, jobs| {
        let mistaken = inputs::mistaken(&folder.join("jobs.yaml"), jobs);
        words(&["check", "--format", "json", &mistaken.display().to_string()])
    }),
    ("`lock merge` of two locks, half of the jobs in each", 1.0, 0, |folder, jobs| {
        let (all, joined) = (inputs::bought(folder, jobs), folder.join("joined.lock"));
        let halves = [0, 1].map(|half| all.lock(half, 2).display().to_string());
        words(&["-q", "lock", "merge", &halves[0], &halves[1], "-o", &joined.display().to_string()])
    }),
    ("`status`", 1.0, 0, |folder, jobs| of_bought("status", folder, jobs)),
    ("`plan`", 1.0, 0, |folder, jobs| of_bought("plan", folder, jobs)),
    ("`verify`, without a video", 1.0, 1, |folder, jobs| of_bought("verify", folder, jobs)),
    ("`report`, the page", 1.0, 0, |folder, jobs| of_bought("report", folder, jobs)),
];

pub(crate) fn measure(scale: Scale, table: &mut Table) {
    let sizes = scale.of([1_000, 10_000, 100_000], [10_000, 100_000, 1_000_000]);
    for (what, share, exit, prepare) in ALL {
        let sizes = sizes.map(|jobs| if jobs == sizes[2] { (jobs as f64 * share) as usize } else { jobs });
        let spent = sizes.map(|jobs| {
            let folder = inputs::folder();
            let arguments = prepare(&folder, jobs);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            // The more there is to do, the less it matters what else the machine does.
            let rounds = if jobs == sizes[2] { 2 } else { scale.rounds() };
            let least = (0..rounds)
                .map(|_| spend(Path::new(PROGRAM), &arguments, *exit))
                .min_by(|a, b| a.processor.total_cmp(&b.processor));
            std::fs::remove_dir_all(&folder).unwrap();
            least.unwrap()
        });
        // Between the larger two: the start of a process makes the growth of little look slower than it is.
        let exponent =
            |of: fn(&Spent) -> f64| (of(&spent[2]) / of(&spent[1])).ln() / (sizes[2] as f64 / sizes[1] as f64).ln();
        let [time, memory] = [
            spent.map(|spent| format!("{:.2} s", spent.processor)),
            spent.map(|spent| format!("{:.0} MB", spent.peak / 1e6)),
        ];
        let [time, memory] = [time, memory].map(|shown| shown.join(", "));
        let jobs = sizes.map(|jobs| jobs.to_string()).join(", ");
        let illustration = format!("{jobs} jobs: {time}; {memory} (exponent {:.2})", exponent(|spent| spent.peak));
        let figure = Figure::new(vec![exponent(|spent| spent.processor)], "");
        table.at_most("14", &format!("{what}: exponent of processor time"), &figure, 1.1, &illustration);
    }
}

fn words(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|word| (*word).to_owned()).collect()
}

fn check(manifest: impl AsRef<Path>) -> Vec<String> {
    words(&["check", "-q", &manifest.as_ref().display().to_string()])
}

/// A command on jobs that were all bought.
fn of_bought(command: &str, folder: &Path, jobs: usize) -> Vec<String> {
    let bought = inputs::bought(folder, jobs);
    bought.lock(0, 1);
    words(&[command, "-q", &bought.manifest.display().to_string()])
}
