//! One job as a state machine: bought, followed at the service, fetched.

use super::budget::Reservation;
use super::collect::{Collected, collect};
use super::context::Context;
use super::purchase::{Bought, said, submit};
use super::slot::Slot;
use super::watch::{Belief, Watched, watch};
use super::{Due, Purchase};
use crate::client::Service;
use crate::event::{Cause, Event, JobError};
use crate::ledger::PurchaseId;
use crate::ledger::entry::{Entry, Step};
use crate::ledger::record::{Record, Stage};
use crate::plan::decide::given_up;
use crate::service::names::TaskId;
use crate::service::request::Urls;
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The end of a job in this run.
pub(super) enum End {
    /// Its videos are stored.
    Succeeded { outputs: Vec<String>, asked: u8 },
    /// No (complete) result in this run.
    Failed(JobError),
    /// The service failed it, and no run resubmits it automatically.
    GivenUp(JobError),
    /// This machine failed.
    Local(JobError),
    /// It can't be known whether it is paid.
    Uncertain(String),
    /// The service no longer knows its task.
    Denied(TaskId, String),
    /// Another run of a shared ledger has it.
    Elsewhere(String),
    /// The runs of a shared ledger have no money left for it: it waits until some comes back.
    NoMoney(Box<Purchase>),
    /// The run was over before, or the service away: it is paid, and the next run goes on.
    Left,
    /// The run ended before it was bought.
    Out,
}

impl End {
    /// Returns the same end after counting it if it is a failure.
    pub(super) fn noted<S: Service>(self, context: &Context<S>) -> End {
        match self {
            End::Failed(_) | End::Local(_) | End::Uncertain(_) => context.failed(),
            End::GivenUp(_)
            | End::Denied(..)
            | End::Succeeded { .. }
            | End::Elsewhere(_)
            | End::NoMoney(_)
            | End::Left
            | End::Out => {}
        }
        self
    }
}

/// Buys a generation and follows it until the service is done with it. Returns the record whose videos are to be fetched.
///
/// # Errors
/// Returns the job's end if no videos come of it in this run.
pub(super) async fn buy<S: Service>(
    context: Arc<Context<S>>,
    mut purchase: Purchase,
    mut reservation: Reservation,
    urls: Urls,
    slot: Slot,
) -> Result<Due, Box<End>> {
    // Boxed, so that a job waiting at the service doesn't keep its submit's memory.
    let (id, task) = match Box::pin(submit(&context, &mut purchase, &mut reservation, &urls)).await {
        Bought::Task(id, task) => (id, task),
        Bought::NoMoney => return Err(End::NoMoney(Box::new(purchase)).into()),
        other => return Err(without_task(other).noted(&context).into()),
    };
    drop(urls);
    let record = follow(&context, submitted(purchase, id, task), Some(reservation), Some(slot)).await?;
    Ok(Due { record, others: Vec::new() })
}

/// Returns the record of a purchase after its submit; the request itself is no longer needed.
fn submitted(purchase: Purchase, id: PurchaseId, task: TaskId) -> Record {
    Record {
        id,
        key: purchase.key,
        parts: purchase.parts,
        attempt: purchase.attempt,
        failures: purchase.failures,
        videos: purchase.generation.number_of_videos,
        name: purchase.name,
        submitted_at: None,
        finished_at: None,
        stage: Stage::Submitted { task },
    }
}

/// Follows a paid record to its videos; it has no slot.
pub(super) async fn collect_one<S: Service>(context: &Arc<Context<S>>, record: Record) -> End {
    match follow(context, record, None, None).await {
        Ok(record) => fetch(context, &record).await,
        Err(end) => *end,
    }
}

