//! A ledger that many machines share: the same purchases, kept by an engine that has create-if-absent and compare-and-set.
//!
//! [`Store`] is all that is asked of an engine. An [`Account`] is what stands under one key of it: the purchases of a job and digest,
//! as in a lock; its steps are pure. A [`Desk`] takes them: it writes an intent with a claim that only its maker has, makes answers
//! known until they are acknowledged, and calls purchases uncertain whose holder is silent.
//!
//! A paid POST can't be fenced, so nothing here ever hands a submit on: whoever has the claim may send one, within the [`Pass`] that
//! came with it, and nobody else ever does.

mod access;
mod account;
mod bucket;
mod charter;
mod desk;
mod era;
mod examine;
mod folder;
mod former;
mod key;
mod limits;
mod pass;
mod patience;
mod pauses;
mod postgres;
mod purse;
mod slots;
mod store;
mod timer;
mod times;
mod uploads;
mod witness;

pub use access::Access;
pub use account::Doubts;
pub use account::{Account, Barrier, Claim, Runner};
pub use bucket::policy;
pub use charter::{Charter, prove, store_at};
pub use desk::{Claimed, Desk, Life};
pub use folder::Folder;
pub use limits::{Limits, Word};
pub use pass::Pass;
pub use patience::{PATIENCE, patiently};
pub use pauses::Pause;
pub use purse::{Beside, Purse};
pub use slots::Slots;
pub use store::{Call, Era, Found, Listed, Revision, Store, StoreError};
pub use timer::{Moment, SystemTimer, Timer};
pub use times::Times;
pub use uploads::SharedUpload;
pub(in crate::ledger) use witness::{Witness, unknown};

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod model;
