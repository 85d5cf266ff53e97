//! Utilities that any program of this kind needs, without a word of the domain.

pub mod bucket;
pub mod canonical;
pub mod clock;
#[cfg(test)]
pub(crate) mod corpus;
pub(crate) mod cryptography;
pub mod decimal;
pub mod digest;
pub mod durable;
pub mod faultpoint;
pub mod file_url;
pub mod folder;
pub mod look_alike;
pub mod nearest;
pub mod patience;
pub mod public;
pub mod recent;
pub mod runtime;
pub mod secret;
