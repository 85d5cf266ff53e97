//! The end of `batch run`: with the work at the service, or without any.

use super::begun::Begun;
use super::said::{KeptBy, no_room, say_pruned};
use super::steps::RunCommand;
use crate::cli::destination::Destination;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::session::{self, Closing, finish};
use crate::engine::Settings;
use crate::engine::publishing::Backlog;
use crate::ledger::Ledger;
use crate::mirror::Looked;
use crate::run::{Execution, Preparation, end_without_work, fleet, renames};
use std::collections::HashSet;

impl RunCommand<'_> {
    /// Ends a run that sends nothing to the service: nothing is to be done, or it was interrupted.
    ///
    /// # Errors
    /// Fails if the ledger can't be written.
    pub(super) fn end_without_work(
        &self,
        ledger: Ledger,
        preparation: &Preparation<'_>,
        looked: Looked,
        begun: Begun,
    ) -> Result<Exit, Failure> {
        let interrupted = begun.is_interrupted();
        let entries = match interrupted {
            true => looked.first_seen(ledger.book()),
            false => looked.entries.into_iter().chain(preparation.uses(&self.choice.buyer)).collect(),
        };
        let moved = self.new_service(ledger.book())?.filter(|_| !interrupted);
        // What another run is about to submit is no more uncertain than that run is silent.
        let answered = if interrupted { HashSet::new() } else { fleet::answered_by_others(&ledger, &begun.stop)? };
        let mut publish = begun.publish;
        if let Some(Backlog { publisher, videos }) = &mut publish {
            *videos = preparation.unpublished(publisher.url(), ledger.book(), &self.choice, &[]);
        }
        let folder = &preparation.manifest.folder;
        let publish = publish.filter(|_| !interrupted).map(|backlog| (backlog, folder.clone(), begun.stop.clone()));
        let published = end_without_work(ledger, entries, moved.as_ref(), || self.service(), publish)?;
        let mut outcome = match interrupted {
            true => preparation.broken_off(&begun.stop),
            false => preparation.settled(preparation.nothing_done(), &answered),
        };
        outcome.take_published(published);
        let closing = Closing { signals: &begun.signals, target: &begun.target, key: None };
        let exit = finish(outcome, &closing, begun.reporting, self.terminal);
        no_room(preparation, &self.choice, self.terminal);
        Ok(exit)
    }

    /// Does the work at the service, and says what came of it.
    ///
    /// # Errors
    /// Fails if the journal can't be begun, or a file can't be renamed.
    pub(super) fn execute(
        &self,
        mut ledger: Ledger,
        preparation: &Preparation<'_>,
        looked: &Looked,
        destination: &Destination,
        begun: Begun,
    ) -> Result<Exit, Failure> {
        let Begun { signals, reporting, stop, target, settings, remote_images, image_cache, mut publish } = begun;
        let Preparation { manifest, plan, .. } = preparation;
        let first = preparation.first_entries(&self.project.manifest, looked, &self.choice.buyer);
        ledger.prune(&plan.prune);
        let kept_by = if ledger.shared().is_some() { KeptBy::SharedLedger } else { KeptBy::Nobody };
        let renamings = renames::of(&manifest.folder, ledger.book(), &plan.moves);
        if let Some(Backlog { publisher, videos }) = &mut publish {
            *videos = preparation.unpublished(publisher.url(), ledger.book(), &self.choice, &renamings);
        }
        let execution = Execution {
            folder: &manifest.folder,
            settings: Settings {
                max_failures: self.args.max_failures,
                max_cost: self.choice.max_cost,
                ..session::settings(&settings, destination)
            },
            unit: manifest.prices.unit.clone(),
            destination: &destination.service,
            reupload: self.args.reupload,
            events: reporting.events(),
            stop,
            remote_images,
            image_cache,
            publish,
        };
        let work = preparation.work(&self.project.manifest, looked, ledger.book(), &renamings);
        let failed = |error| Failure::of_run(error, &target);
        let (mut outcome, unclosed) = execution.run(ledger, renamings, first, work).map_err(failed)?;
        let unclosed = unclosed.map(failed);
        let answered = std::mem::take(&mut outcome.answered);
        let outcome = preparation.settled(preparation.with_rest(outcome), &answered);
        let closing = Closing { signals: &signals, target: &target, key: destination.key_source.clone() };
        let exit = finish(outcome, &closing, reporting, self.terminal);
        unclosed.iter().for_each(|failure| failure.say(self.terminal));
        no_room(preparation, &self.choice, self.terminal);
        if unclosed.is_none() {
            say_pruned(&plan.prune, kept_by, self.terminal);
        }
        Ok(exit)
    }
}
