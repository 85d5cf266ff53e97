//! What is asked of an engine: four calls.

use super::key;
use futures::future::BoxFuture;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

/// What an engine answers, some time.
pub type Call<'s, T> = BoxFuture<'s, Result<T, StoreError>>;

/// A place for small texts under keys, each with a revision.
///
/// `create` and `swap` are durable once they are acknowledged, and no two callers of the same step are both told that it was theirs.
/// They give nothing where their condition doesn't hold.
pub trait Store: Send + Sync {
    /// Returns what stands under a key.
    fn get<'s>(&'s self, key: &'s str) -> Call<'s, Option<Found>>;

    /// Returns what stands under all keys with this beginning.
    fn list<'s>(&'s self, prefix: &'s str) -> Call<'s, Vec<Listed>>;

    /// Writes a text under a key that has none.
    fn create<'s>(&'s self, key: &'s str, text: Vec<u8>) -> Call<'s, Option<Revision>>;

    /// Writes a text in the place of the one with this revision.
    fn swap<'s>(&'s self, key: &'s str, from: &'s Revision, text: Vec<u8>) -> Call<'s, Option<Revision>>;

    /// Returns the engine's era at its last write, where it can lose what it acknowledged without being asked: another era than before
    /// means that it may have.
    fn era(&self) -> Call<'_, Option<Era>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// A time in which an engine forgets nothing. A standby that takes over begins another, and so does a backup that is put back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Era(pub String);

/// What an engine calls one state of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Revision(pub String);

/// A text, and its revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Found {
    /// Which state of the key it is.
    pub revision: Revision,
    /// What stands there.
    pub text: Vec<u8>,
}

/// A key that was listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The key.
    pub key: String,
    /// Which state it has.
    pub revision: Revision,
    /// Its text, where the engine gives it along.
    pub text: Option<Vec<u8>>,
}

/// Why a call got no answer, or none that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No answer, or none that tells: a write may have taken effect.
    #[error("{0}")]
    Away(String),
    /// The engine refuses, and will refuse again until a person changes something.
    #[error("{0}")]
    Refused(String),
    /// What stands there can't be read.
    #[error("{key} can't be read ({what}): {}", key::remedy(.key))]
    Damaged {
        /// The key.
        key: String,
        /// What is wrong.
        what: String,
    },
}

impl StoreError {
    /// Returns whether a person must change something: waiting doesn't help.
    pub fn is_final(&self) -> bool {
        !matches!(self, StoreError::Away(_))
    }
}

/// The largest count that is read: each write adds one, so a larger one was never reached.
const MOST_COUNTED: u64 = 1 << 53;

/// Reads a number that each write counts up, such that it can be counted up further.
pub(super) fn counted<'d, D: Deserializer<'d>>(deserializer: D) -> Result<u64, D::Error> {
    let count = u64::deserialize(deserializer)?;
    let is_more = || D::Error::custom(format!("{count} was never counted up to"));
    if count <= MOST_COUNTED { Ok(count) } else { Err(is_more()) }
}

/// Reads the JSON document whose text stands under a key.
///
/// # Errors
/// Fails if the text isn't such a document.
pub(super) fn document<T: DeserializeOwned>(key: &str, text: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(text).map_err(|error| StoreError::Damaged { key: key.to_owned(), what: error.to_string() })
}
