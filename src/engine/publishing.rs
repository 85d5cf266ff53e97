//! Publishes videos once they are stored, beside the run: what can't be published is left for the next run, and fails no job.

use super::Parts;
use crate::base::faultpoint;
use crate::base::folder::Folder;
use crate::client::publish::{PublishError, Publisher};
use crate::event::stop::{Level, Stop};
use crate::ledger::entry::{Entry, Step};
use crate::ledger::record::Output;
use crate::ledger::{JournalWriter, PurchaseId};
use futures::{StreamExt as _, stream};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Maximum number of videos published at once: each holds some parts in memory.
const AT_ONCE: usize = 4;

/// A stored video that isn't published yet.
#[derive(Clone, Debug)]
pub struct Unpublished {
    /// Its purchase.
    pub id: PurchaseId,
    /// The video, at the path where it is stored.
    pub output: Output,
}

/// The place where videos are published, and those that earlier runs left.
pub struct Backlog {
    /// The place.
    pub publisher: Arc<Publisher>,
    /// The videos that are stored and not published yet.
    pub videos: Vec<Unpublished>,
}

/// The outcome of publishing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// Number of videos that were published.
    pub done: usize,
    /// Number of videos that are stored here and couldn't be published.
    pub left: usize,
    /// The reason, of the first that couldn't.
    pub why: Option<PublishError>,
}

/// Takes stored videos while a run is on; one that publishes nothing takes none.
#[derive(Default)]
pub(super) struct Outbox(Mutex<Option<mpsc::UnboundedSender<Unpublished>>>);

impl Outbox {
    /// Takes a stored video.
    pub(super) fn put(&self, video: Unpublished) {
        if let Some(sender) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = sender.send(video);
        }
    }

    /// Takes no more.
    pub(super) fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Begins to publish what earlier runs left and what is put into the outbox; ends when that is closed.
pub(super) fn begin<S>(parts: &mut Parts<S>) -> (Outbox, impl Future<Output = Published> + use<S>) {
    let left = parts.publish.as_mut().map(|publish| std::mem::take(&mut publish.videos)).unwrap_or_default();
    let publishing = parts.publish.as_ref().map(|publish| Publishing {
        publisher: publish.publisher.clone(),
        journal_writer: parts.journal_writer.clone(),
        folder: parts.folder.clone(),
        stop: parts.stop.clone(),
    });
    let (sender, inbox) = mpsc::unbounded_channel();
    let outbox = Outbox(Mutex::new(publishing.is_some().then_some(sender)));
    let publish = async move {
        let Some(publishing) = publishing else { return Published::default() };
        let stored = stream::unfold(inbox, |mut inbox| async { inbox.recv().await.map(|video| (video, inbox)) });
        publishing.all(stream::iter(left).chain(stored)).await
    };
    (outbox, publish)
}

/// Publishes videos.
pub struct Publishing {
    /// The place.
    pub publisher: Arc<Publisher>,
    /// The writer of state changes.
    pub journal_writer: JournalWriter,
    /// The folder that videos' paths are relative to.
    pub folder: Folder,
    /// The switch that ends the run early.
    pub stop: Stop,
}

/// The outcome for a video.
enum Sent {
    Done,
    Left(Unpublished, PublishError),
}

impl Publishing {
    /// Publishes these videos, a few at a time; what failed is tried once more in the end. A run that is interrupted doesn't
    /// wait for it.
    pub async fn all(&self, videos: impl stream::Stream<Item = Unpublished>) -> Published {
        let (mut published, mut left) = (Published::default(), Vec::new());
        self.each(videos, &mut published, &mut left).await;
        // It may have been away for a moment only.
        let is_worth_it = left.iter().any(|(_, why)| matches!(why, PublishError::Away(_)));
        if is_worth_it && self.stop.level() < Level::Out && self.publisher.ask_again() {
            let again = std::mem::take(&mut left).into_iter().map(|(video, _)| video);
            self.each(stream::iter(again), &mut published, &mut left).await;
        }
        published.left = left.len();
        published.why = left.into_iter().map(|(_, why)| why).next();
        published
    }

    async fn each(
        &self,
        videos: impl stream::Stream<Item = Unpublished>,
        published: &mut Published,
        left: &mut Vec<(Unpublished, PublishError)>,
    ) {
        let sent = videos.map(|video| self.one(video)).buffer_unordered(AT_ONCE);
        let mut sent = std::pin::pin!(sent);
        while let Some(sent) = sent.next().await {
            match sent {
                Sent::Done => published.done += 1,
                Sent::Left(video, why) => left.push((video, why)),
            }
        }
    }

    async fn one(&self, video: Unpublished) -> Sent {
        let Unpublished { id, output } = &video;
        let url = self.publisher.url_of(&output.path, &output.sha256);
        let put = async {
            let file = self.folder.inside(&output.path).map_err(|error| PublishError::Local(error.to_string()))?;
            faultpoint::reach("publish", "send");
            self.publisher.put(&file, &url, &output.sha256).await
        };
        let put = self.stop.unless_out(put).await;
        faultpoint::reach("publish", "sent");
        match put.unwrap_or_else(|| Err(PublishError::Away("the run ended before".to_owned()))) {
            Ok(()) => {
                let (number, sha256) = (output.number, output.sha256);
                // A failure to record it is reported by the journal's writer, and costs one more upload.
                let _ = self.journal_writer.record(Entry::of(*id, Step::Published { number, sha256, url })).await;
                Sent::Done
            }
            Err(why) => {
                tracing::warn!(path = output.path, %why, "a video can't be published");
                Sent::Left(video, why)
            }
        }
    }
}
