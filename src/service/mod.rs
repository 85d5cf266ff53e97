//! The service's vocabulary and rules, as values and pure functions.
//!
//! Every fact here carries its source: **\[spec\]** is the service's own page, **\[observed\]** was read off a public
//! client of it, **\[upstream\]** is the documentation of the model vendor.

pub mod address;
pub mod call;
pub mod content;
pub mod database_url;
pub mod image;
pub mod ledger_url;
pub mod limits;
pub mod mention;
pub mod names;
pub mod output;
pub mod publish_url;
pub mod remote;
pub mod request;
#[cfg(test)]
pub(crate) mod sample;
pub mod text;
pub mod texts;
pub mod vocabulary;
