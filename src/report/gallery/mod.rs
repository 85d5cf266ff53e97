//! The page: one HTML file with every job and its videos, a pure function of manifest and ledger.
//!
//! It refers to videos and local images by paths relative to its own folder and contains everything else itself, so it
//! works from a disk, without a network, unless it was asked to link to published videos. All text goes through [`maud`], which escapes it; the page's policy allows no
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
use crate::ledger::record::Key;
use crate::ledger::{Book, Holder};
use crate::manifest::model::Manifest;
use crate::plan::select::Selection;
use crate::report::documents::status::JobStatus;
use crate::report::look::{count, thousands};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entry::{Entries, Entry};
use flate2::Compression;
use flate2::write::GzEncoder;
use maud::{Markup, PreEscaped, html};
use place::Place;
use std::collections::HashSet;
use std::io::Write as _;
use std::path::Path;
use url::Url;

/// The beginning of every page: by it a later page knows that it may replace an earlier one.
pub const BEGINNING: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta name=\"generator\" content=\"batch\">";

/// Jobs that are drawn at once: enough for every screen.
const DRAWN: usize = 240;

/// The inputs of a page.
#[derive(Clone, Copy, Debug)]
pub struct Source<'s> {
    /// The manifest.
    pub manifest: &'s Manifest,
    /// The ledger.
    pub book: &'s Book,
    /// The records that other manifests ask for which share the lock.
    pub elsewhere: &'s HashSet<Key>,
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
    /// The web address under which published videos are, if the page is to link to these.
    pub published: Option<&'s Url>,
    /// The statuses whose jobs are shown; the numbers at the top are of all selected jobs.
    pub statuses: &'s [JobStatus],
}

/// Returns the page, to be stored in `folder`, which is a real path (links resolved).
pub fn page(source: &Source<'_>, folder: &Path) -> String {
    let mut entries = Entries::of(source);
    let place = Place::new(folder, source);
    let above = html! { (overview::header(source, &entries)) (overview::attention(source, &entries)) };
    entries.retain(source.statuses);
    let body = html! {
        (above)
        (shell::toolbar(&entries))
        main {
            section.jobs #jobs aria-label="Jobs" { (list("jobs", &entries.jobs, source, &place)) }
            @if entries.jobs.is_empty() { p.empty { "There are no jobs to show." } }
            p.empty #paper hidden { "Of very many jobs the first are printed: choose by status or search to print others." }
            p.empty #nothing hidden { "No job matches. " button type="button" #clear { "Show all jobs" } }
            @if !entries.earlier.is_empty() {
                section.earlier {
                    h2 { "Asked for earlier" }
                    p { "Of jobs that were edited or left the manifest since; what is paid of them is kept." }
                    div.jobs #earlier { (list("earlier", &entries.earlier, source, &place)) }
                }
            }
        }
        (shell::dialogs())
    };
    shell::document(source.name, &body, &place)
}

/// Returns the cards of a list. Of very many the first are drawn at once. The others are packed, with an index of them beside it: the
/// script makes cards of it as they are looked at.
fn list(id: &str, entries: &[Entry<'_>], source: &Source<'_>, place: &Place<'_>) -> Markup {
    let (first, rest) = entries.split_at(entries.len().min(DRAWN));
    html! {
        @for entry in first { (card::card(entry, source, place)) }
        @if !rest.is_empty() {
            noscript { p.empty { "Without scripts the first " (thousands(DRAWN)) " of " (count(entries.len(), "job")) " are shown." } }
            script id={ (id) "-rest" } type="application/gzip" { (PreEscaped(packed(rest, source, place))) }
            script id={ (id) "-index" } type="application/json" { (PreEscaped(index(rest))) }
        }
    }
}

/// Returns the cards as base64 of what gzip makes of their markup: a tenth of it.
fn packed(entries: &[Entry<'_>], source: &Source<'_>, place: &Place<'_>) -> String {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    for entry in entries {
        gzip.write_all(card::card(entry, source, place).0.as_bytes()).expect("memory takes all");
    }
    STANDARD.encode(gzip.finish().expect("memory takes all"))
}

/// Returns what the script has to know of jobs before it draws them, as JSON that can stand in a page.
fn index(entries: &[Entry<'_>]) -> String {
    let known: Vec<_> = entries.iter().map(Entry::known).collect();
    let json = serde_json::to_string(&known).unwrap_or_else(|_| "[]".to_owned());
    // What a browser could take for the end of the script, or the beginning of a comment.
    json.replace('<', "\\u003c")
}

#[cfg(test)]
mod tests;
