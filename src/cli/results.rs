//! The files written at the end of a run: the test report, and the step's summary.

use super::actions;
use super::failure::Failure;
use super::output_file::{Kind, OutputFile};
use super::terminal::Terminal;
use crate::ledger::Paths;
use crate::report::results::{Collector, Results};
use crate::report::{Reporter, junit, step_summary};
use crate::service::names::JobId;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// The kind of file that a test report is.
const REPORT: Kind = Kind { noun: "JUnit report", beginning: junit::BEGINNING };

/// Time limit for the last events to arrive: they come through memory, so this is for machines that stall.
const PATIENCE: Duration = Duration::from_secs(30);

/// The files that are made from a run's results.
pub(super) struct ResultFiles {
    report: Option<OutputFile>,
    summary: Option<PathBuf>,
    results: Receiver<Results>,
}

impl ResultFiles {
    /// Returns the report at `junit`, and the summary if GitHub Actions has one; with the reporters that they need.
    ///
    /// # Errors
    /// Fails if the report can't be written there.
    pub(super) fn open(junit: Option<&Path>, ledger: &Paths) -> Result<(ResultFiles, Vec<Box<dyn Reporter>>), Failure> {
        let report = junit.map(|path| OutputFile::at(path, REPORT, ledger)).transpose()?;
        let summary = actions::step_summary().filter(|_| actions::is_running());
        let (collector, results) = Collector::new();
        let mut reporters: Vec<Box<dyn Reporter>> = Vec::new();
        if report.is_some() || summary.is_some() {
            reporters.push(Box::new(collector));
        }
        Ok((ResultFiles { report, summary, results }, reporters))
    }

    /// Writes the requested files, if a run began.
    ///
    /// # Errors
    /// Fails if the report can't be written. A summary that can't be only causes a warning.
    pub(super) fn write(self, kept: Vec<JobId>, terminal: &Terminal) -> Result<(), Failure> {
        // The channel is closed if nobody collects, or no run began.
        let Ok(mut results) = self.results.recv_timeout(PATIENCE) else { return Ok(()) };
        results.add_kept(kept);
        if let Some(page) = &self.summary {
            actions::written(step_summary::of_run(page, &results), page, terminal);
        }
        self.report.map_or(Ok(()), |report| report.write(&junit::report(&results)))
    }
}
