//! A bucket of an object store: its URL, the connection to it, and why it fails.

pub mod connection;
pub mod failure;
pub mod url;

pub use connection::{Calls, connect};
pub use failure::{BucketError, failed, is_absent};
pub use url::{BucketUrl, Provider};
