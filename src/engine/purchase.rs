//! Buys one generation whose images are uploaded: intent, submit, answer, each durable before the next.

use super::Purchase;
use super::budget::Reservation;
use super::context::Context;
use super::turns::{PutOff, Turn};
use crate::base::faultpoint;
use crate::client::{NotTaken, Service, Speaker, Submission, Then};
use crate::event::stop::Level;
use crate::event::{Call, Cause, Event, JobError};
use crate::ledger::entry::{self, Entry, Step};
use crate::ledger::record::ServiceError;
use crate::ledger::shared::{Pass, Purse};
use crate::ledger::{Intended, PurchaseId};
use crate::manifest::model::OnUncertain;
use crate::service::names::TaskId;
use crate::service::request::Urls;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Maximum number of tries in one run of a submit that the service refuses for now.
const SUBMIT_TRIES: u32 = 8;

/// Time that the reply to a submit is awaited when the run is to end.
const LAST_WAIT: Duration = Duration::from_secs(10);

/// The outcome of a purchase.
#[derive(Debug)]
pub(super) enum Bought {
    /// It is paid, and its task id known (and durable, unless the journal can't be written).
    Task(PurchaseId, TaskId),
    /// The service refuses this input for good.
    Refused(JobError),
    /// Nothing is paid, and it is left for another run.
    Not(JobError),
    /// This machine failed before anything was sent.
    Local(JobError),
    /// The outcome can't be known.
    Uncertain(String),
    /// Another run of a shared ledger has the job; nothing was sent.
    Elsewhere(String),
    /// All runs of a shared ledger together would spend more than they may; nothing was sent.
    NoMoney,
    /// The run is over; nothing was sent, or its answer is on the record.
    Out,
}

/// Submits a purchase whose images are uploaded, at `urls`.
pub(super) async fn submit<S: Service>(
    context: &Arc<Context<S>>,
    purchase: &mut Purchase,
    reservation: &mut Reservation,
    urls: &Urls,
) -> Bought {
    if let Err(problem) = nothing_in_the_way(context, purchase) {
        return Bought::Local(problem);
    }
    let mut may_resubmit = context.settings.on_uncertain == OnUncertain::Resubmit && purchase.lost.is_none();
    let (mut tries, mut lates) = (0, 0);
    loop {
        let (turn, pass) = tokio::select! {
            biased;
            () = context.stop.reached(Level::NoSubmits) => return not_bought(purchase, Bought::Out),
            turn = context.turn() => turn,
        };
        let (id, may_send) = match intend(context, purchase).await {
            Ok(intended) => intended,
            Err(bought) => return not_bought(purchase, bought),
        };
        if context.stop.level() > Level::Go {
            not_taken(context, purchase, id, &not_sent("the run was stopped before it was sent")).await;
            return not_bought(purchase, Bought::Out);
        }
        // Others of a shared ledger may have given it up by then: who comes too late sends nothing.
        if !may_send.holds() {
            not_taken(context, purchase, id, &not_sent("too much time went by before it could be sent")).await;
            lates += 1;
            if lates >= SUBMIT_TRIES {
                context.ledger_failed(format!("{lates} times, too much time went by between an intent and its submit"));
                return not_bought(purchase, Bought::Out);
            }
            continue;
        }
        context.events.send(Event::Submitting { job: purchase.key.job.clone(), attempt: purchase.attempt });
        context.sent.submits.fetch_add(1, Ordering::Relaxed);
        reservation.sent();
        faultpoint::reach("submit", "send");
        // The reply to a submit on its way is awaited even when the run is to end: it is about money.
        let answer = tokio::select! {
            biased;
            answer = context.service.submit(&purchase.generation, urls) => answer,
            () = last_wait(context) => {
                Submission::Unknown("the run was stopped before the service answered".to_owned())
            }
        };
        faultpoint::reach("submit", "answered");
        let refusal = match answer {
            Submission::Accepted(task) => {
                turn.accepted();
                reservation.accepted();
                pass.reached();
                context.answered();
                if let Some(other) = context.at_service.know(&purchase.key.job, &task) {
                    tracing::warn!(job = %purchase.key.job, %task, %other, "the service gave this task to another job too");
                }
                accepted(context, purchase, id, &task).await;
                return Bought::Task(id, task);
            }
            Submission::Unknown(reason) => {
                // What the run's own end cut off says nothing of the way to the service.
                if context.stop.level() < Level::Out {
                    context.unknown(&turn);
                }
                reservation.lost();
                drop((turn, pass));
                uncertain(context, id, &reason).await;
                if std::mem::take(&mut may_resubmit) && reservation.again(context.purse().map(Purse::beside)) {
                    purchase.attempt += 1;
                    purchase.releases.push(id);
                    purchase.lost = Some(reason);
                    continue;
                }
                return Bought::Uncertain(reason);
            }
            Submission::NotTaken(refusal) => refusal,
        };
        reservation.refused();
        // Consequences for all submits apply before another is sent.
        let next = judge(context, &turn, &refusal, &mut tries);
        match refusal.then {
            Then::WaitForService => {
                context.wait_for_service(pass.unreachable(None, context.random()), refusal.message.clone());
            }
            _ => pass.reached(),
        }
        drop(turn);
        not_taken(context, purchase, id, &refusal).await;
        purchase.attempt += 1;
        match next {
            Next::Again => {}
            Next::After(pause) => {
                if context.pause(Call::Submit, &purchase.key.job, &refusal.message, pause).await.is_err() {
                    return not_bought(purchase, Bought::Out);
                }
            }
            Next::End(refused @ Bought::Refused(_)) => return refused,
            Next::End(bought) => return not_bought(purchase, bought),
        }
    }
}

