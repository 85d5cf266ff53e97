//! A shared ledger in a folder: for the processes of one machine, on a disk of its own.
//!
//! Each key is a folder, and each of its states a file with its number for a name, which is linked there in one step and only where
//! it is free. Nothing is ever replaced or removed: whoever comes late finds the name taken, however long it was stopped, and nobody
//! holds anything that others would wait for. Only of a run's heartbeat, which nobody else writes, earlier states are removed.

use super::key::{PROOFS, RUNS, SELF};
use super::store::{Call, Found, Listed, Revision, Store, StoreError};
use crate::base::durable;
use std::io;
use std::path::{Path, PathBuf};

/// The number of the last state that a key can have: no run ever comes so far.
const LAST: u64 = 1 << 53;

/// A store in a folder.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Returns the store in the folder at `root`, which is made when something is first written.
    pub fn new(root: &Path) -> Folder {
        Folder { root: root.to_owned() }
    }

    /// Does what may take a moment aside from the run.
    fn aside<T: Send + 'static>(&self, act: impl FnOnce(&Path) -> io::Result<T> + Send + 'static) -> Call<'static, T> {
        let root = self.root.clone();
        Box::pin(async move {
            let shown = root.display().to_string();
            let done = tokio::task::spawn_blocking(move || act(&root)).await;
            done.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(|error| failed(&shown, &error))
        })
    }
}

/// Says what kept a step from being taken: what a person must change isn't waited for.
fn failed(root: &str, error: &io::Error) -> StoreError {
    let message = format!("{root}: {error}");
    match error.kind() {
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::InvalidData => StoreError::Refused(message),
        _ => StoreError::Away(message),
    }
}

impl Store for Folder {
    fn get<'s>(&'s self, key: &'s str) -> Call<'s, Option<Found>> {
        let key = key.to_owned();
        self.aside(move |root| found(&root.join(key)))
    }

    fn list<'s>(&'s self, prefix: &'s str) -> Call<'s, Vec<Listed>> {
        let prefix = prefix.to_owned();
        self.aside(move |root| {
            let mut listed = Vec::new();
            list(&root.join(&prefix), prefix.trim_end_matches('/'), &mut listed)?;
            Ok(listed)
        })
    }

    fn create<'s>(&'s self, key: &'s str, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        let key = key.to_owned();
        self.aside(move |root| add(root, &key, 1, &text))
    }

    fn swap<'s>(&'s self, key: &'s str, from: &'s Revision, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        let (key, from) = (key.to_owned(), from.0.parse::<u64>());
        self.aside(move |root| match from {
            Ok(number) => add(root, &key, number + 1, &text),
            Err(_) => Ok(None),
        })
    }
}

/// Returns the last state of a key.
fn found(folder: &Path) -> io::Result<Option<Found>> {
    while let Some(last) = last(folder)? {
        match std::fs::read(folder.join(last.to_string())) {
            // A heartbeat went on meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            text => return Ok(Some(Found { revision: Revision(last.to_string()), text: text? })),
        }
    }
    Ok(None)
}

/// Returns the number of the last state of a key. Only a file is one: a folder with a number for a name is another key.
fn last(folder: &Path) -> io::Result<Option<u64>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries?,
    };
    let mut last = None;
    for entry in entries {
        let entry = entry?;
        if let Some(number) = number(&entry.file_name())
            && entry.file_type()?.is_file()
        {
            last = last.max(Some(number));
        }
    }
    Ok(last)
}

fn number(name: &std::ffi::OsStr) -> Option<u64> {
    let name = name.to_str()?;
    name.parse().ok().filter(|number: &u64| number.to_string() == name && *number <= LAST)
}

/// Lists the keys in a folder: those that have states themselves.
fn list(folder: &Path, key: &str, listed: &mut Vec<Listed>) -> io::Result<()> {
    if let Some(Found { revision, text }) = found(folder)? {
        listed.push(Listed { key: key.to_owned(), revision, text: Some(text) });
        return Ok(());
    }
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if let (true, Some(name)) = (entry.file_type()?.is_dir(), entry.file_name().to_str()) {
            list(&entry.path(), &format!("{key}/{name}"), listed)?;
        }
    }
    Ok(())
}

