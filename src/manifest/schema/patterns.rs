//! Regular expressions for texts, each with a sentence for readers of the schema.
//!
//! They use only what JavaScript, Rust and Python read alike: no look-around and no flags. (Only in JavaScript `\s`
//! includes U+FEFF, which nobody writes on purpose.) Each accepts what the rule accepts, except a loopback address that
//! is spelt as a number; no good manifest of the tests is flagged.

use crate::diagnostic::code::Code;
use crate::manifest::fields::{Field, Kind, TAGS};
use crate::service::names::JOB_ID_PATTERN;

/// A regular expression, and its meaning.
pub(super) struct Pattern {
    pub regex: String,
    pub message: &'static str,
}

/// Characters besides white space that are invisible on a screen. Rare ones are left to `batch check`: some editors
/// show the pattern.
const UNSEEN: &str = r"\u00ad\u200b-\u200f\u2060-\u206f\ufeff";

/// Characters that no part of a path contains, for the inside of a class.
const NOT_IN_PATHS: &str = r"/\\{}";

/// Returns the pattern of a field that is one text.
pub(super) fn of_text(kind: Kind, field: &Field) -> Option<Pattern> {
    Some(match (kind, field.code) {
        (Kind::Rate, _) => Pattern {
            regex: "^0*[1-9][0-9]{0,9}/(s|min|h)$".to_owned(),
            message: "A rate is a whole number from 1 on, with /s, /min or /h, as 60/min.",
        },
        (Kind::Ledger, _) => Pattern {
            regex: "^(s3|gs|az|postgres|postgresql|file)://".to_owned(),
            message: "A shared ledger is at s3://bucket/folder, gs://bucket/folder, az://container/folder, postgres://host/database or file:///folder.",
        },
        (Kind::Publish, _) => Pattern {
            regex: "^(s3|gs|az|file)://".to_owned(),
            message: "Videos are published to s3://bucket/folder, gs://bucket/folder, az://container/folder or file:///folder.",
        },
        (_, Code::BaseUrl) => base_url(),
        (_, Code::JobId) => Pattern {
            regex: JOB_ID_PATTERN.to_owned(),
            message: "A job id is 1 to 128 letters and digits of any script and . _ - and doesn't start with a dot or a dash.",
        },
        (_, Code::ReferenceName) => of_name(),
        (_, Code::EmptyPrompt) => Pattern {
            regex: format!(r"[^\s{UNSEEN}]"),
            message: "A prompt says something: it has a visible character.",
        },
        (_, Code::OutputPath) if field.default.is_some_and(|default| default.contains('{')) => output_name(),
        (_, Code::OutputPath) => output_dir(),
        (Kind::Filled, _) => {
            Pattern { regex: r"\S".to_owned(), message: "It isn't empty; leave the field out for the default." }
        }
        _ => return None,
    })
}

/// Returns the pattern of the items of a field that is a list of texts.
pub(super) fn of_item(field: &Field) -> Option<Pattern> {
    match field {
        _ if field.code == Code::ImageCount => Some(image()),
        _ if field.name == TAGS.name => Some(tag()),
        _ => None,
    }
}

fn tag() -> Pattern {
    Pattern {
        regex: r"^[^\s\u0000-\u001f\u007f-\u009f]+$".to_owned(),
        message: "A tag isn't empty, and has no white space in it.",
    }
}

/// Returns the pattern of a reference's name.
pub(super) fn of_name() -> Pattern {
    Pattern {
        regex: r"^[^\s@]+$".to_owned(),
        message: "The name of a reference isn't empty, and has no white space and no @ in it.",
    }
}

/// Returns the patterns of a time span: of its parts, and of a digit that it must have.
pub(super) fn period(least: u64) -> [Pattern; 2] {
    let made_of = Pattern {
        regex: "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$".to_owned(),
        message: "A time span is whole numbers with d, h, m, s or ms, the longest unit first, as 90s or 1h30m.",
    };
    let digit = match least {
        0 => Pattern { regex: "[0-9]".to_owned(), message: "A time span has a number, as 90s." },
        _ => Pattern { regex: "[1-9]".to_owned(), message: "It is longer than nothing." },
    };
    [made_of, digit]
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
    let web = format!(r"{}[Ss]?://[^/\\?#@\s]+([/\\?#][^\s]*)?", any_case("http"));
    // A path is a text without a scheme: no letters, digits, + - . before its first colon.
    let odd_start = r"[^A-Za-z/~\\][^\\]*";
    let drive = r"[A-Za-z]:[^\\]*";
    let no_colon = "[A-Za-z][A-Za-z0-9+.-]*";
    let late_colon = format!(r"{no_colon}[^A-Za-z0-9+.:\\-][^\\]*");
    Pattern {
        regex: format!("^({web}|{odd_start}|{drive}|{no_colon}|{late_colon})$"),
        message: "An image is an http or https URL without a name or password, or a relative path with / between folders.",
    }
}

/// Returns the expression of a relative path whose parts don't start with a space nor end with a space or a dot, the
/// first not with a tilde. `more` are units that parts consist of besides single characters, and `whole` are further
/// forms of a whole part.
fn relative_path(more: &str, whole: &str) -> String {
    let one_but = |these: &str| format!("([^{NOT_IN_PATHS}{these}]{more})");
    let part = |not_at_first: &str| {
        let (first, inside, last) = (one_but(not_at_first), one_but(""), one_but(" ."));
        let only = one_but(&format!("{not_at_first}."));
        format!("({first}{inside}*{last}|{only}{whole})")
    };
    format!("{}(/{})*", part(" ~"), part(" "))
}

fn output_dir() -> Pattern {
    Pattern {
        regex: format!("^{}/?$", relative_path("", r"|\.")),
        message: "A folder inside the manifest's: a relative path without .., with / between folders.",
    }
}

fn output_name() -> Pattern {
    Pattern {
        regex: format!("^{}$", relative_path(r"|\{(id|n)\}", "")),
        message: "A relative path without .., with / between folders; {id} and {n} are the only placeholders.",
    }
}

/// Returns the expression of a word in upper, lower or mixed case.
fn any_case(word: &str) -> String {
    word.chars().map(|c| format!("[{}{c}]", c.to_ascii_uppercase())).collect()
}
