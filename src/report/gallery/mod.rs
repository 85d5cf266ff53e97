//! The page: one HTML file with every job and its videos, a pure function of manifest and ledger.
//!
//! It refers to videos and local images by paths relative to its own folder and contains everything else itself, so it
//! works from a disk, without a network. All text goes through [`maud`], which escapes it; the page's policy allows no
//! script other than its own.

mod card;
mod entry;
mod overview;
mod place;
mod receipt;
mod shell;
mod show;

pub use receipt::{Receipt, Recorder};

use super::commands::Target;
use crate::ledger::{Book, Holder};
use crate::manifest::model::Manifest;
use crate::plan::select::Selection;
use entry::Entries;
use maud::html;
use place::Place;
use std::path::Path;

/// The beginning of every page: by it a later page knows that it may replace an earlier one.
pub const BEGINNING: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta name=\"generator\" content=\"batch\">";

/// The inputs of a page.
#[derive(Clone, Copy, Debug)]
pub struct Source<'s> {
    /// The manifest.
    pub manifest: &'s Manifest,
    /// The ledger.
    pub book: &'s Book,
    /// The manifest's name, the title of the page.
    pub name: &'s str,
    /// The names to use in commands about the manifest.
    pub target: &'s Target,
    /// The active run.
    pub held_by: Option<&'s Holder>,
    /// The run at whose end the page is made.
    pub receipt: Option<&'s Receipt>,
    /// The selected jobs.
    pub selection: &'s Selection,
}

/// Returns the page, to be stored in `folder`, which is a real path (links resolved).
pub fn page(source: &Source<'_>, folder: &Path) -> String {
    let entries = Entries::of(source);
    let place = Place::new(folder);
    let body = html! {
        (overview::header(source, &entries))
        (overview::attention(source, &entries))
        (shell::toolbar(&entries))
        main {
            section.jobs #jobs aria-label="Jobs" {
                @for entry in &entries.jobs { (card::card(entry, source, &place)) }
            }
            @if entries.jobs.is_empty() { p.empty { "The manifest has no jobs." } }
            p.empty #nothing hidden { "No job matches. " button type="button" #clear { "Show all jobs" } }
            @if !entries.earlier.is_empty() {
                section.earlier {
                    h2 { "Asked for earlier" }
                    p { "Of jobs that were edited or left the manifest since; what is paid of them is kept." }
                    div.jobs #earlier { @for entry in &entries.earlier { (card::card(entry, source, &place)) } }
                }
            }
        }
    };
    shell::document(source.name, &body)
}

#[cfg(test)]
mod tests;
