//! The confirmation before a run that costs more than the manifest allows without one.

use super::failure::Failure;
use super::project::Project;
use super::realm::Realm;
use super::sharing::asked_elsewhere;
use super::terminal::Terminal;
use crate::base::decimal::Decimal;
use crate::event::stop::{Level, Stop};
use crate::mirror::pinned;
use crate::plan::action::Action;
use crate::plan::{self, Choice, Plan};
use crate::report::look::{Hue, count};
use crate::report::money::{estimated, grouped};
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// Interval at which interrupts are noticed during a question.
const GLANCE: Duration = Duration::from_millis(20);

/// The estimate up to which a run may go, because somebody agreed or the manifest allows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agreed(Option<Decimal>);

impl Agreed {
    /// Allows any cost: nobody can be asked, or consent was given beforehand.
    pub(super) fn to_anything() -> Agreed {
        Agreed(None)
    }

    /// Asks again if images requested with `--refresh-images` make the run cost more than was agreed to.
    ///
    /// Only now, with the ledger open: the cost wasn't known before they were fetched. An interrupted run buys nothing,
    /// so it asks nothing, and an interrupt counts as an answer.
    ///
    /// # Errors
    /// Fails if the answer is no.
    pub(super) fn to_pictures(
        self,
        project: &Project,
        plan: &Plan,
        stop: &Stop,
        terminal: &Terminal,
    ) -> Result<(), Failure> {
        let Some(most) = self.0.filter(|most| plan.estimate.amount > *most) else { return Ok(()) };
        if stop.level() == Level::Out {
            return Ok(());
        }
        let what = "With the images as they are now, this run";
        let hear = || unless_out(line, stop);
        let agreed = terminal.screen.without(|| put(project, what, most, plan, terminal, hear));
        match agreed {
            None if stop.level() < Level::Out => Err(declined("nothing was sent")),
            _ => Ok(()),
        }
    }

    /// Refuses a plan that costs more than was agreed to: it changed during the question.
    pub(super) fn holds(self, plan: &Plan) -> Result<(), Failure> {
        match self.0 {
            Some(most) if plan.estimate.amount > most => Err(Failure::usage(
                "the plan changed while you were asked, and costs more now: nothing was sent, nothing changed",
            )
            .hint("run again")),
            _ => Ok(()),
        }
    }
}

/// Asks if the run would cost more than `run.confirm_above` and somebody is at the terminal.
///
/// The ledger isn't open yet: an unanswered question blocks no other run, and an interrupted one leaves nothing.
///
/// # Errors
/// Fails if the answer is no, or the ledger can't be read.
pub(super) fn ask(project: &Project, choice: &Choice, terminal: &Terminal) -> Result<Agreed, Failure> {
    let Some(most) = project.manifest.run.confirm_above else { return Ok(Agreed::to_anything()) };
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(Agreed::to_anything());
    }
    let snapshot = project.read()?;
    let (elsewhere, spent) = (asked_elsewhere(project, &snapshot.book), snapshot.spent(&project.manifest.prices.unit)?);
    let choice = Choice { elsewhere, spent, ..choice.clone() };
    let plan = plan::plan(&pinned(&project.manifest, &snapshot.book).manifest, &snapshot.book, &choice);
    if plan.estimate.amount <= most {
        return Ok(Agreed(Some(most)));
    }
    let agreed = put(project, "This run", most, &plan, terminal, || line().ok());
    agreed.ok_or_else(|| declined("nothing was sent, nothing changed"))
}

/// Asks about `what`; returns the agreement.
fn put(
    project: &Project,
    what: &str,
    most: Decimal,
    plan: &Plan,
    terminal: &Terminal,
    hear: impl FnOnce() -> Option<String>,
) -> Option<Agreed> {
    let submits = count(plan.count(Action::Submit), "job");
    let trial = if project.realm == Realm::Trial { " (a trial: nothing is paid)" } else { "" };
    let question = format!(
        "{what} submits {submits}: {}{trial}. That is more than {}. Go on? [y/N]",
        estimated(&plan.estimate),
        grouped(most)
    );
    let question = terminal.stderr.wrapped(&question);
    // Nothing else is said before the answer.
    let mut err = io::stderr().lock();
    // Where the terminal went away, there is no answer either.
    let (question, choice) = question.split_at(question.rfind('[').unwrap_or(question.len()));
    let question = terminal.stderr.paint(Hue::Caution, question);
    let _ = write!(err, "{question}{choice} ").and_then(|()| err.flush());
    let answer = hear().unwrap_or_default();
    if !answer.ends_with('\n') {
        let _ = writeln!(err);
    }
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes").then_some(Agreed(Some(plan.estimate.amount)))
}

/// Reads a line from standard input.
fn line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).map(|_| line)
}

/// Returns the output of `read`, or `None` if it fails or the run is stopped first.
fn unless_out(read: impl FnOnce() -> io::Result<String> + Send + 'static, stop: &Stop) -> Option<String> {
    let (sender, receiver) = mpsc::channel();
    // Reading can't be cancelled: a thread that is still reading ends with the process.
    std::thread::Builder::new().name("answer".to_owned()).spawn(move || sender.send(read())).ok()?;
    loop {
        let heard = receiver.recv_timeout(GLANCE);
        match heard {
            _ if stop.level() == Level::Out => return None,
            Ok(line) => return line.ok(),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

fn declined(what: &str) -> Failure {
    Failure::usage(format!("not confirmed: {what}"))
        .hint("--yes answers beforehand; --limit and --max-cost make a run smaller")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::stop::StopCause;

    #[test]
    fn an_interrupt_is_no_answer_and_ends_the_waiting() {
        let stop = Stop::default();
        assert_eq!(unless_out(|| Ok("y\n".to_owned()), &stop).as_deref(), Some("y\n"));
        assert_eq!(unless_out(|| Err(io::ErrorKind::BrokenPipe.into()), &stop), None);
        let (interrupting, (typing, typed)) = (stop.clone(), mpsc::channel::<String>());
        let never = move || {
            interrupting.to(Level::Out, StopCause::Interrupted);
            typed.recv().map_err(io::Error::other)
        };
        assert_eq!(unless_out(never, &stop), None);
        drop(typing);
        assert_eq!(unless_out(|| Ok("y\n".to_owned()), &stop), None, "whatever is typed");
    }
}
