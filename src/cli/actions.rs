//! GitHub Actions: the variables in its environment, and the summary that it shows next to a step.

use super::failure::Failure;
use super::terminal::{Terminal, Volume};
use crate::report::findings::root::Root;
use crate::report::look::Hue;
use crate::report::standard_error;
use std::io;
use std::path::{Path, PathBuf};

/// Returns the folder to which findings are relative: the workspace of GitHub Actions, else the git work tree that
/// contains the current folder, else the current folder.
///
/// # Errors
/// Fails if the current folder no longer exists.
pub(super) fn root() -> Result<Root, Failure> {
    if let Some(root) = variable("GITHUB_WORKSPACE").and_then(|folder| Root::new(&folder).ok()) {
        return Ok(root);
    }
    let here = std::env::current_dir().map_err(Failure::machine)?;
    let tree = here.ancestors().find(|folder| folder.join(".git").exists());
    Root::new(tree.unwrap_or(&here)).map_err(Failure::machine)
}

/// Returns the page of the step's summary, if GitHub Actions has one.
pub(super) fn step_summary() -> Option<PathBuf> {
    variable("GITHUB_STEP_SUMMARY")
}

/// Returns whether this runs in a workflow of GitHub Actions.
pub(super) fn is_running() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Warns about a summary that couldn't be written: it is an extra, and no reason to fail.
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
