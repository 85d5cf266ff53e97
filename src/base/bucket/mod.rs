//! A bucket of an object store: its URL, the connection to it, and why it fails.

pub mod connection;
pub mod failure;
mod rules;
pub mod url;

pub use connection::{Calls, connect, rules_of};
pub use failure::{BucketError, failed, is_absent};
pub use rules::Rules;
pub use url::{BucketUrl, Provider};
