//! The shared ledger that a command works on, where one is named.

use super::failure::Failure;
use super::options::Common;
use super::project::Realm;
use super::session::{runtime, this_process};
use super::settings;
use crate::base::clock::Clock;
use crate::engine::Outcome;
use crate::engine::stop::{Level, Stop};
use crate::ledger::record::{Key, Status};
use crate::ledger::shared::{Access, Charter, Desk, Runner, Store, SystemTimer, Times, patiently, store_at};
use crate::ledger::{self, Book, Ledger, LedgerError, Paths, PurchaseId, Shared, Snapshot};
use crate::manifest::model::Manifest;
use crate::report::standard_error;
use crate::service::ledger_url::LedgerUrl;
use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

pub(super) use crate::ledger::shared::PATIENCE;

/// The shared ledger's name in the environment.
const LEDGER: &str = "BATCH_LEDGER";

/// How long a ledger is waited for when the run is to end.
const LAST_PATIENCE: Duration = Duration::from_secs(10);

/// How long a ledger may take to hear that a run has ended.
const FAREWELL: Duration = Duration::from_secs(3);

/// Whether there is a shared ledger, and how it is used.
#[derive(Clone, Debug)]
pub(super) struct Fleet {
    url: Option<LedgerUrl>,
    /// `true` unless the URL only stands in the manifest.
    is_own_word: bool,
    offline: bool,
    moved: bool,
}

impl Fleet {
    /// The ledger that the option, the environment or the manifest names. A trial is on none.
    ///
    /// # Errors
    /// Where it is none that this program can use.
    pub(super) fn named(manifest: Option<&Manifest>, realm: Realm, common: &Common) -> Result<Fleet, Failure> {
        let parse = |name: &str, text: &str| {
            text.parse::<LedgerUrl>().map(Some).map_err(|error| Failure::usage(format!("{name}: {error}")))
        };
        let (url, is_own_word) = match (&common.ledger, settings::variable(LEDGER)) {
            _ if realm == Realm::Trial => (None, false),
            (Some(text), _) => (parse("--ledger", text)?, true),
            (None, Some(text)) => (parse(LEDGER, &text)?, true),
            (None, None) => (manifest.and_then(|manifest| manifest.run.ledger.clone()), false),
        };
        Ok(Fleet { url, is_own_word, offline: common.offline, moved: common.move_ledger })
    }

    /// The ledger's URL.
    ///
    /// # Errors
    /// Where none is named.
    pub(super) fn url(&self) -> Result<&LedgerUrl, Failure> {
        self.url.as_ref().ok_or_else(|| {
            Failure::usage("no shared ledger is named")
                .hint(format!("say where it is: --ledger URL, {LEDGER}, or `run.ledger` in the manifest"))
        })
    }

    /// What is known; nothing is taken or written.
    ///
    /// # Errors
    /// Where something can't be read.
    pub(super) fn read(&self, paths: &Paths) -> Result<Snapshot, Failure> {
        let Some(url) = &self.url else { return Ok(ledger::read(paths)?) };
        if self.offline {
            let when = paths.lock.metadata().and_then(|found| found.modified()).ok();
            let when = when.and_then(|when| jiff::Timestamp::try_from(when).ok());
            let when = when.and_then(|when| jiff::Timestamp::from_second(when.as_second()).ok());
            let when = when.map_or_else(|| "there is none".to_owned(), |when| format!("of {when}"));
            standard_error::say(format!("offline: by the lock ({when}), not by {url}\n"));
            return Ok(ledger::read(paths)?);
        }
        block_on(self.look(paths))
    }

    /// The same, also where it is looked at again and again.
    ///
    /// # Errors
    /// Where something can't be read.
    pub(super) async fn look(&self, paths: &Paths) -> Result<Snapshot, Failure> {
        let shared = if self.offline { None } else { self.open().await? };
        match shared {
            Some(shared) => Ok(ledger::read_shared(paths, &shared).await?),
            // Nobody has run anything yet.
            None => Ok(ledger::read(paths)?),
        }
    }

    /// The shared ledger; founded for `service` where there is none yet.
    ///
    /// # Errors
    /// Where none is named, or it can't be used.
    pub(super) async fn found(&self, service: &str) -> Result<Shared, Failure> {
        let (url, store) = (self.url()?, self.store(self.url()?)?);
        let timer = SystemTimer::default();
        let charter = patiently(&timer, PATIENCE, async || Charter::found(&*store, &fresh_id(), service).await).await;
        let charter = charter.map_err(|source| LedgerError::Shared { place: url.to_string(), source })?;
        Ok(shared(url, store, charter))
    }

    async fn open(&self) -> Result<Option<Shared>, Failure> {
        let Some(url) = &self.url else { return Ok(None) };
        let store = self.store(url)?;
        let charter = patiently(&SystemTimer::default(), PATIENCE, async || Charter::read(&*store).await).await;
        let charter = charter.map_err(|source| LedgerError::Shared { place: url.to_string(), source })?;
        Ok(charter.map(|charter| shared(url, store, charter)))
    }

    fn store(&self, url: &LedgerUrl) -> Result<Arc<dyn Store>, Failure> {
        let access = Access { variable: settings::variable, is_own_word: self.is_own_word };
        let refused = |source| LedgerError::Shared { place: url.to_string(), source }.into();
        store_at(url, access).map_err(refused)
    }

    /// The shared ledger.
    ///
    /// # Errors
    /// Where none is named, or it can't be used, or there is none yet.
    pub(super) async fn existing(&self) -> Result<Shared, Failure> {
        let url = self.url()?;
        self.open().await?.ok_or_else(|| {
            Failure::machine(format!("there is no ledger at {url}"))
                .hint("`batch ledger init` makes one, and so does the first run")
        })
    }

