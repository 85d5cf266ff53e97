//! A run that reports and listens to signals, before its work is final.

use super::steps::RunCommand;
use crate::cli::destination::Destination;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::progress::{self, Reporting};
use crate::cli::project::folder_shown;
use crate::cli::publishing;
use crate::cli::session;
use crate::cli::sharing::warn_of_shared_tasks;
use crate::cli::signals::Signals;
use crate::client::remote::RemoteImages;
use crate::engine::publishing::Backlog;
use crate::event::stop::{Level, Stop};
use crate::event::{self, Event};
use crate::ledger::{Book, Ledger};
use crate::manifest::model::RunSettings;
use crate::mirror::{ImageCache, Looked};
use crate::plan::Plan;
use crate::plan::action::Action;
use crate::plan::estimate::Estimate;
use crate::report::Reporter;
use crate::report::commands::Target;
use crate::run::{self, Preparation, end_without_work};

/// The parts of a run that reports and listens to signals.
pub(super) struct Begun {
    pub(super) signals: Signals,
    pub(super) reporting: Reporting,
    /// The switch that ends it early.
    pub(super) stop: Stop,
    /// The form of commands about the run.
    pub(super) target: Target,
    pub(super) settings: RunSettings,
    pub(super) remote_images: RemoteImages,
    pub(super) image_cache: ImageCache,
    pub(super) publish: Option<Backlog>,
}

impl Begun {
    /// Returns whether somebody interrupted it: nothing is sent any more.
    pub(super) fn is_interrupted(&self) -> bool {
        self.stop.level() == Level::Out
    }

    /// Reports the estimate, if it is another than `before`.
    pub(super) fn say_estimate(&self, estimate: &Estimate, before: &Estimate) {
        if estimate != before {
            self.reporting.events().send(Event::Estimated { estimate: estimate.clone() });
        }
    }
}

impl RunCommand<'_> {
    /// Begins to report, and to listen to signals.
    ///
    /// # Errors
    /// Fails if the reports can't be written.
    pub(super) fn begin(
        &self,
        ledger: &Ledger,
        plan: &Plan,
        destination: Option<&Destination>,
        reporters: Vec<Box<dyn Reporter>>,
    ) -> Result<Begun, Failure> {
        let project = self.project;
        let target = match self.saved {
            // What is left of it is another plan.
            Some(_) => project.target().going_on("plan", &[]),
            None => project.target().going_on("run", &self.common.typed),
        };
        let settings = self.run_settings();
        let signals = Signals::default();
        let reporting = progress::start(self.args.progress, self.terminal, target.clone(), reporters)?;
        let service = destination.map(|destination| destination.service.identity.as_str());
        reporting.events().send(Event::RunStarted {
            version: event::VERSION,
            manifest: project.shown.display().to_string(),
            lock: project.lock.clone(),
            folder: folder_shown(project.manifest.folder.path()),
            service: service.or(ledger.book().service()).unwrap_or_default().to_owned(),
            jobs: plan.steps.len(),
            concurrency: settings.concurrency.get(),
            estimate: (plan.count(Action::Submit) > 0).then(|| plan.estimate.clone()),
        });
        let stop = session::listen(&signals, &reporting);
        let publish = publishing::place(Some(&project.manifest), ledger, self.terminal);
        let (remote_images, image_cache) = (self.args.images.remote_images(ledger.lock()), ImageCache::default());
        Ok(Begun { signals, reporting, stop, target, settings, remote_images, image_cache, publish })
    }

    /// Fetches and checks the remote images of the chosen jobs.
    ///
    /// # Errors
    /// Fails if the system provides no runtime.
    pub(super) fn look_at_images(&self, ledger: &Ledger, begun: &Begun) -> Result<Looked, Failure> {
        let looked = run::look_at_images(
            &self.project.manifest,
            ledger.book(),
            &self.choice,
            self.args.images.changed(),
            (&begun.remote_images, &begun.image_cache),
            (&begun.reporting.events(), &begun.stop),
        )?;
        Ok(looked)
    }

    /// Ends a run whose cost, with the images as they are now, was `declined`.
    ///
    /// # Errors
    /// Always: with that, or since the ledger can't be written.
    pub(super) fn decline(
        &self,
        declined: Failure,
        ledger: Ledger,
        looked: &Looked,
        begun: Begun,
    ) -> Result<Exit, Failure> {
        begun.reporting.leave();
        let seen = looked.first_seen(ledger.book());
        end_without_work(ledger, seen, None, || self.service(), None)?;
        Err(declined)
    }

    /// Reports what is done with each job, and warns of what stays as it is.
    pub(super) fn announce(&self, preparation: &Preparation<'_>, book: &Book, begun: &Begun) {
        if self.choice.prune && !preparation.pending.is_empty() {
            let jobs = preparation.pending.len();
            tracing::warn!(
                jobs,
                "nothing is dropped while it isn't known what images of jobs show: their records may be among it"
            );
        }
        preparation.announce(&begun.reporting.events());
        warn_of_shared_tasks(book, self.terminal);
    }
}
