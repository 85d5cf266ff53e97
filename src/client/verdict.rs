//! The verdicts: the meaning of each reply for the money. Decided only here, in the order of the manual's tables.
//!
//! No HTTP status tells whether a request arrived: proxies send 502, 503 and 504 both before and after forwarding it,
//! and 4xx when they filter replies. Only the service's own reply counts (`Voice` in `wire`):
//!
//! | reply to a submit | verdict |
//! | --- | --- |
//! | a task id in it, whatever else it says | accepted |
//! | 429, in an envelope or as a status of `service.turned_away` | not taken: the run slows down |
//! | own word, or an envelope in an HTTP 200, with code 400 to 499 but 408 and 429 | refused, final; 401 to 403 stop submits |
//! | own word with code 500 or 503 | not taken for now |
//! | HTTP 400 to 499 but 408 and 429, JSON with a `message`, without `ts` | not taken: left for the next run |
//! | bare 3xx, 400 to 499 but 408 and 429, before the service answered a submit | not taken: turned away before the service |
//! | nothing, since no connection was made | not sent |
//! | anything else | **unknown**: it may have been paid |
//!
//! The text of a refusal may say more than its code: see [`crate::service::texts`].

use super::failure::{Exchange, Reply, broken, excerpt, nonsense, of, place, words};
use super::wire::{Envelope, Named, Voice};
use super::{Failure, NO_CONNECTION, NO_WAY, NotTaken, Speaker, Submission, Then, Urgency, Verdict};
use crate::service::call::Call;
use crate::service::texts::{Text, meant};
use std::collections::BTreeSet;

/// The code of a refusal by content moderation.
const CONTENT: &str = "content";

/// The knowledge about the way to the service, besides the reply that is judged.
#[derive(Clone, Copy, Debug)]
pub struct Way<'w> {
    /// The service's replies to submits of this run so far.
    pub since: Since,
    /// The statuses that the way returns only for requests that it didn't forward (`service.turned_away`).
    pub turned_away: &'w BTreeSet<u16>,
}

/// The state of a run before or after the service itself first answered a submit: a bare refusal before that is a
/// closed door, after it perhaps a filter on replies. The manual speaks of the first accepted submit; any reply of the
/// service itself also shows that submits pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// The service has answered no submit of this run so far.
    Start,
    /// It has answered one.
    Answered,
}

/// A row of the table, for a reply without a task id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    SlowDown,
    /// A refusal, with the code that counts.
    Refused(i64),
    ForNow,
    /// A gateway's JSON, or a front end of the service.
    Front,
    TurnedAway,
    Unknown,
}

/// Judges a submit.
pub fn submission(exchange: Exchange, way: Way<'_>) -> Submission {
    let call = Call::Submit;
    let not_sent = |then, code: &str, why: &str| {
        let message = format!("{call}: {why}");
        Submission::NotTaken(NotTaken { then, by: Speaker::Way, code: code.to_owned(), message })
    };
    let reply = match exchange {
        Exchange::NoConnection(why) => return not_sent(Then::WaitForService, NO_CONNECTION, &why),
        Exchange::NoWay(why) => return not_sent(Then::GiveUp, NO_WAY, &why),
        Exchange::Broken(why) => return Submission::Unknown(format!("{call}: {why}")),
        Exchange::Reply(reply) => reply,
    };
    let envelope = Envelope::read(&reply.body);
    let unknown = |why: String| Submission::Unknown(format!("{call}: {}; {why}", words(&reply, &envelope)));
    let named = match envelope.task() {
        Named::Task(task) => return Submission::Accepted(task),
        Named::Nonsense(what) => return unknown(what),
        Named::Nothing => row(&reply, &envelope, way),
    };
    if named == Row::Unknown {
        return unknown(format!("no task id in the reply: {}", excerpt(&reply)));
    }
    let (then, code) = follows(named, &reply, &envelope);
    let by = if envelope.voice() == Voice::Own { Speaker::Service } else { Speaker::Way };
    let said = match named {
        Row::TurnedAway => format!("turned away before the service{}: {}", place(&reply), words(&reply, &envelope)),
        _ => words(&reply, &envelope),
    };
    Submission::NotTaken(NotTaken { then, by, code, message: format!("{call}: {said}") })
}

/// Returns the row that a reply belongs to.
fn row(reply: &Reply, envelope: &Envelope, way: Way<'_>) -> Row {
    let (status, code, voice) = (reply.status, envelope.code, envelope.voice());
    let is_listed = way.turned_away.contains(&status);
    match (voice, code, status) {
        (Voice::Own | Voice::Envelope, Some(429), _) => Row::SlowDown,
        (Voice::Own | Voice::Envelope, _, 429) => Row::SlowDown,
        (Voice::Own, Some(code), _) | (Voice::Envelope, Some(code), 200) if is_refusal(code) => Row::Refused(code),
        (Voice::Own, Some(code), _) | (Voice::Envelope, Some(code), 200) if meant(code, "").is_some() => {
            Row::Refused(code)
        }
        (Voice::Own, Some(500 | 503), _) => Row::ForNow,
        (Voice::Own, _, _) => Row::Unknown,
        // A status that the way returns only for requests that it didn't forward.
        (_, _, 429 | 500..=599) if is_listed => Row::SlowDown,
        (_, _, 300..=499) if is_listed => Row::TurnedAway,
        (_, _, 408 | 429) => Row::Unknown,
        (_, code, 400..=499) if !envelope.message.is_empty() && code.is_none_or(is_refusal) => Row::Front,
        // A truncated reply may have said anything, and a code from the way is about the way.
        _ if names_a_task(&reply.body) || reply.flaw.is_some() || code.is_some_and(|code| !is_refusal(code)) => {
            Row::Unknown
        }
        (_, _, 300..=499) if way.since == Since::Start => Row::TurnedAway,
        _ => Row::Unknown,
    }
}

