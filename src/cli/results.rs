//! What is written of a run when it is over: the test report, and the step's summary.

use super::actions;
use super::failure::Failure;
use super::output_file::{Kind, OutputFile};
use super::terminal::Terminal;
use crate::ledger::Paths;
use crate::report::results::{Collector, Results};
use crate::report::{Reporter, junit, step_summary};
use crate::spec::names::JobId;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// What a test report is written as.
const REPORT: Kind = Kind { noun: "JUnit report", beginning: junit::BEGINNING };

/// How long the last events may take to come in: they come through memory, so this is for machines that stand still.
const PATIENCE: Duration = Duration::from_secs(30);

/// The files that are made of a run's results.
pub(super) struct ResultFiles {
    report: Option<OutputFile>,
    summary: Option<PathBuf>,
    results: Receiver<Results>,
}

impl ResultFiles {
    /// The report at `junit`, and the summary where GitHub Actions has one; with who has to hear of the run for it.
    ///
    /// # Errors
    /// Where the report can't be written there.
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

    /// Writes what was asked for, if a run began.
    ///
    /// # Errors
    /// Where the report can't be written. A summary that can't be is only warned of.
    pub(super) fn write(self, kept: Vec<JobId>, terminal: &Terminal) -> Result<(), Failure> {
        // The channel is closed where nobody collects, and where no run began.
        let Ok(mut results) = self.results.recv_timeout(PATIENCE) else { return Ok(()) };
        results.add_kept(kept);
        if let Some(page) = &self.summary {
            actions::written(step_summary::of_run(page, &results), page, terminal);
        }
        self.report.map_or(Ok(()), |report| report.write(&junit::report(&results)))
    }
}
