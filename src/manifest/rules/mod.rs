//! The rules.

pub mod images;
pub mod output;
pub mod setting;
