//! All messages: what was found, what is allowed, what to write instead.
//!
//! A message is one complete sentence that doesn't name the job, so that the same mistake has the same message. Labels
//! are a few words. Helps say what to write.

mod code_points;
mod document;
mod expand;
mod fields;
mod images;
mod jobs;
mod output;
mod references;
mod rows;
mod templates;
mod values;
mod wrong_type;

use super::problem::{Fill, Place, Problem, Values};
use crate::base::recent::Recent;
use crate::diagnostic::code::{Code, Severity};
use crate::diagnostic::finding::{Finding, Label};
use crate::document::Format;
use crate::document::span::Span;
use std::borrow::Cow;

/// The number of characters after which a text is cut off.
const SHOWN: usize = 60;

/// The label of the place where a value is used through an alias.
pub(super) const USED_HERE: &str = "used here";

/// The label of the place where a value is written that is wrong where an alias uses it.
pub(super) const WRITTEN_HERE: &str = "written here";

/// The label of a template whose value is to blame.
pub(super) const FILLED_IN_HERE: &str = "filled in here";

/// Returns the label for the jobs of a template that have a mistake, if they are several.
pub(super) fn in_jobs(jobs: usize, first: Option<&str>) -> String {
    match first {
        Some(first) => format!("in {jobs} jobs, first: {}", quoted(first)),
        None => format!("in {jobs} jobs"),
    }
}

/// A finding, and the alias through which its text is used, if any.
pub(super) struct Said {
    pub finding: Finding,
    pub via: Option<Span>,
    /// The second place of a mistake that is in both together.
    pub with: Option<Span>,
    /// The filling of the first place.
    pub fill: Fill,
}

/// Returns what is said of `problem`, in a manifest of this format; with what its two jobs are filled with, where that is to be shown.
/// Texts that were said a short time ago are shared.
pub(super) fn said(problem: &Problem, format: Format, values: Option<&[Values; 2]>, recent: &mut Recent) -> Said {
    use Problem::*;
    let words = match problem {
        Unreadable { name, why } => document::unreadable(name, why),
        PrivateManifest { name, why } => document::private(name, *why),
        TooLarge { name } => document::too_large(name),
        TooManyFindings { severity, left_out } => document::too_many_findings(*severity, *left_out),
        Misencoded { name, what } => document::misencoded(name, what),
        Flaw(flaw) => document::flaw(flaw),
        UnknownField { key, name, block, meant, .. } => fields::unknown(*key, name, block, *meant),
        MissingField { at, block, field } => fields::missing(*at, block, field, format),
        WrongType { at, what, found } => wrong_type::wrong_type(*at, *what, found, format),
        NotAllowed { at, field, found } => values::not_allowed(*at, field, found, format),
        DuplicatePrice { later, earlier, resolution, duration } => {
            values::duplicate_price(*later, *earlier, *resolution, *duration)
        }
        Template { at, flaw } => templates::template(*at, flaw),
        Matrix { at, flaw } => expand::matrix(*at, flaw),
        Rows { at, flaw, also } => rows::rows(*at, flaw, *also),
        TooManyJobs { at, jobs } => expand::too_many(*at, *jobs),
        TooMuchText { at, of } => expand::too_much(*at, *of),
        BaseUrl { at, text, flaw } => values::base_url(*at, text, *flaw),
        JobId { at, id } => jobs::id(*at, id),
        DuplicateJobId { later, earlier, id, before, .. } => jobs::duplicate_id(*later, *earlier, id, before, values),
        TwinJobs { later, earlier, take, .. } => jobs::twins(*later, *earlier, *take, values, format),
        DurationResolution { resolution, duration } => jobs::pair(*resolution, *duration),
        Tag { at, tag } => jobs::tag(*at, tag),
        AspectRatio { at } => jobs::aspect_ratio(*at),
        MissingReferences { at } => jobs::missing_references(*at),
        UnknownMention { at, mention, nearest, among, .. } => {
            jobs::unknown_mention(*at, mention, nearest.as_deref(), among)
        }
        MentionSpacing { at, mention, behind, .. } => jobs::mention_spacing(*at, mention, behind),
        UnusedReference { at, name } => jobs::unused_reference(*at, name),
        ReferenceCount { at, count, implied } => references::count(*at, *count, *implied),
        DuplicateReferenceName { later, earlier, name } => references::duplicate_name(*later, *earlier, name),
        ReferenceName { at, name } => references::name(*at, name),
        LongReferenceName { at, name } => references::long_name(*at, name),
        UnknownReference { at, name, nearest, several, .. } => {
            references::unknown(*at, name, nearest.as_deref(), several.as_deref())
        }
        LookAlikeMention { at, sign, name, .. } => jobs::look_alike_mention(*at, *sign, name),
        CurlyQuotes { at, quote } => jobs::curly_quotes(*at, *quote),
        LongPrompt { at, characters } => jobs::long_prompt(*at, *characters),
        ImageCount { at, count } => images::count(*at, *count),
        ImageUrl { at, text, flaw } => images::flaw(*at, text, flaw),
        OddImage { at, text, oddity } => images::odd(*at, text, oddity),
        OutputDir { at, text, flaw } => output::dir(*at, text, flaw),
        OutputName { at, text, flaw, job } => output::name(*at, text, flaw, *job),
        SharedPath { text, later, earlier } => output::shared(text, *later, *earlier),
        SharedVideoPath { at, text, job, videos } => output::shared_by_videos(*at, text, *job, *videos),
    };
    words.said(recent)
}

