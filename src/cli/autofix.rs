//! Fixes of manifests: applied to the file, or shown as a diff.

use super::failure::Failure;
use super::standard_output::{print, print_text};
use super::terminal::{Terminal, Volume};
use crate::base::durable;
use crate::diagnostic::code::Code;
use crate::diagnostic::levels::Levels;
use crate::manifest::{self, Fixed, FixedManifest, Loaded};
use crate::report::look::{Color, Hue, Look, count};
use crate::report::terminal_safe;
use similar::TextDiff;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

/// Maximum number of fixes that are listed one by one.
const SHOWN: usize = 20;

/// Time limit for refining a diff; a coarser one is correct as well.
const FINE: Duration = Duration::from_secs(2);

/// The treatment of safe fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fixes {
    /// They remain suggestions.
    Offered,
    /// They are applied, and the file is written.
    Written,
    /// They are applied, and the difference is shown; nothing is written.
    Shown,
}

impl Fixes {
    /// Returns the treatment that the options request: `--diff` writes nothing, with or without `--fix`.
    pub(super) fn of(fix: bool, diff: bool) -> Fixes {
        match (fix, diff) {
            (_, true) => Fixes::Shown,
            (true, false) => Fixes::Written,
            (false, false) => Fixes::Offered,
        }
    }

    /// Reads and checks a manifest, and treats its fixes as requested. Returns the remaining findings, with severities
    /// by `levels`, and the number of fixes applied.
    ///
    /// # Errors
    /// Fails if the fixed manifest can't be written, and then is unchanged, or if the output can't be.
    pub(super) fn load(self, path: &Path, levels: &Levels, terminal: &Terminal) -> Result<(Loaded, usize), Failure> {
        if self == Fixes::Offered {
            let mut loaded = manifest::check(path);
            levels.apply(&mut loaded.findings);
            return Ok((loaded, 0));
        }
        let mut fixed = manifest::fix_file(path, levels);
        levels.apply(&mut fixed.loaded.findings);
        match self {
            Fixes::Shown => show_difference(&fixed, terminal.stdout)?,
            _ if path == Path::new("-") => {
                print_text(fixed.loaded.source.text())?;
            }
            _ if fixed.fixed.is_empty() => {}
            _ => write(path, &fixed)?,
        }
        if terminal.volume > Volume::Quiet && !fixed.fixed.is_empty() {
            // If standard error is closed, nobody reads it.
            let _ = say(&fixed, self, terminal.stderr);
        }
        Ok((fixed.loaded, fixed.fixed.len()))
    }
}

/// Writes the fixed manifest to the end of its links, unless somebody else has written there in the meantime.
fn write(path: &Path, fixed: &FixedManifest) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::machine(format!("{} can't be fixed: {error}", path.display()));
    let real = path.canonicalize().map_err(failed)?;
    if fs::read(&real).map_err(failed)? != fixed.original.as_bytes() {
        let message = format!("{} changed while it was checked; nothing was written", path.display());
        return Err(Failure::machine(message).hint("run the command again"));
    }
    durable::rewrite_whole(&real, fixed.loaded.source.text().as_bytes()).map_err(failed)
}

/// Prints the fixes made, or possible.
fn say(fixed: &FixedManifest, fixes: Fixes, look: Look) -> io::Result<()> {
    let mut err = BufWriter::new(io::stderr().lock());
    let name = terminal_safe::line(fixed.loaded.source.name());
    let done = if fixes == Fixes::Shown { "would fix" } else { "fixed" };
    let mistakes = count(fixed.fixed.len(), "mistake");
    writeln!(err, "{} in {name}", look.paint(Hue::Good, format!("{done} {mistakes}")))?;
    for Fixed { code, position, was, now } in fixed.fixed.iter().take(SHOWN) {
        let (was, now) = (terminal_safe::line(was), terminal_safe::line(now));
        let what =
            if was.is_empty() && now == " " { "put in a space".to_owned() } else { format!("`{was}` became `{now}`") };
        writeln!(err, "  {}:{} {code}: {what}", position.line, position.column)?;
    }
    if let Some(more @ 1..) = fixed.fixed.len().checked_sub(SHOWN) {
        writeln!(err, "  and {more} more")?;
    }
    if fixed.fixed.iter().any(|fixed| fixed.code == Code::MentionSpacing) {
        writeln!(
            err,
            "  a job with another prompt is another job: `batch plan` shows which videos would be made again"
        )?;
    }
    writeln!(err)?;
    err.flush()
}

/// Prints the difference made by the fixes on standard output; for a file or a pipe exactly in the format of `patch`.
fn show_difference(fixed: &FixedManifest, look: Look) -> Result<(), Failure> {
    let name = fixed.loaded.source.name();
    let difference = TextDiff::configure().timeout(FINE).diff_lines(&fixed.original[..], fixed.loaded.source.text());
    let unified = difference.unified_diff().header(name, name).to_string();
    print(|out| write_difference(out, &unified, look))
}

fn write_difference(out: &mut dyn Write, unified: &str, look: Look) -> io::Result<()> {
    if look.color == Color::None && look.width.is_none() {
        return out.write_all(unified.as_bytes());
    }
    for line in unified.lines() {
        let hue = match line.as_bytes() {
            [b'+', ..] => Hue::Good,
            [b'-', ..] => Hue::Bad,
            [b'@', ..] => Hue::Accent,
            _ => Hue::Plain,
        };
        writeln!(out, "{}", look.paint(hue, terminal_safe::line(line)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_in_the_meantime_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jobs.yaml");
        fs::write(&path, "version: '1'\njobs: []\n").unwrap();
        let fixed = manifest::fix_file(&path, &Levels::default());
        assert_eq!(fixed.fixed.len(), 1);
        fs::write(&path, "version: '1'\njobs: [] # new\n").unwrap();
        let failure = write(&path, &fixed).unwrap_err();
        assert!(failure.message.contains("changed"), "{failure:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "version: '1'\njobs: [] # new\n");
        fs::write(&path, &fixed.original).unwrap();
        write(&path, &fixed).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "version: 1\njobs: []\n");
    }
}
