//! The checked manifest: past this border nothing in it can be wrong.

use crate::base::decimal::Decimal;
use crate::base::digest::Sha256;
use crate::base::folder::Folder;
use crate::spec::address::BaseUrl;
use crate::spec::image::Picture;
use crate::spec::names::{Digest, JobId, ReferenceName, Tag};
use crate::spec::output::VideoName;
use crate::spec::request::Generation;
use crate::spec::vocabulary::{self, Resolution};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::time::Duration;

/// A manifest without an error in it.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The folder of the manifest's real path: relative paths start here.
    pub folder: Folder,
    /// Where the jobs go, where the manifest says so.
    pub base_url: Option<BaseUrl>,
    /// The statuses that the way there says only of requests that it doesn't pass on.
    pub turned_away: BTreeSet<u16>,
    /// How they are run.
    pub run: RunSettings,
    /// The folder of the videos, relative to the manifest's; empty for that itself.
    pub output_dir: String,
    /// What a video costs.
    pub prices: Prices,
    /// The jobs, in order.
    pub jobs: Vec<Job>,
    /// The images of all jobs that are known by content: as it is read the local ones, with the ledger's pins those of
    /// elsewhere too.
    pub images: BTreeMap<Sha256, Picture>,
}

impl Manifest {
    /// Puts all videos into the folder `sim` of the output folder, so that a trial never mixes with real results; images of
    /// elsewhere stay there, since a trial works without a network.
    pub fn turn_into_trial(&mut self) {
        self.run.mirror = false;
        let dir = match self.output_dir.as_str() {
            "" => String::new(),
            dir => format!("{dir}/"),
        };
        for job in &mut self.jobs {
            let name = job.name.pattern();
            job.name = VideoName::new(&format!("{dir}sim/{}", name.strip_prefix(&dir).unwrap_or(name)));
        }
    }
}

/// One job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What is asked for.
    pub generation: Generation,
    /// Where its references are listed.
    pub listed_in: ListedIn,
    /// Which take of the same input it is; 1 is the first.
    pub take: u32,
    /// Words by which it is chosen; not part of what is asked for.
    pub tags: BTreeSet<Tag>,
    /// What identifies the input.
    pub digest: Digest,
    /// Where its videos go.
    pub name: VideoName,
    /// What earlier versions of this program asked for in its place, where they read its table otherwise: what is paid for so is paid.
    pub former: Vec<Generation>,
}

impl Job {
    /// Returns the names of its references that only the mentions of its prompt imply.
    pub fn implied(&self) -> impl Iterator<Item = &ReferenceName> {
        let references = self.generation.references.iter().filter(|_| self.listed_in == ListedIn::Prompt);
        references.map(|reference| &reference.name)
    }
}

/// Where the references of a job are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ListedIn {
    /// In the job.
    Job,
    /// In `defaults`.
    Defaults,
    /// Nowhere: the mentions of the prompt imply them.
    Prompt,
}

/// `run:` How the jobs are run; of this `mirror` alone changes digests.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSettings {
    /// Generations in flight at most.
    pub concurrency: NonZeroUsize,
    /// Submits at most; none means unlimited.
    pub submit_rate: Option<Rate>,
    /// From submit to finished.
    pub job_timeout: Duration,
    /// About how late a finished job may be noticed. `None`: not said, which means ten seconds at the real service.
    pub poll_interval: Option<Duration>,
    /// How long to wait for a service that can't be reached.
    pub patience: Duration,
    /// What becomes of a job whose submit got no answer.
    pub on_uncertain: OnUncertain,
    /// How often a generation that the service failed is submitted again, for one input.
    pub retries: u32,
    /// An estimate above which a person is asked before the run; none means never.
    pub confirm_above: Option<Decimal>,
    /// Whether images of elsewhere are fetched, uploaded and known by content.
    pub mirror: bool,
}

/// So many in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In how long.
    pub per: Duration,
}

/// What becomes of a job whose submit got no answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnUncertain {
    /// It waits for a person.
    #[default]
    Hold,
    /// It is submitted again, once per run, at the risk of paying twice.
    Resubmit,
}

/// `prices:` What one video costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    /// The unit, as `CNY` or `credits`.
    pub unit: String,
    /// The manifest's own table; none means the maker's list, an estimate only.
    pub table: Option<Vec<Price>>,
}

/// One line of a price table.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// For this resolution.
    pub resolution: Resolution,
    /// For this duration.
    pub duration: vocabulary::Duration,
    /// Of one video.
    pub price: Decimal,
}

impl OnUncertain {
    /// The choice that is spelt `word`.
    pub fn from_word(word: &str) -> Option<OnUncertain> {
        match word {
            "hold" => Some(OnUncertain::Hold),
            "resubmit" => Some(OnUncertain::Resubmit),
            _ => None,
        }
    }
}

impl Default for RunSettings {
    fn default() -> RunSettings {
        RunSettings {
            concurrency: NonZeroUsize::new(4).expect("four is not zero"),
            submit_rate: None,
            job_timeout: Duration::from_secs(30 * 60),
            poll_interval: None,
            patience: Duration::from_secs(10 * 60),
            on_uncertain: OnUncertain::Hold,
            retries: 1,
            confirm_above: None,
            mirror: false,
        }
    }
}

impl Default for Prices {
    fn default() -> Prices {
        Prices { unit: "credits".to_owned(), table: None }
    }
}
