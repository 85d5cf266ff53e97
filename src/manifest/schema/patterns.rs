//! Regular expressions for texts, each with a sentence for editors that show one in its place.
//!
//! They keep to what JavaScript, Rust and Python read alike: no look-around, no flags, no named classes. Each takes at least
//! what the rule takes; a test holds it to that.

use crate::diagnostic::code::Code;
use crate::manifest::fields::{Field, Kind, TAGS};
use crate::spec::limits::JOB_ID_CHARACTERS;

/// A regular expression, and what to say of a text that it doesn't match.
pub(super) struct Pattern {
    pub regex: String,
    pub message: &'static str,
}

/// All white space there is, for the inside of a class: `\s` is another set in every language.
const BLANK: &str = r"\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";

/// Control characters, for the inside of a class.
const CONTROL: &str = r"\u0000-\u001f\u007f-\u009f";

/// What leaves no trace on a screen besides white space: control characters and what has no width.
const UNSEEN: &str = r"\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb";

/// What no part of a path has, for the inside of a class.
const NOT_IN_PATHS: &str = r"/\\{}\u0000-\u001f\u007f-\u009f";

/// Of a field that is one text.
pub(super) fn of_text(kind: Kind, field: &Field) -> Option<Pattern> {
    Some(match (kind, field.code) {
        (Kind::Period(least, _), _) => period(least > 0),
        (Kind::Rate, _) => Pattern {
            regex: "^0*[1-9][0-9]{0,9}/(s|min|h)$".to_owned(),
            message: "A rate is a whole number from 1 on, with /s, /min or /h, as 60/min.",
        },
        (_, Code::BaseUrl) => base_url(),
        (_, Code::JobId) => Pattern {
            regex: format!("^[A-Za-z0-9_][A-Za-z0-9._-]{{0,{}}}$", JOB_ID_CHARACTERS - 1),
            message: "A job id is 1 to 128 of A-Z a-z 0-9 . _ - and doesn't start with a dot or a dash.",
        },
        (_, Code::ReferenceName) => of_name(),
        (_, Code::EmptyPrompt) => Pattern {
            regex: format!("[^{BLANK}{UNSEEN}]"),
            message: "A prompt says something: it has a visible character.",
        },
        (_, Code::OutputPath) if field.default.is_some_and(|default| default.contains('{')) => output_name(),
        (_, Code::OutputPath) => output_dir(),
        (Kind::Filled, _) => {
            Pattern { regex: format!("[^{BLANK}]"), message: "It isn't empty; leave the field out for the default." }
        }
        _ => return None,
    })
}

/// Of the items of a field that is a list of texts.
pub(super) fn of_item(field: &Field) -> Option<Pattern> {
    match field {
        _ if field.code == Code::ImageCount => Some(image()),
        _ if field.name == TAGS.name => Some(tag()),
        _ => None,
    }
}

fn tag() -> Pattern {
    Pattern { regex: format!("^[^{CONTROL}{BLANK}]+$"), message: "A tag isn't empty, and has no white space in it." }
}

/// Of a reference's name.
pub(super) fn of_name() -> Pattern {
    Pattern {
        regex: format!("^[^@{BLANK}]+$"),
        message: "The name of a reference isn't empty, and has no white space and no @ in it.",
    }
}

fn period(positive: bool) -> Pattern {
    // One number at least that isn't 0, where none is forbidden: before it and behind it there may be any.
    let units = ["d", "h", "m", "s", "ms"];
    let parts = |units: &[&str], least: &str| units.iter().map(|unit| format!("({least}{unit})?")).collect::<String>();
    let choices: Vec<String> = (0..units.len())
        .map(|at| {
            let number = if positive { "0*[1-9][0-9]*" } else { "[0-9]+" };
            let before = if positive { parts(&units[..at], "0+") } else { String::new() };
            format!("{before}{number}{}{}", units[at], parts(&units[at + 1..], "[0-9]+"))
        })
        .collect();
    Pattern {
        regex: format!("^({})$", choices.join("|")),
        message: "A time span is whole numbers with d, h, m, s or ms, the longest unit first, as 90s or 1h30m, and in the field's bounds.",
    }
}

fn base_url() -> Pattern {
    let (http, localhost) = (any_case("http"), any_case("localhost"));
    let secure = r"[Ss]:[/\\]*[^/\\?#@]+";
    let loopback = format!(r"://({localhost}|127(\.[0-9]+){{0,3}}|\[::1\])(:[0-9]*)?");
    Pattern {
        regex: format!(r"^{http}({secure}|{loopback})([/\\][^?#]*)?$"),
        message: "A base URL is https with a host, or http on this machine; without a name or password, a query or a fragment.",
    }
}

fn image() -> Pattern {
    let web = format!(r"{}[Ss]?://[^/\\?#@{BLANK}]+([/\\?#][^{BLANK}]*)?", any_case("http"));
    // A path is what has no scheme: no letters, digits, + - . before its first colon.
    let odd_start = r"[^A-Za-z/~\\][^\\]*";
    let drive = r"[A-Za-z]:[^\\]*";
    let no_colon = "[A-Za-z][A-Za-z0-9+.-]*";
    let late_colon = format!(r"{no_colon}[^A-Za-z0-9+.:\\-][^\\]*");
    Pattern {
        regex: format!("^({web}|{odd_start}|{drive}|{no_colon}|{late_colon})$"),
        message: "An image is an http or https URL without a name or password, or a relative path with / between folders.",
    }
}

/// A part of a path: what it starts with, what it is made of, what it ends with.
fn part(start: &str, inside: &str, end: &str) -> String {
    format!("({start}{inside}*{end}|{end})")
}

fn output_dir() -> Pattern {
    let inside = format!("[^{NOT_IN_PATHS}]");
    let (start, end) = (format!("[^{NOT_IN_PATHS} ]"), format!("[^{NOT_IN_PATHS} .]"));
    let first = part(&format!("[^{NOT_IN_PATHS} ~]"), &inside, &end)
        .replace(&format!("|{end})"), &format!("|[^{NOT_IN_PATHS} .~])"));
    let next = part(&start, &inside, &end);
    Pattern {
        regex: format!(r"^({first}|\.)(/({next}|\.))*/?$"),
        message: "A folder inside the manifest's: a relative path without .., with / between folders.",
    }
}

fn output_name() -> Pattern {
    let placeholder = r"\{(id|n)\}";
    let inside = format!("([^{NOT_IN_PATHS}]|{placeholder})");
    let (start, end) = (format!("([^{NOT_IN_PATHS} ]|{placeholder})"), format!("([^{NOT_IN_PATHS} .]|{placeholder})"));
    let first_start = format!("([^{NOT_IN_PATHS} ~]|{placeholder})");
    let first = format!("({first_start}{inside}*{end}|([^{NOT_IN_PATHS} .~]|{placeholder}))");
    let next = part(&start, &inside, &end);
    Pattern {
        regex: format!("^{first}(/{next})*$"),
        message: "A relative path without .., with / between folders; {id} and {n} are the only placeholders.",
    }
}

/// A word in capital letters, in small ones, and in both.
fn any_case(word: &str) -> String {
    word.chars().map(|c| format!("[{}{c}]", c.to_ascii_uppercase())).collect()
}
