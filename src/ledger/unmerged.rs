//! The sides of a lock whose conflict isn't over, as git keeps them in its index until `git add`.

use super::failure::LedgerError;
use super::lockfile;
use crate::base::durable::folder_of;
use std::collections::HashSet;
use std::path::Path;
use std::process::{Command, Stdio};

/// The versions that git keeps of a file in conflict.
#[derive(Debug)]
pub(super) struct Unmerged {
    base: Option<Vec<u8>>,
    ours: Option<Vec<u8>>,
    theirs: Option<Vec<u8>>,
}

/// Returns both sides of the lock; `None` if it is in no conflict, in no repository, or there is no git.
///
/// # Errors
/// Fails if git knows a side and can't show it.
pub(super) fn of(lock: &Path) -> Result<Option<Unmerged>, LedgerError> {
    let (folder, Some(name)) = (folder_of(lock), lock.file_name()) else { return Ok(None) };
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.arg("-C").arg(folder).args(["--no-optional-locks", "--literal-pathspecs", "-c", "core.fsmonitor=false"]);
        git.args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
        git
    };
    let Ok(listed) = git(&["ls-files", "--unmerged", "-z", "--"]).arg(name).output() else { return Ok(None) };
    let mut found = Unmerged { base: None, ours: None, theirs: None };
    // One entry a stage: `100644 HASH STAGE<tab>PATH`.
    for entry in String::from_utf8_lossy(&listed.stdout).split('\0') {
        let mut words = entry.split(['\t', ' ']);
        let (Some(hash), Some(stage)) = (words.nth(1), words.next()) else { continue };
        let content = git(&["cat-file", "blob", hash]).output().map_err(LedgerError::io("read", lock))?;
        if !content.status.success() {
            let cause = std::io::Error::other(format!("git can't show its side {stage} of the conflict ({hash})"));
            return Err(LedgerError::io("read", lock)(cause));
        }
        match stage {
            "1" => found.base = Some(content.stdout),
            "2" => found.ours = Some(content.stdout),
            _ => found.theirs = Some(content.stdout),
        }
    }
    Ok((found.ours.is_some() || found.theirs.is_some()).then_some(found))
}

impl Unmerged {
    /// Returns the sides and their names.
    pub(super) fn sides(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let sides = [("ours", &self.ours), ("theirs", &self.theirs)];
        sides.into_iter().filter_map(|(name, side)| Some((name, side.as_deref()?)))
    }

    /// Returns whether a text has nothing but marks and what git keeps: then no purchase stands there alone.
    pub(super) fn tells(&self, text: &[u8]) -> bool {
        let lines = |text| <[u8]>::split(text, |byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        let known: HashSet<&[u8]> =
            [&self.base, &self.ours, &self.theirs].into_iter().flatten().flat_map(|side| lines(side)).collect();
        lines(text).all(|line| {
            line.is_empty() || known.contains(line) || std::str::from_utf8(line).is_ok_and(lockfile::is_mark)
        })
    }
}
