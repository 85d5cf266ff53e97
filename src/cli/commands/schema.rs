//! `batch schema`: JSON Schemas of what the program reads and prints.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::report::schemas::{Document, printed};
use std::io::{self, Write};

/// Options of `batch schema`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Which one
    #[arg(value_name = "NAME", default_value = "manifest")]
    name: String,
}

pub(in crate::cli) fn run(args: &Args) -> Result<Exit, Failure> {
    let document = Document::ALL.iter().find(|document| document.as_str() == args.name).ok_or_else(|| {
        let names: Vec<_> = Document::ALL.iter().map(|document| document.as_str()).collect();
        Failure::usage(format!("there is no schema `{}`; there are: {}", args.name, names.join(", ")))
    })?;
    // A reader that went away has read enough.
    let _ = io::stdout().lock().write_all(printed(&document.schema()).as_bytes());
    Ok(Exit::Done)
}
