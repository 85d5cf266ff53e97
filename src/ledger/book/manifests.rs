//! Which manifests use a purchase: several may share a lock.

use super::Book;
use crate::ledger::Buyer;
use crate::ledger::id::PurchaseId;
use crate::ledger::record::{Key, Record};
use std::collections::BTreeMap;

impl Book {
    /// Returns whether a purchase was made for this manifest, or is recorded as used by it.
    pub fn is_used_by(&self, id: PurchaseId, buyer: &Buyer) -> bool {
        self.purchase(id).is_some_and(|purchase| purchase.is_used_by(buyer))
    }

    /// Returns whether a purchase was made for this manifest, and no other is recorded as using it.
    pub fn is_used_only_by(&self, id: PurchaseId, buyer: &Buyer) -> bool {
        self.purchase(id).is_some_and(|purchase| purchase.is_used_only_by(buyer))
    }

    /// Returns the purchases that aren't recorded as bought for or used by this manifest.
    pub fn not_used_by(&self, buyer: &Buyer) -> impl Iterator<Item = &Record> {
        self.purchases().filter(|purchase| !purchase.is_used_by(buyer)).map(|purchase| &purchase.record)
    }

    /// Returns the keys that each other manifest bought or uses; `None` is the one that the lock is named after.
    pub fn of_other_manifests(&self, buyer: &Buyer) -> BTreeMap<Option<&str>, Vec<&Key>> {
        let mut keys: BTreeMap<Option<&str>, Vec<&Key>> = BTreeMap::new();
        for purchase in self.purchases().filter(|purchase| !purchase.is_used_only_by(buyer)) {
            let used_by = purchase.used_by.iter().map(|manifest| Some(manifest.as_str()));
            for manifest in std::iter::once(purchase.manifest.as_deref()).chain(used_by) {
                let is_other = manifest.map_or(!buyer.alone, |manifest| manifest != buyer.manifest);
                keys.entry(manifest).or_default().extend(is_other.then_some(&purchase.record.key));
            }
        }
        keys.retain(|_, keys| !keys.is_empty());
        keys
    }
}
