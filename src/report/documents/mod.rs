//! The machine-readable documents of `plan`, `show`, `status` and `verify`.
//!
//! Their shape is a promise: once a field exists, it keeps its meaning. Unknown values are left out, never `null`.

pub mod plan;
pub mod show;
pub mod status;
pub mod verify;

use super::json;
use serde::Serialize;
use std::io::{self, BufWriter, Write};

/// The version of all documents and events.
pub const VERSION: u32 = 1;

/// Writes a document as one line of JSON.
///
/// # Errors
/// Fails if `out` can't be written to.
pub fn write(out: impl Write, document: &impl Serialize) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    json::write(&mut out, document)?;
    out.write_all(b"\n")?;
    out.flush()
}

#[cfg(test)]
mod tests;
