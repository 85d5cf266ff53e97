//! The record of each job.

pub mod entry;
pub mod record;
