//! The identity of a purchase.

use crate::base::digest::Sha256;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::{Uuid, Version};

/// The id of a purchase from its intent on: a UUID of version 7, which sorts by time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "Uuid", try_from = "Uuid")]
pub struct PurchaseId(Uuid);

/// The error for a UUID or a text that no purchase has for an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id that batch makes: a UUID of version 7, with a time before the year 6429")]
pub struct NotAnId;

/// The bits of the latest time that is read, in milliseconds: an id that is later still can always be made.
const TIME: u32 = 47;

impl PurchaseId {
    /// Returns the id of a purchase intended `now`. It is later than `before`, whatever the clock says.
    pub fn new(now: Timestamp, random: u64, before: Option<PurchaseId>) -> PurchaseId {
        let earliest = before.map_or(0, |before| before.tick() + 1);
        PurchaseId::of_parts(ticks(now).max(earliest), random)
    }

    /// Returns the id of a purchase from before purchases had ids: the same facts give the same id.
    pub(super) fn of_facts(at: Option<Timestamp>, facts: &[&str]) -> PurchaseId {
        PurchaseId::of_parts(at.map_or(0, ticks), hash(facts))
    }

    /// Returns the id for another task that resulted from the same submit.
    pub(super) fn of_other_task(self, task: &str) -> PurchaseId {
        PurchaseId::of_parts(self.tick(), hash(&[&self.to_string(), task]))
    }

    /// Returns the id of a submit of a key in a test.
    #[cfg(test)]
    pub(crate) fn for_test(key: &super::record::Key, attempt: u32) -> PurchaseId {
        let at = Timestamp::from_second(i64::from(attempt)).ok();
        PurchaseId::of_facts(at, &[key.job.as_str(), &key.digest.to_string()])
    }

    /// Returns the last 12 digits, by which people and merges distinguish blocks of a lock.
    pub fn short(self) -> String {
        self.to_string().split_off(24)
    }

    /// Builds an id: 48 bits of milliseconds and 12 of their fraction, then random bits, as in RFC 9562 (6.2, method 3).
    fn of_parts(tick: u64, random: u64) -> PurchaseId {
        let high = (tick >> 12 << 16) | 0x7000 | (tick & 0xfff);
        PurchaseId(Uuid::from_u64_pair(high, (random >> 2) | 1 << 63))
    }

    /// Returns the time of its intent, in 4096ths of a millisecond.
    fn tick(self) -> u64 {
        let (high, _) = self.0.as_u64_pair();
        (high >> 16 << 12) | (high & 0xfff)
    }
}

/// Returns a time in 4096ths of a millisecond; clocks before 1970 count as zero.
fn ticks(at: Timestamp) -> u64 {
    let micros = u64::try_from(at.as_microsecond()).unwrap_or(0);
    ((micros / 1000) << 12) | ((micros % 1000) * 4096 / 1000)
}

fn hash(facts: &[&str]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *Sha256::of(facts.join("\0").as_bytes()).bytes();
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

impl TryFrom<Uuid> for PurchaseId {
    type Error = NotAnId;

    fn try_from(id: Uuid) -> Result<PurchaseId, NotAnId> {
        let (high, _) = id.as_u64_pair();
        let is_ours = id.get_version() == Some(Version::SortRand) && high >> 16 < 1 << TIME;
        if is_ours { Ok(PurchaseId(id)) } else { Err(NotAnId) }
    }
}

impl From<PurchaseId> for Uuid {
    fn from(id: PurchaseId) -> Uuid {
        id.0
    }
}

impl FromStr for PurchaseId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<PurchaseId, NotAnId> {
        Uuid::try_parse(text).map_err(|_| NotAnId)?.try_into()
    }
}

impl fmt::Display for PurchaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.hyphenated(), f)
    }
}

impl fmt::Debug for PurchaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_microsecond(micros).unwrap()
    }

    #[test]
    fn ids_are_uuids_of_version_7_with_the_time_of_the_intent() {
        let id = PurchaseId::new(at(1_773_024_294_208_113), 0x1234_5678_9abc_def0, None);
        assert_eq!(id.to_string(), "019cd07b-b540-71ce-848d-159e26af37bc");
        assert_eq!((id.0.get_version_num(), id.short()), (7, "159e26af37bc".to_owned()));
        assert_eq!(id.0.get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn a_later_purchase_has_a_later_id_whatever_the_clock_says() {
        let first = PurchaseId::new(at(1_773_024_294_208_113), u64::MAX, None);
        let second = PurchaseId::new(at(0), 0, Some(first));
        assert!(second > first);
        assert!(PurchaseId::new(at(-5), 0, Some(second)) > second);
    }

    #[test]
    fn an_id_after_which_no_later_one_can_be_made_is_refused() {
        let last = "7fffffff-ffff-7fff-bfff-ffffffffffff".parse().unwrap();
        assert!(PurchaseId::new(at(0), 0, Some(last)) > last);
        for text in ["ffffffff-ffff-7fff-bfff-ffffffffffff", "019cd07b-b540-41ce-848d-159e26af37bc", "019cd07b", ""] {
            assert_eq!(text.parse::<PurchaseId>(), Err(NotAnId), "{text}");
            assert!(serde_json::from_value::<PurchaseId>(text.into()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_same_facts_give_the_same_id() {
        let of = |job| PurchaseId::of_facts(Some(at(5_000)), &[job, "sha256:…"]);
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
        assert_ne!(of("a").of_other_task("t1"), of("a").of_other_task("t2"));
    }
}
