//! `batch explain`: what the manual says of a code.

use crate::base::nearest::nearest;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::standard_output::print;
use crate::cli::terminal::Terminal;
use crate::diagnostic::code::Code;
use crate::report::explain;
use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use std::ffi::OsStr;

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

/// Knows the codes, so that shells can complete them, and the nearest of one that is none.
#[derive(Clone, Debug)]
struct CodeParser;

impl TypedValueParser for CodeParser {
    type Value = Code;

    fn parse_ref(&self, command: &clap::Command, _: Option<&clap::Arg>, text: &OsStr) -> Result<Code, clap::Error> {
        let text = text.to_string_lossy();
        if let Some(code) = Code::ALL.iter().find(|code| code.as_str() == text) {
            return Ok(*code);
        }
        let hint = match nearest(&text, Code::ALL.iter().map(|code| code.as_str())) {
            Some(code) => format!("did you mean `{code}`?"),
            None => "`batch explain` lists all codes".to_owned(),
        };
        Err(clap::Error::raw(ErrorKind::InvalidValue, format!("there is no code `{text}`; {hint}\n")).with_cmd(command))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Code::ALL.iter().map(|code| PossibleValue::new(code.as_str()).help(code.title()))))
    }
}
