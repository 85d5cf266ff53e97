//! A manifest with its safe fixes made, again and again until none is left.

use super::{Loaded, load, load_text, unreadable};
use crate::base::folder::Folder;
use crate::diagnostic::code::Code;
use crate::diagnostic::fix::{Fix, apply};
use crate::diagnostic::levels::Levels;
use crate::document::{Format, Position, Source};
use std::path::Path;

/// Passes at most: what a fix uncovers is rarely fixable itself, and never deeper than a value in its field in a job.
const PASSES: usize = 16;

/// A manifest whose safe fixes were made.
#[derive(Debug)]
pub struct Mended {
    /// What became of it: the text as it is now, and what is still wrong.
    pub loaded: Loaded,
    /// The text as it was.
    pub original: String,
    /// What was fixed, in the order in which it was done.
    pub fixed: Vec<Fixed>,
}

/// A mistake that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The rule.
    pub code: Code,
    /// Where it stood, when it was fixed. Fixes keep to a line, so the line is that of the original too.
    pub position: Position,
    /// What stood there.
    pub was: String,
    /// What stands there now.
    pub now: String,
}

/// Reads and checks the manifest at `path` (`-`: standard input, as YAML), with its safe fixes made, but for those of warnings
/// that are allowed. Nothing is written.
pub fn mend(path: &Path, levels: &Levels) -> Mended {
    match load::text_at(path) {
        (name, Ok((text, folder))) => mended(&name, text, Format::of_path(path), &folder, levels),
        (name, Err(why)) => {
            let loaded = unreadable(name, why);
            Mended { original: loaded.source.text().to_owned(), loaded, fixed: Vec::new() }
        }
    }
}

/// Checks the manifest in `text`, whose relative paths start in `folder`, with its safe fixes made.
pub fn mend_text(name: &str, text: String, format: Format, folder: &Folder) -> Mended {
    mended(name, text, format, folder, &Levels::default())
}

fn mended(name: &str, text: String, format: Format, folder: &Folder, levels: &Levels) -> Mended {
    let original = text.clone();
    let mut loaded = load_text(name, text, format, folder);
    let mut fixed = Vec::new();
    for _ in 0..PASSES {
        let (edited, made) = pass(&loaded, levels);
        if made.is_empty() {
            break;
        }
        let next = load_text(name, edited, format, folder);
        // No fix may tear the text, or make a key of two places; if one did, the text from before it is the result.
        if torn(&next) > torn(&loaded) {
            break;
        }
        fixed.extend(made);
        loaded = next;
    }
    Mended { loaded, original, fixed }
}

/// The text with all safe fixes made that don't touch each other.
fn pass(loaded: &Loaded, levels: &Levels) -> (String, Vec<Fixed>) {
    let findings = loaded.findings.iter().filter(|finding| !levels.is_allowed(finding));
    let fixes = findings.filter_map(|finding| Some((finding.code, finding.fix.as_ref()?)));
    let safe: Vec<(Code, &Fix)> = fixes.filter(|(_, fix)| fix.applicability.is_safe()).collect();
    let (edited, made) = apply(loaded.source.text(), safe.iter().map(|(_, fix)| *fix));
    let fixed = |number: usize| Fixed::new(safe[number].0, safe[number].1, &loaded.source);
    (edited, made.into_iter().map(fixed).collect())
}

impl Fixed {
    fn new(code: Code, fix: &Fix, source: &Source) -> Fixed {
        Fixed {
            code,
            position: source.position(fix.span.start as usize),
            was: source.text().get(fix.span.range()).unwrap_or_default().to_owned(),
            now: fix.replacement.clone(),
        }
    }
}

/// How many mistakes there are in how it is written.
fn torn(loaded: &Loaded) -> usize {
    loaded.findings.iter().filter(|finding| matches!(finding.code, Code::Syntax | Code::DuplicateKey)).count()
}
