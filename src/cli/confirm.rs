//! The question before a run that costs more than the manifest lets pass unasked.

use super::failure::Failure;
use super::project::{Project, Realm};
use super::terminal::Terminal;
use crate::base::decimal::Decimal;
use crate::ledger;
use crate::plan::action::Action;
use crate::plan::mirror::pinned;
use crate::plan::{self, Choice, Plan};
use crate::report::look::{Hue, count};
use crate::report::money::estimated;
use std::io::{self, BufRead, IsTerminal, Write};

/// The estimate up to which a run may go, since somebody agreed to it or the manifest lets it pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agreed(Option<Decimal>);

impl Agreed {
    /// To whatever it costs: nobody is there to be asked, or it was said beforehand.
    pub(super) fn to_anything() -> Agreed {
        Agreed(None)
    }

    /// Asks again, where pictures that a person asked to be taken make the run cost more than was agreed to.
    ///
    /// Only now, with the ledger open: what it costs wasn't known before they were fetched.
    ///
    /// # Errors
    /// Where the answer is no.
    pub(super) fn to_pictures(self, project: &Project, plan: &Plan, terminal: &Terminal) -> Result<(), Failure> {
        let Some(most) = self.0.filter(|most| plan.estimate.amount > *most) else { return Ok(()) };
        let what = "With the pictures as they are now, this run";
        terminal.screen.without(|| put(project, what, most, plan, terminal)).map(drop)
    }

    /// Refuses a plan that costs more than was agreed to: it changed while the question stood.
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

/// Asks, if the run would cost more than `run.confirm_above` and somebody sits at the terminal.
///
/// The ledger isn't open yet: a question that nobody answers keeps no other run out, and an interrupted one leaves nothing.
///
/// # Errors
/// Where the answer is no, or the ledger can't be read.
pub(super) fn ask(project: &Project, choice: &Choice, terminal: &Terminal) -> Result<Agreed, Failure> {
    let Some(most) = project.manifest.run.confirm_above else { return Ok(Agreed::to_anything()) };
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(Agreed::to_anything());
    }
    let snapshot = ledger::read(&project.paths)?;
    let plan = plan::plan(&pinned(&project.manifest, &snapshot.book).manifest, &snapshot.book, choice);
    if plan.estimate.amount <= most {
        return Ok(Agreed(Some(most)));
    }
    put(project, "This run", most, &plan, terminal)
}

/// Puts the question about `what`.
fn put(project: &Project, what: &str, most: Decimal, plan: &Plan, terminal: &Terminal) -> Result<Agreed, Failure> {
    let submits = count(plan.count(Action::Submit), "job");
    let trial = if project.realm == Realm::Trial { " (a trial: nothing is paid)" } else { "" };
    let question =
        format!("{what} submits {submits}: {}{trial}. That is more than {most}. Go on?", estimated(&plan.estimate));
    let mut err = io::stderr().lock();
    // Where the terminal went away, there is no answer either.
    let _ = write!(err, "{} [y/N] ", terminal.stderr.paint(Hue::Caution, question)).and_then(|()| err.flush());
    let mut answer = String::new();
    let heard = io::stdin().lock().read_line(&mut answer);
    if !answer.ends_with('\n') {
        let _ = writeln!(err);
    }
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" if heard.is_ok() => Ok(Agreed(Some(plan.estimate.amount))),
        _ => Err(Failure::usage("not confirmed: nothing was sent, nothing changed")
            .hint("--yes answers beforehand; --limit and --max-cost make a run smaller")),
    }
}
