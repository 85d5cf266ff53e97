//! Where a shared ledger is.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// The URL of a shared ledger: a folder on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerUrl(String);

/// A text that is no URL of a ledger that this program can use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoLedgerUrl(String);

const FOLDER: &str = "file://";

impl LedgerUrl {
    /// Returns the URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the folder that it names.
    pub fn folder(&self) -> &Path {
        Path::new(&self.0[FOLDER.len()..])
    }
}

impl FromStr for LedgerUrl {
    type Err = NoLedgerUrl;

    fn from_str(text: &str) -> Result<LedgerUrl, NoLedgerUrl> {
        let wrong = |what: String| Err(NoLedgerUrl(what));
        match text.split_once("://") {
            Some(("file", path)) if path.starts_with('/') && path.len() > 1 => {
                Ok(LedgerUrl(format!("{FOLDER}{}", path.trim_end_matches('/'))))
            }
            Some(("file", _)) => wrong("a folder is named by its whole path: file:///path".to_owned()),
            Some((scheme, _)) => {
                wrong(format!("this batch keeps no ledger at {scheme}://, only in a folder: file:///path"))
            }
            None => wrong("not a URL: a ledger in a folder is file:///path".to_owned()),
        }
    }
}

impl fmt::Display for LedgerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_is_in_a_folder_that_is_named_whole() {
        let read = |text: &str| text.parse::<LedgerUrl>().map(|url| url.folder().display().to_string());
        assert_eq!(read("file:///srv/ledger/").unwrap(), "/srv/ledger");
        for (text, word) in [
            ("file://ledger", "file:///path"),
            ("file:///", "file:///path"),
            ("s3://bucket/a", "s3://"),
            ("ledger", "URL"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