    /// Lets a ledger of this machine join the shared one.
    ///
    /// # Errors
    /// Where that can't be used, or one of them isn't the other's.
    pub(super) fn join(
        &self,
        ledger: &mut Ledger,
        service: impl FnOnce() -> Result<String, Failure>,
    ) -> Result<(), Failure> {
        if self.url.is_none() {
            if self.moved {
                ledger.part();
            }
            let Some(of) = ledger.book().projection() else { return Ok(()) };
            let (lock, known) = (ledger.lock().to_owned(), of.url.clone());
            return Err(LedgerError::OtherLedger { lock, known, wanted: None }.into());
        }
        if self.offline {
            return Err(Failure::usage("--offline is for looking: what is paid must be known to the ledger"));
        }
        let service = match ledger.book().service() {
            Some(service) => service.to_owned(),
            None => service()?,
        };
        block_on(async {
            let shared = self.found(&service).await?;
            Ok(ledger.join(shared, self.moved, PATIENCE).await?)
        })
    }

    /// Whether a person says that the ledger takes the place of the lock's.
    pub(super) fn is_moved(&self) -> bool {
        self.moved
    }
}

/// What a run does at a shared ledger beside its work: makes known what comes, watches the others, and beats.
pub(super) struct Attending {
    desk: Arc<Desk>,
    news: JoinHandle<()>,
    beats: JoinHandle<()>,
}

impl Attending {
    /// Begins; `want` is how many generations the run would have in flight.
    pub(super) fn begin(shared: &Shared, want: usize) -> Attending {
        let desk = || shared.desk.clone();
        let (attending, beating) = (desk(), desk());
        let news = tokio::spawn(async move { attending.attend().await });
        let beats = tokio::spawn(async move { beating.keep_alive(|| want).await });
        Attending { desk: desk(), news, beats }
    }

    /// The work is done: from here on the run only beats.
    pub(super) fn worked(&self) {
        self.news.abort();
    }

    /// Says that the run has ended.
    pub(super) async fn leave(self) {
        self.beats.abort();
        // A heartbeat that only stands still says the same, later.
        let _ = tokio::time::timeout(FAREWELL, self.desk.leave()).await;
    }
}

impl Drop for Attending {
    fn drop(&mut self) {
        self.news.abort();
        self.beats.abort();
    }
}

/// Makes known what is left, and watches what other runs are about to submit.
///
/// # Errors
/// Where it isn't acknowledged for as long as there is patience.
pub(super) async fn settle(shared: &Shared, stop: &Stop, patience: Duration) -> Result<(), Failure> {
    let patience = if stop.level() == Level::Out { LAST_PATIENCE.min(patience) } else { patience };
    acknowledge(shared, patience).await?;
    wait_for_others(shared, stop).await
}

/// Makes known what is left.
///
/// # Errors
/// Where it isn't acknowledged for as long as there is patience.
pub(super) async fn acknowledge(shared: &Shared, patience: Duration) -> Result<(), Failure> {
    match shared.desk.settle(patience).await {
        true => Ok(()),
        false => {
            Err(Failure::machine(format!("the ledger {} doesn't acknowledge what this command did", shared.place))
                .hint("it is in the journal, and the next run brings it in"))
        }
    }
}

/// Watches what other runs are about to submit, until each is answered or its run counts as silent, or this one is to end.
///
/// # Errors
/// Where the ledger doesn't answer.
pub(super) async fn wait_for_others(shared: &Shared, stop: &Stop) -> Result<(), Failure> {
    tokio::select! {
        biased;
        () = stop.reached(Level::Out) => Ok(()),
        waited = shared.desk.wait_for_others() => waited.map_err(|error| shared.failed(error).into()),
    }
}

/// What is uncertain by a book.
pub(super) fn uncertain(book: &Book) -> HashSet<Key> {
    let uncertain = book.records().filter(|record| record.stage.status() == Status::Uncertain);
    uncertain.map(|record| record.key.clone()).collect()
}

/// What was uncertain, and isn't any more.
pub(super) fn answered(before: &HashSet<Key>, still: &HashSet<Key>) -> HashSet<Key> {
    before.difference(still).cloned().collect()
}

/// Compares how a run began and what it left to others with what the ledger says at its end.
pub(super) fn compare(outcome: &mut Outcome, before: &HashSet<Key>, book: &Book) {
    let still = uncertain(book);
    outcome.answered = answered(before, &still);
    let silent = outcome.elsewhere.iter().filter(|key| still.contains(key)).count();
    outcome.summary.elsewhere -= silent;
    outcome.summary.uncertain += silent;
}

/// Does what takes time, for a command that else takes none.
///
/// # Errors
/// As the work, and where the system gives no runtime.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    runtime()?.block_on(work)
}

/// An id that nothing else has.
pub(super) fn fresh_id() -> String {
    PurchaseId::new(Clock::System.now_in_microseconds(), fastrand::u64(..), None).to_string()
}

fn shared(url: &LedgerUrl, store: Arc<dyn Store>, charter: Charter) -> Shared {
    let process = this_process();
    let me = Runner { run: fresh_id(), host: process.host, pid: process.pid };
    let desk = Desk::new(store, Arc::new(SystemTimer::default()), Times::usual(), me, fastrand::u64(..));
    Shared { place: url.clone(), charter, desk: Arc::new(desk) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::http;

    #[test]
    fn who_counts_as_silent_can_send_nothing_any_more() {
        let Times { budget, doubt, .. } = Times::usual();
        let submit = http::Limits::default().submit;
        assert!(doubt >= budget + submit + Duration::from_secs(30), "{doubt:?}");
    }
}
