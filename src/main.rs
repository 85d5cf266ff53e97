//! The `batch` program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    batch::cli::main()
}