/// The next step of a purchase that wasn't accepted.
enum Next {
    /// It takes its turn again.
    Again,
    /// It takes its turn again after a pause.
    After(Duration),
    /// It ends in this run.
    End(Bought),
}

/// Returns the next step of a refused purchase, and applies the consequences for all submits.
fn judge<S: Service>(context: &Context<S>, turn: &Turn<'_>, refusal: &NotTaken, tries: &mut u32) -> Next {
    if refusal.by == Speaker::Service {
        turn.told();
        context.answered();
    }
    let message = || refusal.message.clone();
    let not = |code| Next::End(Bought::Not(JobError { code, message: message() }));
    match refusal.then {
        Then::Refuse => {
            turn.moved_on();
            let message = said(&refusal.code, &refusal.message);
            return Next::End(Bought::Refused(JobError { code: Cause::Refused, message }));
        }
        Then::StopSubmits => context.refused(&refusal.code, message()),
        Then::GiveUp => context.no_way(message()),
        Then::WaitForService => return Next::Again,
        Then::SlowDown(asked) => match turn.slow_down(asked) {
            PutOff::Wait(pause) => {
                context.tell_pause(pause, &refusal.message);
                context.events.send(Event::Throttled { message: message(), pause: pause.as_secs_f64() });
                return Next::Again;
            }
            PutOff::Over(asked) => context.put_off_for_good(message(), asked),
        },
        Then::Later(asked) => {
            *tries += 1;
            if let Some(asked) = asked {
                context.tell_pause(asked, &refusal.message);
            }
            match turn.put_off(asked) {
                PutOff::Wait(_) if *tries < SUBMIT_TRIES => return Next::After(context.backoff(*tries, asked)),
                PutOff::Wait(_) => return not(Cause::PutOff),
                PutOff::Over(asked) => context.put_off_for_good(message(), asked),
            }
        }
        Then::Leave(urgency) => {
            context.turned_away(turn, urgency, &refusal.code, message());
            // What such a status says of the account it says whoever says it.
            let is_account = matches!(refusal.code.as_str(), "401" | "402" | "403");
            return not(if is_account { Cause::Account } else { Cause::TurnedAway });
        }
        Then::TurnAway(urgency) if !context.turned_away(turn, urgency, &refusal.code, message()) => {
            context.keep_turned_away(message());
            return not(Cause::TurnedAway);
        }
        Then::TurnAway(_) => {}
    }
    Next::End(Bought::Out)
}

/// Returns the outcome of a purchase that wasn't made: if an earlier submit was lost, that one still waits for a person.
fn not_bought(purchase: &Purchase, otherwise: Bought) -> Bought {
    purchase.lost.clone().map_or(otherwise, Bought::Uncertain)
}

/// Returns that nothing was sent after the intent, and why.
fn not_sent(why: &str) -> NotTaken {
    NotTaken { then: Then::Later(None), by: Speaker::Way, code: "stopped".to_owned(), message: why.to_owned() }
}

/// Checks that no file blocks the video's name: a video that can't be stored is not worth paying for.
fn nothing_in_the_way<S: Service>(context: &Context<S>, purchase: &Purchase) -> Result<(), JobError> {
    let paths = (1..=usize::from(purchase.generation.number_of_videos)).map(|number| purchase.name.path(number));
    for path in paths {
        if context.folder.join(&path).symlink_metadata().is_ok() {
            return Err(super::destination::in_the_way(&path));
        }
    }
    Ok(())
}

