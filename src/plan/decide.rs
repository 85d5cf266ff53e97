//! The decision what to do with a job: one pure table.

use super::action::{Action, Reason};
use super::videos::Videos;
use crate::ledger::record::{Record, ServiceError, Stage, Word};
use crate::manifest::model::{OnUncertain, RunSettings};
use crate::service::texts;

/// The command line's policy for jobs that ended without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The treatment of failed and refused jobs.
    pub retry: Retry,
    /// Number of times that a generation that the service failed is resubmitted (`run.retries`).
    pub retries: u32,
    /// The treatment of uncertain ones.
    pub on_uncertain: OnUncertain,
}

impl Default for Policy {
    fn default() -> Policy {
        let RunSettings { retries, on_uncertain, .. } = RunSettings::default();
        Policy { retry: Retry::default(), retries, on_uncertain }
    }
}

/// The jobs without a result that are submitted again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retry {
    /// Failed ones, as often as `run.retries` allows: the service accepted them and failed, which costs nothing.
    #[default]
    Failed,
    /// None (`--keep-failed`).
    Nothing,
    /// Failed ones and those refused for good (`--retry-failed`).
    Everything,
}

/// Returns the action of a run for a job whose digest has this `record`, and the reason.
///
/// `known` says whether the job has a record under another digest; `videos` is the state of the record's videos on disk.
pub fn decide(record: Option<&Record>, known: Known, videos: Videos, policy: Policy) -> (Action, Reason) {
    let Some(record) = record else {
        let reason = match known {
            Known::Never => Reason::New,
            Known::WithAnotherDigest => Reason::Changed,
            Known::Released => Reason::Released,
        };
        return (Action::Submit, reason);
    };
    match (&record.stage, policy.retry, policy.on_uncertain) {
        (Stage::Submitted { .. }, _, _) => (Action::Resume, Reason::InFlight),
        (Stage::Generated { .. }, _, _) => (Action::Download, Reason::Generated),
        (Stage::Succeeded { .. }, _, _) => match videos {
            Videos::Intact => (Action::Keep, Reason::Succeeded),
            Videos::Missing => (Action::Download, Reason::MissingFile),
            Videos::Altered => (Action::Download, Reason::AlteredFile),
        },
        (Stage::Failed { word: Word::Person, .. }, Retry::Failed | Retry::Nothing, _) => {
            (Action::Hold, Reason::Settled)
        }
        (Stage::Failed { .. }, Retry::Nothing, _) => (Action::Hold, Reason::Failed),
        (Stage::Failed { error, .. }, Retry::Failed, _) => match given_up(error, record.failures, policy.retries) {
            Some(reason) => (Action::Hold, reason),
            None => (Action::Submit, Reason::Failed),
        },
        (Stage::Failed { .. }, Retry::Everything, _) => (Action::Submit, Reason::Failed),
        (Stage::Refused { .. }, Retry::Everything, _) => (Action::Submit, Reason::Refused),
        (Stage::Refused { .. }, _, _) => (Action::Hold, Reason::Refused),
        // A task that the service denied is asked for again: that costs nothing, and it is paid if it is known. It is never
        // submitted again by itself.
        (Stage::Uncertain { task: Some(_), .. }, _, _) => (Action::Resume, Reason::Denied),
        (Stage::Uncertain { task: None, .. }, _, OnUncertain::Resubmit) => (Action::Submit, Reason::Uncertain),
        (Stage::Uncertain { .. }, _, _) => (Action::Hold, Reason::Uncertain),
    }
}

/// Returns why a generation that the service failed with this `error` isn't resubmitted automatically, if it isn't:
/// moderation refused it, or it failed more often (`failures`) than `retries` allows.
pub fn given_up(error: &ServiceError, failures: u32, retries: u32) -> Option<Reason> {
    if texts::is_moderation(&error.code, &error.message) {
        Some(Reason::Moderated)
    } else {
        (failures > retries).then_some(Reason::FailedTooOften)
    }
}

