//! Whether a shared ledger knows what was paid on its account: one that went back to an earlier state would pay again.

use crate::ledger::book::Book;
use crate::ledger::purchase::{Owed, Purchase, Rung};
use crate::service::names::JobId;
use std::collections::BTreeSet;

/// What is known here and not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) enum Witness {
    /// A lock that was written from the ledger: what it says of an intent may have been withdrawn since.
    Projection,
    /// A lock or a journal that the ledger may never have seen.
    Stranger,
}

/// Returns the jobs that are paid by what is known here, and of whose purchases a shared ledger doesn't know.
pub(in crate::ledger) fn unknown(here: &Book, there: &Book, witness: Witness) -> BTreeSet<JobId> {
    let counts = |purchase: &&Purchase| match purchase.owed() {
        Some(Owed::Paid) => true,
        Some(Owed::Maybe) => {
            purchase.task().is_some() || purchase.rung > Rung::Intended || witness == Witness::Stranger
        }
        _ => false,
    };
    let is_known = |purchase: &Purchase| {
        let known = there.purchase(purchase.record.id);
        known.is_some_and(|known| purchase.task().is_none() || known.task() == purchase.task())
    };
    let unknown = here.kept().filter(counts).filter(|purchase| !is_known(purchase));
    unknown.map(|purchase| purchase.record.key.job.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::digest::Sha256;
    use crate::ledger::entry::{Entry, Step};
    use crate::ledger::id::PurchaseId;
    use crate::ledger::record::{Key, ServiceError};
    use crate::service::names::{Digest, TaskId};
    use crate::service::output::VideoName;
    use jiff::Timestamp;

    fn book(steps: impl IntoIterator<Item = Step>) -> Book {
        let key = Key { job: JobId::new("a").unwrap(), digest: Digest(Sha256::of(b"a")) };
        let id = PurchaseId::for_test(&key, 1);
        let Key { job, digest } = key;
        let (name, at) = (VideoName::new("out/a-{n}.mp4"), Timestamp::UNIX_EPOCH);
        let intent = Step::Submitting {
            job,
            digest,
            parts: Default::default(),
            videos: 1,
            name,
            service: "simulate".to_owned(),
            manifest: None,
            at,
        };
        let mut book = Book::default();
        [intent].into_iter().chain(steps).for_each(|step| book.apply(&Entry::of(id, step)));
        book
    }

    #[test]
    fn what_is_paid_and_unknown_there_is_told() {
        let (at, task) = (Timestamp::UNIX_EPOCH, TaskId::new("t1").unwrap());
        let none = Book::default();
        let lost = || Step::Uncertain { task: None, reason: "no answer".to_owned(), at };
        let error = ServiceError { code: "400".to_owned(), message: "no".to_owned() };
        let submitted = || book([Step::Submitted { task: task.clone(), at }]);
        for (here, there, projection, stranger) in [
            (submitted(), &none, 1, 1),
            (submitted(), &submitted(), 0, 0),
            (submitted(), &book([]), 1, 1),
            (book([lost()]), &none, 1, 1),
            (book([lost()]), &book([]), 0, 0),
            (book([]), &none, 0, 1),
            (book([Step::Refused { error, last: true, at }]), &none, 0, 0),
        ] {
            assert_eq!(unknown(&here, there, Witness::Projection).len(), projection, "{here:?}");
            assert_eq!(unknown(&here, there, Witness::Stranger).len(), stranger, "{here:?}");
        }
    }
}
