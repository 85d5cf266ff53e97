//! Messages about fields that are unknown, missing, or hold a value that they don't allow.

use super::{Words, all, code_points, either, quoted, written};
use crate::base::decimal::Decimal;
use crate::base::look_alike;
use crate::diagnostic::code::Code;
use crate::document::Format;
use crate::manifest::fields::*;
use crate::manifest::problem::{Fill, Found, Place, What};
use crate::manifest::suggest::{self, Meant};
use crate::service::address::NotABaseUrl;
use crate::service::vocabulary::{BASE_URL, Resolution};

pub(super) fn unknown(key: Place, name: &str, block: &'static Block, meant: Meant) -> Words {
    let words = Words::error(Code::UnknownField, format!("{} has no field {}", block.title, quoted(name)));
    let label = match meant {
        Meant::Field(field) => format!("did you mean `{}`?", field.name),
        _ => format!("no field of {}", block.title),
    };
    words.at(key, label).help(match meant {
        Meant::Field(field) if name.starts_with("mut") && field.name == REFERENCES.name => {
            "write `references`: what the service calls so is called so here, and the items are the same".to_owned()
        }
        Meant::Field(field) => format!("write `{}`", field.name),
        Meant::Elsewhere(other) if std::ptr::eq(other, &DEFAULTS) => {
            format!("{} is a field of a job; put it under `defaults` to give it to all jobs", quoted(name))
        }
        Meant::Elsewhere(other) => format!("{} is a field of {}", quoted(name), other.title),
        Meant::Input => "write the fields of `input` straight into the job: `prompt`, `resolution`, `duration`, and `references` for what the service calls `mutil_reference`".to_owned(),
        Meant::Id => "give every job an `id` of its own: there can be no default".to_owned(),
        Meant::Key => "leave it out: in the library the key is the name".to_owned(),
        Meant::Unknown if name.starts_with("x-") => {
            "leave it out: remarks are comments (`#`), and an anchor may be set where it is first used".to_owned()
        }
        Meant::Unknown => {
            let names: Vec<String> = block.fields.iter().map(|field| format!("`{}`", field.name)).collect();
            format!("leave it out, or use one of {}", either(&names))
        }
    })
}

pub(super) fn missing(at: Place, block: &'static Block, field: &'static Field, format: Format) -> Words {
    let name = field.name;
    let example = written(format, name, &example(field, format));
    Words::error(Code::MissingField, format!("{} has no `{name}`", block.title))
        .at(at, format!("`{name}` is missing"))
        .help(match field.code {
            Code::Resolution | Code::Duration if std::ptr::eq(block, &JOB) => {
                format!("write {example} in the job, or under `defaults` to give it to all jobs")
            }
            _ => format!("write {example}"),
        })
}

/// Returns a typical value.
fn example(field: &Field, format: Format) -> String {
    let text = |text: &str| if format == Format::Yaml { text.to_owned() } else { format!("\"{text}\"") };
    match field.name {
        "id" => text("park-walk"),
        "prompt" => "\"@human walks on the @grass\"".to_owned(),
        "resolution" => text("720p"),
        "type" => text("subject"),
        "name" => text("dog"),
        "urls" => "[\"https://images.example.com/dog.png\"]".to_owned(),
        "duration" => "5".to_owned(),
        "price" => "3.5".to_owned(),
        "jobs" => "[]".to_owned(),
        "table" => match format {
            Format::Yaml => "[{ resolution: 720p, duration: 5, price: 3.5 }]".to_owned(),
            Format::Toml => "[{ resolution = \"720p\", duration = 5, price = 3.5 }]".to_owned(),
            Format::Json => "[{\"resolution\": \"720p\", \"duration\": 5, \"price\": 3.5}]".to_owned(),
        },
        _ => "1".to_owned(),
    }
}

