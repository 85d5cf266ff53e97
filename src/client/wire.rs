//! Reads the service's replies, whatever shape they come in.
//!
//! The shapes are those of the manual's page on the service. The content is untrusted: every text is made printable,
//! every id and URL is checked.

use super::printable::{EXCERPT, MESSAGE, printable};
use super::{Progress, TaskState};
use crate::service::address;
use crate::service::names::TaskId;
use crate::service::texts;
use serde_json::Value;

/// The service's envelope: `{"code": 0, "message": "…", "data": …}`.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    /// The code: 0 is success; `None` means that it is no envelope.
    pub code: Option<i64>,
    /// The message, for people.
    pub message: String,
    data: Value,
    /// `true` if it contains the service's time.
    timed: bool,
}

/// The sender of a reply, as far as its form tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// The service itself: an envelope with the time `ts`, which every reply of the service has, and no gateway's JSON.
    Own,
    /// A JSON object with an integer `code`.
    Envelope,
    /// Anything else.
    Bare,
}

/// The task id in a reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Nothing.
    Nothing,
    /// Its id.
    Task(TaskId),
    /// Something that can't be a task's id, in words.
    Nonsense(String),
}

/// The reason why an expected URL is missing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoUrl {
    /// Nothing is there.
    Absent,
    /// Something else is: the beginning of it.
    Other(String),
}

impl NoUrl {
    fn of(value: &Value) -> NoUrl {
        NoUrl::Other(printable(&value.to_string(), EXCERPT))
    }
}

impl Envelope {
    /// Reads the envelope in a reply's body; it is empty if the body isn't a JSON object.
    pub(super) fn read(body: &[u8]) -> Envelope {
        // A message in another encoding must not cost the task id next to it, nor must a byte-order mark.
        let body = String::from_utf8_lossy(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body));
        let Ok(Value::Object(mut object)) = serde_json::from_str(&body) else {
            return Envelope::default();
        };
        let code = object.get("code").and_then(integer);
        let message = ["message", "msg"].iter().find_map(|key| text(object.get(*key)?)).unwrap_or_default();
        let timed = object.get("ts").and_then(text).is_some();
        Envelope { code, message, data: object.remove("data").unwrap_or_default(), timed }
    }

    /// Returns the sender.
    pub(super) fn voice(&self) -> Voice {
        match (self.code, self.timed) {
            (Some(_), true) => Voice::Own,
            (Some(_), false) => Voice::Envelope,
            (None, _) => Voice::Bare,
        }
    }

    /// Returns the task that a submit created.
    pub(super) fn task(&self) -> Named {
        let mut ids: Vec<String> = self.items().iter().filter_map(|item| id(item.get("taskId")?)).collect();
        ids.retain(|id| !id.is_empty());
        ids.dedup();
        match ids.as_slice() {
            [] => Named::Nothing,
            [id] => TaskId::new(id).map_or_else(
                |_| Named::Nonsense(format!("a task id that can't be one: {:?}", printable(id, EXCERPT))),
                Named::Task,
            ),
            several => Named::Nonsense(format!("several task ids: {}", printable(&several.join(", "), MESSAGE))),
        }
    }

    /// Returns the status of `task`.
    pub(super) fn progress(&self, task: &TaskId) -> Option<Progress> {
        let item = self.item(task)?;
        let word = text(item.get("status")?)?.to_uppercase();
        let state = match word.as_str() {
            "PENDING" | "RUNNING" => TaskState::Running,
            "COMPLETED" => TaskState::Completed,
            "FAILED" | "CANCELED" | "CANCELLED" => TaskState::Failed,
            _ => TaskState::Strange,
        };
        let progress = item.get("progress").and_then(text);
        let message = reason(item).unwrap_or_else(|| self.message.clone());
        // The result of the call is not the reason why the task failed.
        let message = match state {
            TaskState::Failed if texts::is_success(&message) => String::new(),
            _ => message,
        };
        Some(Progress { state, word: printable(&word, EXCERPT), progress, message })
    }

    /// Returns the URLs of the videos of `task`; empty if they don't exist yet.
    ///
    /// # Errors
    /// Fails if there is no list, or something other than a URL in it.
    pub(super) fn videos(&self, task: &TaskId) -> Result<Vec<String>, NoUrl> {
        let list = || {
            let item = self.item(task)?;
            item.get("urls").or_else(|| item.get("result")?.get("urls"))?.as_array()
        };
        // An empty entry must not keep the other videos from being fetched; after nonsense the result is queried again.
        let listed = list().ok_or(NoUrl::Absent)?.iter().filter(|url| !url.is_null() && *url != "");
        listed.map(|url| web_url(url).ok_or_else(|| NoUrl::of(url))).collect()
    }

    /// Returns the URL of an upload.
    ///
    /// # Errors
    /// Fails if there is none, or something else in its place.
    pub(super) fn upload(&self) -> Result<String, NoUrl> {
        let mut paths = self.items().iter().filter_map(|item| item.get("fullPath")).filter(|path| !path.is_null());
        let path = paths.next().ok_or(NoUrl::Absent)?;
        web_url(path).ok_or_else(|| NoUrl::of(path))
    }

    /// Returns the item of `data` about `task`: the one with its id, or the only one, if that has none.
    fn item(&self, task: &TaskId) -> Option<&Value> {
        let named = |item: &Value| item.get("taskId").or_else(|| item.get("id")).and_then(id);
        let ours = self.items().iter().find(|item| named(item).as_deref() == Some(task.as_str()));
        ours.or_else(|| match self.items() {
            [only] if named(only).is_none() => Some(only),
            _ => None,
        })
    }

    /// Returns `data` as a list: one object, or an array of them.
    fn items(&self) -> &[Value] {
        match &self.data {
            Value::Array(items) => items,
            Value::Null => &[],
            one => std::slice::from_ref(one),
        }
    }
}

/// Returns an integer, even if quoted.
fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// Returns an id, as it came; some services number theirs.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) if !id.is_f64() => Some(id.to_string()),
        _ => None,
    }
}

/// Returns a text or number for people; `None` if it is empty.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => printable(text, MESSAGE),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    Some(text).filter(|text| !text.is_empty())
}

/// Returns why a task failed: services of this kind have no common name for the field.
fn reason(item: &Value) -> Option<String> {
    const NAMES: [&str; 9] =
        ["errorMessage", "error_message", "errorMsg", "failReason", "fail_reason", "reason", "error", "message", "msg"];
    NAMES.iter().find_map(|name| {
        let value = item.get(*name)?;
        text(value).or_else(|| text(value.get("message")?))
    })
}

/// Returns an absolute http(s) URL, in the spelling that is sent.
fn web_url(value: &Value) -> Option<String> {
    address::web_url(value.as_str()?).map(String::from)
}
