//! What a run does with a job, and why: the words of `plan`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Declares an enum of words with its list, its spelling and what each word means.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal $meaning:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// Returns the word.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// Returns what it means, for people.
            pub fn meaning(self) -> &'static str {
                match self { $($name::$variant => $meaning),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What a run does with a job.
    Action {
        /// Uploads what is missing, submits, polls, downloads.
        Submit "submit" "submit it",
        /// Polls on: it is at the service.
        Resume "resume" "poll on",
        /// Fetches videos that are paid for.
        Download "download" "fetch its videos",
        /// Nothing: all its videos are here.
        Keep "keep" "nothing",
        /// Nothing, until a person or an option says otherwise.
        Hold "hold" "nothing until you decide",
    }
}

words! {
    /// Why a run does it.
    Reason {
        /// Submit: nothing is known of the job.
        New "new" "not submitted yet",
        /// Submit: the job was asked for with another digest before.
        Changed "changed" "changed since the last submit",
        /// Submit: a person settled an uncertain submit by `batch resolve --resubmit`.
        Released "released" "`batch resolve` lets it be submitted again",
        /// Submit or hold: the service failed it before.
        Failed "failed" "the service failed it",
        /// Hold: the service failed it more often than `run.retries` lets it be submitted again.
        FailedTooOften "failed-too-often" "the service failed it more often than `run.retries` allows",
        /// Hold: the service's moderation refused its content after it had taken it.
        Moderated "moderated" "moderation refused its content",
        /// Submit or hold: the service refused this input for good.
        Refused "refused" "the service refused it",
        /// Submit or hold: nobody can know whether an earlier submit arrived.
        Uncertain "uncertain" "nobody knows whether its submit arrived",
        /// Resume: its submit arrived, and the service no longer knew its task; it is asked for again.
        Denied "denied" "the service no longer knows its task",
        /// Hold: a person settled an uncertain submit by `batch resolve --failed`.
        Settled "settled" "marked as failed with `batch resolve`",
        /// Resume: it was submitted and isn't finished.
        InFlight "in-flight" "at the service",
        /// Download: the service finished, videos are missing.
        Generated "generated" "finished, videos not fetched yet",
        /// Download: a video that was here is gone.
        MissingFile "missing-file" "a video is gone",
        /// Download: a video that was here has other content now.
        AlteredFile "altered-file" "a video has other content now",
        /// Download (`fetch`): fewer videos came than were requested.
        FewerVideos "fewer-videos" "fewer videos came than were requested",
        /// Keep: all its videos are here.
        Succeeded "succeeded" "its videos are here",
        /// Keep: it takes over the record of a vanished job with the same digest.
        Renamed "renamed" "takes over the record of a renamed job",
        /// Keep: an edit was undone, and the record of its earlier digest counts again.
        TakenBack "taken-back" "an edit was undone",
        /// Resume or download: paid for, but the job has another digest now.
        Superseded "superseded" "paid for before the job was changed",
        /// Resume or download: paid for, but the job is no longer in the manifest.
        Removed "removed" "paid for before the job was removed",
        /// Hold: `--limit` leaves it for another run.
        Limit "limit" "beyond --limit",
        /// Hold: there is no money for it within `--max-cost`, unless another job gives back its own.
        MaxCost "max-cost" "beyond --max-cost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn words_are_unique_and_kebab_case() {
        let words: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        assert!(words.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
    }

    #[test]
    fn words_are_written_as_they_are_spelled() {
        for action in Action::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
        }
    }
}
