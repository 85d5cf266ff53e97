//! The parser of faults.

use super::{Action, Alteration, Answer, Fault, Instead, RetryAfter, Says, Scope, When};
use crate::simulate::call::Call;
use crate::simulate::options::{Share, duration};
use crate::simulate::task::Outcome;
use hyper::StatusCode;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The error for a text that is not a fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a fault: {why}")]
pub struct NotAFault {
    text: String,
    why: String,
}

impl FromStr for Fault {
    type Err = NotAFault;

    fn from_str(text: &str) -> Result<Fault, NotAFault> {
        fault(text).map_err(|why| NotAFault { text: text.to_owned(), why })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn fault(text: &str) -> Result<Fault, String> {
    let (call, rest) = text.split_once(':').ok_or("CALL:ACTION is expected, as `submit:503@1-3`")?;
    let call = match call {
        "any" => None,
        _ => Some(
            Call::ALL
                .into_iter()
                .find(|c| c.as_str() == call)
                .ok_or_else(|| format!("`{call}` is none of {}, any", Call::ALL.map(Call::as_str).join(", ")))?,
        ),
    };
    let word_ends = rest.find(['(', '@', '/', '~']).unwrap_or(rest.len());
    let (word, mut rest) = rest.split_at(word_ends);
    let mut arguments = "";
    if let Some(open) = rest.strip_prefix('(') {
        (arguments, rest) = open.split_once(')').ok_or("a `)` is missing")?;
    }
    let mut about = None;
    if let Some((before, text)) = rest.split_once('~') {
        (rest, about) = (before, Some(text.to_owned()));
    }
    let mut scope = Scope::All;
    if let Some((before, word)) = rest.split_once('/') {
        scope = match word {
            "each" => Scope::Subject,
            "url" => Scope::Url,
            _ => return Err(format!("`/{word}` is neither /each nor /url")),
        };
        rest = before;
    }
    let when = match rest.strip_prefix('@') {
        Some(text) => when(text).ok_or_else(|| {
            format!("`@{text}` is no time: @3, @1-3, @4-, @%3 (every third) and @10% (by chance) are")
        })?,
        None if rest.is_empty() => When::Times { first: 1, last: u64::MAX },
        None => return Err(format!("`{rest}` is not expected here")),
    };
    let action = action(word, &Arguments(arguments))?;
    let fault = Fault { text: text.to_owned(), call, when, scope, about, action };
    fits(&fault)?;
    Ok(fault)
}

/// Refuses a fault that could never apply.
fn fits(fault: &Fault) -> Result<(), String> {
    if fault.call == Some(Call::Connect) {
        let possible = matches!(fault.action, Action::Instead { what: Instead::Reset { .. } | Instead::Stall, .. });
        if !possible || fault.scope != Scope::All || fault.about.is_some() {
            return Err("a connection can only be hit by reset and stall, without /each, /url and ~".to_owned());
        }
    }
    if fault.is_early() && (fault.scope == Scope::Subject || fault.about.is_some()) {
        return Err("before its body is read, a request is not known: no /each and no ~ with reset(early)".to_owned());
    }
    if matches!(fault.action, Action::Ends(_)) && fault.call != Some(Call::Submit) {
        return Err("how a task ends is decided at submit".to_owned());
    }
    if matches!(fault.action, Action::Alter(Alteration::Expires { .. })) && fault.call != Some(Call::Result) {
        return Err("only the URLs of a result expire".to_owned());
    }
    Ok(())
}

fn when(text: &str) -> Option<When> {
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number > 0);
    if let Some(every) = text.strip_prefix('%') {
        return Some(When::Every(number(every)?));
    }
    if text.ends_with('%') {
        return text.parse::<Share>().ok().map(When::Chance);
    }
    let (first, last) = match text.split_once('-') {
        None => (number(text)?, number(text)?),
        Some((first, "")) => (number(first)?, u64::MAX),
        Some((first, last)) => (number(first)?, number(last)?),
    };
    (first <= last).then_some(When::Times { first, last })
}

fn action(word: &str, arguments: &Arguments<'_>) -> Result<Action, String> {
    if let Ok(status) = word.parse::<u16>() {
        let status = StatusCode::from_u16(status).ok().filter(|_| (200..600).contains(&status));
        return answer(status.ok_or("an HTTP status is from 200 to 599")?, arguments);
    }
    let handled = arguments.has("charged");
    let instead = |what| Action::Instead { what, handled };
    let (action, known): (Action, &[&str]) = match word {
        "redirect" => (instead(Instead::Redirect), &["charged"]),
        "stall" => (instead(Instead::Stall), &["charged"]),
        "garbage" => (instead(Instead::Garbage), &["charged"]),
        "reset" if arguments.has("early") => (instead(Instead::Reset { early: true }), &["early"]),
        "reset" => (instead(Instead::Reset { early: false }), &["charged"]),
        "fail" => (Action::Ends(Some(Outcome::Failed)), &[]),
        "moderate" => (Action::Ends(Some(Outcome::Moderated)), &[]),
        "cancel" => (Action::Ends(Some(Outcome::Canceled)), &[]),
        "never" => (Action::Ends(None), &[]),
        _ => return alteration(word, arguments).map(Action::Alter),
    };
    arguments.only(word, known)?;
    Ok(action)
}

fn answer(status: StatusCode, arguments: &Arguments<'_>) -> Result<Action, String> {
    arguments.only(
        status.as_str(),
        &[
            "charged",
            "envelope",
            "gateway",
            "message",
            "html",
            "empty",
            "retry-after",
            "retry-date",
            "location",
            "server",
        ],
    )?;
    let code = |code: &str| match code {
        "" => Ok(i64::from(status.as_u16())),
        code => code.parse().map_err(|_| format!("`{code}` is no code for an envelope")),
    };
    let says = match (arguments.value("envelope"), arguments.value("gateway")) {
        (Some(own), _) => Says::Envelope(code(own)?),
        (None, Some(made_up)) => Says::Gateway(Some(code(made_up)?)),
        (None, None) if arguments.has("message") => Says::Gateway(None),
        (None, None) if arguments.has("html") => Says::Html,
        (None, None) if arguments.has("empty") => Says::Nothing,
        (None, None) => Says::Text,
    };
    let retry_after = match (arguments.value("retry-after"), arguments.value("retry-date")) {
        (Some(seconds), _) => Some(RetryAfter::Seconds(pause(seconds)?.as_secs())),
        (None, Some(date)) => Some(RetryAfter::Date(pause(date)?)),
        (None, None) => None,
    };
    let text = |name| arguments.value(name).map(str::to_owned);
    let (location, server, message) = (text("location"), text("server"), text("message"));
    let answer = Answer { status, says, retry_after, location, server, message };
    Ok(Action::Instead { what: Instead::Answer(answer), handled: arguments.has("charged") })
}

fn alteration(word: &str, arguments: &Arguments<'_>) -> Result<Alteration, String> {
    let first = arguments.first();
    let number = || first.parse::<u64>().map_err(|_| format!("{word} takes a number, not `{first}`"));
    let alteration = match word {
        "set" => {
            let (key, value) = arguments.0.split_once('=').ok_or("set takes KEY=JSON")?;
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            return Ok(Alteration::Set(key.to_owned(), value));
        }
        "drop" if first.is_empty() => return Err("drop takes the name of a field".to_owned()),
        "drop" => Alteration::Drop(first.to_owned()),
        "shape" => match first {
            "array" => Alteration::Array,
            "nested" => Alteration::Nested,
            "among" => Alteration::Among,
            _ => return Err(format!("shape takes array, nested or among, not `{first}`")),
        },
        "fewer" => Alteration::Fewer(usize::try_from(number()?).unwrap_or(usize::MAX)),
        "expires" => {
            let status = match arguments.second() {
                "" => StatusCode::FORBIDDEN,
                "404" => StatusCode::NOT_FOUND,
                "410" => StatusCode::GONE,
                other => return Err(format!("a URL expires with 403, 404 or 410, not `{other}`")),
            };
            return Ok(Alteration::Expires { after: pause(first)?, status });
        }
        "delay" => Alteration::Delay(pause(first)?),
        "drip" if first.is_empty() => Alteration::Drip(Duration::from_secs(1)),
        "drip" => Alteration::Drip(pause(first)?),
        "cut" if first == "head" => Alteration::CutHead,
        "cut" => match arguments.second() {
            "" => Alteration::Cut { bytes: number()?, reset: false },
            "reset" => return Ok(Alteration::Cut { bytes: number()?, reset: true }),
            other => return Err(format!("cut takes a number and reset, not `{other}`")),
        },
        "hangup" => Alteration::Hangup(pause(first)?),
        "hang" => Alteration::Hang(number()?),
        "truncate" => match arguments.second() {
            "" => Alteration::Truncate { bytes: number()?, chunked: false },
            "chunked" => return Ok(Alteration::Truncate { bytes: number()?, chunked: true }),
            other => return Err(format!("truncate takes a number and chunked, not `{other}`")),
        },
        "chunked" => {
            arguments.only(word, &[])?;
            Alteration::Chunked
        }
        "pad" => Alteration::Pad(number()?),
        _ => return Err(format!("`{word}` is no action")),
    };
    match arguments.second() {
        "" => Ok(alteration),
        other => Err(format!("{word} takes no `{other}`")),
    }
}

fn pause(text: &str) -> Result<Duration, String> {
    duration(text).ok_or_else(|| format!("`{text}` is no duration, as `2s` or `150ms`"))
}

/// The text in the brackets.
struct Arguments<'t>(&'t str);

impl<'t> Arguments<'t> {
    /// Returns all arguments, as name and value.
    fn all(&self) -> impl Iterator<Item = (&'t str, &'t str)> {
        let items = self.0.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(|item| item.split_once('=').unwrap_or((item, "")))
    }

    fn value(&self, name: &str) -> Option<&'t str> {
        self.all().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    fn first(&self) -> &'t str {
        self.0.split(',').next().unwrap_or_default().trim()
    }

    /// Returns the arguments after the first.
    fn second(&self) -> &'t str {
        self.0.split_once(',').map_or("", |(_, rest)| rest.trim())
    }

    fn only(&self, word: &str, known: &[&str]) -> Result<(), String> {
        match self.all().find(|(name, _)| !known.contains(name)) {
            None => Ok(()),
            Some((name, _)) => Err(format!("{word} takes no `{name}`")),
        }
    }
}

#[cfg(test)]
mod tests;
