//! A store in memory, into which a test writes what it likes.

use super::super::store::{Call, Found, Listed, Revision, Store};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A store in memory.
#[derive(Default)]
pub(in crate::ledger::shared) struct Memory(pub(super) Mutex<BTreeMap<String, Found>>);

impl Memory {
    pub(super) fn put(&self, key: &str, text: Vec<u8>, is_as: impl Fn(Option<&Revision>) -> bool) -> Option<Revision> {
        let mut kept = self.0.lock().unwrap();
        let known = kept.get(key).map(|found| &found.revision);
        if !is_as(known) {
            return None;
        }
        let revision = Revision(known.map_or(1, |known| known.0.parse::<u32>().unwrap() + 1).to_string());
        kept.insert(key.to_owned(), Found { revision: revision.clone(), text });
        Some(revision)
    }

    /// Returns a copy in which another text stands under a key.
    pub(super) fn with(&self, key: &str, text: &[u8]) -> Arc<Memory> {
        let copy = Memory(Mutex::new(self.0.lock().unwrap().clone()));
        copy.put(key, text.to_vec(), |known| known.is_some()).unwrap();
        Arc::new(copy)
    }

    pub(in crate::ledger::shared) fn documents(&self) -> Vec<(String, Vec<u8>)> {
        self.0.lock().unwrap().iter().map(|(key, found)| (key.clone(), found.text.clone())).collect()
    }
}

impl Store for Memory {
    fn get<'s>(&'s self, key: &'s str) -> Call<'s, Option<Found>> {
        Box::pin(std::future::ready(Ok(self.0.lock().unwrap().get(key).cloned())))
    }

    fn list<'s>(&'s self, prefix: &'s str) -> Call<'s, Vec<Listed>> {
        let kept = self.0.lock().unwrap();
        let listed = kept.iter().filter(|(key, _)| key.starts_with(prefix));
        let listed = listed.map(|(key, found)| Listed {
            key: key.clone(),
            revision: found.revision.clone(),
            text: Some(found.text.clone()),
        });
        Box::pin(std::future::ready(Ok(listed.collect())))
    }

    fn create<'s>(&'s self, key: &'s str, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        Box::pin(std::future::ready(Ok(self.put(key, text, |known| known.is_none()))))
    }

    fn swap<'s>(&'s self, key: &'s str, from: &'s Revision, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        Box::pin(std::future::ready(Ok(self.put(key, text, |known| known == Some(from)))))
    }
}
