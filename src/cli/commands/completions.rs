//! `batch completions`: what makes a shell complete `batch`. The script asks the program itself, so that it never grows old.

use crate::cli::completing::VARIABLE;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::standard_output::print_text;
use clap_complete::Shell;
use clap_complete::env::Shells;

/// The instructions to install the script for each shell.
const INSTALLATION: &str = "\
Installation:
  bash        mkdir -p ~/.local/share/bash-completion/completions && batch completions bash >~/.local/share/bash-completion/completions/batch
  zsh         mkdir -p ~/.zfunc && batch completions zsh >~/.zfunc/_batch   (with ~/.zfunc in fpath, before compinit)
  fish        mkdir -p ~/.config/fish/completions && batch completions fish >~/.config/fish/completions/batch.fish
  PowerShell  batch completions powershell | Out-String | Invoke-Expression   (in $PROFILE)
  elvish      eval (batch completions elvish | slurp)   (in rc.elv)";

/// zsh runs the file itself for the first completion, which would only define what completes from the second on.
const AT_ONCE: &str = "\
if [ \"$funcstack[1]\" = \"_batch\" ]; then
    _clap_dynamic_completer_batch \"$@\"
fi
";

/// Options of `batch completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = INSTALLATION)]
pub(in crate::cli) struct Args {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(in crate::cli) fn run(args: &Args) -> Result<Exit, Failure> {
    let name = args.shell.to_string();
    let shells = Shells::builtins();
    let shell = shells.completer(&name).ok_or_else(|| Failure::usage(format!("{name} can't be served")))?;
    // In memory first: a reader that goes away is no error.
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "batch", "batch", "batch", &mut script).map_err(Failure::machine)?;
    if args.shell == Shell::Zsh {
        script.extend_from_slice(AT_ONCE.as_bytes());
    }
    print_text(script)?;
    Ok(Exit::Done)
}
