//! Row 7: what a further job costs in memory, where it waits and where it is in flight.

use super::run::service;
use crate::inputs::{self, Scale};
use crate::probe::{ask, resident, spawn};
use crate::table::{Figure, Table};
use std::time::Duration;

pub(crate) fn measure(scale: Scale, table: &mut Table) {
    let (few, many) = (64, scale.of(1_024, 4_096));
    let jobs = many + 100;
    let per_job = |a: f64, b: f64, jobs: usize| (b - a) / jobs as f64 / 1024.0;
    let in_flight = (0..scale.rounds()).map(|_| per_job(steady(jobs, few), steady(jobs, many), many - few)).collect();
    let what = format!("memory for each further job in flight, {few} to {many} wide");
    table.at_most("7", &what, &Figure::new(in_flight, " KiB"), 16.0, "resident, connections to the service included");

    // What a waiting job costs is what a run has more than the checked manifest that it is about, which is row 3's.
    let (small, large) = scale.of((2_000, 20_000), (10_000, 100_000));
    let waiting = (0..scale.rounds()).map(|_| {
        let besides = |jobs: usize| steady(jobs, few) - checked(jobs);
        per_job(besides(small), besides(large), large - small)
    });
    let figure = Figure::new(waiting.collect(), " KiB");
    let what = format!("memory for each further job that waits, {small} to {large} jobs, besides the checked manifest");
    table.at_most("7", &what, &figure, 1.0, "resident, against a process that only holds the manifest");
}

/// The memory of a process that has checked a manifest of `jobs`, and holds it.
fn checked(jobs: usize) -> f64 {
    let folder = inputs::folder();
    let manifest = inputs::yaml(&folder.join("jobs.yaml"), jobs, "");
    ask("manifest", &[&manifest.display().to_string()]).left
}

/// The memory of a run of `jobs` once `wide` of them are in flight.
fn steady(jobs: usize, wide: usize) -> f64 {
    let folder = inputs::folder();
    let manifest = inputs::yaml(&folder.join("jobs.yaml"), jobs, "");
    let service = service("3h");
    let arguments =
        ["run", &manifest.display().to_string(), "--base-url", &service.base_url(), "-j", &wide.to_string(), "-q"];
    let mut run = spawn(&arguments);
    while service.account().charges() < wide as u64 {
        assert!(run.try_wait().unwrap().is_none(), "the run ended");
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_secs(1));
    let memory = resident(run.id());
    run.kill().unwrap();
    run.wait().unwrap();
    memory
}