/// The knowledge of a job without a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// No record has its id.
    Never,
    /// A record has its id, with another digest.
    WithAnotherDigest,
    /// A person lets it be submitted again.
    Released,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::digest::Sha256;
    use crate::ledger::record::Key;
    use crate::service::names::{Digest, JobId, TaskId};
    use crate::service::output::VideoName;

    fn record(stage: Stage) -> Record {
        Record {
            id: crate::ledger::PurchaseId::new(jiff::Timestamp::UNIX_EPOCH, 0, None),
            key: Key { job: JobId::new("a").unwrap(), digest: Digest(Sha256::of(b"a")) },
            parts: Default::default(),
            attempt: 1,
            failures: 0,
            videos: 1,
            name: VideoName::new("out/a-{n}.mp4"),
            submitted_at: None,
            finished_at: None,
            stage,
        }
    }

    fn task() -> TaskId {
        TaskId::new("t1").unwrap()
    }

    fn decided(stage: Stage, policy: Policy) -> (Action, Reason) {
        decide(Some(&record(stage)), Known::Never, Videos::Intact, policy)
    }

    #[test]
    fn what_is_unknown_is_submitted() {
        let policy = Policy::default();
        assert_eq!(decide(None, Known::Never, Videos::Intact, policy), (Action::Submit, Reason::New));
        assert_eq!(decide(None, Known::WithAnotherDigest, Videos::Intact, policy), (Action::Submit, Reason::Changed));
    }

    #[test]
    fn what_is_paid_is_never_submitted_whatever_the_options() {
        for retry in [Retry::Failed, Retry::Nothing, Retry::Everything] {
            for on_uncertain in [OnUncertain::Hold, OnUncertain::Resubmit] {
                let policy = Policy { retry, on_uncertain, ..Policy::default() };
                assert_eq!(decided(Stage::Submitted { task: task() }, policy).0, Action::Resume);
                assert_eq!(decided(Stage::Generated { task: task(), outputs: vec![] }, policy).0, Action::Download);
                let succeeded = record(Stage::Succeeded { task: task(), outputs: vec![] });
                for videos in [Videos::Intact, Videos::Missing, Videos::Altered] {
                    let (action, _) = decide(Some(&succeeded), Known::Never, videos, policy);
                    assert!(matches!(action, Action::Keep | Action::Download));
                }
                let strange = Stage::Uncertain { task: Some(task()), reason: String::new() };
                assert_eq!(decided(strange, policy), (Action::Resume, Reason::Denied));
            }
        }
    }

    #[test]
    fn what_the_service_failed_is_submitted_again_as_often_as_retries_allow() {
        let failed = |message: &str, failures| {
            let error = ServiceError { code: "FAILED".into(), message: message.into() };
            Record { failures, ..record(Stage::Failed { task: Some(task()), error, word: Word::Service }) }
        };
        let decided = |record: &Record, retry, retries| {
            let policy = Policy { retry, retries, ..Policy::default() };
            decide(Some(record), Known::Never, Videos::Missing, policy)
        };
        for (failures, retries, expected) in [
            (1, 0, (Action::Hold, Reason::FailedTooOften)),
            (1, 1, (Action::Submit, Reason::Failed)),
            (2, 1, (Action::Hold, Reason::FailedTooOften)),
            (2, 2, (Action::Submit, Reason::Failed)),
            (100, 3, (Action::Hold, Reason::FailedTooOften)),
        ] {
            let record = failed("out of memory", failures);
            assert_eq!(decided(&record, Retry::Failed, retries), expected, "{failures} of {retries}");
            assert_eq!(decided(&record, Retry::Nothing, retries), (Action::Hold, Reason::Failed));
            assert_eq!(decided(&record, Retry::Everything, retries), (Action::Submit, Reason::Failed));
        }
        let moderated = failed("The content does not pass the review.", 1);
        assert_eq!(decided(&moderated, Retry::Failed, 100), (Action::Hold, Reason::Moderated));
        assert_eq!(decided(&moderated, Retry::Everything, 0), (Action::Submit, Reason::Failed));
    }

    #[test]
    fn options_decide_about_jobs_without_a_result() {
        let error = || ServiceError { code: "400".into(), message: "no".into() };
        let failed = |word| Stage::Failed { task: None, error: error(), word };
        let policy = |retry| Policy { retry, ..Policy::default() };
        for (stage, retry, action) in [
            (failed(Word::Service), Retry::Failed, Action::Submit),
            (failed(Word::Service), Retry::Nothing, Action::Hold),
            (failed(Word::Service), Retry::Everything, Action::Submit),
            (failed(Word::Person), Retry::Failed, Action::Hold),
            (failed(Word::Person), Retry::Everything, Action::Submit),
            (Stage::Refused { error: error() }, Retry::Failed, Action::Hold),
            (Stage::Refused { error: error() }, Retry::Nothing, Action::Hold),
            (Stage::Refused { error: error() }, Retry::Everything, Action::Submit),
        ] {
            assert_eq!(decided(stage.clone(), policy(retry)).0, action, "{stage:?} {retry:?}");
        }
        let lost = Stage::Uncertain { task: None, reason: String::new() };
        assert_eq!(decided(lost.clone(), policy(Retry::Everything)).0, Action::Hold);
        let resubmit = Policy { retry: Retry::Nothing, on_uncertain: OnUncertain::Resubmit, ..Policy::default() };
        assert_eq!(decided(lost, resubmit), (Action::Submit, Reason::Uncertain));
    }
}
