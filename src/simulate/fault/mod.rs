//! Misbehaviour on command.

mod alter;
mod parse;
mod rules;

pub(super) use alter::alter;
pub use parse::NotAFault;
pub(super) use rules::{Rules, Subject};

use super::call::Call;
use super::options::Share;
use super::task::Outcome;
use hyper::StatusCode;
use serde_json::Value;
use std::time::Duration;

/// One kind of misbehaviour: the call, the action, and the time. Written as `CALL:ACTION`, then `@WHEN`, `/each` and
/// `~TEXT` as needed.
///
/// ```
/// use batch::simulate::Fault;
///
/// for text in [
///     "submit:503(retry-after=2s)@1-3",  // the first three submits are told to come back in 2 s
///     "submit:reset(charged)@1/each",    // the first submit of each request is charged, and its reply is lost
///     "submit:429(envelope)@10%",        // one submit in ten, decided by the seed and the request
///     "submit:fail~@dog",                // generations whose prompt has `@dog` in it end as FAILED
///     "status:set(status=QUEUED)@2",     // the second status has a word that nobody knows
///     "result:expires(0s)@1/each",       // the first URLs of each task have expired when they arrive
///     "download:cut(1000)@%3",           // every third video stops after 1000 bytes
///     "connect:reset",                   // nobody is at home
/// ] {
///     let fault: Fault = text.parse().unwrap();
///     assert_eq!(fault.to_string(), text);
/// }
/// ```
///
/// **CALL**: `connect`, `submit`, `upload`, `status`, `result`, `download`, or `any` (all but `connect`).
///
/// **WHEN**: `@3` the third time, `@1-3` the first three, `@4-` from the fourth on, `@%3` every third, `@10%` by
/// chance; without it, always. Every fault counts each request that it fits, whether or not another fault was due, and
/// the first that is due decides. With `/each`, requests are counted for each subject separately: for a submit the same
/// body, for an upload the same content, otherwise the same path. With `/url`, for each URL with its query: a result's
/// URL is another one each time.
///
/// **TEXT**: only for jobs whose prompt contains it (for calls with a task id: if this very simulator accepted the
/// task); for an upload, the file's name.
///
/// **ACTION**, in place of the right reply. The request is read, and not handled: nothing is charged. With `charged`
/// among the arguments it is handled first: a submit that breaks no rule is charged, whatever the reply says.
///
/// | action | reply |
/// | --- | --- |
/// | `503` | this HTTP status. Arguments, separated by commas: `envelope` (the service's, with the status as its code) or `envelope=500` (with this code), `gateway` or `gateway=504` (the same without the service's time, as gateways make it up), `message=TEXT` (its message; alone, JSON with nothing else), `html` (an error page), `empty`; `retry-after=2s`, `retry-date=2s` (the same as an HTTP date); `location=URL`; `server=NAME` (the header) |
/// | `redirect` | 307 to the same path on `localhost`, which is another host than `127.0.0.1` |
/// | `reset` | the connection is reset. `reset(early)`: before the body is read |
/// | `stall` | nothing, ever |
/// | `garbage` | bytes that aren't HTTP |
///
/// **ACTION**, at a submit, which is charged:
///
/// | action | the task |
/// | --- | --- |
/// | `fail`, `moderate`, `cancel` | ends as `FAILED`, as `FAILED` by content moderation, as `CANCELED` |
/// | `never` | never ends |
///
/// **ACTION**, on the right reply, after the request was handled:
///
/// | action | the reply |
/// | --- | --- |
/// | `set(KEY=JSON)` | each field of this name gets this value (a string if it isn't JSON; no `)` in it) |
/// | `drop(KEY)` | each field of this name is missing |
/// | `shape(array)`, `shape(nested)` | `data` is an array of one such object; or an object that has it all under `result`. `shape(among)`: an array with other tasks, which failed, before and after it, each by its `taskId` |
/// | `fewer(N)` | this many of its `urls` are missing |
/// | `expires(2s)`, `expires(2s,410)` | its `urls` are valid for this long; then 403, or the given status |
/// | `delay(2s)` | it comes this much later |
/// | `drip`, `drip(50ms)` | its body comes one byte at a time, each after a pause (one second) |
/// | `cut(N)`, `cut(N,reset)` | after this many bytes of its body the connection is closed, or reset. `cut(head)`: closed within the headers |
/// | `hangup(20ms)` | it is whole, and this much later its connection is reset, which may hit the next request on it |
/// | `hang(N)` | after this many bytes of its body nothing more comes |
/// | `truncate(N)` | its body ends after this many bytes, and its length says so |
/// | `truncate(N,chunked)` | the same, without a length |
/// | `chunked` | without a length |
/// | `pad(N)` | this many spaces follow its body |
///
/// At `connect`, only `reset` and `stall` make sense.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The text as it was written.
    text: String,
    /// The call; `None` for any call but a connection.
    call: Option<Call>,
    when: When,
    scope: Scope,
    /// The text that the prompt must contain.
    about: Option<String>,
    pub(super) action: Action,
}

/// The matching requests that it applies to, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    Times { first: u64, last: u64 },
    Every(u64),
    Chance(Share),
}

/// The requests that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    All,
    Subject,
    Url,
}

/// The action of a fault.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// Something else is sent in place of the reply; with `handled`, after the request was handled.
    Instead { what: Instead, handled: bool },
    /// The task ends differently, or never.
    Ends(Option<Outcome>),
    /// The right reply is altered.
    Alter(Alteration),
}

/// The substitute for a reply.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Instead {
    Answer(Answer),
    Redirect,
    /// With `early`, before the body is read.
    Reset {
        early: bool,
    },
    Stall,
    Garbage,
}

/// An HTTP reply that isn't the right one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) says: Says,
    pub(super) retry_after: Option<RetryAfter>,
    pub(super) location: Option<String>,
    pub(super) server: Option<String>,
    /// The message in its JSON.
    pub(super) message: Option<String>,
}

/// The body of such a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    Text,
    Envelope(i64),
    /// JSON without the service's time.
    Gateway(Option<i64>),
    Html,
    Nothing,
}

/// The two forms of `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RetryAfter {
    Seconds(u64),
    /// The date, this much later.
    Date(Duration),
}

/// An alteration of the right reply.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Alteration {
    Set(String, Value),
    Drop(String),
    Array,
    Nested,
    Among,
    Fewer(usize),
    /// Handled where URLs are created.
    Expires {
        after: Duration,
        status: StatusCode,
    },
    Delay(Duration),
    Drip(Duration),
    CutHead,
    Cut {
        bytes: u64,
        reset: bool,
    },
    Hangup(Duration),
    Hang(u64),
    Truncate {
        bytes: u64,
        chunked: bool,
    },
    Chunked,
    Pad(u64),
}

impl Fault {
    /// Returns whether it applies before a request's body is read.
    fn is_early(&self) -> bool {
        matches!(self.action, Action::Instead { what: Instead::Reset { early: true }, .. })
    }

    /// Returns whether it is limited to jobs with a certain prompt.
    pub(super) fn needs_prompts(&self) -> bool {
        self.about.is_some()
    }
}
