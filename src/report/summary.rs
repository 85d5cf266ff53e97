//! The summary at the end of a run: successes and their location, failures and their causes, and the next commands.

mod failed;

use super::Reporter;
use super::commands::Target;
use super::look::{Hue, Look, count, size, thousands};
use super::money::receipt;
use super::outlet::Outlet;
use super::span::about;
use super::terminal_safe;
use crate::event::summary::Summary;
use crate::event::{Cause, Event, JobError, Stamped};
use crate::plan::action::{Action, Reason};
use crate::service::names::JobId;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::PathBuf;

/// Maximum number of entries shown of a long list.
const SHOWN: usize = 5;

/// Maximum columns of a message: the lock has all of it.
const MESSAGE: usize = 300;

/// Collects the events of a run, and prints a few lines when the run is over.
#[derive(Debug)]
pub struct RunSummary<W> {
    out: Outlet<W>,
    look: Look,
    apart: Apart,
    target: Target,
    /// The time when the run began.
    start: Option<Timestamp>,
    /// The folder that the videos' paths are relative to.
    base: PathBuf,
    /// Number of videos fetched, by folder.
    folders: BTreeMap<String, usize>,
    failures: HashMap<Kind, Failures>,
    /// Jobs left as they are, by reason.
    held: BTreeMap<Reason, usize>,
    /// Uncertain jobs: their order, and what happened.
    uncertain: HashMap<JobId, (usize, String)>,
    /// Jobs whose submit arrived, and whose task the service no longer knows.
    denied: Vec<(JobId, String)>,
    /// Jobs with fewer videos than were requested: how many came, and how many were to.
    short: Vec<(JobId, usize, u8)>,
    /// Remote images that changed, and weren't taken.
    changed: Vec<String>,
    /// The end of the run: summary, exit code and time.
    end: Option<(Summary, u8, Timestamp)>,
}

/// The separation of a summary from the text above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apart {
    /// None: there is no text above.
    No,
    /// An empty line, if anything was done.
    ByALine,
}

/// The common part of failures: the cause, the message without the numbers and ids in it, and the next run's action.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Kind(Cause, String, Option<Action>);

/// Failures of one kind.
#[derive(Debug, Default)]
struct Failures {
    count: usize,
    /// The message of the first.
    message: String,
    /// The first jobs.
    jobs: Vec<JobId>,
}

impl<W: Write> RunSummary<W> {
    /// Writes to `out` when the run of `target` is over.
    pub fn new(out: W, look: Look, apart: Apart, target: Target) -> RunSummary<W> {
        RunSummary {
            out: Outlet::new(out),
            look,
            apart,
            target,
            start: None,
            base: PathBuf::new(),
            folders: BTreeMap::new(),
            failures: HashMap::new(),
            held: BTreeMap::new(),
            uncertain: HashMap::new(),
            denied: Vec::new(),
            short: Vec::new(),
            changed: Vec::new(),
            end: None,
        }
    }

    fn take_in(&mut self, job: &JobId, JobError { code, message }: &JobError, next: Option<Action>) {
        let failures = self.failures.entry(Kind(*code, pattern(message), next)).or_default();
        if failures.count == 0 {
            failures.message.clone_from(message);
        }
        failures.count += 1;
        if failures.jobs.len() < SHOWN {
            failures.jobs.push(job.clone());
        }
    }

    fn hold(&mut self, job: &JobId, message: &str) {
        let order = self.uncertain.len();
        self.uncertain.insert(job.clone(), (order, message.to_owned()));
    }

