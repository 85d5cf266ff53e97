//! A plan that was written down: what a later run buys, and nothing else.
//!
//! It is read strictly, and believed only where everything that it was made of is as it was.

use super::action::{Action, Reason};
use super::decide::{Policy, Retry};
use super::{Choice, Plan};
use crate::base::digest::Sha256;
use crate::ledger::{Book, Buyer, written};
use crate::manifest::model::{Manifest, OnUncertain, RunSettings};
use crate::plan::select::Selection;
use crate::service::image::Picture;
use crate::service::names::{Digest, JobId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The version of this format.
const VERSION: u32 = 1;

/// The beginning of each saved plan, which tells it from a manifest.
pub const BEGINNING: &str = "{\n  \"batch_plan\":";

/// A plan that was written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    /// The version of this format.
    #[schemars(extend("const" = VERSION))]
    batch_plan: u32,
    /// The manifest, relative to the folder of this file.
    manifest: String,
    /// `true` if it is the plan of a trial.
    simulate: bool,
    /// The service that the jobs would go to.
    service: String,
    /// The jobs without a result that are submitted again: `failed`, `nothing` or `everything`.
    retry: SavedRetry,
    /// The treatment of jobs whose submit got no answer: `hold` or `resubmit`.
    on_uncertain: SavedOnUncertain,
    /// The manifest and the tables that it reads, with the hashes of their contents.
    #[schemars(with = "BTreeMap<String, String>")]
    texts: BTreeMap<String, Sha256>,
    /// The images of the project that jobs have, with the hashes of their contents.
    #[schemars(with = "BTreeMap<String, String>")]
    images: BTreeMap<String, Sha256>,
    /// The hash of what the lock and its journal know.
    #[schemars(with = "String")]
    ledger: Sha256,
    /// The cost of the submits, with the unit, as it is shown.
    cost: String,
    /// The action for each job.
    jobs: Vec<SavedJob>,
}

/// The action for a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct SavedJob {
    #[schemars(with = "String")]
    id: JobId,
    #[schemars(with = "String")]
    digest: Digest,
    action: Action,
    reason: Reason,
}

/// [`Retry`], as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SavedRetry {
    Failed,
    Nothing,
    Everything,
}

/// [`OnUncertain`], as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SavedOnUncertain {
    Hold,
    Resubmit,
}

/// The inputs of a plan, besides the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The manifest, relative to the folder of the plan.
    pub manifest: String,
    /// `true` if it is about a trial.
    pub simulate: bool,
    /// The service that the jobs would go to.
    pub service: String,
    /// The manifest and the tables that it reads, with the hashes of their contents.
    pub texts: BTreeMap<String, Sha256>,
}

/// A text that is no plan that can be run.
#[derive(Debug, thiserror::Error)]
pub enum NotAPlan {
    /// It isn't what `plan --out` writes.
    #[error("it is not what `batch plan --out` writes: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A newer program wrote it.
    #[error("it is of version {0}, and this batch knows version {VERSION}")]
    Version(u32),
    /// Its manifest has no place beside it.
    #[error("its manifest `{0}` is not a relative path")]
    Manifest(String),
}

/// The change since a plan was saved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Changed {
    /// The manifest, or a table that it reads.
    #[error("{0} changed")]
    Text(String),
    /// An image.
    #[error("the image {0} changed")]
    Image(String),
    /// Lock or journal.
    #[error("the ledger changed: another run, or somebody, wrote to the lock or its journal")]
    Ledger,
    /// The service that the jobs go to.
    #[error("the jobs would go to {now}, not to {then}")]
    Service {
        /// The service that they would have gone to.
        then: String,
        /// The service that they would go to.
        now: String,
    },
    /// The real thing instead of the trial, or the other way round.
    #[error("{}", if *.0 { "it is the plan of a trial, and this would be a real run" } else { "it is the plan of a real run, and this would be a trial" })]
    Realm(bool),
    /// The purchases, although nothing of the above changed: another version of the program decides otherwise.
    #[error("this batch would buy something else than the one that saved it")]
    Purchases,
}

impl SavedPlan {
    /// Writes down `plan`, which was made of the manifest as it is written and then as its pins make it.
    pub fn of(
        basis: Basis,
        (own, manifest): (&Manifest, &Manifest),
        book: &Book,
        choice: &Choice,
        plan: &Plan,
    ) -> SavedPlan {
        let Basis { manifest: path, simulate, service, texts } = basis;
        SavedPlan {
            batch_plan: VERSION,
            manifest: path,
            simulate,
            service,
            retry: match choice.policy.retry {
                Retry::Failed => SavedRetry::Failed,
                Retry::Nothing => SavedRetry::Nothing,
                Retry::Everything => SavedRetry::Everything,
            },
            on_uncertain: match choice.policy.on_uncertain {
                OnUncertain::Hold => SavedOnUncertain::Hold,
                OnUncertain::Resubmit => SavedOnUncertain::Resubmit,
            },
            texts,
            images: images(own),
            ledger: state(book),
            cost: cost(plan),
            jobs: jobs(manifest, plan),
        }
    }

