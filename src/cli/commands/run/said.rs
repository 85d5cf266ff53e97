//! What `batch run` says after its summary.

use crate::base::decimal::Decimal;
use crate::cli::failure::Failure;
use crate::cli::frozen;
use crate::cli::terminal::{Terminal, Volume};
use crate::ledger::record::Key;
use crate::plan::Choice;
use crate::report::look::count;
use crate::report::money::estimated;
use crate::report::standard_error;
use crate::run::Preparation;
use crate::service::names::JobId;

/// The keeper of records that `--prune` dropped from the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeptBy {
    Nobody,
    /// Nothing is deleted there: other clones and manifests may need it.
    SharedLedger,
}

/// Says which records `--prune` dropped: with them goes the knowledge that they are paid, unless a shared ledger keeps it.
pub(super) fn say_pruned(dropped: &[Key], kept_by: KeptBy, terminal: &Terminal) {
    if !dropped.is_empty() && terminal.volume > Volume::Quiet {
        let jobs: Vec<&JobId> = dropped.iter().map(|key| &key.job).collect();
        let records = count(jobs.len(), "record");
        let named = frozen::named(&jobs);
        standard_error::say(match kept_by {
            KeptBy::Nobody => {
                format!(
                    "dropped {records} of jobs that left the manifest ({named}): a job that comes back is bought again\n"
                )
            }
            KeptBy::SharedLedger => format!(
                "dropped {records} of jobs that left the manifest ({named}) from the lock: the shared ledger keeps them, so that a job that comes back isn't bought again, and the next run without --prune writes them into the lock\n"
            ),
        });
    }
}

/// Says where `--max-cost` has no room for a single job: that is hardly what was meant.
pub(super) fn no_room(preparation: &Preparation<'_>, choice: &Choice, terminal: &Terminal) {
    if let Some((job, price)) = preparation.first_beyond()
        && let Some(most) = choice.max_cost.filter(|most| choice.spent.plus(price.amount) > *most)
    {
        let price = estimated(&price);
        let spent = match choice.spent {
            Decimal::ZERO => String::new(),
            spent => format!(": {spent} of it is spent by what the runs of this ledger bought"),
        };
        Failure::usage(format!(
            "nothing was submitted: the next job, {job}, costs {price}; --max-cost {most} has no room for it{spent}"
        ))
        .warn(terminal);
    }
}
