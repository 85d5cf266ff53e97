//! The text of an event, in a line for people.

use super::look::{Hue, count, size, thousands};
use super::money::estimated;
use super::span::about;
use super::terminal_safe;
use crate::event::{Event, JobError};
use crate::plan::action::{Action, Reason};
use jiff::{SignedDuration, Timestamp};

/// The name of the simulated service in the ledger, and so in events.
const SIMULATED: &str = "simulate";

/// The importance of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// A call or a transfer within a step: only for detailed output (`-v`).
    Detail,
    /// One of the steps that every job takes.
    Step,
    /// Something out of the ordinary, worth a line even with a progress bar.
    Notable,
}

/// Returns the line for an event, if it is a change of state worth reporting.
pub(super) fn line(event: &Event) -> Option<(Weight, Hue, String)> {
    use Weight::{Detail, Notable, Step};
    let said = |text: &str| terminal_safe::line(text).into_owned();
    Some(match event {
        Event::RunStarted { manifest, service, jobs, concurrency, estimate, .. } => {
            let manifest = said(manifest);
            let place = match service.as_str() {
                // Nothing is sent, and no lock names the service.
                "" => String::new(),
                SIMULATED => ", at the simulated service".to_owned(),
                service => format!(", at {}", said(service)),
            };
            let price = estimate.as_ref().map(|estimate| format!("; {}", estimated(estimate))).unwrap_or_default();
            let jobs = count(*jobs, "job");
            (Notable, Hue::Plain, format!("{manifest}: {jobs}, {concurrency} at a time{place}{price}"))
        }
        // Their number is in the line that sums up the plan.
        Event::JobPlanned { reason: Reason::Limit | Reason::MaxCost, .. } => return None,
        Event::JobPlanned { job, action: Action::Hold, reason, .. } => {
            (Step, Hue::Caution, format!("{job} on hold: {}", reason.meaning()))
        }
        Event::Uploading { job, path, bytes } => {
            (Step, Hue::Plain, format!("{job} uploading {} ({})", said(path), size(*bytes)))
        }
        Event::Uploaded { job, path, bytes } => {
            (Detail, Hue::Faint, format!("{job} uploaded {} ({})", said(path), size(*bytes)))
        }
        Event::Transferring { job, call, path, bytes, total } => {
            let total = total.map(|total| format!(" of {}", size(total))).unwrap_or_default();
            (Detail, Hue::Faint, format!("{job} {} of {}: {}{total}", call.as_str(), said(path), size(*bytes)))
        }
        Event::Submitting { job, attempt } => (Detail, Hue::Faint, format!("{job} submitting (attempt {attempt})")),
        Event::Polled { job, status, progress } => {
            let progress = progress.as_deref().filter(|progress| !progress.is_empty());
            let progress = progress.map(|progress| format!(", {}", said(progress))).unwrap_or_default();
            (Detail, Hue::Faint, format!("{job} status: {}{progress}", said(status)))
        }
        Event::Downloading { job, path } => (Detail, Hue::Faint, format!("{job} downloading {}", said(path))),
        Event::Lagged { missed } => (Detail, Hue::Faint, format!("{} left out here", count(*missed, "message"))),
        Event::Submitted { job, attempt, task_id, .. } => {
            (Step, Hue::Accent, format!("{job} submitted (attempt {attempt}, task {task_id})"))
        }
        Event::Generated { job, seconds } => {
            let after = seconds.and_then(|s| SignedDuration::try_from_secs_f64(s).ok()).map(about);
            let after = after.map(|after| format!(" after {after}")).unwrap_or_default();
            (Step, Hue::Accent, format!("{job} generated{after}"))
        }
        Event::Downloaded { job, path, bytes, .. } => {
            (Step, Hue::Plain, format!("{job} downloaded {} ({})", said(path), size(*bytes)))
        }
        Event::Succeeded { job, outputs, asked } => match asked {
            None => (Step, Hue::Good, format!("{job} succeeded ({})", count(outputs.len(), "video"))),
            Some(asked) => {
                (Notable, Hue::Caution, format!("{job} succeeded, with {} of {asked} videos only", outputs.len()))
            }
        },
        Event::Failed { job, error: JobError { code, message }, .. } => {
            (Notable, Hue::Bad, format!("{job} {}: {}", code.meaning(), said(message)))
        }
        Event::Uncertain { job, message, .. } => (Notable, Hue::Caution, format!("{job} uncertain: {}", said(message))),
        Event::Elsewhere { job, message } => {
            (Step, Hue::Plain, format!("{job} left to another run: {}", said(message)))
        }
        Event::Retrying { job, call, message, pause } => {
            let who = job.as_ref().map(|job| format!("{job} ")).unwrap_or_default();
            let again = if *pause > 0.0 { format!(" again in {}", seconds(*pause)) } else { String::new() };
            (Step, Hue::Faint, format!("{who}{}{again}: {}", call.as_str(), said(message)))
        }
        Event::Throttled { message, pause } => {
            (Notable, Hue::Caution, format!("paused for {}: {}", seconds(*pause), said(message)))
        }
        Event::Bounded { bound, most } => {
            let why = match bound.setting() {
                Some(setting) => format!("`{setting}: {}` holds this run: {}", said(most), bound.meaning()),
                None => format!("{} at a time, no more, holds this run: {}", said(most), bound.meaning()),
            };
            (Notable, Hue::Caution, why)
        }
        Event::LookingAtImages { fetch, check } => {
            let parts = [(*fetch, "to fetch"), (*check, "to ask whether they changed")];
            let parts = parts.iter().filter(|(n, _)| *n > 0).map(|(n, words)| format!("{} {words}", thousands(*n)));
            (Notable, Hue::Plain, format!("remote images: {}", parts.collect::<Vec<_>>().join(", ")))
        }
        Event::ImageFetched { url, bytes, .. } => {
            (Step, Hue::Plain, format!("fetched {} ({})", said(url), size(*bytes)))
        }
        Event::ImageChanged { url, jobs, taken, .. } => {
            let (jobs, keep) = (count(*jobs, "job"), if *jobs == 1 { "keeps" } else { "keep" });
            let what = if *taken { format!(", taken for {jobs}") } else { format!("; {jobs} {keep} the one before") };
            (Notable, Hue::Caution, format!("{} has other content now{what}", said(url)))
        }
        Event::ImagesUnchecked { host, images, message } => {
            let images = count(*images, "image");
            (
                Notable,
                Hue::Caution,
                format!("{}: {images} taken as before, without an answer: {}", said(host), said(message)),
            )
        }
        Event::Estimated { estimate } => {
            (Notable, Hue::Plain, format!("with the images as they are: {}", estimated(estimate)))
        }
        Event::JobPlanned { .. } | Event::RunFinished { .. } => return None,
    })
}

/// Returns the line for a service that answers again.
pub(super) fn back(since: Timestamp, now: Timestamp) -> (Hue, String) {
    (Hue::Good, format!("the service answers again, after {}", about(now.duration_since(since))))
}

/// Returns a pause: `0.4 s`, `12 s`, `2m 30s`.
fn seconds(pause: f64) -> String {
    match SignedDuration::try_from_secs_f64(pause) {
        Ok(long) if pause >= 60.0 => about(long),
        _ if pause >= 10.0 => format!("{pause:.0} s"),
        _ => format!("{pause:.1} s"),
    }
}
