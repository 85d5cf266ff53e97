//! Applying the safe fixes of a manifest, again and again until none is left.

use super::{Loaded, load, load_text, unreadable};
use crate::base::folder::Folder;
use crate::diagnostic::code::Code;
use crate::diagnostic::fix::{Fix, apply};
use crate::diagnostic::levels::Levels;
use crate::document::{Format, Position, Source};
use std::path::Path;

/// The maximum number of passes: a fix rarely uncovers another fixable mistake, and never deeper than a value in its
/// field in a job.
const PASSES: usize = 16;

/// A manifest whose safe fixes were applied.
#[derive(Debug)]
pub struct FixedManifest {
    /// The result: the text as it is now, and its remaining findings.
    pub loaded: Loaded,
    /// The text as it was.
    pub original: String,
    /// The fixed mistakes, in the order in which they were fixed.
    pub fixed: Vec<Fixed>,
}

/// A mistake that was fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The rule.
    pub code: Code,
    /// Its position when it was fixed. Fixes keep to a line, so the line is that of the original too.
    pub position: Position,
    /// The text that was there.
    pub was: String,
    /// The text that is there now.
    pub now: String,
}

/// Reads and checks the manifest at `path` (`-`: standard input, as YAML), and applies its safe fixes, except those of
/// warnings that are allowed. Writes nothing.
pub fn fix_file(path: &Path, levels: &Levels) -> FixedManifest {
    match load::text_at(path) {
        (name, Ok((text, folder))) => fixed_manifest(&name, text, Format::of_path(path), &folder, levels),
        (name, Err(why)) => {
            let loaded = unreadable(name, why);
            FixedManifest { original: loaded.source.text().to_owned(), loaded, fixed: Vec::new() }
        }
    }
}

/// Checks the manifest in `text`, whose relative paths start in `folder`, and applies its safe fixes.
pub fn fix_text(name: &str, text: String, format: Format, folder: &Folder) -> FixedManifest {
    fixed_manifest(name, text, format, folder, &Levels::default())
}

fn fixed_manifest(name: &str, text: String, format: Format, folder: &Folder, levels: &Levels) -> FixedManifest {
    let original = text.clone();
    let mut loaded = load_text(name, text, format, folder);
    let mut fixed = Vec::new();
    for _ in 0..PASSES {
        let (edited, made) = pass(&loaded, levels);
        if made.is_empty() {
            break;
        }
        let next = load_text(name, edited, format, folder);
        // No fix may break the syntax or repeat a key; if one did, the text before it is the result.
        if torn(&next) > torn(&loaded) {
            break;
        }
        fixed.extend(made);
        loaded = next;
    }
    FixedManifest { loaded, original, fixed }
}

/// Returns the text with all safe fixes that do not overlap applied, and the fixed mistakes.
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
            now: fix.replacement.to_string(),
        }
    }
}

/// Returns the number of syntax errors and repeated keys.
fn torn(loaded: &Loaded) -> usize {
    loaded.findings.iter().filter(|finding| matches!(finding.code, Code::Syntax | Code::DuplicateKey)).count()
}
