//! Remote images (`run.mirror`): fetched once, pinned by their content, and obtained again for their upload.
//!
//! [`pinned()`] decides which digest of a job counts, the one with URLs or the one with contents; [`look()`] fetches and checks
//! images before a plan is final; [`obtain_pinned`] brings the one that a purchase needs. The request itself is
//! [`RemoteImages`](crate::client::remote::RemoteImages), since it shares connections and limits with the service's calls.

mod image_cache;
mod look;
mod obtain;
mod pinned;

#[cfg(test)]
pub(crate) mod fake;

pub use image_cache::ImageCache;
pub use look::{Looked, Looking, OnChange, lacking, look};
pub use obtain::{NOT_OBTAINED, Obtaining, obtain_pinned};
pub use pinned::{Pinned, pinned, urls, with_pins};