/// Returns whether a reply mentions a task, in any form: if it does, it can't come from a door closed before the service.
fn names_a_task(body: &[u8]) -> bool {
    memchr::memmem::find(body, b"taskId").is_some()
}

/// Returns whether a code is a refusal: 408 is about the way, 429 about the pace.
fn is_refusal(code: i64) -> bool {
    matches!(code, 400..=407 | 409..=428 | 430..=499)
}

/// Returns the consequence of a row that isn't unknown, and its code for machines.
fn follows(row: Row, reply: &Reply, envelope: &Envelope) -> (Then, String) {
    let (status, pause) = (i64::from(reply.status), reply.retry_after);
    let told = match row {
        Row::Refused(code) => code,
        Row::ForNow => envelope.code.unwrap_or(500),
        _ => status,
    };
    let text = match row {
        Row::Refused(_) | Row::ForNow => meant(told, &envelope.message),
        Row::Front => meant(status, &envelope.message),
        _ => None,
    };
    match text {
        Some(Text::TooMany) => return (Then::SlowDown(pause), "429".to_owned()),
        Some(Text::Content) => return (Then::Refuse, CONTENT.to_owned()),
        Some(Text::Limit) => return (Then::Refuse, told.to_string()),
        Some(Text::Account) => return (Then::StopSubmits, "403".to_owned()),
        Some(Text::Money) => return (Then::StopSubmits, "402".to_owned()),
        None => {}
    }
    let urgency = |at_once: &[i64]| {
        let at_once = at_once.contains(&status) || (300..400).contains(&status);
        if at_once { Urgency::AtOnce } else { Urgency::ThreeInARow }
    };
    let account = [status, told].into_iter().find(|code| (401..=403).contains(code));
    let then = match (row, account) {
        (Row::Refused(_), Some(account)) => return (Then::StopSubmits, account.to_string()),
        (Row::Refused(_), None) => Then::Refuse,
        (Row::ForNow, _) => Then::Later(pause),
        (Row::Front, _) => Then::Leave(urgency(&[401, 402, 403, 404])),
        (Row::TurnedAway, _) => Then::TurnAway(urgency(&[401, 403, 404, 405])),
        (Row::SlowDown | Row::Unknown, _) => return (Then::SlowDown(pause), status_or_429(reply)),
    };
    (then, told.to_string())
}

/// Returns the code of a reply that requests to slow down: 429 if only its envelope says so.
fn status_or_429(reply: &Reply) -> String {
    if reply.status < 400 { "429".to_owned() } else { reply.status.to_string() }
}

/// Judges the reply to a query about a task: a success, or a failure with its consequence.
///
/// | reply to a status or result query | verdict |
/// | --- | --- |
/// | an envelope with code 0 in an HTTP 2xx | an answer |
/// | own word, HTTP or code 401 to 403 | the account: the run stops |
/// | own word, HTTP or code 404 | the task is unknown |
/// | own word with another code of 300 to 499 but 408 and 429 | refused |
/// | own word, anything else | asked again |
/// | anything else | the service is away, for this call |
pub(super) fn query(call: Call, exchange: Exchange) -> Result<Envelope, Failure> {
    let reply = match exchange {
        Exchange::NoConnection(why) => return Err(of(call, Verdict::Unreachable(None), NO_CONNECTION, &why)),
        Exchange::NoWay(why) => return Err(of(call, Verdict::NoWay, NO_WAY, &why)),
        Exchange::Broken(why) => return Err(Failure { verdict: Verdict::Away(None), ..broken(call, &why) }),
        Exchange::Reply(reply) => reply,
    };
    let envelope = Envelope::read(&reply.body);
    if let (200..=299, Some(0), None) = (reply.status, envelope.code, &reply.flaw) {
        return Ok(envelope);
    }
    let said = words(&reply, &envelope);
    if envelope.voice() != Voice::Own {
        let senseless = (200..300).contains(&reply.status);
        let why = if senseless { format!("{said}; the reply makes no sense: {}", excerpt(&reply)) } else { said };
        let code = if senseless { "nonsense".to_owned() } else { reply.status.to_string() };
        return Err(of(call, Verdict::Away(reply.retry_after), &code, &why));
    }
    let code = telling(reply.status, envelope.code);
    let verdict = match code {
        401..=403 => Verdict::Stop,
        404 => Verdict::Gone,
        300..=407 | 409..=428 | 430..=499 => Verdict::Final,
        // A task that is paid for is queried again rather than given up.
        _ => Verdict::Again(reply.retry_after),
    };
    Err(of(call, verdict, &code.to_string(), &said))
}

/// Checks whether the service itself answers: any reply of its own will do, whatever it says.
///
/// # Errors
/// Fails if something else answered, or nobody did.
pub fn presence(exchange: Exchange) -> Result<(), Failure> {
    match exchange {
        Exchange::Reply(reply) if Envelope::read(&reply.body).voice() == Voice::Own => Ok(()),
        other => match query(Call::Status, other) {
            Ok(_) => Err(nonsense(Call::Status, "the reply has no time of the service in it")),
            Err(failure) => Err(failure),
        },
    }
}

/// Returns the more exact of HTTP status and envelope code: the service reports a failure in one of them, or both.
pub(super) fn telling(status: u16, code: Option<i64>) -> i64 {
    let status = i64::from(status);
    let code = code.filter(|code| *code != 0);
    let exact = [401, 402, 403, 429, 503, 404].into_iter().find(|exact| *exact == status || Some(*exact) == code);
    exact.or(code).unwrap_or(status)
}
