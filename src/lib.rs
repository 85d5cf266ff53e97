//! `batch` runs multi-reference video generations from a manifest.
//!
//! (layer list to come)

pub mod base;
pub mod cli;
pub mod client;
pub mod diagnostic;
pub mod document;
pub mod engine;
pub mod event;
pub mod ledger;
pub mod manifest;
pub mod plan;
pub mod report;
pub mod simulate;
pub mod spec;
