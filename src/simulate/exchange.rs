//! One exchange: a request is counted, read and answered, and sometimes mistreated.

use super::account::Request as Record;
use super::asked::Asked;
use super::body::ReplyBody;
use super::call::{Call, NotACall, Route};
use super::fault::{Action, Alteration, Answer, Instead, RetryAfter, Rules, Says, Subject, alter};
use super::line::{Break, Line};
use super::reply::{Reply, envelope};
use super::service::Service;
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{ALLOW, LOCATION, RETRY_AFTER, SERVER};
use hyper::http::request::Parts;
use hyper::http::uri::PathAndQuery;
use hyper::{Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::json;
use std::future::pending;
use std::time::Duration;

/// The path of the books, which are not part of the service.
const BOOKS: &str = "/__account";

/// The maximum number of bytes of a request's body: an image of the largest size, and the multipart text around it.
const BODY_BYTES: usize = 32 << 20;

/// A time long enough for bytes to be sent.
const A_MOMENT: Duration = Duration::from_millis(20);

/// The state that all connections share: the service, and its faults.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) service: Service,
    pub(super) rules: Rules,
}

impl Desk {
    /// Answers a request, or breaks the connection that it came on.
    pub(super) async fn answer(&self, request: Request<Incoming>, line: &Line) -> Response<ReplyBody> {
        let (head, body) = request.into_parts();
        let (path, account) = (head.uri.path(), self.service.account());
        if path == BOOKS {
            return self.books().into_response();
        }
        let route = Route::of(&head.method, path);
        let call = route.as_ref().ok().map(Route::call);
        let record = account.is_recording().then(|| account.record(record_of(&head, call, self.service.now())));
        let route = match route {
            Ok(route) => route,
            Err(reason) => return self.no_call(reason).into_response(),
        };
        account.count(route.call());
        let url = head.uri.path_and_query().map_or(path, PathAndQuery::as_str);
        if !self.rules.is_empty() && self.rules.at_head(route.call(), url).is_some() {
            return line.cut(Break::Reset).await;
        }
        let Ok(body) = Limited::new(body, BODY_BYTES).collect().await else {
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            return Reply::failure(status, "the body is too large, or broke off", self.service.now()).into_response();
        };
        let body = body.to_bytes();
        if let Some(record) = record {
            account.record_body(record, body.clone());
        }
        let asked = Asked::read(route, &head, body).await;
        if self.rules.is_empty() {
            return self.service.answer(&asked, &head, None).into_response();
        }
        let (identity, about) = (asked.identity(&head), self.about(&asked));
        let subject = Subject { identity: &identity, url, about: about.as_deref() };
        let action = self.rules.at_request(route.call(), subject);
        self.act(action, &asked, &head, line).await
    }

    async fn act(&self, action: Option<&Action>, asked: &Asked<'_>, head: &Parts, line: &Line) -> Response<ReplyBody> {
        match action {
            None | Some(Action::Ends(_)) => self.service.answer(asked, head, action).into_response(),
            Some(Action::Alter(alteration)) => {
                let reply = self.service.answer(asked, head, action);
                match alteration {
                    Alteration::Delay(pause) => tokio::time::sleep(*pause).await,
                    Alteration::Cut { reset: true, .. } => line.reset_later(A_MOMENT),
                    Alteration::Hangup(after) => line.reset_later(*after),
                    Alteration::CutHead => return line.cut(Break::Close(HALF_A_HEAD)).await,
                    _ => {}
                }
                let task = if let Asked::Status(task) | Asked::Result(task) = asked { Some(*task) } else { None };
                alter(reply, alteration, task)
            }
            Some(Action::Instead { what, handled }) => {
                if *handled {
                    self.service.answer(asked, head, None);
                }
                match what {
                    Instead::Answer(answer) => self.wrong(answer).into_response(),
                    Instead::Redirect => {
                        let port = self.service.address().port();
                        let path = head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
                        let location = format!("http://localhost:{port}{path}");
                        Reply::text(StatusCode::TEMPORARY_REDIRECT, "").with(LOCATION, location).into_response()
                    }
                    Instead::Reset { .. } => line.cut(Break::Reset).await,
                    Instead::Stall => pending().await,
                    Instead::Garbage => line.cut(Break::Close(NO_HTTP)).await,
                }
            }
        }
    }

    /// Returns a reply that isn't the right one.
    fn wrong(&self, answer: &Answer) -> Reply {
        let (status, now) = (answer.status, self.service.now());
        let message = answer.message.as_deref().unwrap_or("simulated failure");
        let mut reply = match answer.says {
            Says::Text => Reply::text(status, "simulated failure"),
            Says::Envelope(code) => Reply::json(status, envelope(code, message, None, now)),
            Says::Gateway(Some(code)) => Reply::json(status, json!({ "code": code, "message": message })),
            Says::Gateway(None) => Reply::json(status, json!({ "message": message })),
            Says::Html => Reply::bytes(status, "text/html; charset=utf-8", [Bytes::from_static(PAGE)]),
            Says::Nothing => Reply::text(status, ""),
        };
        reply = match answer.retry_after {
            Some(RetryAfter::Seconds(seconds)) => reply.with(RETRY_AFTER, seconds),
            Some(RetryAfter::Date(after)) => {
                let date = now.checked_add(after).unwrap_or(now).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
                reply.with(RETRY_AFTER, date)
            }
            None => reply,
        };
        if let Some(server) = &answer.server {
            reply = reply.with(SERVER, server.as_str());
        }
        match &answer.location {
            Some(location) => reply.with(LOCATION, location.as_str()),
            None => reply,
        }
    }

    /// Returns the text that a fault may be limited to: the prompt, or the name of the file.
    fn about(&self, asked: &Asked<'_>) -> Option<String> {
        match asked {
            Asked::Submit(submit) => submit.as_ref().ok()?.prompt().map(str::to_owned),
            Asked::Upload(upload) => upload.as_ref().ok().map(|upload| upload.file_name.clone()),
            Asked::Status(task) | Asked::Result(task) | Asked::Download(task, _) => self.service.prompt(task),
        }
    }

    fn books(&self) -> Reply {
        let books = serde_json::to_value(self.service.account().books()).expect("counts by strings are JSON");
        Reply::json(StatusCode::OK, books)
    }

    fn no_call(&self, reason: NotACall) -> Reply {
        let now = self.service.now();
        match reason {
            NotACall::Path => Reply::failure(StatusCode::NOT_FOUND, "the path is not known", now),
            NotACall::Method(allowed) => {
                let message = format!("this path takes {allowed} only");
                Reply::failure(StatusCode::METHOD_NOT_ALLOWED, &message, now).with(ALLOW, allowed)
            }
        }
    }
}

fn record_of(head: &Parts, call: Option<Call>, at: Timestamp) -> Record {
    Record {
        at,
        call,
        method: head.method.to_string(),
        path: head.uri.to_string(),
        headers: head.headers.clone(),
        body: Bytes::new(),
    }
}

const HALF_A_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: applica";
const NO_HTTP: &[u8] = b"\x16\x03\x01\x00 no HTTP is spoken here\r\n\r\n";
const PAGE: &[u8] =
    b"<!DOCTYPE html>\n<html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>\n";