pub(super) fn wrong_type(at: Place, what: What, found: &Found, format: Format) -> Words {
    let (who, kind) = match what {
        What::Manifest => ("the manifest is".to_owned(), Kind::Table(&MANIFEST)),
        What::Field(field) => (format!("`{}` takes", field.name), field.kind),
        What::Item(field) => match field.kind.item() {
            Kind::Table(block) => (format!("{} is", block.title), Kind::Table(block)),
            kind => (format!("an item of `{}` is", field.name), kind),
        },
    };
    let message = match found {
        Found::Null => format!("{who} {}, and there is nothing here", wanted(kind)),
        _ => format!("{who} {}, not {}", wanted(kind), described(found)),
    };
    let words = Words::error(Code::WrongType, message).at(at, label(found));
    let is_filled = at.fill != Fill::None;
    match fix(what, kind, found, format, is_filled) {
        Some(help) => words.help(help),
        None => words,
    }
}

/// Returns the description of the values that a field accepts.
fn wanted(kind: Kind) -> &'static str {
    match (kind, kind.shape()) {
        (Kind::Named(_), _) => "a mapping from names to references",
        (Kind::Use(_), _) => "the name of a reference, or a reference written out",
        (_, Shape::Text) => "a text",
        (_, Shape::Integer) => "a whole number",
        (_, Shape::Number) => "a number",
        (_, Shape::Boolean) => "`true` or `false`",
        (_, Shape::List) => "a list",
        (_, Shape::Table) => "a mapping",
        (_, Shape::TextOrTable) => "a text or a mapping",
        (_, Shape::TextOrList) => "a text or a list",
    }
}

/// Returns the description of the value that was found.
fn described(found: &Found) -> String {
    match found {
        Found::Null => "nothing".to_owned(),
        Found::Boolean(value) => format!("`{value}`"),
        Found::Integer(text) | Found::Number(text) => format!("the number {}", quoted(text)),
        Found::Text(text) => format!("the text {}", quoted(text)),
        Found::List => "a list".to_owned(),
        Found::Table => "a mapping".to_owned(),
        Found::Other(name) => (*name).to_owned(),
    }
}

fn label(found: &Found) -> &'static str {
    match found {
        Found::Null => "no value",
        Found::Boolean(_) => "true or false",
        Found::Integer(_) | Found::Number(_) => "a number",
        Found::Text(_) => "a text",
        Found::List => "a list",
        Found::Table => "a mapping",
        Found::Other(name) => name,
    }
}

