//! The checked manifest: past this border nothing in it can be wrong.

use crate::base::decimal::Decimal;
use crate::base::digest::Sha256;
use crate::base::folder::Folder;
use crate::service::address::BaseUrl;
use crate::service::image::Picture;
use crate::service::ledger_url::LedgerUrl;
use crate::service::names::{Digest, JobId, ReferenceName, Tag};
use crate::service::output::VideoName;
use crate::service::publish_url::PublishUrl;
use crate::service::request::Generation;
use crate::service::vocabulary::{self, Resolution};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

/// A manifest without an error.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The folder of the manifest's real path, where relative paths start.
    pub folder: Folder,
    /// The service's base URL, if the manifest sets it.
    pub base_url: Option<BaseUrl>,
    /// The HTTP statuses that a proxy on the way uses only for requests that it does not pass on.
    pub turned_away: BTreeSet<u16>,
    /// The settings of the run.
    pub run: RunSettings,
    /// The folder of the videos, relative to the manifest's folder; empty for that folder itself.
    pub output_dir: String,
    /// The place where videos are published as well; `None` means nowhere.
    pub publish: Option<PublishUrl>,
    /// The price of a video.
    pub prices: Prices,
    /// The jobs, in order.
    pub jobs: Vec<Job>,
    /// The images of all jobs that are known by content: after reading the local ones, with the ledger's pins the
    /// remote ones too.
    pub images: BTreeMap<Sha256, Picture>,
}

impl Manifest {
    /// Moves all videos to the folder `sim` of the output folder, so that a trial never mixes with real results, and
    /// turns mirroring and publishing off, since a trial works without a network.
    pub fn turn_into_trial(&mut self) {
        self.run.mirror = false;
        self.publish = None;
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
    /// The generation that is requested.
    pub generation: Generation,
    /// The place where its references are listed.
    pub listed_in: ListedIn,
    /// The number of the take of the same input; 1 is the first.
    pub take: u32,
    /// The tags by which it is selected; not part of the request.
    pub tags: Arc<BTreeSet<Tag>>,
    /// The digest of the input.
    pub digest: Digest,
    /// The names of its videos.
    pub name: VideoName,
    /// The generations that earlier versions of this program requested in its place, as they read its table
    /// differently: what was paid for in this form counts as paid.
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

/// `run:` The settings of a run. Only `mirror` changes digests.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSettings {
    /// The maximum number of generations in flight.
    pub concurrency: NonZeroUsize,
    /// The maximum number of generations in flight of all runs of the shared ledger together; `None` means unlimited.
    pub fleet_concurrency: Option<NonZeroUsize>,
    /// The maximum rate of submits; `None` means unlimited.
    pub submit_rate: Option<Rate>,
    /// The maximum time from submit to the end of the job.
    pub job_timeout: Duration,
    /// The approximate delay with which a finished job may be noticed. `None`: not set, which means ten seconds with
    /// the real service.
    pub poll_interval: Option<Duration>,
    /// The maximum rate of status queries beyond the first of each job, all jobs together.
    pub poll_rate: Rate,
    /// The maximum number of videos fetched at a time.
    pub downloads: NonZeroUsize,
    /// The time to wait for a service that can't be reached.
    pub patience: Duration,
    /// The treatment of a job whose submit got no answer.
    pub on_uncertain: OnUncertain,
    /// The number of times that a generation is submitted again after the service failed it, for one input.
    pub retries: u32,
    /// The estimate above which the run asks for confirmation first; `None` means never.
    pub confirm_above: Option<Decimal>,
    /// `true` if remote images are fetched, uploaded and known by content.
    pub mirror: bool,
    /// The shared ledger where the purchases are kept; none means the lock alone.
    pub ledger: Option<LedgerUrl>,
}

/// A number of events per time span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The number of events.
    pub count: u32,
    /// The time span.
    pub per: Duration,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.per.as_secs() {
            60 => write!(f, "{}/min", self.count),
            3600 => write!(f, "{}/h", self.count),
            _ => write!(f, "{}/s", self.count),
        }
    }
}

/// The treatment of a job whose submit got no answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnUncertain {
    /// The job waits for the user's decision.
    #[default]
    Hold,
    /// The job is submitted again, once per run, at the risk of paying twice.
    Resubmit,
}

/// `prices:` The price of one video.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    /// The unit, as `CNY` or `credits`.
    pub unit: String,
    /// The manifest's own table; `None` means the model vendor's price list, an estimate only.
    pub table: Option<Vec<Price>>,
}

/// One line of a price table.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// The resolution that it applies to.
    pub resolution: Resolution,
    /// The duration that it applies to.
    pub duration: vocabulary::Duration,
    /// The price of one video.
    pub price: Decimal,
}

impl OnUncertain {
    /// Returns the choice with the spelling `word`.
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
            fleet_concurrency: None,
            submit_rate: None,
            job_timeout: Duration::from_secs(30 * 60),
            poll_interval: None,
            poll_rate: Rate { count: 100, per: Duration::from_secs(1) },
            downloads: NonZeroUsize::new(8).expect("eight is not zero"),
            patience: Duration::from_secs(10 * 60),
            on_uncertain: OnUncertain::Hold,
            retries: 1,
            confirm_above: None,
            mirror: false,
            ledger: None,
        }
    }
}

impl Default for Prices {
    fn default() -> Prices {
        Prices { unit: "credits".to_owned(), table: None }
    }
}