/// Polls a task until it is finished; its slot is free as soon as the service is done.
///
/// `reservation` is its money, if this run bought it; one that follows another has no slot.
///
/// # Errors
/// Returns the job's end if no videos come of it in this run.
pub(super) async fn follow<S: Service>(
    context: &Arc<Context<S>>,
    mut record: Record,
    mut reservation: Option<Reservation>,
    slot: Option<Slot>,
) -> Result<Record, Box<End>> {
    let (task, belief) = match &record.stage {
        Stage::Submitted { task } => (task.clone(), Belief::Known),
        Stage::Uncertain { task: Some(task), .. } => (task.clone(), Belief::Denied),
        _ => return Ok(record),
    };
    let age = record.submitted_at.map_or(Duration::ZERO, |at| {
        // A clock that was set back doesn't make a job's age negative.
        Duration::try_from(context.clock.now().duration_since(at))
            .unwrap_or(Duration::ZERO)
            .max(Duration::from_millis(1))
    });
    let started = Instant::now();
    context.at_service.follow(&task);
    let watched = watch(context, &record, &task, age, belief).await;
    context.at_service.leave(&task);
    // A job that was already uncertain isn't a failure of this run.
    if watched.is_failure() && belief == Belief::Known {
        context.failed();
    }
    drop(slot);
    let at = context.clock.now_in_seconds();
    let step = |step| context.record(Entry::of(record.id, step));
    let end = match watched {
        Watched::Completed => {
            let _ = step(Step::Generated { at }).await;
            let seconds = (age + started.elapsed()).as_secs_f64();
            context.events.send(Event::Generated { job: record.key.job.clone(), seconds: Some(seconds) });
            record.finished_at = Some(at);
            record.stage = Stage::Generated { task, outputs: Vec::new() };
            return Ok(record);
        }
        Watched::Failed(error) => {
            let problem = JobError { code: Cause::Failed, message: error.message.clone() };
            let given_up = given_up(&error, record.failures + 1, context.settings.retries);
            let _ = step(Step::Failed { error, at }).await;
            reservation.iter_mut().for_each(Reservation::failed);
            if given_up.is_some() { End::GivenUp(problem) } else { End::Failed(problem) }
        }
        Watched::Unknown => {
            let reason = format!("its submit arrived, but the service no longer knows its task {task}");
            if belief == Belief::Known {
                let _ = step(Step::Uncertain { task: Some(task.clone()), reason: reason.clone(), at }).await;
            }
            reservation.iter_mut().for_each(Reservation::lost);
            End::Denied(task, reason)
        }
        Watched::TimedOut => {
            let limit = SignedDuration::try_from(context.settings.job_timeout).unwrap_or(SignedDuration::MAX);
            let message = format!("not finished after {limit:#}; it is paid, and the next run goes on polling");
            End::Failed(JobError { code: Cause::TimedOut, message })
        }
        Watched::Refused(error) => {
            let message =
                format!("the service doesn't give the status of task {task}: {}", said(&error.code, &error.message));
            End::Failed(JobError { code: Cause::Unreachable, message })
        }
        Watched::Away | Watched::Out => End::Left,
    };
    Err(end.into())
}

async fn fetch<S: Service>(context: &Arc<Context<S>>, record: &Record) -> End {
    let end = match collect(context, record).await {
        Collected::All(outputs) => {
            context.note_success(record.id);
            End::Succeeded { outputs, asked: record.videos }
        }
        Collected::Short(problem) => End::Failed(problem),
        Collected::Local(problem) => End::Local(problem),
        Collected::Out => End::Left,
    };
    end.noted(context)
}

/// Returns the end of a purchase that has no task.
pub(super) fn without_task(bought: Bought) -> End {
    match bought {
        Bought::Refused(problem) | Bought::Not(problem) => End::Failed(problem),
        Bought::Local(problem) => End::Local(problem),
        Bought::Uncertain(reason) => End::Uncertain(reason),
        Bought::Elsewhere(who) => End::Elsewhere(who),
        Bought::Out | Bought::NoMoney | Bought::Task(..) => End::Out,
    }
}