/// Returns the help: what to write instead.
fn fix(what: What, kind: Kind, found: &Found, format: Format, is_filled: bool) -> Option<String> {
    let help = match (kind, kind.shape(), found) {
        (_, _, Found::Null) => match what {
            What::Field(_) => "write a value, or leave the field out".to_owned(),
            _ => "write a value, or leave the item out".to_owned(),
        },
        (Kind::Word(words), _, Found::Integer(_) | Found::Number(_) | Found::Boolean(_) | Found::Other(_)) => {
            let number = if let Found::Integer(number) | Found::Number(number) = found { number } else { "" };
            let likely = suggest::word_of_number(words, number).map(|word| vec![word]);
            let words: Vec<String> = likely.as_deref().unwrap_or(words).iter().map(|word| text(word, format)).collect();
            format!("write {}", either(&words))
        }
        (Kind::Period(..), _, Found::Integer(number)) => {
            let number = suggest::whole_number(number)?;
            format!(
                "say the unit: {}, {} or {}",
                text(&format!("{number}s"), format),
                text(&format!("{number}m"), format),
                text(&format!("{number}h"), format)
            )
        }
        (Kind::Rate, _, Found::Integer(number)) => {
            let number = suggest::whole_number(number).filter(|number| *number > 0)?;
            format!(
                "say in how long: {} or {}",
                text(&format!("{number}/min"), format),
                text(&format!("{number}/s"), format)
            )
        }
        (_, Shape::Text, Found::Integer(text) | Found::Number(text)) => format!("put it in quotes: `\"{text}\"`"),
        (_, Shape::Text, Found::Boolean(value)) => format!("put it in quotes: `\"{value}\"`"),
        (_, Shape::Text, Found::Other(_)) => "put it in quotes".to_owned(),
        (_, Shape::Text, Found::List) => "write one text; in a block it may have several lines".to_owned(),
        (_, Shape::Integer | Shape::Number, Found::Text(text)) => {
            let plain = look_alike::plain(text);
            let Some((number, unit)) = suggest::number(&plain) else {
                return Some("write a number".to_owned());
            };
            let number: f64 = number.parse().ok()?;
            let is_taken = !matches!(kind, Kind::Choice(numbers) if !numbers.iter().any(|one| *one as f64 == number));
            match code_points::look_alikes(text) {
                _ if !is_taken => choices(kind),
                Some(named) => format!("write {number}: {named}"),
                // A cell has no quotes that could be superfluous.
                None if unit.is_empty() && is_filled => format!("write {number}"),
                None if unit.is_empty() => format!("write {number}, without quotes"),
                None => format!("write {number}, without a unit"),
            }
        }
        (_, Shape::Integer, Found::Number(text)) => {
            let number: f64 = text.parse().ok().filter(|number: &f64| number.fract() == 0.0 && number.abs() < 1e15)?;
            format!("write {number}, without a point")
        }
        (_, Shape::Boolean, Found::Text(text)) => match suggest::boolean(text) {
            Some(value) if is_filled => format!("write `{value}`"),
            Some(value) => format!("write `{value}`, without quotes"),
            None => "write `true` or `false`".to_owned(),
        },
        (_, Shape::Boolean, Found::Integer(number)) if number == "1" => "write `true`".to_owned(),
        (_, Shape::Boolean, Found::Integer(number)) if number == "0" => "write `false`".to_owned(),
        (Kind::List(Kind::Text | Kind::Use(_)), Shape::List, Found::Text(text))
            if text.len() < 40 && !text.contains(['"', '\n', '\\']) =>
        {
            let (What::Field(field) | What::Item(field)) = what else { return None };
            match suggest::items(field, text) {
                Some(items) if items.len() > 1 => format!("put them in brackets: `[\"{}\"]`", items.join("\", \"")),
                Some(items) => format!("put it in brackets: `[\"{}\"]`", items[0]),
                None => "write a list, or leave the field out".to_owned(),
            }
        }
        (_, Shape::List, Found::Table) if matches!(what, What::Field(field) if field.name == JOBS.name) => match format
        {
            Format::Yaml => "start each job with a dash: `- id: park-walk`".to_owned(),
            Format::Toml => "start each job with `[[jobs]]`, in double brackets".to_owned(),
            Format::Json => "put the jobs in brackets, each with an `id`".to_owned(),
        },
        (_, Shape::List, _) => "put it in brackets: `[…]`".to_owned(),
        (Kind::Table(block), _, Found::List) if std::ptr::eq(block, &MANIFEST) => {
            "put the list under `jobs`, and `version` before it".to_owned()
        }
        (Kind::Named(_), _, Found::List) => "write the name of each reference before it, as a key".to_owned(),
        (Kind::Table(block) | Kind::Use(block), ..) => {
            let names =
                |fields: &[&Field]| -> Vec<String> { fields.iter().map(|field| format!("`{}`", field.name)).collect() };
            match block.required {
                [] => format!("write fields in it, such as `{}`", block.fields[0].name),
                required => format!("write a mapping with {} in it", all(&names(required))),
            }
        }
        (Kind::Matrix, ..) => "write names with lists of values in it".to_owned(),
        (_, Shape::Text, _) => "write a text".to_owned(),
        (Kind::Choice([only]), ..) => format!("write {only}"),
        (Kind::Choice(_), ..) => choices(kind),
        (_, Shape::Integer, _) => "write a whole number".to_owned(),
        (_, Shape::Number, _) => "write a number".to_owned(),
        (_, Shape::Boolean, _) => "write `true` or `false`".to_owned(),
        _ => return None,
    };
    Some(help)
}

/// Returns the help that lists the numbers that a field accepts.
fn choices(kind: Kind) -> String {
    match kind {
        Kind::Choice(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
            format!("write {}", either(&numbers))
        }
        _ => "write a number".to_owned(),
    }
}

/// Returns a text as the format writes it.
fn text(text: &str, format: Format) -> String {
    match format {
        Format::Yaml => format!("`{text}`"),
        Format::Toml | Format::Json => format!("`\"{text}\"`"),
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
