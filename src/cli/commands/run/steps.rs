//! The steps of `batch run`, in the order in which they are taken.

use super::Args;
use crate::cli::choosing;
use crate::cli::confirm::{self, Agreed};
use crate::cli::destination::{Destination, SIMULATED};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::frozen;
use crate::cli::options::Common;
use crate::cli::project::Project;
use crate::cli::realm::Realm;
use crate::cli::saved::{Saved, Texts};
use crate::cli::settings;
use crate::cli::sharing::asked_elsewhere;
use crate::cli::terminal::Terminal;
use crate::ledger::{Book, Ledger};
use crate::manifest::model::RunSettings;
use crate::mirror::Looked;
use crate::plan::Choice;
use crate::run::{Preparation, renames};
use crate::service::address::BaseUrl;

/// A `batch run` as it was typed, and the jobs that it chose.
pub(super) struct RunCommand<'r> {
    pub(super) args: &'r Args,
    pub(super) project: &'r Project,
    /// The plan to run, with the texts that it was made for.
    pub(super) saved: Option<&'r (Saved, Texts)>,
    pub(super) common: &'r Common,
    pub(super) terminal: &'r Terminal,
    pub(super) choice: Choice,
}

impl<'r> RunCommand<'r> {
    /// Checks what was chosen against the manifest, and against the plan if one was saved.
    ///
    /// # Errors
    /// Fails if options contradict each other or the manifest, or the saved plan holds no longer.
    pub(super) fn of(
        args: &'r Args,
        project: &'r Project,
        saved: Option<&'r (Saved, Texts)>,
        common: &'r Common,
        terminal: &'r Terminal,
    ) -> Result<RunCommand<'r>, Failure> {
        let manifest = &project.manifest;
        let choice = match saved {
            Some((saved, _)) => {
                saved.suit(&args.choosing, args.prune || args.images.are_refreshed())?;
                saved.choice(&manifest.run, project.buyer())
            }
            None => Choice { prune: args.prune, buyer: project.buyer(), ..settings::choice(&args.choosing, manifest)? },
        };
        let command = RunCommand { args, project, saved, common, terminal, choice };
        if saved.is_some() {
            command.hold_plan_against(&project.read()?.book)?;
        }
        args.images.suit(manifest)?;
        choosing::look(&command.choice.selection, project, terminal)?;
        Ok(command)
    }

    /// Says what a run would do, and does nothing (`--frozen`).
    ///
    /// # Errors
    /// Fails if the ledger can't be read.
    pub(super) fn look(mut self) -> Result<Exit, Failure> {
        let snapshot = self.project.read()?;
        self.choice.elsewhere = asked_elsewhere(self.project, &snapshot.book);
        self.choice.spent = snapshot.spent(&self.project.manifest.prices.unit)?;
        let moved = self.new_service(&snapshot.book)?;
        frozen::look(self.project, &snapshot.book, &self.choice, moved.as_ref())
    }

    /// Asks for consent to the estimate, if the manifest says so.
    ///
    /// # Errors
    /// Fails if the answer is no.
    pub(super) fn ask(&self) -> Result<Agreed, Failure> {
        match self.args.yes {
            true => Ok(Agreed::to_anything()),
            false => confirm::ask(self.project, &self.choice, self.terminal),
        }
    }

    /// Opens the ledger, and completes the choice with what other manifests and runs did.
    ///
    /// # Errors
    /// Fails if another run holds it, it can't be read, or the saved plan holds no longer.
    pub(super) fn open_ledger(&mut self) -> Result<Ledger, Failure> {
        let project = self.project;
        let mut ledger = project.fleet.open_ledger(&project.paths, &project.shown, || self.service())?;
        ledger.buy_for(self.choice.buyer.clone());
        self.choice.elsewhere = asked_elsewhere(project, ledger.book());
        self.choice.spent = ledger.spent(&project.manifest.prices.unit)?;
        // Once more, now that no other run can write to it.
        self.hold_plan_against(ledger.book())?;
        Ok(ledger)
    }

    /// Decides what to do with each job, as far as the content of remote images is known.
    ///
    /// # Errors
    /// Fails if that is not what the saved plan says, or costs more than was agreed to, or a video can't be renamed.
    pub(super) fn prepare(&self, ledger: &Ledger, agreed: Agreed) -> Result<Preparation<'r>, Failure> {
        let manifest = &self.project.manifest;
        let mut preparation = Preparation::new(manifest, ledger.book(), ledger.book().pins(), &self.choice);
        if let Some((saved, _)) = self.saved {
            saved.buys_the_same(&preparation.manifest, &preparation.plan)?;
        }
        agreed.holds(&preparation.plan)?;
        renames::put_right(&manifest.folder, ledger.book(), std::mem::take(&mut preparation.plan.misplaced))?;
        Ok(preparation)
    }

    /// Decides again, with the images that were looked at.
    pub(super) fn prepare_with(&self, looked: &Looked, ledger: &Ledger) -> Preparation<'r> {
        Preparation::new(&self.project.manifest, ledger.book(), &looked.pins, &self.choice)
    }

    /// Returns the service that the jobs go to.
    ///
    /// # Errors
    /// Fails if the key is missing, or the lock is another service's.
    pub(super) fn destination(&self, ledger: &Ledger) -> Result<Destination, Failure> {
        let service = ledger.book().service();
        match self.args.simulation.simulate {
            true => Destination::simulated(&self.args.simulation, service),
            false => Destination::service(&self.project.manifest, service, self.common),
        }
    }

    /// Refuses a saved plan that isn't one for this book.
    fn hold_plan_against(&self, book: &Book) -> Result<(), Failure> {
        match self.saved {
            Some((saved, texts)) => saved.holds(self.project, texts, self.common, book),
            None => Ok(()),
        }
    }

    /// Returns the name of the service whose purchases a new lock keeps.
    pub(super) fn service(&self) -> Result<String, Failure> {
        settings::base_url(self.common, Some(&self.project.manifest)).map(|(base, _)| base.to_string())
    }

    /// Returns the name that the lock's service is to have from now on (`--move-service`), if it has another.
    pub(super) fn new_service(&self, book: &Book) -> Result<Option<BaseUrl>, Failure> {
        if self.project.realm == Realm::Trial || !self.common.move_service {
            return Ok(None);
        }
        let (base, _) = settings::base_url(self.common, Some(&self.project.manifest))?;
        // No consent makes the simulated service the same as a real one.
        let other = |service: &str| service != SIMULATED && service != base.to_string();
        Ok(book.service().is_some_and(other).then_some(base))
    }

    /// Returns the manifest's settings, with what the command line says instead.
    pub(super) fn run_settings(&self) -> RunSettings {
        let manifest = &self.project.manifest.run;
        RunSettings {
            concurrency: self.args.concurrency.unwrap_or(manifest.concurrency),
            on_uncertain: self.choice.policy.on_uncertain,
            ..manifest.clone()
        }
    }
}
