//! What the service's replies say, whatever shape they come in.
//!
//! The shapes are those of the manual's page on the service. What is read here was written by a stranger: every text is
//! made printable, every id and URL is checked.

use super::printable::{EXCERPT, MESSAGE, printable};
use super::{Progress, TaskState};
use crate::spec::names::TaskId;
use serde_json::Value;
use url::Url;

/// The service's envelope: `{"code": 0, "message": "…", "data": …}`.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    /// 0 is success; none is no envelope.
    pub code: Option<i64>,
    /// For people.
    pub message: String,
    data: Value,
}

/// What a reply says of a new task.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Nothing.
    Nothing,
    /// Its id.
    Task(TaskId),
    /// Something that can't be a task's id, in words.
    Nonsense(String),
}

impl Envelope {
    /// The envelope in a reply's body; empty where the body isn't a JSON object.
    pub(super) fn read(body: &[u8]) -> Envelope {
        // A message in another encoding must not cost the task id beside it.
        let Ok(Value::Object(mut object)) = serde_json::from_str(&String::from_utf8_lossy(body)) else {
            return Envelope::default();
        };
        let code = object.get("code").and_then(integer);
        let message = ["message", "msg"].iter().find_map(|key| text(object.get(*key)?)).unwrap_or_default();
        Envelope { code, message, data: object.remove("data").unwrap_or_default() }
    }

    /// The task that a submit made.
    pub(super) fn task(&self) -> Named {
        let mut ids: Vec<String> = self.items().iter().filter_map(|item| id(item.get("taskId")?)).collect();
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

    /// How a task stands.
    pub(super) fn progress(&self) -> Option<Progress> {
        let item = self.items().iter().find(|item| item.get("status").is_some())?;
        let word = text(item.get("status")?)?.to_uppercase();
        let state = match word.as_str() {
            "PENDING" | "RUNNING" => TaskState::Running,
            "COMPLETED" => TaskState::Completed,
            "FAILED" | "CANCELED" | "CANCELLED" => TaskState::Failed,
            _ => TaskState::Strange,
        };
        let progress = item.get("progress").and_then(text);
        let message = reason(item).unwrap_or_else(|| self.message.clone());
        Some(Progress { state, word: printable(&word, EXCERPT), progress, message })
    }

    /// The URLs of a task's videos; `Some` and empty where they aren't there yet.
    pub(super) fn videos(&self) -> Option<Vec<String>> {
        let mut urls = Vec::new();
        let mut listed = false;
        for item in self.items() {
            let list = item.get("urls").or_else(|| item.get("result")?.get("urls"));
            if let Some(Value::Array(list)) = list {
                listed = true;
                // An empty place must not keep the videos beside it from being fetched; nonsense is asked for again.
                for url in list.iter().filter(|url| !url.is_null() && *url != "") {
                    urls.push(web_url(url)?);
                }
            }
        }
        listed.then_some(urls)
    }

    /// The URL of an upload.
    pub(super) fn upload(&self) -> Option<String> {
        self.items().iter().find_map(|item| web_url(item.get("fullPath")?))
    }

    /// `data` as a list: one object, or an array of them.
    fn items(&self) -> &[Value] {
        match &self.data {
            Value::Array(items) => items,
            Value::Null => &[],
            one => std::slice::from_ref(one),
        }
    }
}

/// An integer, also one in quotes.
fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// An id, as it came; some services count theirs.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) if !id.is_f64() => Some(id.to_string()),
        _ => None,
    }
}

/// A text or number for people; none where it is empty.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => printable(text, MESSAGE),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    Some(text).filter(|text| !text.is_empty())
}

/// Why a task failed: the services of this kind have no common name for it.
fn reason(item: &Value) -> Option<String> {
    const NAMES: [&str; 9] =
        ["errorMessage", "error_message", "errorMsg", "failReason", "fail_reason", "reason", "error", "message", "msg"];
    NAMES.iter().find_map(|name| {
        let value = item.get(*name)?;
        text(value).or_else(|| text(value.get("message")?))
    })
}

/// An absolute URL of the web.
fn web_url(value: &Value) -> Option<String> {
    let url = Url::parse(value.as_str()?).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| url.into())
}
