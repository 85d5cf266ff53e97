//! Codes on the command line: completed by shells, with a suggestion for unknown ones.

use crate::base::nearest::nearest;
use crate::diagnostic::code::Code;
use crate::diagnostic::levels::{Lint, WARNINGS};
use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use std::ffi::OsStr;

/// Parses a code.
#[derive(Clone, Debug)]
pub(super) struct CodeParser;

impl TypedValueParser for CodeParser {
    type Value = Code;

    fn parse_ref(&self, command: &clap::Command, _: Option<&clap::Arg>, text: &OsStr) -> Result<Code, clap::Error> {
        let text = text.to_string_lossy();
        let otherwise = match text.parse::<u8>() {
            Ok(_) => "`batch --help` lists the exit codes",
            Err(_) => "`batch explain` lists all codes, and `batch help COMMAND` explains a command",
        };
        code(&text).ok_or_else(|| unknown(command, &text, otherwise, None))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(values()))
    }
}

/// Parses a code, or the word for all warnings.
#[derive(Clone, Debug)]
pub(super) struct LintParser;

impl TypedValueParser for LintParser {
    type Value = Lint;

    fn parse_ref(&self, command: &clap::Command, _: Option<&clap::Arg>, text: &OsStr) -> Result<Lint, clap::Error> {
        let text = text.to_string_lossy();
        if text == WARNINGS {
            return Ok(Lint::Warnings);
        }
        let otherwise = "`warnings` means all of them, and `batch explain` lists the codes";
        let code = code(&text).ok_or_else(|| unknown(command, &text, otherwise, Some(WARNINGS)))?;
        Ok(Lint::Code(code))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let all = PossibleValue::new(WARNINGS).help("All warnings");
        Some(Box::new(std::iter::once(all).chain(values())))
    }
}

fn code(text: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.as_str() == text)
}

fn values() -> impl Iterator<Item = PossibleValue> {
    Code::ALL.iter().map(|code| PossibleValue::new(code.as_str()).help(code.title()))
}

/// Returns the error for an unknown code, with the nearest one, or the hint `otherwise`.
fn unknown(command: &clap::Command, text: &str, otherwise: &str, also: Option<&'static str>) -> clap::Error {
    let hint = match nearest(text, Code::ALL.iter().map(|code| code.as_str()).chain(also)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => otherwise.to_owned(),
    };
    clap::Error::raw(ErrorKind::InvalidValue, format!("there is no code `{text}`; {hint}\n")).with_cmd(command)
}
