//! Replies: the service's envelope, and all other forms of a reply.

use super::body::ReplyBody;
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use jiff::{Timestamp, tz::Offset};
use serde_json::{Map, Value, json};
use std::collections::VecDeque;

/// A reply that is being built.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) content: Content,
}

/// The content of a reply.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// JSON, which a fault may still alter.
    Json(Value),
    /// Bytes in parts, of this media type.
    Bytes(&'static str, VecDeque<Bytes>),
}

impl Reply {
    /// Returns a success: code 0.
    pub(super) fn success(message: &str, data: Value, now: Timestamp) -> Reply {
        Reply::json(StatusCode::OK, envelope(0, message, Some(data), now))
    }

    /// Returns a failure that the service states in HTTP and in its envelope.
    pub(super) fn failure(status: StatusCode, message: &str, now: Timestamp) -> Reply {
        Reply::json(status, envelope(status.as_u16().into(), message, None, now))
    }

    pub(super) fn json(status: StatusCode, value: Value) -> Reply {
        Reply { status, headers: Vec::new(), content: Content::Json(value) }
    }

    pub(super) fn bytes(status: StatusCode, media_type: &'static str, parts: impl Into<VecDeque<Bytes>>) -> Reply {
        Reply { status, headers: Vec::new(), content: Content::Bytes(media_type, parts.into()) }
    }

    pub(super) fn text(status: StatusCode, text: impl Into<Bytes>) -> Reply {
        Reply::bytes(status, "text/plain; charset=utf-8", [text.into()])
    }

    pub(super) fn with(mut self, name: HeaderName, value: impl TryInto<HeaderValue>) -> Reply {
        if let Ok(value) = value.try_into() {
            self.headers.push((name, value));
        }
        self
    }

    /// Returns the reply as an HTTP response.
    pub(super) fn into_response(self) -> Response<ReplyBody> {
        let (media_type, parts) = match self.content {
            Content::Json(value) => ("application/json", VecDeque::from([Bytes::from(value.to_string())])),
            Content::Bytes(media_type, parts) => (media_type, parts),
        };
        let mut response = Response::new(ReplyBody::of(parts));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        response.headers_mut().extend(self.headers);
        response
    }
}

/// Returns the envelope of every reply of the service.
pub(super) fn envelope(code: i64, message: &str, data: Option<Value>, now: Timestamp) -> Value {
    let mut envelope = Map::new();
    envelope.insert("code".to_owned(), json!(code));
    envelope.insert("message".to_owned(), json!(message));
    if let Some(data) = data {
        envelope.insert("data".to_owned(), data);
    }
    envelope.insert("ts".to_owned(), json!(timestamp(now)));
    Value::Object(envelope)
}

/// Returns a time as the service writes it: RFC 9557, in China's time zone.
fn timestamp(now: Timestamp) -> String {
    let there = Offset::constant(8).to_datetime(now);
    format!("{}+08:00[Asia/Shanghai]", there.strftime("%Y-%m-%dT%H:%M:%S.%9f"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_is_the_one_of_the_services_page() {
        let now: Timestamp = "2026-03-09T02:44:54.716004004Z".parse().unwrap();
        let data = json!({"taskId": "3524e0b3ba014b12ab1faf29f9f00000"});
        assert_eq!(
            envelope(0, "任务提交成功", Some(data), now),
            json!({
                "code": 0,
                "message": "任务提交成功",
                "data": {"taskId": "3524e0b3ba014b12ab1faf29f9f00000"},
                "ts": "2026-03-09T10:44:54.716004004+08:00[Asia/Shanghai]"
            })
        );
        assert_eq!(envelope(400, "no", None, now).as_object().unwrap().len(), 3);
    }
}
