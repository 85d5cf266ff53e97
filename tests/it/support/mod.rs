//! What integration tests stand on: a folder of their own, the real program, images, and the simulated service.

// Each test uses its own part of this.
#![allow(dead_code)]

pub(crate) mod cases;
pub(crate) mod image;
pub(crate) mod images;
pub(crate) mod lanes;
pub(crate) mod program;
pub(crate) mod project;
pub(crate) mod service;
pub(crate) mod setup;
pub(crate) mod steps;
pub(crate) mod terminal;

use std::io::Write;

/// Says that something can't be tested on this machine, on the terminal itself: the test harness swallows nothing of it.
pub(crate) fn not_tested(why: &str) {
    let _ = writeln!(std::io::stderr(), "\nNOT TESTED on this machine: {why}\n");
}
