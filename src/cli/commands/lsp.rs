//! `batch lsp`: a language server over standard input and output.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::lsp;

/// Options of `batch lsp`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Speak over standard input and output; there is no other way, so it may be left out
    #[arg(long)]
    stdio: bool,
}

pub(in crate::cli) fn run() -> Result<Exit, Failure> {
    lsp::serve()
}