/// Returns the label of the job that uses a value from elsewhere.
pub(super) fn used_by(job: Option<&str>) -> String {
    job.map_or_else(|| "used by this job".to_owned(), |id| format!("used by job {}", quoted(id)))
}

/// A finding that is being built.
struct Words {
    code: Code,
    severity: Severity,
    message: String,
    help: Option<String>,
    labels: Vec<(Span, Cow<'static, str>)>,
    via: Option<Span>,
    with: Option<Span>,
    fill: Fill,
}

impl Words {
    fn error(code: Code, message: impl Into<String>) -> Words {
        Words::new(code, Severity::Error, message.into())
    }

    fn warning(code: Code, message: impl Into<String>) -> Words {
        Words::new(code, Severity::Warning, message.into())
    }

    fn new(code: Code, severity: Severity, message: String) -> Words {
        Words { code, severity, message, help: None, labels: Vec::new(), via: None, with: None, fill: Fill::None }
    }

    /// Returns the finding without spare room: a hundred thousand of them may be kept.
    fn said(self, recent: &mut Recent) -> Said {
        let Words { code, severity, message, help, labels, via, with, fill } = self;
        let (message, help) = (recent.share(&message), help.map(|help| recent.share(&help)));
        let mut shown = Vec::with_capacity(labels.len());
        shown.extend(labels.iter().map(|(span, text)| Label { span: *span, text: recent.share(text) }));
        let finding = Finding { code, severity, message, help, fix: None, job: None, jobs: 1, labels: shown };
        Said { finding, via, with, fill }
    }

    /// Adds a label at a place; for the first label, the alias counts too.
    fn at(mut self, place: Place, text: impl Into<Cow<'static, str>>) -> Words {
        if self.labels.is_empty() {
            self.via = place.via;
            self.fill = place.fill;
            return self.at_span(place.at, text);
        }
        self.at_span(place.fill.value().unwrap_or(place.at), text)
    }

    fn at_span(mut self, span: Span, text: impl Into<Cow<'static, str>>) -> Words {
        self.labels.push((span, text.into()));
        self
    }

    /// Adds a label at a place that makes the first one wrong: with another place it is another mistake.
    fn together_with(mut self, place: Place, text: impl Into<Cow<'static, str>>) -> Words {
        self.with = Some(place.at);
        self.at(place, text)
    }

    /// Adds a label at a place, if it is known.
    fn at_known(self, place: Option<Place>, text: impl Into<Cow<'static, str>>) -> Words {
        match place {
            Some(place) => self.at(place, text),
            None => self,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Words {
        self.help = Some(help.into());
        self
    }
}

/// Returns a text of the manifest for use in a sentence: on one line, and not too long.
fn quoted(text: &str) -> String {
    let (text, rest) = text.char_indices().nth(SHOWN).map_or((text, ""), |(end, _)| text.split_at(end));
    let mut shown = String::with_capacity(text.len() + "`…`".len());
    shown.push('`');
    if text.contains(char::is_control) {
        text.chars().for_each(|c| if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) });
    } else {
        shown.push_str(text);
    }
    shown.push_str(if rest.is_empty() { "`" } else { "…`" });
    shown
}

/// Returns a field with a value, as the format writes it.
fn written(format: Format, field: &str, value: &str) -> String {
    match format {
        Format::Yaml => format!("`{field}: {value}`"),
        Format::Toml => format!("`{field} = {value}`"),
        Format::Json => format!("`\"{field}\": {value}`"),
    }
}

/// Returns items as a list in a sentence: `a, b or c`.
fn either<S: AsRef<str>>(items: &[S]) -> String {
    joined(items, "or")
}

/// Returns items as a list in a sentence: `a, b and c`.
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
