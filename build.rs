//! Lets `batch --version` name the commit that it was built from, with its date.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // While one develops, a commit is no reason to build anew.
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = release.then(commit).flatten().map(|commit| format!(" ({commit})"));
    println!("cargo::rustc-env=BATCH_COMMIT={}", commit.unwrap_or_default());
}

/// Returns hash and date of the commit, where this folder is the root of a checkout: a crate that was unpacked somewhere
/// below another project's checkout is none of its commits.
fn commit() -> Option<String> {
    let root = std::env::var("CARGO_MANIFEST_DIR").ok()?;
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != Path::new(&root).canonicalize().ok()? {
        return None;
    }
    // Every commit and every checkout adds a line there.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    println!("cargo::rerun-if-changed={log}");
    git(&["log", "-1", "--format=%h %cs"])
}

/// Returns what git answers; `None` where it fails or isn't installed.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim_end().to_owned())
}
