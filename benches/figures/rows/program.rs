//! Rows 12 and 13: how fast the program starts, how large it is, how long it takes to build.

use crate::inputs::{self, Scale};
use crate::probe::program;
use crate::table::{Figure, Table};
use std::process::{Command, Stdio};
use std::time::Instant;

pub(crate) fn measure(scale: Scale, table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    let manifest = inputs::yaml(&folder.path().join("jobs.yaml"), 10, "").display().to_string();
    let times = |arguments: &[&str]| Figure::new((0..31).map(|_| 1000.0 * program(arguments)).collect(), " ms");
    table.at_most("12", "`batch --version`", &times(&["--version"]), 10.0, "process start included");
    table.at_most("12", "`check` of ten jobs", &times(&["check", &manifest]), 20.0, "");
    let size = std::fs::metadata(env!("CARGO_BIN_EXE_batch")).unwrap().len() as f64 / 1e6;
    table.at_most("13", "the program, stripped", &Figure::new(vec![size], " MB"), 12.0, "");
    if scale == Scale::Full {
        let target = tempfile::tempdir_in(".").unwrap();
        let start = Instant::now();
        let status = Command::new(env!("CARGO"))
            .args(["build", "--release", "--locked", "--quiet", "--target-dir"])
            .arg(target.path())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "the build ended with {status}");
        let minutes = start.elapsed().as_secs_f64() / 60.0;
        table.at_most("13", "clean release build", &Figure::new(vec![minutes], " min"), 4.0, "crates already fetched");
    }
}
