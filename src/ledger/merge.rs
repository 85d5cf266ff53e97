//! `batch lock merge`: joins locks by union, in whatever form git left them.

use super::book::Book;
use super::failure::LedgerError;
use super::guard::Guard;
use super::lockfile::{self, accounts};
use super::record::Key;
use super::unmerged::{self, Unmerged};
use super::{Paths, read};
use crate::service::names::TaskId;
use std::path::{Path, PathBuf};

/// The service that belongs to no network: its records never become those of another.
const SIMULATED: &str = "simulate";

/// The outcome of joining.
#[derive(Debug)]
pub struct Merged {
    /// All purchases.
    pub purchases: usize,
    /// The jobs with an input that is paid twice.
    pub bought_twice: Vec<Key>,
    /// The tasks that are recorded for more than one job or input.
    pub shared_tasks: Vec<(TaskId, Vec<Key>)>,
}

/// The meaning of two base URLs in the locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Services {
    /// Two services, whose locks can't be joined.
    Apart,
    /// One service that got a new name: the result has that of the first lock.
    Moved,
}

/// Joins the locks at `inputs`, each with the journal next to it, and writes the result to `out`. If `out` exists, it
/// joins them: its purchases stay.
///
/// # Errors
/// Fails if one can't be read, `out` exists and is no lock, two belong to different services, a run is using `out`, or it
/// can't be written. Nothing is written then.
pub fn join(inputs: &[&Path], out: &Path, services: Services) -> Result<Merged, LedgerError> {
    let target = Paths::of(out);
    let _guard = Guard::take(&target.journal)?;
    let mut union = Union::new(services);
    let mut is_in = false;
    for input in inputs {
        let paths = Paths::of(input);
        is_in |= paths == target;
        union.take_in_file(&paths)?;
    }
    if !is_in && (target.lock.exists() || target.journal.metadata().is_ok_and(|found| found.len() > 0)) {
        union.take_in_target(&target)?;
    }
    union.write(&target)
}

/// Joins both sides as git's merge driver, into the file of `ours`; `path` is what a person calls the lock.
///
/// # Errors
/// Fails if they can't be joined. The file then holds both sides between the marks of a conflict, so that nothing takes
/// it for a lock.
pub fn drive(ours: &Path, theirs: &Path, path: &Path, services: Services) -> Result<Merged, LedgerError> {
    let load = |file: &Path| std::fs::read(file).map_err(LedgerError::io("read", path));
    let sides = [load(ours)?, load(theirs)?];
    let mut union = Union::new(services);
    let taken_in = ["ours", "theirs"].iter().zip(&sides).try_for_each(|(name, text)| {
        let called = called(path, name);
        union.take_in(accounts(text, &called)?, &called)
    });
    if let Err(refused) = taken_in {
        let conflict = lockfile::in_conflict(&sides);
        std::fs::write(ours, conflict).map_err(LedgerError::io("write", path))?;
        return Err(refused);
    }
    union.write(&Paths::of(ours))
}

/// Fixes a lock that git left in conflict; returns `None` if it has no marks and no halves of blocks, and git has no open
/// conflict of it.
///
/// Where git still has both sides, they are joined themselves, so that it is the same as [`join`] of both.
///
/// # Errors
/// As [`join`].
pub fn resolve_conflict(paths: &Paths, services: Services) -> Result<Option<Merged>, LedgerError> {
    let Some(text) = lockfile::load(&paths.lock)? else { return Ok(None) };
    let open = unmerged::of(&paths.lock)?;
    if open.is_none() && lockfile::parse(&text, &paths.lock).is_ok() {
        return Ok(None);
    }
    let _guard = Guard::take(&paths.journal)?;
    let mut union = Union::new(services);
    let is_told = open.as_ref().is_some_and(|open| open.tells(&text));
    for (name, side) in open.iter().flat_map(Unmerged::sides) {
        let called = called(&paths.lock, name);
        union.take_in(accounts(side, &called)?, &called)?;
    }
    if !is_told {
        union.take_in(accounts(&text, &paths.lock)?, &paths.lock)?;
    }
    union.write(paths).map(Some)
}

/// Returns how a side of a lock is called.
fn called(path: &Path, side: &str) -> PathBuf {
    format!("{} ({side})", path.display()).into()
}

/// The union of the locks so far.
struct Union {
    book: Book,
    services: Services,
}

impl Union {
    fn new(services: Services) -> Union {
        Union { book: Book::default(), services }
    }

    /// Adds a lock, and the journal next to it.
    fn take_in_file(&mut self, paths: &Paths) -> Result<(), LedgerError> {
        let Some(text) = lockfile::load(&paths.lock)? else {
            return Err(LedgerError::io("read", &paths.lock)(std::io::ErrorKind::NotFound.into()));
        };
        self.take_in(accounts(&text, &paths.lock)?, &paths.lock)?;
        self.take_in_journal(paths)
    }

    /// Adds what a run that was killed has left, which its lock doesn't have.
    fn take_in_journal(&mut self, paths: &Paths) -> Result<(), LedgerError> {
        if paths.journal.metadata().is_ok_and(|found| found.len() > 0) {
            self.take_in(vec![read(paths)?.book], &paths.lock)?;
        }
        Ok(())
    }

    /// Adds what stands where the result is to be written; what is no lock is left alone.
    fn take_in_target(&mut self, paths: &Paths) -> Result<(), LedgerError> {
        let refused = |what: &str| LedgerError::NoLock { path: paths.lock.clone(), what: what.to_owned() };
        if paths.lock.exists() && !paths.lock.is_file() {
            return Err(refused("it isn't a regular file"));
        }
        if let Some(text) = lockfile::load(&paths.lock)? {
            let read = accounts(&text, &paths.lock).map_err(|error| match error {
                LedgerError::Damaged { what, .. } => refused(&what),
                other => other,
            })?;
            self.take_in(read, &paths.lock)?;
        }
        self.take_in_journal(paths)
    }

    /// Adds the accounts that a lock holds.
    fn take_in(&mut self, accounts: Vec<Book>, path: &Path) -> Result<(), LedgerError> {
        for mut other in accounts {
            if let (Some(known), Some(wanted)) = (self.book.service(), other.service())
                && known != wanted
            {
                if self.services == Services::Apart || [known, wanted].contains(&SIMULATED) {
                    let (lock, wanted) = (wanted.to_owned(), known.to_owned());
                    return Err(LedgerError::OtherService { path: path.to_owned(), lock, wanted });
                }
                other.set_service(known);
            }
            self.book.unite(other);
        }
        Ok(())
    }

    /// Writes the lock, which no run is using.
    fn write(&self, paths: &Paths) -> Result<Merged, LedgerError> {
        let book = &self.book;
        lockfile::save(&paths.lock, &lockfile::write(book))?;
        let twice = book.records().filter(|record| !book.bought_twice(&record.key).is_empty());
        let shared = book.shared_tasks().into_iter();
        Ok(Merged {
            purchases: book.kept().count(),
            bought_twice: twice.map(|record| record.key.clone()).collect(),
            shared_tasks: shared.map(|(task, keys)| (task.clone(), keys.into_iter().cloned().collect())).collect(),
        })
    }
}
