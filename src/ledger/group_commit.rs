//! One task owns journal and book: entries that wait at the same time become durable with one write and one sync.

use super::book::Book;
use super::entry::{Entry, Step};
use super::guard::Guard;
use super::id::PurchaseId;
use super::joined::Shared;
use super::journal::Encoder;
use super::lockfile;
use super::record::Key;
use super::shared::{Claimed, Pass, SharedUpload, StoreError};
use super::watched::Watched;
use crate::base::decimal::Decimal;
use crate::base::digest::Sha256;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Maximum number of entries in one group.
const GROUP: usize = 4096;

/// Maximum number of entries that wait while a group is being written.
const WAITING: usize = 4096;

/// Time that a group gathers before it is written: negligible compared with a generation, and a busy run shares its syncs.
const GATHERING: Duration = Duration::from_millis(1);

/// The reason why nothing more may be submitted. Paid purchases are still followed, and go into the lock at the end.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unwritable {
    /// The journal can't be written.
    #[error("can't write {}: {why}", .journal.display())]
    Journal {
        /// The journal.
        journal: PathBuf,
        /// The reason.
        why: Arc<str>,
    },
    /// The lock can't be replaced: purchases could only be recorded in the journal.
    #[error("{0}: the lock must be replaced when a run ends, so nothing was submitted")]
    Lock(Arc<str>),
    /// Another lock, which is unreadable or says that a job is or may be paid which this run was to buy.
    #[error("{} was replaced while the run was on, and a job that was to be submitted may be paid by what it says", .0.display())]
    LockReplaced(PathBuf),
}

/// Records entries; there are as many clones as jobs.
#[derive(Clone, Debug)]
pub struct JournalWriter {
    inbox: mpsc::Sender<Message>,
    journal: PathBuf,
    shared: Option<Shared>,
    /// The images in the lock when the run began, if there is a shared ledger that may know better.
    images: Arc<Book>,
}

/// The outcome of an intent.
#[derive(Debug)]
pub enum Intended {
    /// It is durable, and its submit may go out while the pass holds.
    Mine(Pass),
    /// Another purchase has this later id: it needs one that is later still.
    Behind(PurchaseId),
    /// Another run of the shared ledger has the job; nothing is sent.
    Elsewhere(String),
    /// All runs of the shared ledger together would spend more than they may; nothing is sent.
    NoMoney,
    /// The shared ledger doesn't answer, or too late; nothing is sent.
    Away(String),
    /// The shared ledger refuses; nothing is sent.
    Refused(String),
}

#[derive(Debug)]
pub(super) enum Message {
    Record(Entry, oneshot::Sender<Result<(), Unwritable>>),
    /// No more entries are accepted.
    Close,
}

/// The owner of journal and book during a run.
#[derive(Debug)]
pub(super) struct Writer {
    guard: Arc<Guard>,
    encoder: Encoder,
    pub(super) book: Book,
    journal: PathBuf,
    lock: Watched,
    /// The result of replacing the lock with itself, which is done before the first submit.
    replaceable: Option<Result<(), Unwritable>>,
    /// The manifest, if it isn't the one that the lock is named after.
    manifest: Option<String>,
    /// The shared ledger, to which it is reported as well.
    shared: Option<Shared>,
    /// `true` if anything was recorded.
    pub(super) changed: bool,
    /// The first failure: retrying a failed `fsync` proves nothing.
    broken: Option<Unwritable>,
    /// Events that may be missing from the journal.
    pub(super) unsaved: Vec<Entry>,
}

impl JournalWriter {
    /// Records an entry; returns when it is durable. A task id is known to a shared ledger by then, unless that doesn't answer: it is
    /// used only after that, here as on one machine.
    ///
    /// A future that is dropped after its first poll may or may not have recorded its entry.
    ///
    /// # Errors
    /// Fails if it isn't durable. Then an intent must not be followed by its submit.
    pub async fn record(&self, entry: Entry) -> Result<(), Unwritable> {
        let (reply, answer) = oneshot::channel();
        let closed = || Unwritable::Journal { journal: self.journal.clone(), why: "the ledger is closed".into() };
        let submitted = match &entry {
            Entry::Purchase { id, step: Step::Submitted { .. }, .. } => Some(*id),
            _ => None,
        };
        self.inbox.send(Message::Record(entry, reply)).await.map_err(|_| closed())?;
        let recorded = answer.await.unwrap_or_else(|_| Err(closed()));
        if let (Some(Shared { desk, .. }), Some(id)) = (&self.shared, submitted) {
            desk.acknowledged(id).await;
        }
        recorded
    }

