//! A writer whose errors are ignored.

use std::fmt;
use std::io::{self, Write};

/// Writes lines, each flushed; writes nothing more after the first error: neither a reader that has gone nor a full
/// disk stops a run.
#[derive(Debug)]
pub(super) struct Outlet<W>(Option<W>);

impl<W: Write> Outlet<W> {
    pub(super) fn new(out: W) -> Outlet<W> {
        Outlet(Some(out))
    }

    /// Writes one line.
    pub(super) fn line(&mut self, line: fmt::Arguments<'_>) {
        // In one piece: other writers to the same terminal don't get between. Nobody could be told of an error.
        let _ = self.write(format!("{line}\n").as_bytes());
    }

    /// Writes bytes that end with a line feed.
    ///
    /// # Errors
    /// Returns the first one; nothing is written after it.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(out) = &mut self.0 else { return Ok(()) };
        let written = out.write_all(bytes).and_then(|()| out.flush());
        if written.is_err() {
            self.0 = None;
        }
        written
    }
}
