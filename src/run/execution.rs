//! The work of a run at the service, from an open ledger to a closed one.

use super::error::RunError;
use super::fleet::{self, Attending};
use super::renames::{self, Renaming, Stuck};
use crate::base::clock::Clock;
use crate::base::durable::Mark;
use crate::base::folder::Folder;
use crate::base::runtime;
use crate::base::secret::ApiKey;
use crate::client::http::{self, HttpService};
use crate::client::remote::RemoteImages;
use crate::client::way::Surroundings;
use crate::engine::publishing::{Backlog, Published, Publishing};
use crate::engine::{self, Outcome, Parts, Purchase, Settings, Work};
use crate::event::sender::Events;
use crate::event::stop::Stop;
use crate::ledger::entry::Entry;
use crate::ledger::{Book, Ledger, PurchaseId};
use crate::mirror::ImageCache;
use crate::service::address::BaseUrl;
use std::collections::BTreeSet;

/// The service that jobs are sent to.
#[derive(Debug)]
pub struct Destination {
    /// The base URL of calls.
    pub base: BaseUrl,
    /// The ledger's name for it.
    pub identity: String,
    /// The key; the simulated service needs none.
    pub key: Option<ApiKey>,
    /// The proxy and the certificates on the way there.
    pub surroundings: Surroundings,
    /// The statuses that something on the way returns only for requests that it doesn't forward.
    pub turned_away: BTreeSet<u16>,
}

/// The parts of a run.
pub struct Execution<'e> {
    /// The folder of the videos.
    pub folder: &'e Folder,
    /// The destination of the jobs.
    pub destination: &'e Destination,
    /// The settings.
    pub settings: Settings,
    /// The unit of prices.
    pub unit: String,
    /// `true` if uploads of earlier runs are ignored.
    pub reupload: bool,
    /// The channel to the reporters.
    pub events: Events,
    /// The switch that ends it early.
    pub stop: Stop,
    /// The client for remote images.
    pub remote_images: RemoteImages,
    /// The images that are already fetched.
    pub image_cache: ImageCache,
    /// The place where videos are published, if anywhere, and those that earlier runs left.
    pub publish: Option<Backlog>,
}

impl Execution<'_> {
    /// Opens the journal, records `first`, renames files, does the work, and closes the ledger whatever the outcome. If the lock
    /// can't be written at the end, returns the error beside the outcome; the journal then keeps the run's entries.
    ///
    /// # Errors
    /// Fails if the journal can't be begun, or a file can't be renamed.
    pub fn run(
        self,
        mut ledger: Ledger,
        renamings: Vec<Renaming>,
        first: Vec<Entry>,
        work: Work<impl Iterator<Item = Purchase>>,
    ) -> Result<(Outcome, Option<RunError>), RunError> {
        let Destination { base, key, identity, surroundings, turned_away } = self.destination;
        // Whether it may be is decided where the destination is chosen.
        if ledger.book().service().is_some_and(|service| service != identity) {
            ledger.move_service(identity)?;
        }
        let shared = ledger.shared().cloned();
        let uncertain = shared.as_ref().map(|_| fleet::uncertain(ledger.book())).unwrap_or_default();
        let client = http::Settings {
            temporaries: Mark::of(ledger.lock()),
            remote_images: self.remote_images,
            surroundings: surroundings.clone(),
            turned_away: turned_away.clone(),
            ..http::Settings::new(base.clone(), key.clone(), self.settings.concurrency)
        };
        let service = HttpService::new(client)?;
        // A shared ledger may know later uploads: it is asked for each image.
        let uploads = match self.reupload || shared.is_some() {
            true => Vec::new(),
            false => ledger.book().uploaded().map(|(content, url)| (*content, url.to_owned())).collect(),
        };
        let runtime = runtime::on_this_thread()?;
        let outcome = runtime.block_on(async {
            let attending = match &shared {
                Some(shared) => Some(Attending::begin(shared, &self.settings, &self.unit).await?),
                None => None,
            };
            let (journal_writer, session) = ledger.start(identity)?;
            // Together, so that they share syncs. A journal that can't be written reports that again, and the engine reacts.
            futures::future::join_all(first.into_iter().map(|entry| journal_writer.record(entry))).await;
            if let Err(Stuck { error, midway }) = renames::perform(self.folder, renamings, &journal_writer).await {
                drop(journal_writer);
                // Renamings recorded but not performed are completed by the next command: the journal stays.
                return if midway {
                    Err(error)
                } else {
                    session.close().await.map_err(RunError::Unclosed).and(Err(error))
                };
            }
            let parts = Parts {
                service,
                identity: identity.clone(),
                journal_writer,
                folder: self.folder.clone(),
                clock: Clock::System,
                events: self.events,
                stop: self.stop,
                seed: fastrand::u64(..),
                uploads,
                reupload: self.reupload,
                image_cache: self.image_cache,
                limits: attending.as_ref().map(Attending::limits),
                publish: self.publish,
            };
            let (stop, patience) = (parts.stop.clone(), self.settings.patience);
            let mut outcome = engine::run(work, parts, self.settings).await;
            attending.iter().for_each(Attending::worked);
            if let Some(shared) = &shared {
                fleet::settle(shared, &stop, patience)
                    .await
                    .map_err(|error| error.with_tasks(shared.unacknowledged()))?;
            }
            if let Some(attending) = attending {
                attending.leave().await;
            }
            match session.close().await {
                Ok(book) => {
                    if shared.is_some() {
                        fleet::compare(&mut outcome, &uncertain, &book);
                    }
                    recorded(&book, &outcome.succeeded).map(|()| (outcome, None))
                }
                Err(error) => {
                    let unclosed = RunError::Unclosed(error).with_tasks(std::mem::take(&mut outcome.unrecorded));
                    Ok((Outcome { local: true, ..outcome }, Some(unclosed)))
                }
            }
        });
        // Cancelled tasks must not delay the end; nothing of them is needed any more.
        runtime.shutdown_background();
        outcome
    }
}

