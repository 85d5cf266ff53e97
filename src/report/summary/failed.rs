//! What the summary says of jobs without a result, and what to do about them.

use super::{Kind, MESSAGE, RunSummary, SHOWN, say};
use crate::event::Cause;
use crate::plan::action::{Action, Reason};
use crate::report::look::{Hue, count, thousands};
use crate::report::terminal_safe;
use crate::service::names::JobId;
use crate::service::texts::is_image_missing;
use std::io::Write;

impl<W: Write> RunSummary<W> {
    /// Tells what ended without a result before, and was left as it is.
    pub(super) fn held(&mut self) {
        for (reason, jobs) in std::mem::take(&mut self.held) {
            let jobs = self.look.paint(Hue::Caution, format!("{} skipped", count(jobs, "job")));
            let way_out = match reason {
                Reason::Refused | Reason::Settled | Reason::FailedTooOften | Reason::Moderated => {
                    "; edit it, or use --retry-failed"
                }
                _ => "",
            };
            say(&mut self.out, self.look, &format!("{jobs}: {}{way_out}", reason.meaning()));
        }
    }

    /// Prints the jobs without a result, by cause, the most frequent first.
    pub(super) fn failed(&mut self) {
        if self.failures.is_empty() {
            return;
        }
        let mut kinds: Vec<_> = self.failures.iter().collect();
        kinds.sort_by_key(|(Kind(cause, message, next), failures)| {
            (std::cmp::Reverse(failures.count), *cause, message, *next)
        });
        let total: usize = kinds.iter().map(|(_, failures)| failures.count).sum();
        let without = self.look.paint(Hue::Bad, format!("{} without a result", count(total, "job")));
        self.out.line(format_args!("{without}:"));
        for (Kind(cause, _, next), failures) in kinds.iter().take(SHOWN) {
            let message = terminal_safe::line(&failures.message);
            let message = self.look.fit(&message, MESSAGE);
            let (n, meaning) = (thousands(failures.count), cause.meaning());
            say(&mut self.out, self.look, &format!("  {n} {meaning}: {message}"));
            let jobs: Vec<_> = failures.jobs.iter().map(JobId::as_str).collect();
            let more = failures.count - jobs.len();
            let more = if more > 0 { format!(" and {} more", thousands(more)) } else { String::new() };
            self.out.line(format_args!("    {}{more}", jobs.join(", ")));
            if let Some(next) = afterwards(*cause, *next, failures.count) {
                self.out.line(format_args!("    {next}"));
                if is_image_missing(&failures.message) {
                    self.out.line(format_args!(
                        "    where the service forgot an uploaded image: --retry-failed --reupload uploads it anew"
                    ));
                }
            }
        }
        let rest: usize = kinds.iter().skip(SHOWN).map(|(_, failures)| failures.count).sum();
        if rest > 0 {
            let causes = count(kinds.len() - SHOWN, "other cause");
            self.out.line(format_args!("  {} for {causes}", thousands(rest)));
        }
    }

    /// Prints the jobs that only a person can settle, and the commands for it.
    pub(super) fn unsettled(&mut self) {
        let mut uncertain: Vec<_> = self.uncertain.iter().collect();
        uncertain.sort_by_key(|(job, (order, _))| (*order, *job));
        let [(_, (_, message)), ..] = uncertain.as_slice() else { return };
        let jobs = self.look.paint(Hue::Caution, format!("{} uncertain", count(uncertain.len(), "job")));
        let message = if uncertain.len() == 1 { message } else { "nobody knows whether their submits arrived" };
        say(&mut self.out, self.look, &format!("{jobs}: {}", terminal_safe::line(message)));
        say(
            &mut self.out,
            self.look,
            "  look in the service's own list of tasks, then settle with --task-id ID (it arrived), --resubmit or --failed:",
        );
        for (job, _) in uncertain.iter().take(SHOWN) {
            self.out.line(format_args!("    {}", self.look.paint(Hue::Accent, self.target.resolve(job))));
        }
        let more = uncertain.len().saturating_sub(SHOWN);
        if more > 0 {
            let all = self.look.paint(Hue::Accent, self.target.status());
            self.out.line(format_args!("    and {} more: {all}", thousands(more)));
        }
    }

    /// Returns whose submit arrived, and whose task the service no longer knows.
    pub(super) fn denied(&mut self) {
        let [(_, message), ..] = self.denied.as_slice() else { return };
        let one = self.denied.len() == 1;
        let jobs = self.look.paint(Hue::Caution, format!("{} uncertain", count(self.denied.len(), "job")));
        let message = match one {
            true => message,
            false => "their submits arrived, but the service no longer knows their tasks",
        };
        say(&mut self.out, self.look, &format!("{jobs}: {}", terminal_safe::line(message)));
        let (fetch, it) = (self.look.paint(Hue::Accent, self.target.fetch()), if one { "it" } else { "them" });
        self.out
            .line(format_args!("  the next run asks for {it} again, at no cost, and so does {fetch}; or settle {it}:"));
        for (job, _) in self.denied.iter().take(SHOWN) {
            self.out.line(format_args!("    {}", self.look.paint(Hue::Accent, self.target.resolve(job))));
        }
        let more = self.denied.len().saturating_sub(SHOWN);
        if more > 0 {
            let all = self.look.paint(Hue::Accent, self.target.status());
            self.out.line(format_args!("    and {} more: {all}", thousands(more)));
        }
    }
}

/// Returns what the next run does with so many failures of this cause, where the cause doesn't say it.
pub(super) fn afterwards(cause: Cause, next: Option<Action>, count: usize) -> Option<&'static str> {
    let one = count == 1;
    match (cause, next?) {
        (Cause::Failed, Action::Submit) if one => Some("the next run submits it again"),
        (Cause::Failed, Action::Submit) => Some("the next run submits them again"),
        (Cause::Failed | Cause::Refused, _) if one => Some("the next run leaves it: edit it, or use --retry-failed"),
        (Cause::Failed | Cause::Refused, _) => Some("the next run leaves them: edit them, or --retry-failed"),
        _ => None,
    }
}
