//! `batch man`: the manual page of the program or of a command, generated from the arguments themselves.

use crate::base::nearest::nearest;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::standard_output::print_text;
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::io;

/// The instructions to read and install the pages.
const USE: &str = "\
Read it:     batch man run | man -l -
Install it:  batch man run >~/.local/share/man/man1/batch-run.1";

/// Options of `batch man`.
#[derive(Debug, clap::Args)]
#[command(after_help = USE)]
pub(in crate::cli) struct Args {
    /// The command whose page it is; without it, the page of `batch`, which lists the commands
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

pub(in crate::cli) fn run(args: &Args, batch: Command) -> Result<Exit, Failure> {
    let batch = batch.subcommand_help_heading("COMMANDS");
    let page = match &args.command {
        None => page(batch, &[]),
        Some(name) => match batch.find_subcommand(name) {
            Some(command) => page(command.clone(), &["batch(1)"]),
            None => return Err(unknown(name, &batch)),
        },
    };
    print_text(page.map_err(Failure::machine)?)?;
    Ok(Exit::Done)
}

fn unknown(name: &str, batch: &Command) -> Failure {
    let names: Vec<&str> = batch.get_subcommands().map(Command::get_name).collect();
    let failure = Failure::usage(format!("there is no command `{name}`"));
    match nearest(name, names.iter().copied()) {
        Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
        None => failure.hint(format!("the commands are {}", names.join(", "))),
    }
}

fn page(command: Command, related: &[&str]) -> io::Result<Vec<u8>> {
    let afterword = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let has_commands = command.has_subcommands();
    let version = format!("batch {}", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command).source(version).manual("batch");
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    if has_commands {
        man.render_subcommands_section(&mut out)?;
    }
    man.render_options_section(&mut out)?;
    let mut roff = Roff::new();
    sections(&mut roff, &afterword);
    if !related.is_empty() {
        roff.control("SH", ["SEE ALSO"]).text([roman(related.join(", "))]);
    }
    roff.to_writer(&mut out)?;
    Ok(out)
}

/// Writes the text below the options of a help as sections: a line that ends with a colon is a heading, one of two
/// columns a term with its meaning.
fn sections(roff: &mut Roff, afterword: &str) {
    for line in afterword.lines().filter(|line| !line.is_empty()) {
        match (line.strip_suffix(':'), line.trim_start().split_once("  ")) {
            (Some(heading), _) if !line.starts_with(' ') => {
                roff.control("SH", [heading.to_uppercase().as_str()]);
            }
            (_, Some((term, meaning))) => {
                roff.control("TP", []).text([bold(term)]).text([roman(meaning.trim_start())]);
            }
            _ => {
                roff.control("PP", []).text([roman(line)]);
            }
        }
    }
}