/// Ends a run that sends nothing to the service: records `entries`, and the new name of the lock's service if it was `moved`, and
/// publishes what earlier runs left. The lock stays as it is where nothing is new; `service` is whose purchases a new lock keeps.
///
/// # Errors
/// Fails if they can't be written, or `service` fails.
pub fn end_without_work<E: From<RunError>>(
    mut ledger: Ledger,
    entries: Vec<Entry>,
    moved: Option<&BaseUrl>,
    service: impl FnOnce() -> Result<String, E>,
    publish: Option<(Backlog, Folder, Stop)>,
) -> Result<Published, E> {
    if let Some(moved) = moved {
        ledger.move_service(&moved.to_string()).map_err(RunError::from)?;
    }
    let publish = publish.filter(|(backlog, ..)| !backlog.videos.is_empty());
    if entries.is_empty() && publish.is_none() {
        ledger.close_unchanged().map_err(RunError::from)?;
        return Ok(Published::default());
    }
    let service = match ledger.book().service() {
        Some(service) => service.to_owned(),
        None => service()?,
    };
    Ok(record_and_publish(ledger, &service, entries, publish)?)
}

/// Writes entries into the journal and the lock, without sending anything.
///
/// # Errors
/// Fails if they can't be written.
pub fn record_all(ledger: Ledger, service: &str, entries: Vec<Entry>) -> Result<(), RunError> {
    record_and_publish(ledger, service, entries, None).map(drop)
}

fn record_and_publish(
    ledger: Ledger,
    service: &str,
    entries: Vec<Entry>,
    publish: Option<(Backlog, Folder, Stop)>,
) -> Result<Published, RunError> {
    let shared = ledger.shared().cloned();
    runtime::on_this_thread()?.block_on(async {
        let (journal_writer, session) = ledger.start(service)?;
        let recorded =
            futures::future::try_join_all(entries.into_iter().map(|entry| journal_writer.record(entry))).await;
        let published = match publish {
            Some((Backlog { publisher, videos }, folder, stop)) => {
                let publishing = Publishing { publisher, journal_writer: journal_writer.clone(), folder, stop };
                publishing.all(futures::stream::iter(videos)).await
            }
            None => Published::default(),
        };
        drop(journal_writer);
        if let Some(shared) = &shared {
            fleet::acknowledge(shared, fleet::PATIENCE).await?;
        }
        session.close().await?;
        recorded.map(|_| published).map_err(RunError::from)
    })
}

/// Compares a run's report with its records: a difference is never ignored silently.
fn recorded(book: &Book, succeeded: &[PurchaseId]) -> Result<(), RunError> {
    match succeeded.iter().filter(|id| !book.has_succeeded(**id)).count() {
        0 => Ok(()),
        missing => Err(RunError::Unrecorded { missing, of: succeeded.len() }),
    }
}
