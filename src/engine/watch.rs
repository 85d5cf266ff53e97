//! Polls a task until the service is done with it. A failed poll is not a failed task.

use super::context::Context;
use super::queries::Asked;
use crate::client::{Service, TaskState, Verdict};
use crate::event::stop::Missed;
use crate::event::{Bound, Call, Event};
use crate::ledger::entry::{Entry, Step};
use crate::ledger::record::{Record, ServiceError};
use crate::service::names::TaskId;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// Number of times that the service must deny a task before it is believed, besides the time in the settings.
const UNKNOWN_TIMES: u32 = 4;

/// Number of times in a row that the service may refuse to report the status of a task.
const REFUSED_TIMES: u32 = 8;

/// The outcome of watching a task.
#[derive(Debug)]
pub(super) enum Watched {
    /// Finished: the videos can be fetched.
    Completed,
    /// The service gave up.
    Failed(ServiceError),
    /// The service denies the task, several times over.
    Unknown,
    /// Something other than the service answered, for as long as the run's patience.
    Away,
    /// Not finished within the job's time limit.
    TimedOut,
    /// The service refuses to report the status.
    Refused(ServiceError),
    /// The run is over.
    Out,
}

impl Watched {
    /// Returns whether its job has no result in this run.
    pub(super) fn is_failure(&self) -> bool {
        match self {
            Watched::Failed(_) | Watched::Unknown | Watched::TimedOut | Watched::Refused(_) => true,
            Watched::Completed | Watched::Away | Watched::Out => false,
        }
    }
}

/// The assumption about a task before it is first queried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Belief {
    /// The service issued it.
    Known,
    /// The service denied it in an earlier run: one more denial is enough, and any other reply of its own makes it known.
    Denied,
}

/// Polls the task of `record` until the service is done with it, or its time is over.
///
/// `age` is the time since its submit; zero if this run has just submitted it.
pub(super) async fn watch<S: Service>(
    context: &Arc<Context<S>>,
    record: &Record,
    task: &TaskId,
    age: Duration,
    mut belief: Belief,
) -> Watched {
    let key = &record.key;
    let taken_up = Instant::now();
    let deadline = taken_up + context.settings.job_timeout;
    let (mut unknown, mut refused, mut failures) = (0, 0, 0);
    // The times since when the service denies the task, and since when something else answers in its place.
    let (mut denied, mut away): (Option<Instant>, Option<Instant>) = (None, None);
    // The age at which it was last seen unfinished; unknown for a job of an earlier run.
    let mut running = age.is_zero().then_some(age);
    // A job of an earlier run may have finished long ago: it is polled at once.
    let mut next = if age.is_zero() { taken_up + context.cadence.pause(age, context.random()) } else { taken_up };
    // The first query after a submit can't come more often than submits do: it waits for nobody.
    let mut in_turn = !age.is_zero();
    loop {
        let asked = Asked { age, at: taken_up, running: running.unwrap_or_default(), deadline };
        let asked = std::mem::replace(&mut in_turn, true).then_some(asked);
        if context.stop.unless_out(turn(context, next.min(deadline), asked)).await.is_none() {
            return Watched::Out;
        }
        context.sent.polls.fetch_add(1, Ordering::Relaxed);
        let answer = context.call(Call::Status, &key.job, || context.service.status(task)).await;
        let age = age + taken_up.elapsed();
        let pause = match answer {
            Err(Missed::Out) => return Watched::Out,
            Ok(progress) => {
                (unknown, refused, failures, denied, away) = (0, 0, 0, None, None);
                if std::mem::replace(&mut belief, Belief::Known) == Belief::Denied {
                    known_after_all(context, record, task).await;
                }
                context.events.send(Event::Polled {
                    job: key.job.clone(),
                    status: progress.word.clone(),
                    progress: progress.progress,
                });
                match progress.state {
                    TaskState::Completed => {
                        if let Some(running) = running {
                            context.cadence.learn(running, age, [context.random(), context.random()]);
                        }
                        return Watched::Completed;
                    }
                    TaskState::Failed => {
                        let message = Some(progress.message).filter(|message| !message.is_empty());
                        let message = message.unwrap_or_else(|| "the service gives no reason".to_owned());
                        return Watched::Failed(ServiceError { code: progress.word, message });
                    }
                    TaskState::Strange if context.first_strange_word() => {
                        tracing::warn!(job = %key.job, word = progress.word, "unknown status, taken as still running");
                    }
                    TaskState::Strange | TaskState::Running => {}
                }
                running = Some(age);
                context.cadence.pause(age, context.random())
            }
            Err(Missed::Failed(failure)) => {
                let now = Instant::now();
                let (mut asked, mut most) = (None, Duration::MAX);
                match failure.verdict {
                    Verdict::Gone => {
                        unknown += 1;
                        let since = *denied.get_or_insert(now);
                        let enough = unknown >= UNKNOWN_TIMES && now - since >= context.settings.denial;
                        if enough || belief == Belief::Denied {
                            return Watched::Unknown;
                        }
                    }
                    // If everything is refused, this query need not be repeated.
                    Verdict::Stop if context.hearing.refuses_all() => refused = REFUSED_TIMES,
                    Verdict::Final | Verdict::Local | Verdict::Stop | Verdict::NoWay => refused += 1,
                    Verdict::Again(pause) | Verdict::Unreachable(pause) => asked = pause,
                    Verdict::Away(pause) => {
                        let since = *away.get_or_insert(now);
                        let end = since + context.settings.patience;
                        if now >= end {
                            // The service answers, but not about this task.
                            if context.hearing.heard_since(since) {
                                return Watched::Refused(ServiceError { code: failure.code, message: failure.message });
                            }
                            context.away_for_good(failure.message);
                            return Watched::Away;
                        }
                        // The last poll is sent when the patience ends, not after it.
                        (asked, most) = (pause, end - now);
                    }
                }
                if !matches!(failure.verdict, Verdict::Away(_)) {
                    away = None;
                }
                if refused >= REFUSED_TIMES {
                    return Watched::Refused(ServiceError { code: failure.code, message: failure.message });
                }
                failures += 1;
                let pause = context.backoff(failures, asked).min(most);
                context.events.send(Event::Retrying {
                    job: Some(key.job.clone()),
                    call: Call::Status,
                    message: failure.message,
                    pause: pause.as_secs_f64(),
                });
                pause
            }
        };
        let now = Instant::now();
        if now >= deadline {
            return Watched::TimedOut;
        }
        next = now + pause;
    }
}

/// Records that the service now knows a task that it denied before: it is followed like any other from now on.
async fn known_after_all<S: Service>(context: &Context<S>, record: &Record, task: &TaskId) {
    let step = Step::Found { task: task.clone(), at: context.clock.now_in_seconds() };
    let _ = context.record(Entry::of(record.id, step)).await;
}

/// Waits until the time of a job's next poll, and then for its turn among all jobs, if it is to wait for one.
async fn turn<S: Service>(context: &Context<S>, next: Instant, asked: Option<Asked>) {
    tokio::time::sleep_until(next).await;
    if let Some(asked) = asked {
        context.within(Bound::PollRate, context.queries.turn(&context.cadence, asked)).await;
    }
}
