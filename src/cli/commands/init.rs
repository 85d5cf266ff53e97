//! `batch init`: a starter manifest with its schema for editors, an empty lock, files for git, and a folder for images.

use crate::base::durable;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::project::NAMES;
use crate::cli::terminal::{Terminal, Volume};
use crate::ledger::{self, Book};
use crate::report::schemas::{Document, printed};
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

/// Options of `batch init`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The folder; created if it doesn't exist
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

/// The starter manifest: it is valid as it is, and its first line names [`SCHEMA`].
const MANIFEST: &str = include_str!("init/jobs.yaml");

/// The schema that editors use to complete, explain and underline the manifest: next to it, so that it works without a
/// network.
const SCHEMA: &str = "jobs.schema.json";

/// Files that don't belong into version control.
const IGNORED: &str = include_str!("init/gitignore");

/// The merge attribute of locks: joined by `batch` if git is configured for it, else by lines.
const ATTRIBUTES: &str = "jobs.lock merge=batch\n";

/// The command that configures git.
const DRIVER: &str = "git config merge.batch.driver \"batch lock merge --driver %O %A %B %P\"";

pub(in crate::cli) fn run(args: &Args, terminal: &Terminal) -> Result<Exit, Failure> {
    // A second manifest would hide the first from commands that name none.
    if let Some(name) = NAMES.iter().find(|name| args.dir.join(name).symlink_metadata().is_ok()) {
        let there = args.dir.join(name);
        return Err(Failure::usage(format!("{} exists already; nothing was written", there.display())));
    }
    if args.dir.metadata().is_ok_and(|found| !found.is_dir()) {
        return Err(Failure::usage(format!("{} is no folder; nothing was written", args.dir.display()))
            .hint("name the folder that the manifest goes into; without one it is this folder"));
    }
    let manifest = args.dir.join("jobs.yaml");
    write(args).map_err(|error| Failure::machine(format!("{}: {error}", args.dir.display())))?;
    if terminal.volume > Volume::Quiet {
        let shown = manifest.display();
        let _ = writeln!(
            io::stderr(),
            "wrote {shown}, a schema for editors, refs/ for images, and .gitignore and .gitattributes\n\n  try it without an account:  batch run {shown} --simulate\n  check what you change:      batch check {shown}\n  \
             let git join locks:         {DRIVER}"
        );
    }
    Ok(Exit::Done)
}

fn write(args: &Args) -> io::Result<()> {
    fs::create_dir_all(args.dir.join("refs"))?;
    for (name, wanted) in [(".gitignore", IGNORED), (".gitattributes", ATTRIBUTES)] {
        let path = args.dir.join(name);
        let lines = match fs::read_to_string(&path) {
            Ok(lines) => missing_lines(&lines, wanted),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(wanted.to_owned()),
            Err(error) => return Err(error),
        };
        if let Some(lines) = lines {
            durable::write_whole(&path, lines.as_bytes())?;
        }
    }
    // Then two branches that both buy for the first time have a common ancestor.
    let lock = args.dir.join("jobs.lock");
    if lock.symlink_metadata().is_err() {
        durable::write_whole(&lock, ledger::written(&Book::default()).as_bytes())?;
    }
    let schema = args.dir.join(SCHEMA);
    if schema.symlink_metadata().is_err() {
        durable::write_whole(&schema, printed(&Document::Manifest.schema()).as_bytes())?;
    }
    durable::write_whole(&args.dir.join("jobs.yaml"), MANIFEST.as_bytes())
}

/// Returns an existing file of lines, with the missing ones of `wanted` added; `None` if none is missing.
fn missing_lines(lines: &str, wanted: &str) -> Option<String> {
    let has = |wanted: &str| lines.lines().any(|line| line.trim() == wanted);
    let missing: Vec<&str> = wanted.lines().filter(|line| !line.starts_with('#') && !has(line)).collect();
    let gap = if lines.is_empty() || lines.ends_with('\n') { "" } else { "\n" };
    (!missing.is_empty()).then(|| format!("{lines}{gap}{}\n", missing.join("\n")))
}
