//! `batch explain`: what the manual says of a code.

use crate::cli::codes::CodeParser;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::settings;
use crate::cli::standard_output::print;
use crate::cli::terminal::Terminal;
use crate::diagnostic::code::Code;
use crate::report::explain;
use crate::report::manual::Language;

/// Options of `batch explain`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The code of an error or a warning, as `duration-resolution`; without it, all codes are listed
    #[arg(value_name = "CODE", value_parser = CodeParser, hide_possible_values = true)]
    code: Option<Code>,
    /// The language of a code's page; without it, the locale decides (LC_ALL, LC_MESSAGES, LANG)
    #[arg(long, value_name = "LANGUAGE", requires = "code")]
    lang: Option<Lang>,
}

/// A language of the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Lang {
    /// English
    En,
    /// Chinese
    Zh,
}

pub(in crate::cli) fn run(args: &Args, terminal: &Terminal) -> Result<Exit, Failure> {
    print(|out| match args.code {
        Some(code) => explain::page(out, code, language(args.lang), terminal.stdout),
        None => explain::list(out, terminal.stdout),
    })?;
    Ok(Exit::Done)
}

/// Returns what is said, or else what the locale says.
fn language(said: Option<Lang>) -> Language {
    let locale = || ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(settings::variable).unwrap_or_default();
    match said {
        Some(Lang::Zh) => Language::Chinese,
        None if locale().starts_with("zh") => Language::Chinese,
        Some(Lang::En) | None => Language::English,
    }
}