    fn write(&mut self) {
        let (Some(start), Some((summary, exit_code, end))) = (self.start.take(), self.end.take()) else { return };
        let idle = summary.submits + summary.polls + summary.videos == 0 && self.failures.is_empty();
        if self.apart == Apart::ByALine && !idle {
            self.out.line(format_args!(""));
        }
        self.made(&summary);
        self.short();
        self.held();
        self.failed();
        self.unsettled();
        self.denied();
        self.changed();
        if summary.elsewhere > 0 {
            let them = if summary.elsewhere == 1 { "its" } else { "their" };
            let fetch = self.look.paint(Hue::Accent, self.target.fetch());
            let jobs = count(summary.elsewhere, "job");
            self.out.line(format_args!("{jobs} in other runs of this ledger: {fetch} brings {them} videos later"));
        }
        self.left(&summary);
        let left = summary.left;
        let goes_on =
            |Kind(cause, _, next): &Kind| cause.passes() || *cause == Cause::Failed && *next != Some(Action::Hold);
        let unfinished = self.failures.keys().any(goes_on);
        // The same once more, where that would do more than this time: within these bounds nothing may have had room.
        let bounded = left > 0 && summary.submits > 0 || summary.at_service > 0;
        if bounded || unfinished || exit_code > 128 {
            let command = self.look.paint(Hue::Accent, self.target.go_on());
            self.out.line(format_args!("go on with: {command}"));
            if self.target.has_max_cost() {
                self.out.line(format_args!("  --max-cost counts anew in each run"));
            }
        }
        if let Some(cost) = &summary.cost {
            let cost_of = if self.target.is_trial() { "nothing was paid; it would have cost" } else { "cost" };
            say(&mut self.out, self.look, &format!("{cost_of}: {}", receipt(cost)));
        }
        let time = about(end.duration_since(start));
        let (submits, uploads) = (count(summary.submits, "submit"), count(summary.uploads, "upload"));
        let (polls, downloads) = (count(summary.polls, "poll"), count(summary.videos, "download"));
        let line = format!("{time}; {submits}, {uploads}, {polls}, {downloads}");
        self.out.line(format_args!("{}", self.look.paint(Hue::Faint, line)));
    }

    /// Prints the successes: `12 jobs succeeded: 14 videos (25.80 MB) in out/`.
    fn made(&mut self, summary: &Summary) {
        // What only had its shortfall asked about came to nothing new.
        let whole = summary.succeeded.saturating_sub(self.short.len());
        if summary.videos == 0 && whole > 0 {
            let jobs = self.look.paint(Hue::Good, format!("{} succeeded", count(whole, "job")));
            self.out.line(format_args!("{jobs}: all videos were here already"));
        } else if summary.videos > 0 {
            let jobs = self.look.paint(Hue::Good, format!("{} succeeded", count(summary.succeeded, "job")));
            let (videos, bytes) = (count(summary.videos, "video"), size(summary.bytes));
            let mut folders: Vec<_> = self.folders.iter().collect();
            folders.sort_by_key(|(_, videos)| std::cmp::Reverse(**videos));
            let shown = |name: &String| terminal_safe::line(&self.base.join(name).display().to_string()).into_owned();
            let names: Vec<_> = folders.iter().take(SHOWN).map(|(name, _)| shown(name)).collect();
            let more = folders.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {}", count(more, "more folder")) } else { String::new() };
            let place = if names.is_empty() { String::new() } else { format!(" in {}{more}", names.join(", ")) };
            say(&mut self.out, self.look, &format!("{jobs}: {videos} ({bytes}){place}"));
        }
        if summary.published > 0 {
            self.out.line(format_args!("{} published", count(summary.published, "video")));
        }
        if summary.kept > 0 {
            let had = if summary.kept == 1 { "had its videos already" } else { "had their videos already" };
            self.out.line(format_args!("{} {had}", count(summary.kept, "job")));
        }
    }

    /// Tells what came with fewer videos than were requested.
    fn short(&mut self) {
        if self.short.is_empty() {
            return;
        }
        let jobs = count(self.short.len(), "job");
        let jobs = self.look.paint(Hue::Caution, format!("{jobs} with fewer videos than were requested"));
        let fetch = self.look.paint(Hue::Accent, self.target.fetch());
        self.out.line(format_args!("{jobs}: the service lists no more; {fetch} asks again"));
        let named: Vec<_> =
            self.short.iter().take(SHOWN).map(|(job, came, asked)| format!("{job} ({came} of {asked})")).collect();
        let more = self.short.len() - named.len();
        let more = if more > 0 { format!(" and {} more", thousands(more)) } else { String::new() };
        self.out.line(format_args!("    {}{more}", named.join(", ")));
    }

