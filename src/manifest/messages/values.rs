//! Messages about values that a field doesn't allow.

use super::{Words, code_points, either, quoted, written};
use crate::base::decimal::Decimal;
use crate::diagnostic::code::Code;
use crate::document::Format;
use crate::manifest::fields::*;
use crate::manifest::problem::{Found, Place};
use crate::manifest::suggest;
use crate::service::address::NotABaseUrl;
use crate::service::vocabulary::{BASE_URL, Resolution};

/// Returns the help that lists the numbers that a field accepts.
pub(super) fn choices(kind: Kind) -> String {
    match kind {
        Kind::Choice(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
            format!("write {}", either(&numbers))
        }
        _ => "write a number".to_owned(),
    }
}

pub(super) fn not_allowed(at: Place, field: &'static Field, found: &Found, format: Format) -> Words {
    let name = field.name;
    let value = match found {
        Found::Integer(text) | Found::Number(text) | Found::Text(text) => quoted(text),
        Found::Boolean(value) => format!("`{value}`"),
        Found::Null | Found::List | Found::Table | Found::Other(_) => String::new(),
    };
    let error = |message: String| Words::error(field.code, message);
    match field.kind {
        _ if field.code == Code::EmptyPrompt => error("the prompt has no visible character".to_owned())
            .at(at, "empty")
            .help("describe what the video should show, and mention references as `@name`"),
        _ if field.code == Code::Version => error(format!("the version of a manifest is 1, not {value}"))
            .at(at, "not 1")
            .help(format!("write {}; a later version needs a later `batch`", written(format, name, "1"))),
        _ if field.name == DURATION.name => error(format!("a video lasts 5 or 8 seconds, not {value}"))
            .at(at, "not 5 or 8")
            .help("write 5 or 8; at 1080p only 5"),
        _ if field.code == Code::NumberOfVideos => error(format!("a generation makes 1 to 4 videos, not {value}"))
            .at(at, "not 1 to 4")
            .help("for more videos add another job that differs in `take`"),
        Kind::True => error(format!("`{name}` is `true` only: the service works asynchronously"))
            .at(at, "not possible")
            .help("leave it out: `true` is the default"),
        Kind::Word([only]) => error(format!("`{name}` is `{only}` only, not {value}"))
            .at(at, "not this")
            .help("leave it out: this is the default"),
        Kind::Word(words) => error(format!("`{name}` is {}, not {value}", either(words)))
            .at(at, "not one of these")
            .help(match found {
                Found::Text(text) => suggest::word(words, text).map(|(word, _)| word),
                _ => None,
            }
            .map_or_else(
                || format!("write {}", either(words)),
                |word| match found {
                    Found::Text(text) => match code_points::look_alikes(text) {
                        Some(named) => format!("did you mean `{word}`? {named}"),
                        None => format!("did you mean `{word}`?"),
                    },
                    _ => format!("did you mean `{word}`?"),
                },
            )),
        Kind::Integer(least, most) if most == i64::from(u32::MAX) => {
            error(format!("`{name}` counts from {least}, not from {value}"))
                .at(at, "out of range")
                .help(format!("write {}, or leave it out", written(format, name, "2")))
        }
        Kind::List(Kind::Integer(least, most)) => {
            error(format!("an item of `{name}` is an HTTP status from {least} to {most}, not {value}"))
                .at(at, "no such status")
                .help("name the statuses that a proxy says only of requests that it doesn't pass on, as in `[429, 503]`")
        }
        Kind::Integer(least, most) => error(format!("`{name}` is a whole number from {least} to {most}, not {value}"))
            .at(at, "out of range")
            .help(format!("write a number from {least} to {most}")),
        Kind::Period(least, _) => {
            let least = if least == 0 { "0s" } else { "1ms" };
            error(format!("`{name}` is a time span from {least} to 7d, not {value}"))
                .at(at, "not such a time span")
                .help("write whole numbers with their units (d, h, m, s, ms), the longest first: `30m`, `1h30m`, `500ms`")
        }
        Kind::Rate => error(format!("`{name}` is so many in a second, a minute or an hour, not {value}"))
            .at(at, "not a rate")
            .help("write a whole number from 1 on with `/s`, `/min` or `/h`, as in `60/min`; without the field there is no limit"),
        Kind::Amount => {
            let what = if field.name == AMOUNT.name { "a price".to_owned() } else { format!("`{name}`") };
            error(format!("{what} is a number from 0 to {} with at most nine digits after the point, not {value}", Decimal::MOST))
                .at(at, "not such an amount")
                .help(if field.name == AMOUNT.name { "write what one video costs, as `3.5`" } else { "write an amount in the unit of the prices, as `100`" })
        }
        // The text itself may hold a password.
        Kind::Ledger => error(format!("`{name}` is not the URL of a shared ledger"))
            .at(at, "no ledger can be kept there")
            .help("write s3://bucket/folder, gs://bucket/folder, az://container/folder, postgres://host/database or file:///folder; passwords and keys are in the environment, never in the URL"),
        Kind::Publish => error(format!("`{name}` is not the URL of a place for videos"))
            .at(at, "nothing can be published there")
            .help("write s3://bucket/folder, gs://bucket/folder, az://container/folder or file:///folder; keys are in the environment, never in the URL"),
        Kind::Filled => error(format!("`{name}` is empty"))
            .at(at, "nothing here")
            .help("write something, or leave the field out"),
        _ => error(format!("`{name}` can't be {value}")).at(at, "not possible"),
    }
}

pub(super) fn duplicate_price(
    later: Place,
    earlier: Place,
    resolution: Resolution,
    duration: crate::service::vocabulary::Duration,
) -> Words {
    let seconds = duration.seconds();
    Words::error(Code::Setting, format!("{resolution} videos of {seconds} s have two prices"))
        .at(later, "again here")
        .at(earlier, "first here")
        .help("keep one of them")
}

pub(super) fn base_url(at: Place, text: &str, flaw: NotABaseUrl) -> Words {
    Words::error(Code::BaseUrl, format!("{} can't be the service's base URL: {flaw}", quoted(text)))
        .at(
            at,
            match flaw {
                NotABaseUrl::NotAUrl => "not a URL",
                NotABaseUrl::Scheme => "not https",
                NotABaseUrl::PlainHttp => "not https, not loopback",
                NotABaseUrl::Credentials => "has a name or password",
                NotABaseUrl::Query => "has a query or a fragment",
            },
        )
        .help(match flaw {
            NotABaseUrl::PlainHttp => {
                "write `https:`; on this machine `http://127.0.0.1` and `http://localhost` will do".to_owned()
            }
            NotABaseUrl::Credentials => "take them out: the key comes from `BAICAI_API_KEY`".to_owned(),
            _ => format!("write the scheme and the host, as in `{BASE_URL}`"),
        })
}
