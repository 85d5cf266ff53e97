//! Arguments, environment, commands, exit codes: the only layer that knows of a terminal.

mod actions;
mod args;
mod argv;
mod autofix;
mod choosing;
mod codes;
mod commands;
mod completing;
mod confirm;
mod destination;
mod dotenv;
mod doubtful;
mod exit;
mod failure;
mod familiar;
mod fleet;
mod frozen;
mod images;
mod lsp;
mod on_finish;
mod options;
mod output_file;
mod page;
mod progress;
mod project;
mod publishing;
mod realm;
mod results;
mod saved;
mod session;
mod settings;
mod sharing;
mod signals;
mod standard_output;
mod terminal;

use crate::report::standard_error;
use args::{Action, Args};
use exit::Exit;
use failure::Failure;
use std::process::ExitCode;
use terminal::{Terminal, start_logs};

/// Runs the program with the process's own arguments.
pub fn main() -> ExitCode {
    match completing::answer(|| argv::command(clap::ColorChoice::Never)) {
        Ok(false) => {}
        Ok(true) => return Exit::Done.into(),
        Err(error) => return ended_by_arguments(&error).into(),
    }
    let args = match argv::parse(std::env::args_os()) {
        Ok(args) => args,
        Err(error) => return ended_by_arguments(&error).into(),
    };
    let terminal = Terminal::new(args.common.color, args.common.volume());
    start_logs(&terminal);
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
        Action::Run(args) => commands::run::run(&args, &common, terminal),
        Action::Check(args) => commands::check::run(&args, terminal),
        Action::Plan(args) => commands::plan::run(&args, &common, terminal),
        Action::Show(args) => commands::show::run(&args, &common, terminal),
        Action::Status(args) => commands::status::run(&args, &common, terminal),
        Action::Verify(args) => commands::verify::run(&args, &common, terminal),
        Action::Fetch(args) => commands::fetch::run(&args, &common, terminal),
        Action::Resolve(args) => commands::resolve::run(&args, &common, terminal),
        Action::Lock(args) => commands::lock::run(&args, &common, terminal),
        Action::Ledger(args) => commands::ledger::run(&args, &common, terminal),
        Action::Report(args) => commands::report::run(&args, &common, terminal),
        Action::Init(args) => commands::init::run(&args, terminal),
        Action::Explain(args) => commands::explain::run(&args, terminal),
        Action::Convert(args) => commands::convert::run(&args, terminal),
        Action::Schema(args) => commands::schema::run(&args),
        Action::Simulate(args) => commands::simulate::run(&args, terminal),
        Action::Lsp(_) => commands::lsp::run(),
        Action::Completions(args) => commands::completions::run(&args),
        Action::Man(args) => commands::man::run(&args, argv::command(clap::ColorChoice::Never)),
    }
}
