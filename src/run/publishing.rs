//! The place where a manifest's videos are published, and what earlier runs left to be published.

use super::renames::{self, Renaming};
use crate::base::durable::Mark;
use crate::base::folder::Folder;
use crate::client::publish::{PublishError, Publisher};
use crate::engine::publishing::{Backlog, Unpublished};
use crate::ledger::record::Record;
use crate::ledger::{Book, Ledger};
use crate::manifest::model::Manifest;
use crate::plan::videos::{Care, Videos, look_at};
use crate::service::publish_url::PublishUrl;
use std::sync::Arc;

/// Returns the place where the manifest's videos are published, if anywhere, with no videos yet.
///
/// # Errors
/// Fails if the environment lacks what the place needs.
pub fn place(manifest: &Manifest, ledger: &Ledger) -> Result<Option<Backlog>, PublishError> {
    let Some(url) = &manifest.publish else { return Ok(None) };
    let publisher = Publisher::new(url, &manifest.output_dir, Mark::of(ledger.lock()))?;
    Ok(Some(Backlog { publisher: Arc::new(publisher), videos: Vec::new() }))
}

/// Returns the videos of the records that `is_chosen` takes which are stored here and not published at `url`, under the names
/// that the `renamings` give them.
pub fn unpublished(
    url: &PublishUrl,
    book: &Book,
    folder: &Folder,
    renamings: &[Renaming],
    is_chosen: impl Fn(&Record) -> bool,
) -> Vec<Unpublished> {
    let mut videos = Vec::new();
    for record in book.records().filter(|record| is_chosen(record)) {
        let here = record.stage.outputs().iter().filter(|output| url.find(&output.published).is_none());
        let here = here.filter(|output| look_at(folder, output, record.finished_at, Care::Quick) == Videos::Intact);
        let numbers: Vec<usize> = here.map(|output| output.number).collect();
        if !numbers.is_empty() {
            let renamed = renames::after(renamings, record);
            let outputs = renamed.stage.outputs().iter().filter(|output| numbers.contains(&output.number));
            videos.extend(outputs.map(|output| Unpublished { id: record.id, output: output.clone() }));
        }
    }
    videos
}
