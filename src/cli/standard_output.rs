//! Standard output: when a command reports success, its output there is complete.

use super::failure::Failure;
use std::io::{self, BufWriter, Write};

/// Prints the output of `write` completely. A reader that went away has read enough.
///
/// # Errors
/// Fails if it can't be written, for example because the disk is full.
pub(super) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if !is_gone(&error) => Err(unwritable(&error)),
        _ => Ok(()),
    }
}

/// Prints a text.
///
/// # Errors
/// As for [`print`].
pub(super) fn print_text(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    print(|out| out.write_all(text.as_ref()))
}

/// Returns whether nobody reads any more.
pub(super) fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// Returns the failure to write to standard output.
pub(super) fn unwritable(error: &io::Error) -> Failure {
    Failure::machine(format!("standard output can't be written to: {error}"))
        .hint("what was printed there is not whole; make room, or send it elsewhere")
}
