//! Arguments, environment, commands, exit codes: the only layer that knows of a terminal.

mod actions;
mod args;
mod choosing;
mod codes;
mod commands;
mod confirm;
mod destination;
mod dotenv;
mod doubtful;
mod exit;
mod failure;
mod fleet;
mod frozen;
mod leftovers;
mod lsp;
mod mending;
mod on_finish;
mod outlook;
mod output_file;
mod page;
mod pictures;
mod progress;
mod project;
mod renames;
mod results;
mod saved;
mod session;
mod settings;
mod signals;
mod standard_output;
mod terminal;
mod typed;

use crate::report::standard_error;
use args::{Args, Command};
use exit::Exit;
use failure::Failure;
use std::process::ExitCode;
use terminal::{Terminal, start_logs};

/// Runs the program with the process's own arguments.
pub fn main() -> ExitCode {
    let args = match typed::parse(std::env::args_os()) {
        Ok(args) => args,
        Err(error) => return ended_by_arguments(&error).into(),
    };
    let terminal = Terminal::new(&args.common);
    start_logs(&args.common, &terminal);
    match dispatch(args, &terminal) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.say(&terminal);
            failure.exit.into()
        }
    }
}

/// Help and version are no errors, unless they can't be printed; a mistake is one in any case.
fn ended_by_arguments(error: &clap::Error) -> Exit {
    match error.print() {
        _ if error.use_stderr() => Exit::Usage,
        Err(unprinted) if !standard_output::is_gone(&unprinted) => {
            let failure = standard_output::unwritable(&unprinted);
            standard_error::say(format!("error: {}\n", failure.message));
            failure.exit
        }
        _ => Exit::Done,
    }
}

fn dispatch(args: Args, terminal: &Terminal) -> Result<Exit, Failure> {
    let Args { common, command } = args;
    match command {
        Command::Run(args) => commands::run::run(&args, &common, terminal),
        Command::Check(args) => commands::check::run(&args, terminal),
        Command::Plan(args) => commands::plan::run(&args, &common, terminal),
        Command::Show(args) => commands::show::run(&args, &common, terminal),
        Command::Status(args) => commands::status::run(&args, &common, terminal),
        Command::Verify(args) => commands::verify::run(&args, &common, terminal),
        Command::Fetch(args) => commands::fetch::run(&args, &common, terminal),
        Command::Resolve(args) => commands::resolve::run(&args, &common, terminal),
        Command::Lock(args) => commands::lock::run(&args, &common, terminal),
        Command::Ledger(args) => commands::ledger::run(&args, &common, terminal),
        Command::Report(args) => commands::report::run(&args, &common, terminal),
        Command::Init(args) => commands::init::run(&args, terminal),
        Command::Explain(args) => commands::explain::run(&args, terminal),
        Command::Convert(args) => commands::convert::run(&args, terminal),
        Command::Schema(args) => commands::schema::run(&args),
        Command::Simulate(args) => commands::simulate::run(&args, terminal),
        Command::Lsp(_) => commands::lsp::run(),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Man(args) => commands::man::run(&args),
    }
}
