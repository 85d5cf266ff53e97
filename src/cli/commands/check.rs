//! `batch check`: validates manifests; nothing is sent.

use crate::cli::args::{Check, Format};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::project::{checked, manifest_path};
use crate::cli::terminal::{Terminal, Volume};
use crate::diagnostic::collector::deny_warnings;
use crate::manifest;
use crate::report::findings::{Checked, Tally, human, json};
use std::io;
use std::path::PathBuf;

pub(in crate::cli) fn run(args: &Check, terminal: &Terminal) -> Result<Exit, Failure> {
    let paths: Vec<PathBuf> = match &args.manifests[..] {
        [] => vec![manifest_path(None)?],
        named => named.to_vec(),
    };
    let mut loaded: Vec<_> = paths.iter().map(|path| manifest::load(path)).collect();
    if !args.deny.is_empty() {
        loaded.iter_mut().for_each(|loaded| deny_warnings(&mut loaded.findings));
    }
    let checked: Vec<Checked<'_>> = loaded.iter().map(|loaded| checked(loaded, &loaded.findings)).collect();
    // A reader that went away has read enough.
    let _ = match args.format {
        Format::Json => json::write(io::stdout().lock(), &checked),
        Format::Human if terminal.volume == Volume::Quiet && Tally::of(&checked).errors == 0 => Ok(()),
        Format::Human => human::write(io::stderr().lock(), &checked, terminal.stderr),
    };
    Ok(if Tally::of(&checked).errors == 0 { Exit::Done } else { Exit::Usage })
}
