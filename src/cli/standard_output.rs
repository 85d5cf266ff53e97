//! Standard output: what a command prints there is all there when the command says that it went well.

use super::failure::Failure;
use std::io::{self, BufWriter, Write};

/// Prints what `write` writes, to its last byte. A reader that went away has read enough.
///
/// # Errors
/// Where it can't be written: the disk behind it is full, for example.
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
/// As [`print`].
pub(super) fn print_text(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    print(|out| out.write_all(text.as_ref()))
}

/// Whether nobody reads any more.
pub(super) fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// What is said where it can't be written to.
pub(super) fn unwritable(error: &io::Error) -> Failure {
    Failure::machine(format!("standard output can't be written to: {error}"))
        .hint("what was printed there is not whole; make room, or send it elsewhere")
}