    /// Reads a plan that was written down.
    ///
    /// # Errors
    /// [`NotAPlan`] says why it can't be run.
    pub fn read(text: &str) -> Result<SavedPlan, NotAPlan> {
        #[derive(Deserialize)]
        struct Head {
            batch_plan: u32,
        }
        let Head { batch_plan } = serde_json::from_str(text)?;
        if batch_plan != VERSION {
            return Err(NotAPlan::Version(batch_plan));
        }
        let plan: SavedPlan = serde_json::from_str(text)?;
        let path = Path::new(&plan.manifest);
        match path.is_absolute() || path.has_root() || path.file_name().is_none() {
            true => Err(NotAPlan::Manifest(plan.manifest)),
            false => Ok(plan),
        }
    }

    /// Returns the manifest that it is about, relative to the folder of the plan.
    pub fn manifest(&self) -> &Path {
        Path::new(&self.manifest)
    }

    /// Returns the choice that makes the same plan again: its jobs, but for those that it left for another run.
    pub fn choice(&self, run: &RunSettings, buyer: Buyer) -> Choice {
        let is_left = |job: &&SavedJob| matches!(job.reason, Reason::Limit | Reason::MaxCost);
        let ids = self.jobs.iter().filter(|job| !is_left(job)).map(|job| job.id.clone());
        let retry = match self.retry {
            SavedRetry::Failed => Retry::Failed,
            SavedRetry::Nothing => Retry::Nothing,
            SavedRetry::Everything => Retry::Everything,
        };
        let on_uncertain = match self.on_uncertain {
            SavedOnUncertain::Hold => OnUncertain::Hold,
            SavedOnUncertain::Resubmit => OnUncertain::Resubmit,
        };
        let policy = Policy { retry, retries: run.retries, on_uncertain };
        Choice { selection: Selection::of_ids(ids), policy, buyer, ..Choice::default() }
    }

    /// Compares what it was made of with what is there now.
    ///
    /// # Errors
    /// [`Changed`] says what isn't as it was.
    pub fn holds(&self, basis: &Basis, manifest: &Manifest, book: &Book) -> Result<(), Changed> {
        if self.simulate != basis.simulate {
            return Err(Changed::Realm(self.simulate));
        }
        if let Some(path) = differing(&self.texts, &basis.texts) {
            return Err(Changed::Text(path));
        }
        if let Some(path) = differing(&self.images, &images(manifest)) {
            return Err(Changed::Image(path));
        }
        if self.service != basis.service {
            return Err(Changed::Service { then: self.service.clone(), now: basis.service.clone() });
        }
        if self.ledger == state(book) { Ok(()) } else { Err(Changed::Ledger) }
    }

    /// Sees that `plan` buys exactly what this one does, at the same cost.
    ///
    /// # Errors
    /// Fails if it buys something else.
    pub fn buys_the_same(&self, manifest: &Manifest, plan: &Plan) -> Result<(), Changed> {
        let bought = |jobs: &[SavedJob]| -> Vec<(JobId, Digest)> {
            let bought = jobs.iter().filter(|job| job.action == Action::Submit);
            bought.map(|job| (job.id.clone(), job.digest)).collect()
        };
        let same = bought(&self.jobs) == bought(&jobs(manifest, plan)) && self.cost == cost(plan);
        if same { Ok(()) } else { Err(Changed::Purchases) }
    }
}

/// Returns the first name that has not the same hash in both.
fn differing(then: &BTreeMap<String, Sha256>, now: &BTreeMap<String, Sha256>) -> Option<String> {
    let names = then.keys().chain(now.keys());
    names.into_iter().find(|name| then.get(*name) != now.get(*name)).cloned()
}

fn images(manifest: &Manifest) -> BTreeMap<String, Sha256> {
    let local = manifest.images.values().filter_map(|picture| match picture {
        Picture::Local(image) => Some((image.shown.clone(), image.sha256)),
        Picture::Foreign(_) => None,
    });
    local.collect()
}

fn state(book: &Book) -> Sha256 {
    Sha256::of(written(book).as_bytes())
}

fn cost(plan: &Plan) -> String {
    format!("{} {}", plan.estimate.amount, plan.estimate.unit)
}

fn jobs(manifest: &Manifest, plan: &Plan) -> Vec<SavedJob> {
    let steps = plan.steps.iter().map(|step| {
        let job = &manifest.jobs[step.job];
        SavedJob { id: job.id.clone(), digest: job.digest, action: step.action, reason: step.reason }
    });
    let strays = plan.strays.iter().map(|stray| {
        let key = &stray.record.key;
        SavedJob { id: key.job.clone(), digest: key.digest, action: stray.action, reason: stray.reason }
    });
    steps.chain(strays).collect()
}
