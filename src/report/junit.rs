//! `run --junit`: a run as a test report, in the XML that CI systems read.
//!
//! One test case per job. Only elements that every reader of JUnit's format understands are used.

use super::results::{Ending, JobResult, Results};
use super::terminal_safe;
use crate::event::{Cause, JobError};
use crate::plan::action::Reason;
use std::fmt::Write as _;
use std::path::{Component, Path};

/// The beginning of every report.
pub const BEGINNING: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites ";

/// The mark of a test case; one that passed has none.
struct Mark<'r> {
    element: &'static str,
    /// A stable word.
    kind: &'static str,
    message: &'r str,
}

/// Returns the report of a run.
pub fn report(results: &Results) -> String {
    let cases: Vec<(&JobResult, Option<Mark<'_>>)> =
        results.jobs.iter().map(|job| (job, mark(job, results.stopped.as_ref()))).collect();
    let count = |element| cases.iter().filter(|(_, mark)| mark.as_ref().is_some_and(|m| m.element == element)).count();
    let (failures, errors, skipped) = (count("failure"), count("error"), count("skipped"));
    let name = attribute(&results.manifest);
    let numbers = format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"", cases.len());
    let time = results.took().as_secs_f64();
    let mut xml = format!("{BEGINNING}name=\"batch run\" {numbers} time=\"{time:.3}\">\n");
    let timestamp = results.started.strftime("%Y-%m-%dT%H:%M:%SZ");
    let _ = writeln!(
        xml,
        "  <testsuite name=\"{name}\" {numbers} skipped=\"{skipped}\" time=\"{time:.3}\" timestamp=\"{timestamp}\">"
    );
    let class = class(&results.manifest);
    for (job, mark) in &cases {
        case(&mut xml, &class, job, mark.as_ref());
    }
    match results.end {
        Some((_, 0)) => {}
        // If the account or this machine stopped the run, there may be no case that says so.
        Some((_, exit_code)) => {
            let _ = writeln!(xml, "    <system-err>the run ended with exit code {exit_code}</system-err>");
        }
        None => xml.push_str("    <system-err>the run broke off</system-err>\n"),
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn case(xml: &mut String, class: &str, job: &JobResult, mark: Option<&Mark<'_>>) {
    let time = job.took.unwrap_or_default().as_secs_f64();
    let _ = write!(
        xml,
        "    <testcase name=\"{}\" classname=\"{}\" time=\"{time:.3}\"",
        attribute(job.id.as_str()),
        attribute(class)
    );
    match (mark, &job.ending) {
        (Some(Mark { element: "skipped", message, .. }), _) => {
            let _ = writeln!(xml, "><skipped message=\"{}\"/></testcase>", attribute(message));
        }
        (Some(Mark { element, kind, message }), _) => {
            let (short, whole) = (attribute(message), text(message));
            let _ = writeln!(xml, "><{element} type=\"{kind}\" message=\"{short}\">{whole}</{element}></testcase>");
        }
        (None, Ending::Succeeded(outputs)) if !outputs.is_empty() => {
            let _ = writeln!(xml, "><system-out>{}</system-out></testcase>", text(&outputs.join("\n")));
        }
        (None, _) => xml.push_str("/>\n"),
    }
}

/// Returns the mark of a job: problems of the service or the job are failures, other obstacles are errors (like the
/// problem that `stopped` the run, unless somebody requested it), and a case without any attempt is skipped.
fn mark<'r>(job: &'r JobResult, stopped: Option<&'r JobError>) -> Option<Mark<'r>> {
    let skipped = |message| Mark { element: "skipped", kind: "", message };
    let stopped = stopped.filter(|problem| problem.code != Cause::Stopped);
    Some(match &job.ending {
        Ending::Succeeded(_) => return None,
        Ending::Kept => skipped("nothing to do: its videos are here"),
        Ending::Open | Ending::AtService if let Some(JobError { code, message }) = stopped => {
            Mark { element: element(*code), kind: code.as_str(), message }
        }
        Ending::AtService => {
            skipped("paid and still at the service: the next run brings it, and so does `batch fetch`")
        }
        Ending::Open => skipped("not submitted in this run; the next run goes on"),
        Ending::Held(Reason::Uncertain) => {
            Mark { element: "error", kind: "uncertain", message: Reason::Uncertain.meaning() }
        }
        Ending::Held(reason) => skipped(reason.meaning()),
        Ending::Elsewhere(message) => skipped(message),
        Ending::Uncertain(message) => Mark { element: "error", kind: "uncertain", message },
        Ending::Failed(JobError { code: Cause::Stopped, message }) => skipped(message),
        Ending::Failed(JobError { code, message }) => Mark { element: element(*code), kind: code.as_str(), message },
    })
}

fn element(cause: Cause) -> &'static str {
    match cause {
        Cause::Failed | Cause::Refused | Cause::TimedOut | Cause::ResultGone => "failure",
        Cause::Upload
        | Cause::Image
        | Cause::Download
        | Cause::Unreachable
        | Cause::PutOff
        | Cause::TurnedAway
        | Cause::Account
        | Cause::FileInTheWay
        | Cause::Local
        | Cause::Stopped => "error",
    }
}

/// Returns the manifest's name without its extension: readers interpret the part before a dot as a package.
fn class(manifest: &str) -> String {
    let path = Path::new(manifest).with_extension("");
    let names = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().replace('.', "_")),
        _ => None,
    });
    names.collect::<Vec<_>>().join("/")
}

/// Escapes text between tags.
fn text(text: &str) -> String {
    // The characters invalid in XML are a subset of those unsafe for a terminal, except for two noncharacters.
    let safe = terminal_safe::lines(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    safe.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Escapes text between quotes.
fn attribute(value: &str) -> String {
    text(value).replace('"', "&quot;").replace('\n', "&#10;")
}

#[cfg(test)]
mod tests;
