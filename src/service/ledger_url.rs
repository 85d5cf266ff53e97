//! The URL of a shared ledger.

use super::database_url::DatabaseUrl;
use crate::base::bucket::url::{BucketUrl, NoBucketUrl};
use crate::base::file_url;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The URL of a shared ledger. It holds no password, so it may be printed and written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerUrl {
    text: String,
    engine: Engine,
}

/// The engine that keeps a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A folder on this machine.
    Folder(PathBuf),
    /// A PostgreSQL database.
    Postgres(DatabaseUrl),
    /// A bucket of an object store.
    Bucket(BucketUrl),
}

/// The reason why a text isn't the URL of a ledger. It never repeats the text, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoLedgerUrl(pub(super) String);

/// The forms of ledger URLs.
const ALLOWED: &str =
    "s3://bucket/folder, gs://bucket/folder, az://container/folder, postgres://host/database, or file:///folder";

impl LedgerUrl {
    /// Returns the URL.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the engine that it names.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

impl FromStr for LedgerUrl {
    type Err = NoLedgerUrl;

    fn from_str(text: &str) -> Result<LedgerUrl, NoLedgerUrl> {
        let wrong = |what: String| Err(NoLedgerUrl(what));
        let (text, engine) = match text.split_once("://") {
            Some(("file", path)) => match file_url::folder(path) {
                Some(folder) => (file_url::url(&folder), Engine::Folder(folder)),
                None => return wrong("a folder is named by its whole path: file:///path".to_owned()),
            },
            Some(("postgres" | "postgresql", rest)) => {
                (text.to_owned(), Engine::Postgres(DatabaseUrl::read(rest).map_err(NoLedgerUrl)?))
            }
            Some(("s3" | "gs" | "az", _)) => {
                let bucket: BucketUrl = text.parse().map_err(|error: NoBucketUrl| NoLedgerUrl(error.to_string()))?;
                (bucket.to_string(), Engine::Bucket(bucket))
            }
            Some(_) => return wrong(format!("no ledger can be kept there; allowed are {ALLOWED}")),
            None => return wrong(format!("not a URL; allowed are {ALLOWED}")),
        };
        Ok(LedgerUrl { text, engine })
    }
}

impl fmt::Display for LedgerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        text.parse::<LedgerUrl>().unwrap_err().to_string()
    }

    #[test]
    fn a_folder_is_named_whole() {
        let url: LedgerUrl = "file:///srv/ledger/".parse().unwrap();
        assert_eq!(url.to_string(), "file:///srv/ledger");
        assert_eq!(url.engine(), &Engine::Folder(PathBuf::from("/srv/ledger")));
        let url: LedgerUrl = "file:///srv/our%20ledger".parse().unwrap();
        assert_eq!(url.engine(), &Engine::Folder(PathBuf::from("/srv/our ledger")));
        assert!(refused("file://ledger").contains("file:///path"));
        assert!(refused("file:///").contains("file:///path"));
    }

    #[test]
    fn other_urls_are_told_what_is_allowed() {
        for text in ["redis://host/0", "nats://host", "ledger", "https://bucket/a"] {
            assert!(refused(text).contains("postgres://host/database"), "{text}");
        }
    }

    #[test]
    fn no_password_is_taken_or_repeated() {
        for text in ["postgres://me:hunter2@db/x", "postgres://db/x?password=hunter2", "s3://me:hunter2@bucket/a"] {
            let refused = refused(text);
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }
}
