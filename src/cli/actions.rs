//! What GitHub Actions says in the environment, and what it shows beside a step.

use super::failure::Failure;
use super::terminal::{Terminal, Volume};
use crate::report::findings::root::Root;
use crate::report::look::Hue;
use crate::report::standard_error;
use std::io;
use std::path::{Path, PathBuf};

/// The folder that findings are placed in: the workspace of GitHub Actions, else the git work tree that this folder is in,
/// else this folder.
///
/// # Errors
/// Where this folder is gone.
pub(super) fn root() -> Result<Root, Failure> {
    if let Some(root) = variable("GITHUB_WORKSPACE").and_then(|folder| Root::new(&folder).ok()) {
        return Ok(root);
    }
    let here = std::env::current_dir().map_err(Failure::machine)?;
    let tree = here.ancestors().find(|folder| folder.join(".git").exists());
    Root::new(tree.unwrap_or(&here)).map_err(Failure::machine)
}

/// The page of the step's summary, if GitHub Actions has one.
pub(super) fn step_summary() -> Option<PathBuf> {
    variable("GITHUB_STEP_SUMMARY")
}

/// Whether this runs in a workflow of GitHub Actions.
pub(super) fn is_running() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Warns of a summary that could not be written: it is an extra, and no reason to fail.
pub(super) fn written(result: io::Result<()>, page: &Path, terminal: &Terminal) {
    match result {
        Err(error) if terminal.volume > Volume::Quiet => {
            let warning = terminal.stderr.paint(Hue::Caution, "warning:");
            standard_error::say(format!(
                "{warning} the summary was not written to {} (GITHUB_STEP_SUMMARY): {error}\n",
                page.display()
            ));
        }
        _ => {}
    }
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}
