//! The manifest.

pub mod model;