/// Adds a state to a key, where the one before it is its last.
fn add(root: &Path, key: &str, number: u64, text: &[u8]) -> io::Result<Option<Revision>> {
    // Where a disk isn't mounted any more, its ledger isn't begun anew in what it leaves.
    if key != SELF && !key.starts_with(PROOFS) && !root.join(SELF).join("1").exists() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the ledger no longer exists"));
    }
    let folder = root.join(key);
    durable::make_folder(&folder)?;
    // A number further on can't be there: each is added to the one before it.
    if number > 1 && !folder.join((number - 1).to_string()).exists() {
        return Ok(None);
    }
    let state = folder.join(number.to_string());
    // What no run made would be in the way of each try.
    let foreign = |state: &Path| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{} isn't of this ledger: take it away", state.display()))
    };
    if number > LAST {
        return Err(foreign(&folder.join(LAST.to_string())));
    }
    let made = durable::create_whole(&state, text)?;
    if !made && !state.symlink_metadata()?.is_file() {
        return Err(foreign(&state));
    }
    if key.starts_with(RUNS) && number > 2 {
        // One that stays is in nobody's way.
        let _ = std::fs::remove_file(folder.join((number - 2).to_string()));
    }
    Ok(made.then(|| Revision(number.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    #[test]
    fn a_key_may_end_with_a_number() {
        let temp = tempfile::tempdir().unwrap();
        let store = Folder::new(temp.path());
        run(async {
            store.create(SELF, b"{}".to_vec()).await.unwrap().unwrap();
            for key in ["p/ab/1", "p/ab/2024", "p/ab/007"] {
                store.create(key, b"x".to_vec()).await.unwrap().unwrap();
                assert_eq!(store.get(key).await.unwrap().unwrap().revision, Revision("1".to_owned()), "{key}");
            }
            let mut keys: Vec<String> = store.list("p/").await.unwrap().into_iter().map(|listed| listed.key).collect();
            keys.sort();
            assert_eq!(keys, ["p/ab/007", "p/ab/1", "p/ab/2024"]);
            assert_eq!(store.get("p/ab").await, Ok(None));
        });
    }

    #[test]
    fn a_key_is_created_once_and_swapped_by_revision() {
        let temp = tempfile::tempdir().unwrap();
        let store = Folder::new(&temp.path().join("not/there/yet"));
        run(async {
            assert_eq!((store.get("p/a").await, store.list("p/").await), (Ok(None), Ok(Vec::new())));
            assert!(store.create("p/a/b", b"one".to_vec()).await.is_err(), "there is no ledger");
            store.create(SELF, b"{}".to_vec()).await.unwrap().unwrap();
            let first = store.create("p/a/b", b"one".to_vec()).await.unwrap().unwrap();
            assert_eq!(store.create("p/a/b", b"two".to_vec()).await, Ok(None));
            let second = store.swap("p/a/b", &first, b"three".to_vec()).await.unwrap().unwrap();
            assert_eq!(store.swap("p/a/b", &first, b"four".to_vec()).await, Ok(None));
            assert_eq!(store.swap("p/a/c", &second, b"five".to_vec()).await, Ok(None));
            let found = store.get("p/a/b").await.unwrap().unwrap();
            assert_eq!((found.revision.clone(), &*found.text), (second, &b"three"[..]));
            let listed = store.list("p/").await.unwrap();
            assert_eq!(listed, [Listed { key: "p/a/b".to_owned(), revision: found.revision, text: Some(found.text) }]);
        });
    }

    #[test]
    fn what_is_no_state_is_never_waited_for() {
        let temp = tempfile::tempdir().unwrap();
        let (store, key) = (Folder::new(temp.path()), temp.path().join("f/slots"));
        run(async {
            store.create(SELF, b"{}".to_vec()).await.unwrap().unwrap();
            let first = store.create("f/slots", b"1".to_vec()).await.unwrap().unwrap();
            std::fs::create_dir(key.join("2")).unwrap();
            let refused = store.swap("f/slots", &first, b"2".to_vec()).await;
            assert!(matches!(&refused, Err(StoreError::Refused(why)) if why.contains("slots/2 isn't")), "{refused:?}");
            std::fs::remove_dir(key.join("2")).unwrap();
            std::os::unix::fs::symlink("/dev/zero", key.join("3")).unwrap();
            assert_eq!(store.get("f/slots").await.unwrap().unwrap().revision, first);
            for (name, is_read) in
                [("9007199254740992", true), ("9007199254740993", false), ("18446744073709551615", false)]
            {
                std::fs::write(key.join(name), b"far").unwrap();
                let found = store.get("f/slots").await.unwrap().unwrap();
                assert_eq!(found.text == b"far", is_read, "{name}");
                if is_read {
                    let refused = store.swap("f/slots", &found.revision, b"2".to_vec()).await;
                    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
                }
                std::fs::remove_file(key.join(name)).unwrap();
            }
        });
    }

    #[test]
    fn a_heartbeat_leaves_no_more_than_two_files() {
        let temp = tempfile::tempdir().unwrap();
        let store = Folder::new(temp.path());
        run(async {
            store.create(SELF, b"{}".to_vec()).await.unwrap().unwrap();
            let mut beat = store.create("r/run", b"1".to_vec()).await.unwrap().unwrap();
            for number in 2..10_u8 {
                beat = store.swap("r/run", &beat, vec![number]).await.unwrap().unwrap();
            }
            assert_eq!(store.get("r/run").await.unwrap().unwrap().text, [9]);
        });
        assert_eq!(std::fs::read_dir(temp.path().join("r/run")).unwrap().count(), 2);
    }

    #[test]
    fn of_many_at_once_one_comes_first() {
        let temp = tempfile::tempdir().unwrap();
        let store = Arc::new(Folder::new(temp.path()));
        run(async {
            store.create(SELF, b"{}".to_vec()).await.unwrap().unwrap();
            for round in 0..20 {
                let key = format!("p/{round}");
                let race = (0..8).map(|rival| {
                    let (store, key) = (store.clone(), key.clone());
                    tokio::spawn(async move { store.create(&key, vec![rival]).await.unwrap() })
                });
                let won =
                    futures::future::join_all(race).await.into_iter().filter(|won| won.as_ref().unwrap().is_some());
                assert_eq!(won.count(), 1, "round {round}");
            }
        });
    }
}
