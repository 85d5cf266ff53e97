//! What is known of one job: the purchases of each digest that it ever had.

use super::history::{Beside, History};
use super::record::{Place, Record};
use crate::spec::names::Digest;

/// What is known of one job.
#[derive(Clone, Debug, Default)]
pub(super) struct Job {
    /// The digest that its manifest asks for, as far as the ledger was told; at most one.
    current: Option<Digest>,
    /// By digest, in order. Nearly always there is one: a map would take ten times the room.
    histories: Vec<(Digest, History)>,
}

impl Job {
    /// All records: that of the digest which the job has now, then the others, by digest.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        let is_current = |digest: &Digest| self.current.as_ref() == Some(digest);
        let others = self.histories.iter().filter(move |(digest, _)| !is_current(digest));
        self.current_record().into_iter().chain(others.filter_map(|(_, history)| history.record()))
    }

    /// The record of the digest that the job has now.
    pub(super) fn current_record(&self) -> Option<&Record> {
        self.record(self.current.as_ref()?)
    }

    /// The purchases of all digests.
    pub(super) fn histories(&self) -> impl Iterator<Item = &History> {
        self.histories.iter().map(|(_, history)| history)
    }

    /// The purchases of all digests.
    pub(super) fn histories_mut(&mut self) -> impl Iterator<Item = &mut History> {
        self.histories.iter_mut().map(|(_, history)| history)
    }

    /// What is kept of digests that have no record, since a person let their purchases go.
    pub(super) fn released(&self) -> impl Iterator<Item = (&Digest, Beside)> {
        let bare = self.histories.iter().filter(|(_, history)| history.record().is_none());
        bare.map(|(digest, history)| (digest, history.beside())).filter(|(_, beside)| !beside.is_empty())
    }

    /// Whether no other digest is the one that the job has.
    pub(super) fn has_room_for(&self, digest: &Digest) -> bool {
        self.current.is_none_or(|current| current == *digest)
    }

    /// Makes `digest` the one that the job has; another that had the place is superseded.
    pub(super) fn make_current(&mut self, digest: Digest) {
        let before = self.current.replace(digest).filter(|before| *before != digest);
        if let Some(Ok(place)) = before.map(|before| self.find(&before)) {
            self.histories[place].1.supersede();
        }
    }

    /// `digest` is no longer the one that the job has.
    pub(super) fn leave(&mut self, digest: &Digest) {
        self.current.take_if(|current| current == digest);
    }

    /// The purchases of a digest.
    pub(super) fn history(&self, digest: &Digest) -> Option<&History> {
        self.find(digest).ok().map(|place| &self.histories[place].1)
    }

    /// The purchases of a digest; none yet where it is new.
    pub(super) fn history_mut(&mut self, digest: Digest) -> &mut History {
        let place = self.find(&digest).unwrap_or_else(|place| {
            self.histories.insert(place, (digest, History::default()));
            place
        });
        &mut self.histories[place].1
    }

    /// The record of a digest.
    fn record(&self, digest: &Digest) -> Option<&Record> {
        self.history(digest).and_then(History::record)
    }

    /// Where the history of a digest is, or belongs.
    fn find(&self, digest: &Digest) -> Result<usize, usize> {
        self.histories.binary_search_by_key(digest, |(digest, _)| *digest)
    }

    /// Takes in what the rest of a lock says of the same job; none where a record of it has its place here already.
    pub(super) fn join(&mut self, rest: Job) -> Option<()> {
        let mut records = rest.histories.iter().filter_map(|(_, history)| history.record());
        if records.any(|record| self.contradicts(&record.key.digest, record.place)) {
            return None;
        }
        if let Some(digest) = rest.current {
            self.make_current(digest);
        }
        for (digest, history) in rest.histories {
            self.history_mut(digest).join(history);
        }
        Some(())
    }

    /// Takes in all that another book of the same manifest knows of the job; which digest it has now, this one says.
    pub(super) fn mix(&mut self, other: Job) {
        self.current = self.current.or(other.current);
        for (digest, history) in other.histories {
            let current = self.current == Some(digest);
            let mine = self.history_mut(digest);
            let name = mine.given_name().cloned();
            mine.meet(history);
            let history = mine;
            if current {
                history.put(Place::Current, name.as_ref());
            } else if history.record().is_some_and(|record| record.place == Place::Current) {
                history.supersede();
            }
        }
    }

    /// Takes out the purchases of a digest, as a job of their own.
    pub(super) fn take_out(&mut self, digest: &Digest) -> Option<Job> {
        let place = self.find(digest).ok()?;
        let histories = vec![self.histories.remove(place)];
        Some(Job { current: self.current.take_if(|current| current == digest), histories })
    }

    /// Whether a record has the place of this one, or both want to be the job's current one.
    pub(super) fn contradicts(&self, digest: &Digest, place: Place) -> bool {
        let current = self.current.as_ref().filter(|_| place == Place::Current);
        [Some(digest), current].into_iter().flatten().any(|digest| self.record(digest).is_some())
    }
}
