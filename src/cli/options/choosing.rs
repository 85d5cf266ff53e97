//! Options that choose jobs, and say what becomes of those without a result.

use super::whole;
use crate::base::decimal::Decimal;
use crate::cli::completing;
use crate::manifest::model::OnUncertain;
use crate::plan::select::Shard;
use crate::report::documents::status::JobStatus;
use crate::service::names::Tag;
use clap::builder::PossibleValue;
use clap::{Args as ClapArgs, ValueEnum};

/// The jobs that a command is about, by their ids and tags.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Choosing jobs")]
pub(in crate::cli) struct Named {
    /// Only jobs whose id matches this glob; repeatable
    #[arg(long, value_name = "PATTERN", add = completing::jobs())]
    pub(in crate::cli) only: Vec<String>,
    /// No jobs whose id matches this glob; repeatable
    #[arg(long, value_name = "PATTERN", add = completing::jobs())]
    pub(in crate::cli) skip: Vec<String>,
    /// Only jobs with this tag; repeatable: with any of them
    #[arg(long, value_name = "TAG", value_parser = Tag::new, add = completing::tags())]
    pub(in crate::cli) tag: Vec<Tag>,
}

/// The jobs that a command is about.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Choosing jobs")]
pub(in crate::cli) struct Which {
    #[command(flatten)]
    pub(in crate::cli) named: Named,
    /// Only the I-th of N parts, by a hash of the job id: stable when jobs are added
    #[arg(long, value_name = "I/N")]
    pub(in crate::cli) shard: Option<Shard>,
}

/// The chosen jobs that are shown.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Choosing jobs")]
pub(in crate::cli) struct Standing {
    /// Show only jobs of these statuses, by comma: new, changed, submitted, generated, succeeded, failed, refused, uncertain
    #[arg(long, value_name = "WORD,…", value_delimiter = ',', value_parser = status, add = completing::statuses())]
    status: Vec<JobStatus>,
    /// Show only jobs that failed or were refused
    #[arg(long)]
    failed: bool,
    /// Show no jobs, only how many have each status and what was spent
    #[arg(long)]
    pub(in crate::cli) summary: bool,
}

impl Standing {
    /// Returns the statuses whose jobs are shown.
    pub(in crate::cli) fn statuses(&self) -> Vec<JobStatus> {
        JobStatus::ALL.into_iter().filter(|status| self.takes(*status)).collect()
    }

    /// Returns whether jobs that stand so are shown.
    pub(in crate::cli) fn takes(&self, status: JobStatus) -> bool {
        let failed = self.failed && matches!(status, JobStatus::Failed | JobStatus::Refused);
        let is_asked = self.status.is_empty() && !self.failed || failed || self.status.contains(&status);
        is_asked && !self.summary
    }
}

/// Parses a status of a job.
///
/// # Errors
/// Fails if it is none.
fn status(text: &str) -> Result<JobStatus, String> {
    let found = JobStatus::ALL.into_iter().find(|status| status.as_str() == text.trim());
    found.ok_or_else(|| format!("the statuses are {}", JobStatus::ALL.map(JobStatus::as_str).join(", ")))
}

/// The jobs that a command is about, and the treatment of those without a result.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Choosing jobs")]
pub(in crate::cli) struct Choosing {
    #[command(flatten)]
    pub(in crate::cli) which: Which,
    /// Submit at most N jobs this time: a pilot run
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    pub(in crate::cli) limit: Option<usize>,
    /// Submit nothing that would take the estimated cost beyond X, in the unit of the manifest's prices
    #[arg(long, value_name = "X")]
    pub(in crate::cli) max_cost: Option<Decimal>,
    /// Leave failed jobs as they are
    #[arg(long, conflicts_with = "retry_failed")]
    pub(in crate::cli) keep_failed: bool,
    /// Also try jobs again that were refused for good or failed too often
    #[arg(long)]
    pub(in crate::cli) retry_failed: bool,
    /// What to do with jobs whose submit got no answer; wins over the manifest
    #[arg(long, value_name = "WHAT")]
    pub(in crate::cli) on_uncertain: Option<OnUncertain>,
}

impl Choosing {
    /// Says whether anything was typed that chooses jobs or says what becomes of them.
    pub(in crate::cli) fn is_said(&self) -> bool {
        let Choosing { which: Which { named: Named { only, skip, tag }, shard }, limit, max_cost, .. } = self;
        let Choosing { keep_failed, retry_failed, on_uncertain, .. } = self;
        let chosen = !only.is_empty() || !skip.is_empty() || !tag.is_empty() || shard.is_some() || limit.is_some();
        chosen || max_cost.is_some() || *keep_failed || *retry_failed || on_uncertain.is_some()
    }
}

/// A choice of the command line and of the manifest.
impl ValueEnum for OnUncertain {
    fn value_variants<'a>() -> &'a [OnUncertain] {
        &[OnUncertain::Hold, OnUncertain::Resubmit]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            OnUncertain::Hold => PossibleValue::new("hold").help("They wait for `batch resolve`"),
            OnUncertain::Resubmit => {
                PossibleValue::new("resubmit").help("They are submitted again, once, at the risk of paying twice")
            }
        })
    }
}
