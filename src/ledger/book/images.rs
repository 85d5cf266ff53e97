//! What a book knows of images: the uploads of local ones, and the contents of remote ones.

use super::Book;
use crate::base::digest::Sha256;
use crate::ledger::purchase::{whole_microseconds, without_query};
use crate::service::remote::{Address, Pin};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The content of remote images when they were fetched.
pub type Pins = BTreeMap<Address, Pin>;

/// Uploaded content; of two the later counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ledger) struct Upload {
    /// The time of the upload.
    pub(in crate::ledger) at: Timestamp,
    /// Its URL, without a query.
    pub(in crate::ledger) url: String,
}

impl Book {
    /// Returns what it knows of images, and of no purchase.
    pub(in crate::ledger) fn images(&self) -> Book {
        let (uploads, pins) = (self.uploads.clone(), self.pins.clone());
        Book { service: self.service.clone(), uploads, pins, ..Book::default() }
    }

    /// Returns where content lies that was uploaded already.
    pub fn upload(&self, content: &Sha256) -> Option<&str> {
        self.uploads.get(content).map(|upload| upload.url.as_str())
    }

    /// Returns all uploaded content, with its URL.
    pub fn uploaded(&self) -> impl Iterator<Item = (&Sha256, &str)> {
        self.uploads.iter().map(|(content, upload)| (content, upload.url.as_str()))
    }

    /// Returns the upload of this content.
    pub(in crate::ledger) fn upload_of(&self, content: &Sha256) -> Option<&Upload> {
        self.uploads.get(content)
    }

    /// Returns the content of remote images when they were fetched.
    pub fn pins(&self) -> &Pins {
        &self.pins
    }

    /// Adds an upload; one whose URL has a query is not kept, since signed URLs expire.
    pub(in crate::ledger) fn add_upload(&mut self, sha256: Sha256, url: &str, at: Timestamp) {
        if without_query(url) == url {
            let upload = Upload { at: whole_microseconds(at), url: url.to_owned() };
            let known = self.uploads.entry(sha256).or_insert_with(|| upload.clone());
            *known = upload.max(known.clone());
        }
    }

    /// Adds the content of a remote image: the latest one counts. A different content that was known before is kept as
    /// a former one, unless this one was `taken` to replace it.
    pub(in crate::ledger) fn add_pin(&mut self, address: Address, pin: Pin, taken: bool) {
        let rank = |pin: &Pin| (pin.at, pin.sha256, pin.bytes, pin.validator.clone().map(String::from));
        let mut later = Pin { at: whole_microseconds(pin.at), ..pin };
        if let Some(known) = self.pins.remove(&address) {
            let replaces = rank(&known) <= rank(&later);
            let earlier = if replaces { known } else { std::mem::replace(&mut later, known) };
            if !(replaces && taken) {
                later.former.extend(earlier.former);
                later.former.insert(earlier.sha256);
            }
        }
        later.former.remove(&later.sha256);
        self.pins.insert(address, later);
    }

    /// Returns the uploads, by content.
    pub(in crate::ledger) fn uploads(&self) -> impl Iterator<Item = (&Sha256, &Upload)> {
        self.uploads.iter()
    }
}
