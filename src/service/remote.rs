//! Remote images: their addresses, and their state when they were fetched.

use crate::base::digest::Sha256;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use url::Url;

/// The maximum number of characters of a validator: the usual ones have some dozens.
const VALIDATOR: usize = 256;

/// The address of a remote image, as it may be stored and shown: without its query, which may be signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    /// The URL up to its query or fragment, in the spelling that is sent.
    pub url: String,
    /// The first 16 hexadecimal digits of the hash of the rest, which tell it apart from others with the same URL up to
    /// there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// The `ETag` or the `Last-Modified` of an image, which shows whether it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Validator(String);

/// The error for a text that isn't a validator.
#[derive(Debug, thiserror::Error)]
#[error("a validator is an ETag or a date, on one line, in at most {VALIDATOR} visible ASCII characters")]
pub struct NotAValidator;

/// The state of a remote image when it was fetched: jobs are submitted with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The hash of its content.
    pub sha256: Sha256,
    /// Its size.
    pub bytes: u64,
    /// The validator, if its server sent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validator: Option<Validator>,
    /// The time when it was fetched.
    pub at: Timestamp,
    /// Other contents that it had for jobs of this lock, before locks were merged: what was paid for with one of them
    /// stays valid.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub former: BTreeSet<Sha256>,
}

impl Address {
    /// Returns the address of `url`, which may have a query.
    pub fn of(url: &str) -> Address {
        // In one spelling, and in ASCII: a lock and a terminal must not show arbitrary text of a stranger.
        let url = Url::parse(url).map_or_else(|_| url.to_owned(), String::from);
        let (path, rest) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
        let hash = || Sha256::of(rest.as_bytes()).to_string()[..16].to_owned();
        Address { url: path.to_owned(), query: (!rest.is_empty()).then(hash) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)?;
        if self.query.is_some() { f.write_str("?…") } else { Ok(()) }
    }
}

impl Validator {
    /// Parses the validator in `text`.
    ///
    /// # Errors
    /// Fails if it isn't allowed in a header, or is too long to be kept.
    pub fn new(text: &str) -> Result<Validator, NotAValidator> {
        let fits = |b: u8| b.is_ascii_graphic() || b == b' ';
        let sound = !text.trim().is_empty() && text.len() <= VALIDATOR && text.bytes().all(fits);
        if sound { Ok(Validator(text.to_owned())) } else { Err(NotAValidator) }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether it is an `ETag`; otherwise it is a date.
    pub fn is_tag(&self) -> bool {
        self.0.starts_with('"') || self.0.starts_with("W/\"")
    }
}

impl From<Validator> for String {
    fn from(validator: Validator) -> String {
        validator.0
    }
}

impl TryFrom<String> for Validator {
    type Error = NotAValidator;

    fn try_from(text: String) -> Result<Validator, NotAValidator> {
        Validator::new(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_urls_apart_and_keeps_no_query() {
        let of = |url| Address::of(url);
        assert_eq!(of("https://a.example/1.png"), Address { url: "https://a.example/1.png".into(), query: None });
        assert_eq!(of("HTTPS://A.example:443/1.png"), of("https://a.example/1.png"));
        let (one, other) = (of("https://a.example/i?sign=secret"), of("https://a.example/i?sign=other"));
        assert_eq!((&one.url, one.query.as_ref().map(String::len)), (&other.url, Some(16)));
        assert_ne!(one, other);
        assert_eq!(one.to_string(), "https://a.example/i?…");
        assert!(of("https://a.example/\u{202e}狗.png").url.is_ascii());
        assert_ne!(of("https://a.example/1.png#a"), of("https://a.example/1.png"));
    }

    #[test]
    fn a_validator_can_stand_in_a_header() {
        for (text, tag) in [("\"5f1c\"", true), ("W/\"a b\"", true), ("Sun, 06 Nov 1994 08:49:37 GMT", false)] {
            assert_eq!(Validator::new(text).unwrap().is_tag(), tag, "{text}");
        }
        for bad in ["", "  ", "\"a\r\nX: y\"", "\"狗\"", &"x".repeat(VALIDATOR + 1)] {
            assert!(Validator::new(bad).is_err(), "{bad:?}");
        }
    }
}
