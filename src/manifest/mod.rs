//! The manifest.

pub mod fields;
pub mod model;
pub mod rules;
