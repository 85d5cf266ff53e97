//! `batch completions`: the completions of a shell for `batch`, generated from the arguments themselves.

use crate::cli::args;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::standard_output::print_text;
use clap::CommandFactory as _;
use clap_complete::Shell;

/// How to install the script for each shell.
const INSTALLATION: &str = "\
Installation:
  bash        batch completions bash >~/.local/share/bash-completion/completions/batch
  zsh         batch completions zsh >~/.zfunc/_batch   (with ~/.zfunc in fpath, before compinit)
  fish        batch completions fish >~/.config/fish/completions/batch.fish
  PowerShell  batch completions powershell | Out-String | Invoke-Expression   (in $PROFILE)
  elvish      eval (batch completions elvish | slurp)   (in rc.elv)";

/// Options of `batch completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = INSTALLATION)]
pub(in crate::cli) struct Args {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(in crate::cli) fn run(args: &Args) -> Result<Exit, Failure> {
    // In memory first: the generator panics if the reader goes away.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::Args::command(), "batch", &mut script);
    print_text(script)?;
    Ok(Exit::Done)
}
