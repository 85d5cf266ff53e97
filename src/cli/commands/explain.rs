//! `batch explain`: what the manual says of a code.

use crate::cli::codes::CodeParser;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::standard_output::print;
use crate::cli::terminal::Terminal;
use crate::diagnostic::code::Code;
use crate::report::explain;

/// Options of `batch explain`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The code of an error or a warning, as `duration-resolution`; without it, all codes are listed
    #[arg(value_name = "CODE", value_parser = CodeParser, hide_possible_values = true)]
    code: Option<Code>,
}

pub(in crate::cli) fn run(args: &Args, terminal: &Terminal) -> Result<Exit, Failure> {
    print(|out| match args.code {
        Some(code) => explain::page(out, code, terminal.stdout),
        None => explain::list(out, terminal.stdout),
    })?;
    Ok(Exit::Done)
}
