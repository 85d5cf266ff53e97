//! Alterations of the right reply.

use super::Alteration;
use crate::simulate::body::{End, ReplyBody};
use crate::simulate::reply::{Content, Reply};
use hyper::Response;
use serde_json::{Value, json};

/// Returns the reply with its content or its body altered.
pub(in crate::simulate) fn alter(mut reply: Reply, alteration: &Alteration, task: Option<&str>) -> Response<ReplyBody> {
    if let Content::Json(value) = &mut reply.content {
        content(value, alteration, task);
    }
    let mut response = reply.into_response();
    body(response.body_mut(), alteration);
    response
}

fn content(value: &mut Value, alteration: &Alteration, task: Option<&str>) {
    match alteration {
        Alteration::Set(key, new) => each_object(value, &mut |object| {
            if let Some(old) = object.get_mut(key) {
                *old = new.clone();
            }
        }),
        Alteration::Drop(key) => each_object(value, &mut |object| {
            object.remove(key);
        }),
        Alteration::Array => data(value, |data| if data.is_array() { data } else { json!([data]) }),
        Alteration::Nested => data(value, |data| json!([{ "result": data }])),
        Alteration::Among => data(value, |data| among(data, task.unwrap_or_default())),
        Alteration::Fewer(missing) => each_object(value, &mut |object| {
            if let Some(Value::Array(urls)) = object.get_mut("urls") {
                urls.truncate(urls.len().saturating_sub(*missing));
            }
        }),
        _ => {}
    }
}

fn body(body: &mut ReplyBody, alteration: &Alteration) {
    match alteration {
        Alteration::Drip(pause) => body.drip(*pause),
        // The reset follows.
        Alteration::Cut { bytes, reset: true } => body.shorten(*bytes, End::Silence),
        Alteration::Cut { bytes, reset: false } => body.shorten(*bytes, End::Broken { flushed: false }),
        Alteration::Hang(bytes) => body.shorten(*bytes, End::Silence),
        Alteration::Truncate { bytes, chunked } => {
            body.shorten(*bytes, End::Whole);
            if *chunked {
                body.announce_nothing();
            } else {
                body.announce_what_is_sent();
            }
        }
        Alteration::Chunked => body.announce_nothing(),
        Alteration::Pad(bytes) => body.pad(*bytes),
        _ => {}
    }
}

/// Applies an action to every object in `value`.
fn each_object(value: &mut Value, action: &mut impl FnMut(&mut serde_json::Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            action(object);
            object.values_mut().for_each(|value| each_object(value, action));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| each_object(value, action)),
        _ => {}
    }
}

/// Returns a reply's data as an item between those of two other tasks, which failed.
fn among(data: Value, task: &str) -> Value {
    let mut ours = if let Value::Array(items) = data { items.into_iter().next().unwrap_or_default() } else { data };
    ours["taskId"] = json!(task);
    let other =
        |id| json!({ "taskId": id, "status": "FAILED", "urls": ["https://videos.simulated.invalid/other.mp4"] });
    json!([other("another-1"), ours, other("another-2")])
}

/// Converts `data` of an envelope to another form.
fn data(envelope: &mut Value, form: impl FnOnce(Value) -> Value) {
    if let Some(data) = envelope.get_mut("data") {
        *data = form(data.take());
    }
}