    /// Returns the upload of this content that a shared ledger or the lock knows, if there is a shared ledger: the later one, since the
    /// service may have forgotten the other. What the lock alone knows is made known to the ledger.
    pub async fn known_upload(&self, content: &Sha256) -> Option<SharedUpload> {
        let desk = &self.shared.as_ref()?.desk;
        let of_lock = self.images.upload_of(content);
        let of_lock = of_lock.map(|upload| SharedUpload { url: upload.url.clone(), uploaded_at: upload.at });
        match (of_lock, desk.upload(content).await) {
            (Some(of_lock), Ok(Some(shared))) if of_lock.uploaded_at > shared.uploaded_at => Some(of_lock),
            (_, Ok(Some(shared))) => Some(shared),
            (Some(of_lock), Ok(None)) => Some(self.share_upload(content, of_lock, false).await),
            (None, Ok(None)) => None,
            (of_lock, Err(error)) => {
                tracing::debug!(%content, %error, "the ledger doesn't say whether an image was uploaded");
                of_lock
            }
        }
    }

    /// Makes an upload known to the other runs of a shared ledger, and returns the one that counts: that of the run that was first,
    /// unless what it uploaded is to be replaced (`anew`).
    pub async fn share_upload(&self, content: &Sha256, upload: SharedUpload, anew: bool) -> SharedUpload {
        let Some(Shared { desk, .. }) = &self.shared else { return upload };
        desk.share_upload(content, upload.clone(), anew).await.unwrap_or_else(|error| {
            tracing::debug!(%content, %error, "the ledger doesn't know that an image was uploaded");
            upload
        })
    }

    /// Records an intent: where the ledger is shared, there first, since of all runs one may buy.
    ///
    /// `after` is the last purchase that was known when it was decided to buy, `releases` are those without an answer in whose place it
    /// is made; `price` is what it costs.
    ///
    /// # Errors
    /// Fails if it isn't durable on this machine.
    pub async fn intend(
        &self,
        intent: Entry,
        after: Option<PurchaseId>,
        releases: &[PurchaseId],
        price: Decimal,
    ) -> Result<Intended, Unwritable> {
        let Some(Shared { desk, .. }) = &self.shared else {
            return self.record(intent).await.map(|()| Intended::Mine(Pass::unlimited()));
        };
        let pass = match desk.claim(&intent, after, releases, price).await {
            Ok(Claimed::Mine(pass)) => pass,
            Ok(Claimed::Behind(last)) => return Ok(Intended::Behind(last)),
            Ok(Claimed::Taken(holder)) => {
                let who = holder.map_or_else(|| "another run".to_owned(), |holder| holder.to_string());
                return Ok(Intended::Elsewhere(format!("{who} has it")));
            }
            Ok(Claimed::NoMoney) => return Ok(Intended::NoMoney),
            Ok(Claimed::Late) => return Ok(Intended::Away("the intent took too long to be acknowledged".to_owned())),
            Err(StoreError::Away(why)) => return Ok(Intended::Away(why)),
            Err(error) => return Ok(Intended::Refused(error.to_string())),
        };
        let recorded = self.record(intent.clone()).await;
        if recorded.is_err() {
            desk.withdraw(&intent);
        }
        recorded.map(|()| Intended::Mine(pass))
    }
}

impl Writer {
    /// Creates the writer of a journal whose first line is written.
    pub(super) fn new(
        guard: Arc<Guard>,
        encoder: Encoder,
        book: Book,
        journal: PathBuf,
        lock: Watched,
        changed: bool,
    ) -> Writer {
        let (replaceable, manifest, broken, unsaved) = (None, None, None, Vec::new());
        Writer { guard, encoder, book, journal, lock, replaceable, manifest, shared: None, changed, broken, unsaved }
    }

    /// Sets the manifest of its purchases.
    pub(super) fn of_manifest(self, manifest: Option<String>) -> Writer {
        Writer { manifest, ..self }
    }

    /// Creates the same, joined to a shared ledger.
    pub(super) fn joined_to(self, shared: Option<&Shared>) -> Writer {
        Writer { shared: shared.cloned(), ..self }
    }

    /// Returns the same with another file.
    #[cfg(test)]
    pub(super) fn with_guard(self, guard: Guard) -> Writer {
        Writer { guard: Arc::new(guard), ..self }
    }

    /// Starts the task; it ends after [`Message::Close`], or when no sender is left.
    pub(super) fn spawn(self) -> (JournalWriter, mpsc::Sender<Message>, tokio::task::JoinHandle<Writer>) {
        let (inbox, messages) = mpsc::channel(WAITING);
        let images = self.shared.as_ref().map(|_| self.book.images()).unwrap_or_default();
        let (journal, shared) = (self.journal.clone(), self.shared.clone());
        let journal_writer = JournalWriter { inbox: inbox.clone(), journal, shared, images: Arc::new(images) };
        (journal_writer, inbox, tokio::spawn(self.write(messages)))
    }

