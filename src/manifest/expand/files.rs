//! The files of rows: found, read, and kept for as long as the manifest is looked at.

use super::flaw::RowsFlaw;
use super::{jobs, keys};
use crate::base::folder::{Folder, Outside};
use crate::base::nearest::nearest_in_folder;
use crate::document::source::Source;
use crate::document::tree::{Tree, Value};
use crate::manifest::bound::{Bound, Private};
use crate::manifest::load::{self, NoText};
use crate::manifest::problem::Unreadable;
use std::collections::HashMap;
use std::path::Path;

/// The maximum number of bytes of all files of rows together.
pub(super) const MOST_BYTES: usize = 1024 * 1024 * 1024;

/// The files of rows of a manifest.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// The readable ones, in the order of their first use, each with the offset at which its spans start.
    read: Vec<(usize, Source)>,
    /// The results by the path as it is written.
    found: HashMap<String, Result<usize, RowsFlaw>>,
}

/// Returns whether a file of this length may be read after others of this length.
fn fits(before: usize, length: usize) -> bool {
    length <= MOST_BYTES.saturating_sub(before)
}

impl Files {
    /// Reads the files named by jobs in `tree`, whose text is `source`.
    pub(crate) fn read(tree: &Tree<'_>, source: &Source, folder: &Folder) -> Files {
        let mut files = Files::default();
        let bound = Bound::of(folder);
        let mut base = source.end();
        for job in jobs(tree.root()) {
            let Value::Table(table) = job.value() else { continue };
            let (_, Some(rows)) = keys(table) else { continue };
            let Value::String(path) = rows.value.value() else { continue };
            if files.found.contains_key(path) {
                continue;
            }
            let before = base - source.end();
            let text = text(path, folder, &bound)
                .and_then(|text| if fits(before, text.len()) { Ok(text) } else { Err(RowsFlaw::TooLarge) });
            let found = text.map(|text| {
                let length = text.len();
                files.read.push((base, Source::new(shown(source.name(), path), text)));
                base += length + 1;
                files.read.len() - 1
            });
            files.found.insert(path.to_owned(), found);
        }
        files
    }

    /// Returns the file at `path`, and the offset at which its spans start.
    ///
    /// # Errors
    /// Returns the reason why it can't be read.
    pub(super) fn get(&self, path: &str) -> Result<(usize, &Source), RowsFlaw> {
        match self.found.get(path) {
            Some(Ok(index)) => Ok((self.read[*index].0, &self.read[*index].1)),
            Some(Err(flaw)) => Err(flaw.clone()),
            None => Err(RowsFlaw::File(Unreadable::Missing(None))),
        }
    }

    /// Returns the readable files, each with the offset at which its spans start.
    pub(super) fn texts(&self) -> &[(usize, Source)] {
        &self.read
    }

    /// Returns the sources, in the order of their offsets.
    pub(crate) fn into_sources(self) -> impl Iterator<Item = Source> {
        self.read.into_iter().map(|(_, source)| source)
    }
}

/// Returns the path of the file relative to the folder from which the user named the manifest.
fn shown(manifest: &str, path: &str) -> String {
    match Path::new(manifest).parent() {
        Some(folder) => folder.join(path).display().to_string(),
        None => path.to_owned(),
    }
}

fn text(path: &str, folder: &Folder, bound: &Bound) -> Result<String, RowsFlaw> {
    if path.trim().is_empty() {
        return Err(RowsFlaw::NoPath);
    }
    if path.contains('\\') {
        return Err(RowsFlaw::Backslash);
    }
    if path.starts_with(['/', '~']) {
        return Err(RowsFlaw::Absolute);
    }
    if kind(path).is_none() {
        return Err(RowsFlaw::Kind);
    }
    let real = folder.resolve(path, bound.path()).map_err(|outside| match outside {
        Outside::Absolute => RowsFlaw::Absolute,
        Outside::Escapes if bound.is_left_by_link(folder, path) => RowsFlaw::Private(Private::Outside),
        Outside::Escapes => RowsFlaw::Escapes { project: bound.is_project() },
        Outside::Io(error) => RowsFlaw::File(Unreadable::Io(error.to_string())),
    })?;
    // A file that only a link makes look like a table is refused.
    let is_table = real.to_str().is_some_and(|real| kind(real).is_some());
    let private = bound.private(&real).or((!is_table).then_some(Private::NoTable));
    if let Some(private) = private {
        return Err(RowsFlaw::Private(private));
    }
    load::table(&real).map_err(|why| match why {
        // Its name as it is written, with the nearest existing one.
        NoText::Unreadable(Unreadable::Missing(_)) => {
            let near = nearest_in_folder(&real).map(|near| {
                let folder = path.rfind('/').map_or("", |slash| &path[..=slash]);
                format!("{folder}{near}")
            });
            RowsFlaw::File(Unreadable::Missing(near))
        }
        NoText::Unreadable(why) => RowsFlaw::File(why),
        NoText::Private(private) => RowsFlaw::Private(private),
        NoText::TooLarge => RowsFlaw::TooLarge,
        NoText::Misencoded(what, _) => RowsFlaw::Misencoded(what),
    })
}

/// The format of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A header and records.
    Csv,
    /// The same, with tabs between cells.
    Tsv,
    /// A JSON object on each line, or an array of objects.
    Json,
}

/// Returns the format of the rows at `path`, by its extension.
pub(super) fn kind(path: &str) -> Option<Kind> {
    let (_, extension) = path.rsplit_once('.')?;
    let is = |names: &[&str]| names.iter().any(|name| extension.eq_ignore_ascii_case(name));
    match () {
        () if is(&["csv"]) => Some(Kind::Csv),
        () if is(&["tsv", "tab"]) => Some(Kind::Tsv),
        () if is(&["jsonl", "ndjson", "json"]) => Some(Kind::Json),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files are too large to make in a test: the decision is tested with the limit that the manual names.
    #[test]
    fn all_files_of_rows_together_have_as_much_as_the_manual_says() {
        assert!(fits(0, 1 << 30) && fits((1 << 30) - 5, 5) && fits(1 << 30, 0));
        assert!(!fits(0, (1 << 30) + 1) && !fits((1 << 30) - 5, 6) && !fits((1 << 30) + 1, 1));
        assert!(
            include_str!("../../../docs/manifest.md")
                .contains("files of rows have 256 MiB at most, and 1 GiB together")
        );
    }
}