async fn last_wait<S: Service>(context: &Context<S>) {
    context.stop.reached(Level::Out).await;
    tokio::time::sleep(LAST_WAIT).await;
}

/// Records the intent, durable before the first byte is sent: from here on the purchase has its id. The submit may go out while the
/// pass holds.
async fn intend<S: Service>(context: &Context<S>, purchase: &mut Purchase) -> Result<(PurchaseId, Pass), Bought> {
    loop {
        let (id, intent) = intent(context, purchase);
        match context.intend(intent, purchase.after, &purchase.releases, purchase.price).await {
            Ok(Intended::Mine(pass)) => {
                purchase.after = Some(id);
                return Ok((id, pass));
            }
            Ok(Intended::Behind(last)) => purchase.after = Some(last),
            Ok(Intended::Elsewhere(who)) => {
                context.note_elsewhere(&purchase.key);
                return Err(Bought::Elsewhere(who));
            }
            Ok(Intended::NoMoney) => return Err(Bought::NoMoney),
            Ok(Intended::Away(why)) => context.wait_for_ledger(why).await.map_err(|()| Bought::Out)?,
            Ok(Intended::Refused(why)) => {
                context.ledger_failed(why);
                return Err(Bought::Out);
            }
            Err(()) => return Err(Bought::Out),
        }
    }
}

/// Returns the intent, with an id of its own.
fn intent<S: Service>(context: &Context<S>, purchase: &Purchase) -> (PurchaseId, Entry) {
    let at = context.clock.now_in_microseconds();
    let id = PurchaseId::new(at, context.random_bits(), purchase.after);
    let step = Step::Submitting {
        job: purchase.key.job.clone(),
        digest: purchase.key.digest,
        parts: purchase.parts.clone(),
        videos: purchase.generation.number_of_videos,
        name: purchase.name.clone(),
        service: context.identity.clone(),
        manifest: None,
        at,
    };
    (id, Entry::of(id, step))
}

/// Records the task id, durable before the first poll.
async fn accepted<S: Service>(context: &Context<S>, purchase: &Purchase, id: PurchaseId, task: &TaskId) {
    let step = Step::Submitted { task: task.clone(), at: context.clock.now_in_seconds() };
    // If it can't be written, the ledger keeps it in memory, and the job continues: it is paid.
    if answered(context, purchase, id, step).await.is_err() {
        context.keep_in_mind(&purchase.key.job, task);
    }
    let (job, attempt) = (purchase.key.job.clone(), purchase.attempt);
    let price = Some(purchase.price);
    context.events.send(Event::Submitted { job, attempt, task_id: task.clone(), price });
}

/// Records the refusal, durable before the pause that precedes the next attempt.
async fn not_taken<S: Service>(context: &Context<S>, purchase: &Purchase, id: PurchaseId, refusal: &NotTaken) {
    let error = ServiceError { code: refusal.code.clone(), message: refusal.message.clone() };
    let last = refusal.then == Then::Refuse;
    let step = Step::Refused { error, last, at: context.clock.now_in_seconds() };
    let _ = if last { answered(context, purchase, id, step).await } else { context.record(Entry::of(id, step)).await };
}

/// Records an answer, and releases the purchases that this one replaces: as the manifest says, or with explicit consent.
async fn answered<S: Service>(context: &Context<S>, purchase: &Purchase, id: PurchaseId, step: Step) -> Result<(), ()> {
    let at = context.clock.now_in_seconds();
    let let_go = Step::Resolved { task: None, verdict: entry::Decision::Resubmit, at };
    let let_go = purchase.releases.iter().map(|other| context.record(Entry::of(*other, let_go.clone())));
    let (answered, _) = futures::join!(context.record(Entry::of(id, step)), futures::future::join_all(let_go));
    answered
}

async fn uncertain<S: Service>(context: &Context<S>, id: PurchaseId, reason: &str) {
    let step = Step::Uncertain { task: None, reason: reason.to_owned(), at: context.clock.now_in_seconds() };
    let _ = context.record(Entry::of(id, step)).await;
}

/// Returns the service's message, or its code if there is none.
pub(super) fn said(code: &str, message: &str) -> String {
    if message.is_empty() { code.to_owned() } else { message.to_owned() }
}
