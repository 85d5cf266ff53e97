//! A preview of the jobs of a matrix or rows: the values that fill them, and all of them written out.

use super::expand::{Expansion, Files, jobs};
use super::fields::{ID, JOBS};
use super::load;
use crate::base::folder::Folder;
use crate::document::emit::Item;
use crate::document::tree::{Node, Tree, Value};
use crate::document::{self, Format, Source};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The values that a job is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeOf {
    /// The line of the manifest on which the job starts that expands to several, counted from 1.
    pub line: usize,
    /// The values that its templates are filled with, by name.
    pub values: BTreeMap<String, String>,
}

/// Returns the values that fill the jobs of the manifest at `path`, by id; jobs that are written out are not included.
pub fn made_of(path: &Path) -> HashMap<String, MadeOf> {
    let (name, Ok((text, folder))) = load::text_at(path) else { return HashMap::new() };
    let source = Source::new(name, text);
    let parsed = document::parse(&source, Format::of_path(path));
    let files = Files::read(&parsed.tree, &source, &folder);
    let expansion = Expansion::of(&parsed.tree, &files);
    let mut made = HashMap::new();
    for (index, job) in jobs(parsed.tree.root()).enumerate() {
        let Some(block) = expansion.block(index) else { continue };
        let line = source.position(job.head().start as usize).line;
        let mut cutter = block.cutter();
        for number in 0..block.count().unwrap_or_default() {
            if let Some(id) = id(cutter.cut(number).node) {
                made.insert(id.to_owned(), MadeOf { line, values: block.values(number).into_iter().collect() });
            }
        }
    }
    made
}

/// Returns the manifest in `tree` with all jobs of a matrix or rows written out; `None` if it holds something that not
/// all formats have. `source` is its text, and relative paths start in `folder`.
pub fn written_out(tree: &Tree<'_>, source: &Source, folder: &Folder) -> Option<Item> {
    let files = Files::read(tree, source, folder);
    let expansion = Expansion::of(tree, &files);
    let Value::Table(manifest) = tree.root().value() else { return Item::of(tree.root()) };
    let mut entries = Vec::new();
    for entry in manifest.iter() {
        let item = match entry.value.value() {
            Value::List(list) if entry.key == JOBS.name => {
                let mut jobs = Vec::new();
                for (index, job) in list.iter().enumerate() {
                    match expansion.block(index) {
                        Some(block) => {
                            let mut cutter = block.cutter();
                            for number in 0..block.count().unwrap_or_default() {
                                jobs.push(Item::of(cutter.cut(number).node)?);
                            }
                        }
                        None => jobs.push(Item::of(job)?),
                    }
                }
                Item::List(jobs)
            }
            _ => Item::of(entry.value)?,
        };
        entries.push((entry.key.to_owned(), item));
    }
    Some(Item::Table(entries))
}

fn id(job: Node<'_>) -> Option<&str> {
    let Value::Table(job) = job.value() else { return None };
    match job.get(ID.name)?.value.value() {
        Value::String(id) => Some(id),
        _ => None,
    }
}
