//! What a run does with a job, and why: the words of `plan`.

use serde::Serialize;

/// What a run does with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Uploads what is missing, submits, polls, downloads.
    Submit,
    /// Polls on: it is at the service.
    Resume,
    /// Fetches videos that are paid for.
    Download,
    /// Nothing: all its videos are here.
    Keep,
    /// Nothing, until a person or an option says otherwise.
    Hold,
}

/// Why a run does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Submit: nothing is known of the job.
    New,
    /// Submit: the job was asked for with another digest before.
    Changed,
    /// Submit or hold: the service failed it before.
    Failed,
    /// Submit or hold: the service refused this input for good.
    Refused,
    /// Submit or hold: nobody can know whether an earlier submit arrived.
    Uncertain,
    /// Resume: it was submitted and isn't finished.
    InFlight,
    /// Download: the service finished, videos are missing.
    Generated,
    /// Download: a video that was here is gone.
    MissingFile,
    /// Download: a video that was here has other content now.
    AlteredFile,
    /// Keep: all its videos are here.
    Succeeded,
}

impl Action {
    /// All actions.
    pub const ALL: [Action; 5] = [Action::Submit, Action::Resume, Action::Download, Action::Keep, Action::Hold];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Submit => "submit",
            Action::Resume => "resume",
            Action::Download => "download",
            Action::Keep => "keep",
            Action::Hold => "hold",
        }
    }
}

impl Reason {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::New => "new",
            Reason::Changed => "changed",
            Reason::Failed => "failed",
            Reason::Refused => "refused",
            Reason::Uncertain => "uncertain",
            Reason::InFlight => "in-flight",
            Reason::Generated => "generated",
            Reason::MissingFile => "missing-file",
            Reason::AlteredFile => "altered-file",
            Reason::Succeeded => "succeeded",
        }
    }
}
