//! The steps that a program reports to reach (`faultpoint`), at which a test kills or stops it.

use super::program::{Ended, Program};
use super::project::Project;
use std::collections::BTreeMap;
use std::fs;

/// Runs a program of this project to its end; returns the steps that it reached, and how often each.
pub(crate) fn reached(project: &Project, program: Program) -> (BTreeMap<String, u32>, Ended) {
    let trace = project.root().with_file_name("home").join("trace");
    let ended = program.env("BATCH_FAULT", &format!("trace {}", trace.display())).run();
    let mut reached = BTreeMap::new();
    for point in fs::read_to_string(trace).unwrap().lines() {
        *reached.entry(point.to_owned()).or_default() += 1;
    }
    (reached, ended)
}

/// The first times at which each step is reached. The number of writes depends on how jobs fall into groups: what is reached last
/// in one run may not be in another.
pub(crate) fn first_times(reached: &BTreeMap<String, u32>, most: u32) -> Vec<(String, u32)> {
    let times = |(point, times): (&String, &u32)| (1..=(*times).min(most)).map(|time| (point.clone(), time)).collect();
    reached.iter().flat_map(|reached| -> Vec<_> { times(reached) }).collect()
}
