//! What to do with a job: one table, pure.

use super::action::{Action, Reason};
use super::videos::Videos;
use crate::ledger::record::{Record, Stage, Word};
use crate::manifest::model::OnUncertain;

/// What the command line says about jobs that ended without a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What becomes of failed and refused jobs.
    pub retry: Retry,
    /// What becomes of uncertain ones.
    pub on_uncertain: OnUncertain,
}

/// Which jobs without a result are asked for again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retry {
    /// Failed ones: the service took them and gave up, which costs nothing.
    #[default]
    Failed,
    /// None (`--keep-failed`).
    Nothing,
    /// Failed ones and those that were refused for good (`--retry-failed`).
    Everything,
}

/// What a run does with a job whose digest has this `record`, and why.
///
/// `known` says whether the job has a record under another digest; `videos` how the record's videos are found on disk.
pub fn decide(record: Option<&Record>, known: Known, videos: Videos, policy: Policy) -> (Action, Reason) {
    let Some(record) = record else {
        let reason = match known {
            Known::Never => Reason::New,
            Known::WithAnotherDigest => Reason::Changed,
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
        (Stage::Failed { .. }, _, _) => (Action::Submit, Reason::Failed),
        (Stage::Refused { .. }, Retry::Everything, _) => (Action::Submit, Reason::Refused),
        (Stage::Refused { .. }, _, _) => (Action::Hold, Reason::Refused),
        // A task that the service denied is asked for again: that costs nothing, and it is paid if it is known. It is never
        // submitted again by itself.
        (Stage::Uncertain { task: Some(_), .. }, _, _) => (Action::Resume, Reason::Uncertain),
        (Stage::Uncertain { task: None, .. }, _, OnUncertain::Resubmit) => (Action::Submit, Reason::Uncertain),
        (Stage::Uncertain { .. }, _, _) => (Action::Hold, Reason::Uncertain),
    }
}

/// Whether a job was ever asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// No record has its id.
    Never,
    /// A record has its id, with another digest.
    WithAnotherDigest,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::digest::Sha256;
    use crate::ledger::record::{Fault, Key};
    use crate::spec::names::{Digest, JobId, TaskId};
    use crate::spec::output::VideoName;

    fn record(stage: Stage) -> Record {
        Record {
            id: crate::ledger::PurchaseId::new(jiff::Timestamp::UNIX_EPOCH, 0, None),
            key: Key { job: JobId::new("a").unwrap(), digest: Digest(Sha256::of(b"a")) },
            parts: Default::default(),
            attempt: 1,
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
                let policy = Policy { retry, on_uncertain };
                assert_eq!(decided(Stage::Submitted { task: task() }, policy).0, Action::Resume);
                assert_eq!(decided(Stage::Generated { task: task(), outputs: vec![] }, policy).0, Action::Download);
                let succeeded = record(Stage::Succeeded { task: task(), outputs: vec![] });
                for videos in [Videos::Intact, Videos::Missing, Videos::Altered] {
                    let (action, _) = decide(Some(&succeeded), Known::Never, videos, policy);
                    assert!(matches!(action, Action::Keep | Action::Download));
                }
                let strange = Stage::Uncertain { task: Some(task()), reason: String::new() };
                assert_eq!(decided(strange, policy), (Action::Resume, Reason::Uncertain));
            }
        }
    }

    #[test]
    fn options_decide_about_jobs_without_a_result() {
        let error = || Fault { code: "400".into(), message: "no".into() };
        let failed = |word| Stage::Failed { task: None, error: error(), word };
        let policy = |retry| Policy { retry, on_uncertain: OnUncertain::Hold };
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
        let resubmit = Policy { retry: Retry::Nothing, on_uncertain: OnUncertain::Resubmit };
        assert_eq!(decided(lost, resubmit), (Action::Submit, Reason::Uncertain));
    }
}
