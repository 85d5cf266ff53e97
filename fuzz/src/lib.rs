//! What the fuzz targets hold the library to: more than that it doesn't panic.
//!
//! Each function takes any bytes at all, and panics where a promise is broken.

#![forbid(unsafe_code)]

pub mod ledger;
pub mod replies;
pub mod text;
