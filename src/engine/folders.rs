//! Makes names durable together: one sync of a folder serves every file that was named in it before.

use crate::base::durable;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Time that files wait to share a sync.
const GATHERING: Duration = Duration::from_millis(1);

/// The folders in which a run names files.
#[derive(Debug, Default)]
pub(super) struct Folders {
    folders: Mutex<HashMap<PathBuf, Arc<Folder>>>,
}

/// One folder.
#[derive(Debug, Default)]
struct Folder {
    /// Number of files that requested a sync.
    asked: AtomicU64,
    /// The value of `asked` when the last successful sync began. The holder of the lock syncs; the others wait.
    synced: tokio::sync::Mutex<u64>,
}

impl Folders {
    /// Makes the name just given to a file in `folder` durable; files that wait at the same time share a sync.
    ///
    /// # Errors
    /// Fails if the folder can't be synced.
    pub(super) async fn sync(&self, folder: &Path) -> io::Result<()> {
        self.sync_by(folder, durable::sync_folder).await
    }

    async fn sync_by(&self, path: &Path, sync: fn(&Path) -> io::Result<()>) -> io::Result<()> {
        let folder = self.folder(path);
        let mine = folder.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut synced = folder.synced.lock().await;
        if *synced < mine {
            tokio::time::sleep(GATHERING).await;
            // Read before the sync begins: a later request may come from a file that was named too late for it.
            let asked = folder.asked.load(Ordering::SeqCst);
            let path = path.to_owned();
            tokio::task::spawn_blocking(move || sync(&path)).await.map_err(io::Error::other)??;
            *synced = asked;
        }
        Ok(())
    }

    fn folder(&self, path: &Path) -> Arc<Folder> {
        // A panic elsewhere can't leave the map half changed.
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        match folders.get(path) {
            Some(folder) => Arc::clone(folder),
            None => Arc::clone(folders.entry(path.to_owned()).or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SYNCS: AtomicU64 = AtomicU64::new(0);

    fn slow(path: &Path) -> io::Result<()> {
        SYNCS.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(100 * GATHERING);
        if path == Path::new("gone") { Err(io::ErrorKind::NotFound.into()) } else { Ok(()) }
    }

    #[tokio::test]
    async fn who_asks_during_a_sync_shares_the_next_one() {
        let folders = Folders::default();
        let (path, gone) = (Path::new("out"), Path::new("gone"));
        let many = futures::future::join_all((0..100).map(|_| folders.sync_by(path, slow))).await;
        assert!(many.iter().all(Result::is_ok));
        assert_eq!(SYNCS.swap(0, Ordering::SeqCst), 1, "all had named their files before it began");

        let late = async {
            tokio::time::sleep(10 * GATHERING).await;
            futures::future::join_all((0..100).map(|_| folders.sync_by(path, slow))).await
        };
        let (first, _) = tokio::join!(folders.sync_by(path, slow), late);
        first.unwrap();
        assert_eq!(SYNCS.swap(0, Ordering::SeqCst), 2, "a sync that has begun is no use to who asks during it");

        assert!(folders.sync_by(gone, slow).await.is_err());
        assert!(folders.sync_by(gone, slow).await.is_err(), "a sync that failed made nothing durable");
        assert_eq!(SYNCS.load(Ordering::SeqCst), 2);
    }
}