    async fn write(mut self, mut inbox: mpsc::Receiver<Message>) -> Writer {
        let mut messages = Vec::new();
        while inbox.recv_many(&mut messages, GROUP).await > 0 {
            tokio::time::sleep(GATHERING).await;
            while messages.len() < GROUP
                && let Ok(message) = inbox.try_recv()
            {
                messages.push(message);
            }
            let mut group = Vec::with_capacity(messages.len());
            for message in messages.drain(..) {
                match message {
                    Message::Record(entry, reply) => group.push((entry, reply)),
                    Message::Close => inbox.close(),
                }
            }
            if !group.is_empty() {
                self.commit(group).await;
            }
        }
        self
    }

    /// Makes a group durable, applies it to the book, and answers all who wait for it.
    async fn commit(&mut self, mut group: Vec<(Entry, oneshot::Sender<Result<(), Unwritable>>)>) {
        for (entry, _) in &mut group {
            self.book.date(entry);
            if let Entry::Purchase { step: Step::Submitting { manifest, .. }, .. } = entry {
                manifest.clone_from(&self.manifest);
            }
        }
        if group.iter().any(|(entry, _)| entry.is_intent()) {
            self.replace_lock().await;
            self.lock.look_again();
        }
        let all = std::mem::take(&mut group);
        for (entry, reply) in all {
            match self.refusal(&entry) {
                Some(refusal) => drop(reply.send(Err(refusal))),
                None => group.push((entry, reply)),
            }
        }
        if group.is_empty() {
            return;
        }
        let outcome = self.append(group.iter().map(|(entry, _)| entry)).await;
        for (entry, reply) in group {
            // An intent that isn't durable is never sent. All else has happened, durable or not: it belongs in the lock.
            if outcome.is_ok() || !entry.is_intent() {
                self.book.apply(&entry);
                self.make_known(&entry);
                self.changed = true;
                if outcome.is_err() {
                    self.unsaved.push(entry);
                }
            }
            // A caller that no longer waits needs no answer.
            let _ = reply.send(outcome.clone());
        }
    }

    /// Lets the shared ledger know how a purchase stands now; its intent is known there before.
    fn make_known(&self, entry: &Entry) {
        if let (Some(shared), Some(id), false) = (&self.shared, entry.id(), entry.is_intent())
            && let Some(purchase) = self.book.purchase(id)
        {
            shared.desk.note(purchase.clone());
        }
    }

    /// Replaces the lock by itself, once: where that can't be done, nothing is submitted.
    async fn replace_lock(&mut self) {
        if self.replaceable.is_some() {
            return;
        }
        let mut empty = Book::default();
        empty.set_service(self.book.service().unwrap_or_default());
        let mut lock = self.lock.clone();
        let replaced = tokio::task::spawn_blocking(move || {
            let replaced = lock.replace_by_itself(&lockfile::write(&empty));
            (lock, replaced)
        });
        let refused = |error: &dyn std::fmt::Display| Err(Unwritable::Lock(error.to_string().into()));
        self.replaceable = Some(match replaced.await {
            Ok((lock, replaced)) => {
                self.lock = lock;
                replaced.or_else(|error| refused(&error))
            }
            Err(error) => refused(&error),
        });
    }

    /// Returns why an intent isn't recorded: the lock can't be replaced, or git has meanwhile put another one there
    /// that says the job is paid.
    fn refusal(&self, entry: &Entry) -> Option<Unwritable> {
        let Entry::Purchase { step: Step::Submitting { job, digest, .. }, .. } = entry else { return None };
        if let Some(Err(refusal)) = &self.replaceable {
            return Some(refusal.clone());
        }
        let key = Key { job: job.clone(), digest: *digest };
        self.lock.forbids(&key, &self.book).then(|| Unwritable::LockReplaced(self.lock.path().to_owned()))
    }

    async fn append(&mut self, entries: impl Iterator<Item = &Entry>) -> Result<(), Unwritable> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        let text = self.encoder.group(entries, &self.book);
        let guard = Arc::clone(&self.guard);
        let written = tokio::task::spawn_blocking(move || guard.append(&text)).await;
        let why = match written {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(e)) => e.to_string(),
            Err(e) => e.to_string(),
        };
        let broken = Unwritable::Journal { journal: self.journal.clone(), why: why.into() };
        self.broken = Some(broken.clone());
        Err(broken)
    }
}
