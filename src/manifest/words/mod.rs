//! The only sentences: what was found, what is allowed, what to write instead.
//!
//! A message is one sentence that stands alone and doesn't name the job, so that the same mistake has the same message. Labels
//! are a few words. Helps say what to write.

mod document;
mod fields;
mod images;
mod jobs;
mod output;
mod references;

use super::problem::{Place, Problem};
use crate::diagnostic::code::{Code, Severity};
use crate::diagnostic::finding::{Finding, Label};
use crate::document::Format;
use crate::document::span::Span;

/// More characters of a text than these are cut off.
const SHOWN: usize = 60;

/// The finding that says what `problem` is, in a manifest of this format.
pub(super) fn finding(problem: &Problem, format: Format) -> Finding {
    use Problem::*;
    let words = match problem {
        Unreadable { name, why } => document::unreadable(name, why),
        TooLarge { name } => document::too_large(name),
        Misencoded { name, what } => document::misencoded(name, what),
        Flaw(flaw) => document::flaw(flaw),
        UnknownField { key, name, block, meant } => fields::unknown(*key, name, block, *meant),
        MissingField { at, block, field } => fields::missing(*at, block, field, format),
        WrongType { at, what, found } => fields::wrong_type(*at, *what, found, format),
        NotAllowed { at, field, found } => fields::not_allowed(*at, field, found, format),
        DuplicatePrice { later, earlier, resolution, duration } => {
            fields::duplicate_price(*later, *earlier, *resolution, *duration)
        }
        BaseUrl { at, text, flaw } => fields::base_url(*at, text, *flaw),
        JobId { at, id } => jobs::id(*at, id),
        DuplicateJobId { later, earlier, id, before } => jobs::duplicate_id(*later, *earlier, id, before),
        TwinJobs { later, earlier, take } => jobs::twins(*later, *earlier, *take, format),
        DurationResolution { resolution, duration, is_duration } => jobs::pair(*resolution, *duration, *is_duration),
        AspectRatio { at } => jobs::aspect_ratio(*at),
        MissingReferences { at, prompt } => jobs::missing_references(*at, *prompt),
        UnknownMention { at, mention, nearest, among } => {
            jobs::unknown_mention(*at, mention, nearest.as_deref(), among)
        }
        MentionSpacing { at, mention, behind } => jobs::mention_spacing(*at, mention, behind),
        UnusedReference { at, name, prompt } => jobs::unused_reference(*at, name, *prompt),
        ReferenceCount { at, count, implied } => references::count(*at, *count, *implied),
        DuplicateReferenceName { later, earlier, name } => references::duplicate_name(*later, *earlier, name),
        ReferenceName { at, name } => references::name(*at, name),
        LongReferenceName { at, name } => references::long_name(*at, name),
        UnknownReference { at, name, nearest } => references::unknown(*at, name, nearest.as_deref()),
        ImageCount { at, count } => images::count(*at, *count),
        ImageUrl { at, text, flaw } => images::flaw(*at, text, flaw),
        OddImage { at, text, oddity } => images::odd(*at, text, oddity),
        OutputDir { at, text, flaw } => output::dir(*at, text, flaw),
        OutputName { at, text, flaw, job } => output::name(*at, text, flaw, *job),
        SharedPath { at, text, later, earlier } => output::shared(*at, text, *later, *earlier),
        SharedVideoPath { at, text, videos, number } => output::shared_by_videos(*at, text, *videos, *number),
    };
    words.0
}

/// What is said of the job that uses a value that stands elsewhere.
pub(super) fn used_by(job: Option<&str>) -> String {
    job.map_or_else(|| "used by this job".to_owned(), |id| format!("used by job {}", quoted(id)))
}

/// A finding in the making.
struct Words(Finding);

impl Words {
    fn error(code: Code, message: impl Into<String>) -> Words {
        Words::new(code, Severity::Error, message.into())
    }

    fn warning(code: Code, message: impl Into<String>) -> Words {
        Words::new(code, Severity::Warning, message.into())
    }

    fn new(code: Code, severity: Severity, message: String) -> Words {
        Words(Finding { code, severity, message, help: None, job: None, labels: Vec::new() })
    }

    /// Shows a place, and where an alias brings it in.
    fn at(self, place: Place, text: impl Into<String>) -> Words {
        let shown = self.at_span(place.at, text);
        match place.via {
            Some(via) => shown.at_span(via, "used here"),
            None => shown,
        }
    }

    fn at_span(mut self, span: Span, text: impl Into<String>) -> Words {
        self.0.labels.push(Label { span, text: text.into() });
        self
    }

    /// Shows a place, if it is known.
    fn at_known(self, place: Option<Place>, text: impl Into<String>) -> Words {
        match place {
            Some(place) => self.at(place, text),
            None => self,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Words {
        self.0.help = Some(help.into());
        self
    }
}

/// A text of the manifest inside a sentence: on one line, and not too long.
fn quoted(text: &str) -> String {
    let mut shown = String::from("`");
    for (count, c) in text.chars().enumerate() {
        if count == SHOWN {
            shown.push('…');
            break;
        }
        match c {
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown.push('`');
    shown
}

/// A field with a value, as the format writes it.
fn written(format: Format, field: &str, value: &str) -> String {
    match format {
        Format::Yaml => format!("`{field}: {value}`"),
        Format::Toml => format!("`{field} = {value}`"),
        Format::Json => format!("`\"{field}\": {value}`"),
    }
}

/// Items as a list in a sentence: `a, b or c`.
fn either<S: AsRef<str>>(items: &[S]) -> String {
    joined(items, "or")
}

/// Items as a list in a sentence: `a, b and c`.
fn all<S: AsRef<str>>(items: &[S]) -> String {
    joined(items, "and")
}

fn joined<S: AsRef<str>>(items: &[S], word: &str) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match items.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}
