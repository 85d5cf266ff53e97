//! The shared ledger that a command works on, where one is named.

use super::failure::Failure;
use super::options::Common;
use super::realm::Realm;
use super::settings;
use crate::base::clock::Clock;
use crate::base::runtime;
use crate::ledger::shared::{Access, Charter, Desk, Runner, Store, SystemTimer, Times, patiently, store_at};
use crate::ledger::{self, Holder, Ledger, LedgerError, Paths, PurchaseId, Shared, Snapshot};
use crate::manifest::model::Manifest;
use crate::report::standard_error;
use crate::run;
use crate::service::ledger_url::LedgerUrl;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

pub(super) use crate::ledger::shared::PATIENCE;

/// The shared ledger's name in the environment.
const LEDGER: &str = "BATCH_LEDGER";

/// The shared ledger, if there is one, and its use.
#[derive(Clone, Debug)]
pub(super) struct Fleet {
    url: Option<LedgerUrl>,
    /// `true` unless the URL only stands in the manifest.
    is_own_word: bool,
    offline: bool,
    moved: bool,
}

impl Fleet {
    /// Returns the ledger that the option, the environment or the manifest names. A trial is on none.
    ///
    /// # Errors
    /// Fails if it is none that this program can use.
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

    /// Returns the ledger's URL.
    ///
    /// # Errors
    /// Fails if none is named.
    pub(super) fn url(&self) -> Result<&LedgerUrl, Failure> {
        self.url.as_ref().ok_or_else(|| {
            Failure::usage("no shared ledger is named")
                .hint(format!("say where it is: --ledger URL, {LEDGER}, or `run.ledger` in the manifest"))
        })
    }

    /// Returns what is known; nothing is taken or written.
    ///
    /// # Errors
    /// Fails if something can't be read.
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

    /// Returns the same, also where it is looked at again and again.
    ///
    /// # Errors
    /// Fails if something can't be read.
    pub(super) async fn look(&self, paths: &Paths) -> Result<Snapshot, Failure> {
        let shared = if self.offline { None } else { self.open().await? };
        match shared {
            Some(shared) => Ok(ledger::read_shared(paths, &shared).await?),
            // Nobody has run anything yet.
            None => Ok(ledger::read(paths)?),
        }
    }

    /// Returns the shared ledger; founded for `service` where there is none yet.
    ///
    /// # Errors
    /// Fails if none is named, or it can't be used.
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

    /// Returns the shared ledger.
    ///
    /// # Errors
    /// Fails if none is named, or it can't be used, or there is none yet.
    pub(super) async fn existing(&self) -> Result<Shared, Failure> {
        let url = self.url()?;
        self.open().await?.ok_or_else(|| {
            Failure::machine(format!("there is no ledger at {url}"))
                .hint("`batch ledger init` makes one, and so does the first run")
        })
    }

    /// Opens the ledger of a manifest as [`run::open`] does. Where the ledger is shared, its state is that one's; `service` is whose
    /// purchases it keeps, where it is founded now.
    ///
    /// # Errors
    /// Fails if one of them can't be used, or one isn't the other's.
    pub(super) fn open_ledger(
        &self,
        paths: &Paths,
        manifest: &Path,
        service: impl FnOnce() -> Result<String, Failure>,
    ) -> Result<Ledger, Failure> {
        let mut ledger = run::open(paths, manifest)?;
        self.join(&mut ledger, service)?;
        Ok(ledger)
    }

    /// Lets a ledger of this machine join the shared one.
    fn join(&self, ledger: &mut Ledger, service: impl FnOnce() -> Result<String, Failure>) -> Result<(), Failure> {
        if self.url.is_none() {
            if self.moved {
                ledger.part();
            }
            let Some(of) = ledger.book().projection() else { return Ok(()) };
            let (lock, known) = (ledger.lock().to_owned(), of.to_string());
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

    /// Returns whether a person says that the ledger takes the place of the lock's.
    pub(super) fn is_moved(&self) -> bool {
        self.moved
    }
}

/// Does what takes time, for a command that else takes none.
///
/// # Errors
/// As the work, and where the system gives no runtime.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    runtime::on_this_thread().map_err(Failure::machine)?.block_on(work)
}

/// Returns an id that nothing else has.
pub(super) fn fresh_id() -> String {
    PurchaseId::new(Clock::System.now_in_microseconds(), fastrand::u64(..), None).to_string()
}

fn shared(url: &LedgerUrl, store: Arc<dyn Store>, charter: Charter) -> Shared {
    let process = Holder::this_process();
    let me = Runner { run: fresh_id(), host: process.host, pid: process.pid };
    let desk = Desk::new(store, Arc::new(SystemTimer::default()), Times::usual(), me, fastrand::u64(..));
    Shared { place: url.clone(), charter, desk: Arc::new(desk) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::http;
    use std::time::Duration;

    #[test]
    fn who_counts_as_silent_can_send_nothing_any_more() {
        let Times { budget, doubt, .. } = Times::usual();
        let submit = http::Limits::default().submit;
        assert!(doubt >= budget + submit + Duration::from_secs(30), "{doubt:?}");
    }
}
