//! `plan --format json`: what a run would do to each job, and why.

use super::VERSION;
use crate::manifest::preview;
use crate::plan::action::{Action, Reason};
use crate::plan::changes::Change;
use crate::plan::estimate::Estimate;
use crate::service::names::{Digest, JobId, ReferenceName};
use serde::Serialize;
use std::collections::BTreeMap;

/// The plan of a run.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct PlanDocument {
    /// The version of this format.
    #[schemars(extend("const" = VERSION))]
    version: u32,
    /// The jobs, in the manifest's order; then what is still collected of earlier ones.
    pub jobs: Vec<PlannedJob>,
    /// Jobs that the lock knows and the manifest doesn't.
    #[schemars(with = "Vec<String>")]
    pub removed: Vec<JobId>,
    /// The number of jobs of each action.
    pub summary: PlanSummary,
    /// The cost of the submits.
    pub estimate: Estimate,
    /// Remote images that are fetched first; what they show decides whether a job is new. Absent where there are none.
    #[serde(skip_serializing_if = "is_none")]
    pub images: usize,
}

/// A run's action for one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PlannedJob {
    /// The job.
    #[schemars(with = "String")]
    pub id: JobId,
    /// The action.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// The parts that changed since the job was last submitted: `prompt`, `settings`, `reference.NAME`, as the lock calls the parts.
    pub changed: Vec<String>,
    /// The same more closely: which setting, which image of which reference; absent where nothing changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Change>,
    /// The references that nobody listed: the prompt implies them by its mentions. Absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub implied: Vec<ReferenceName>,
    /// The digest of the input.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Digest,
    /// The content of a job that a matrix or rows stand for (`--expand`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_of: Option<MadeOf>,
}

/// The content of a job that a matrix or rows stand for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct MadeOf {
    /// The line of the manifest on which the job starts that stands for several.
    pub line: usize,
    /// The values that its templates are filled with, by name: `matrix.product`, `row.sku`.
    pub values: BTreeMap<String, String>,
}

impl From<preview::MadeOf> for MadeOf {
    fn from(preview::MadeOf { line, values }: preview::MadeOf) -> MadeOf {
        MadeOf { line, values }
    }
}

/// The number of jobs of each action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PlanSummary {
    /// Would be submitted.
    pub submit: usize,
    /// Would be polled on.
    pub resume: usize,
    /// Would be fetched only.
    pub download: usize,
    /// Have all their videos.
    pub keep: usize,
    /// Wait for a person or an option.
    pub hold: usize,
}

impl PlanDocument {
    /// Creates the document for these jobs, with its summary counted.
    pub fn new(jobs: Vec<PlannedJob>, removed: Vec<JobId>, estimate: Estimate) -> PlanDocument {
        let mut summary = PlanSummary::default();
        for job in &jobs {
            *summary.of_mut(job.action) += 1;
        }
        PlanDocument { version: VERSION, jobs, removed, summary, estimate, images: 0 }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none(number: &usize) -> bool {
    *number == 0
}

impl PlanSummary {
    /// Returns the number of jobs with `action`.
    pub fn of(mut self, action: Action) -> usize {
        *self.of_mut(action)
    }

    fn of_mut(&mut self, action: Action) -> &mut usize {
        match action {
            Action::Submit => &mut self.submit,
            Action::Resume => &mut self.resume,
            Action::Download => &mut self.download,
            Action::Keep => &mut self.keep,
            Action::Hold => &mut self.hold,
        }
    }
}
