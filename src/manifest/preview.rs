//! The jobs that a matrix or rows stand for: what they are made of, and all of them written out.

use super::expand::{Expansion, Files, jobs};
use super::fields::{ID, JOBS};
use super::load;
use crate::base::folder::Folder;
use crate::document::emit::Item;
use crate::document::tree::{Node, Tree, Value};
use crate::document::{self, Format, Source};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// What a job is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeOf {
    /// The line of the manifest on which the job starts that stands for several, counted from 1.
    pub line: usize,
    /// The values that its templates are filled with, by name.
    pub values: BTreeMap<String, String>,
}

/// What the jobs of the manifest at `path` are made of, by id; jobs that stand for themselves are not among them.
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
        for (number, job) in expansion.jobs(block).enumerate() {
            if let Some(id) = id(job) {
                made.insert(id.to_owned(), MadeOf { line, values: block.values(number).into_iter().collect() });
            }
        }
    }
    made
}

/// The manifest in `tree` with all jobs written out that a matrix or rows stand for; `None` where it holds something that not all
/// formats have. `source` is its text, and relative paths start in `folder`.
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
                        Some(block) => jobs.extend(expansion.jobs(block).map(Item::of).collect::<Option<Vec<_>>>()?),
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
