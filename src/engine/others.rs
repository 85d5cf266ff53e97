//! What was bought twice: if one purchase of an input can't be collected, the next one is.

use super::Due;
use super::collect::is_here;
use super::context::Context;
use super::job::{End, collect_one, follow};
use super::slot::Slot;
use crate::client::Service;
use crate::event::{Cause, JobError};
use crate::ledger::entry::{Entry, Step};
use crate::ledger::record::Record;
use crate::service::names::JobId;
use std::sync::Arc;

/// Follows a paid record until the service is done with it; if nothing comes of it, the other purchases of its input are
/// collected in turn.
///
/// # Errors
/// Returns the job's end if that is known without fetching the record's videos.
pub(super) async fn follow_any<S: Service>(context: Arc<Context<S>>, due: Due, slot: Slot) -> Result<Due, Box<End>> {
    let Due { record, others } = due;
    let job = record.key.job.clone();
    match follow(&context, record, None, Some(slot)).await {
        Ok(record) => Ok(Due { record, others }),
        Err(end) => Err(Box::new(collect_others(&context, &job, *end, others).await)),
    }
}

/// Follows or fetches a paid record; if nothing comes of it, the other purchases of its input in turn.
pub(super) async fn collect_any<S: Service>(context: Arc<Context<S>>, due: Due) -> End {
    let Due { record, others } = due;
    let job = record.key.job.clone();
    let end = collect_one(&context, record).await;
    collect_others(&context, &job, end, others).await
}

/// Collects the other purchases of a job's input while the `end` of those before is in vain, and returns how the job ends.
async fn collect_others<S: Service>(context: &Arc<Context<S>>, job: &JobId, mut end: End, others: Vec<Record>) -> End {
    for other in others {
        if !end.is_in_vain() {
            break;
        }
        tracing::warn!(%job, task = ?other.stage.task(), "nothing came of one of its purchases: the other one is collected");
        let other = with_free_name(context, other).await;
        end = end.or(collect_one(context, other).await);
    }
    end
}

/// Returns a record under a name of its own if files have its name that aren't its videos: those of the other purchase,
/// which may have brought some.
async fn with_free_name<S: Service>(context: &Context<S>, record: Record) -> Record {
    let outputs = record.stage.outputs();
    let is_own = |path: &str| outputs.iter().any(|output| output.path == path && is_here(context, output));
    let is_taken = |path: String| context.folder.join(&path).symlink_metadata().is_ok() && !is_own(&path);
    if !(1..=usize::from(record.videos)).map(|number| record.name.path(number)).any(is_taken) {
        return record;
    }
    let (job, name) = (record.key.job.clone(), record.name.beside(&record.id.short()));
    let step = Step::Moved { job: job.clone(), name: name.clone(), at: context.clock.now_in_seconds() };
    let _ = context.record(Entry::of(record.id, step)).await;
    record.moved(&job, name)
}

impl End {
    /// Returns whether this purchase brings no videos, as far as anybody can tell.
    fn is_in_vain(&self) -> bool {
        match self {
            End::Failed(JobError { code, .. }) => matches!(code, Cause::ResultGone | Cause::Failed),
            End::GivenUp(_) | End::Denied(..) => true,
            _ => false,
        }
    }

    /// Returns how a job ends whose first purchase was in vain: as the `next` one, if that one is not.
    fn or(self, next: End) -> End {
        match next {
            End::Denied(..) => next,
            next if next.is_in_vain() => self,
            next => next,
        }
    }
}