    /// Tells what is paid and still to come, and what was not submitted.
    fn left(&mut self, summary: &Summary) {
        let Summary { at_service, not_submitted, .. } = *summary;
        if at_service > 0 {
            let (is, it) = if at_service == 1 { ("is", "it") } else { ("are", "them") };
            let jobs = self.look.paint(Hue::Caution, format!("{} {is} paid", count(at_service, "job")));
            let fetch = self.look.paint(Hue::Accent, self.target.fetch());
            self.out
                .line(format_args!("{jobs} and still at the service: the next run brings {it}, and so does {fetch}"));
        }
        if not_submitted > 0 {
            let jobs = self.look.paint(Hue::Caution, count(not_submitted, "job"));
            self.out.line(format_args!("{jobs} left for another run: not submitted"));
        }
    }

    /// Tells what the images behind URLs are by now, where jobs keep to others.
    fn changed(&mut self) {
        if self.changed.is_empty() {
            return;
        }
        let images = self.look.paint(Hue::Caution, format!("{} changed since", count(self.changed.len(), "image")));
        let (they, ones) = if self.changed.len() == 1 { ("it", "one") } else { ("they", "ones") };
        say(
            &mut self.out,
            self.look,
            &format!("{images} jobs were bought with what {they} showed; nothing was bought for the change:"),
        );
        for url in self.changed.iter().take(SHOWN) {
            self.out.line(format_args!("    {}", terminal_safe::line(url)));
        }
        let more = self.changed.len().saturating_sub(SHOWN);
        if more > 0 {
            self.out.line(format_args!("    and {} more", thousands(more)));
        }
        self.out.line(format_args!(
            "  to buy with the new {ones}: {}",
            self.look.paint(Hue::Accent, self.target.refresh())
        ));
    }
}

impl<W: Write + Send> Reporter for RunSummary<W> {
    fn event(&mut self, Stamped { event, time }: &Stamped) {
        match event {
            Event::RunStarted { folder, .. } => {
                self.base = if folder == "." { PathBuf::new() } else { folder.into() };
                self.start = Some(*time);
            }
            Event::JobPlanned { job, action: Action::Hold, reason: reason @ Reason::Uncertain, .. } => {
                self.hold(job, reason.meaning());
            }
            Event::JobPlanned { action: Action::Hold, reason, .. }
                if !matches!(reason, Reason::Limit | Reason::MaxCost) =>
            {
                *self.held.entry(*reason).or_default() += 1;
            }
            Event::Uncertain { job, message, task_id: Some(_) } => self.denied.push((job.clone(), message.clone())),
            Event::Uncertain { job, message, task_id: None } => self.hold(job, message),
            Event::Succeeded { job, outputs, asked: Some(asked) } => {
                self.short.push((job.clone(), outputs.len(), *asked));
            }
            // `on_uncertain: resubmit`: it was asked for again, and this time with an answer.
            Event::Submitted { job, .. } => {
                // The purchase of the job before an edit is another one, and still waits.
                let before = |(_, message): &(usize, String)| message == Reason::Uncertain.meaning();
                if self.uncertain.get(job).is_some_and(|held| !before(held)) {
                    self.uncertain.remove(job);
                }
            }
            Event::Downloaded { path, .. } => {
                let folder = path.rfind('/').map_or("./", |slash| &path[..=slash]);
                *self.folders.entry(folder.to_owned()).or_default() += 1;
            }
            Event::ImageChanged { url, taken: false, .. } => self.changed.push(url.clone()),
            Event::Failed { job, error, next } => self.take_in(job, error, *next),
            Event::RunFinished { summary, exit_code, .. } => self.end = Some((summary.clone(), *exit_code, *time)),
            _ => {}
        }
    }

    fn finish(&mut self) {
        self.write();
    }
}

/// Says something in words, broken between them; a command to type stands on a line that isn't broken.
fn say<W: Write>(out: &mut Outlet<W>, look: Look, text: &str) {
    let text = look.wrapped(text);
    out.line(format_args!("{text}"));
}

/// Returns a message with its words kept, and every word with a digit in it alike: ids, times and numbers differ from job to
/// job, and the cause is the same. An HTTP status is a cause, and so is a code of the service.
pub(super) fn pattern(message: &str) -> String {
    let mut before = "";
    let words = message.split(|c: char| !c.is_alphanumeric()).map(|word| {
        let is_cause = matches!(before, "HTTP" | "code") || !word.contains(|c: char| c.is_ascii_digit());
        before = word;
        if is_cause { word } else { "#" }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
