//! `verify --format json`: disagreements between manifest, lock and files.

use super::VERSION;
use crate::service::names::JobId;
use serde::Serialize;

/// The comparison of manifest, lock and files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct VerifyDocument {
    /// The version of this format.
    #[schemars(extend("const" = VERSION))]
    version: u32,
    /// `true` if there is no problem.
    ok: bool,
    /// The differences, in the manifest's order.
    problems: Vec<VerifyProblem>,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct VerifyProblem {
    /// The kind of difference.
    pub kind: ProblemKind,
    /// The job that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub job: Option<JobId>,
    /// The file that it is about, relative to the manifest's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// In words.
    pub message: String,
}

/// The kinds of differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// A job of the manifest was not submitted yet.
    NotRun,
    /// A job was changed since the last submit.
    Changed,
    /// A job is at the service.
    InFlight,
    /// The service finished a job, its videos were not all fetched.
    NotFetched,
    /// The service failed a job.
    Failed,
    /// The service refused a job for good.
    Refused,
    /// A job waits for `batch resolve`.
    Uncertain,
    /// Fewer videos came of a job than were asked for.
    FewerVideos,
    /// A video that the lock knows is gone.
    MissingFile,
    /// A video has other content than the lock knows.
    AlteredFile,
    /// A video isn't published where `output.publish` says.
    NotPublished,
    /// The lock holds a record that the manifest doesn't ask for: its job was removed.
    Orphan,
    /// A job is paid twice, by two branches or clones: both purchases stay.
    BoughtTwice,
    /// A task is recorded for two jobs, or for two inputs of one.
    SharedTask,
    /// A job takes over what another one bought, or its videos get another name, with the next run.
    Renamed,
    /// The lock belongs to another service than the manifest names.
    OtherService,
    /// A journal stands beside the lock: a run is on, or was killed, and the next one will settle it.
    OpenJournal,
}

impl VerifyDocument {
    /// Creates the document for these problems.
    pub fn new(problems: Vec<VerifyProblem>) -> VerifyDocument {
        VerifyDocument { version: VERSION, ok: problems.is_empty(), problems }
    }

    /// Returns whether there is no problem.
    pub fn ok(&self) -> bool {
        self.ok
    }

    /// Returns the problems.
    pub fn problems(&self) -> &[VerifyProblem] {
        &self.problems
    }
}

impl ProblemKind {
    /// All of them, in the order of the documentation.
    pub const ALL: [ProblemKind; 17] = [
        ProblemKind::NotRun,
        ProblemKind::Changed,
        ProblemKind::InFlight,
        ProblemKind::NotFetched,
        ProblemKind::Failed,
        ProblemKind::Refused,
        ProblemKind::Uncertain,
        ProblemKind::FewerVideos,
        ProblemKind::MissingFile,
        ProblemKind::AlteredFile,
        ProblemKind::NotPublished,
        ProblemKind::Orphan,
        ProblemKind::BoughtTwice,
        ProblemKind::SharedTask,
        ProblemKind::Renamed,
        ProblemKind::OtherService,
        ProblemKind::OpenJournal,
    ];

    /// Returns its word.
    pub fn as_str(self) -> &'static str {
        match self {
            ProblemKind::NotRun => "not-run",
            ProblemKind::Changed => "changed",
            ProblemKind::InFlight => "in-flight",
            ProblemKind::NotFetched => "not-fetched",
            ProblemKind::Failed => "failed",
            ProblemKind::Refused => "refused",
            ProblemKind::Uncertain => "uncertain",
            ProblemKind::FewerVideos => "fewer-videos",
            ProblemKind::MissingFile => "missing-file",
            ProblemKind::AlteredFile => "altered-file",
            ProblemKind::NotPublished => "not-published",
            ProblemKind::Orphan => "orphan",
            ProblemKind::BoughtTwice => "bought-twice",
            ProblemKind::SharedTask => "shared-task",
            ProblemKind::Renamed => "renamed",
            ProblemKind::OtherService => "other-service",
            ProblemKind::OpenJournal => "open-journal",
        }
    }
}
