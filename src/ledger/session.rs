//! The ledger of a run, from its first entry to the lock that its end writes.

use super::Book;
use super::failure::LedgerError;
use super::files::Files;
use super::group_commit::{Message, Writer};
use super::joined::Shared;
use super::shared::Doubts;
use std::io;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Closes the ledger of a run.
#[derive(Debug)]
pub struct Session {
    pub(super) files: Files,
    pub(super) shared: Option<Shared>,
    pub(super) inbox: mpsc::Sender<Message>,
    pub(super) writer: JoinHandle<Writer>,
}

impl Session {
    /// Ends the run: writes the whole lock if anything changed, removes the journal, and releases the advisory lock
    /// last. Entries that are recorded already are in the book; later ones are refused.
    ///
    /// # Errors
    /// Fails if the lock can't be written; the journal stays then, and the next run includes it.
    pub async fn close(self) -> Result<Book, LedgerError> {
        let Session { mut files, shared, inbox, writer } = self;
        // The writer may be gone already: then there is nothing to tell it.
        let _ = inbox.send(Message::Close).await;
        drop(inbox);
        let path = files.paths.lock.clone();
        let broke_off = |e: tokio::task::JoinError| LedgerError::io("write", &path)(io::Error::other(e));
        let mut writer = writer.await.map_err(broke_off)?;
        if let Some(shared) = shared {
            // What isn't known there stays in the journal, which the next run brings in.
            let view = shared.view(&writer.book, Doubts::Untold).await?;
            shared.knows_all_of(&writer.book, &view, &files.paths.journal)?;
            (writer.book, writer.changed) = (view, true);
        }
        tokio::task::spawn_blocking(move || files.close(writer)).await.map_err(broke_off)?
    }
}
