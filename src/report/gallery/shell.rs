//! The frame around the jobs: the document with its policy, and the tools.

use super::BEGINNING;
use super::entry::Entries;
use super::place::Place;
use crate::base::digest::Sha256;
use crate::report::documents::status::JobStatus;
use crate::report::look::thousands;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, PreEscaped, html};

const SCRIPT: &str = concat!(include_str!("page.js"), include_str!("choose.js"));
const STYLE: &str = include_str!("page.css");

/// An icon for the browser's tab; it would request one from the server otherwise.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%234f5bd5'/%3E%3Cpath d='M6 4.5v7l5.5-3.5z' fill='white'/%3E%3C/svg%3E";

/// Returns the whole document.
pub(super) fn document(name: &str, body: &Markup, place: &Place<'_>) -> String {
    let head = html! {
        meta charset="utf-8";
        meta http-equiv="Content-Security-Policy" content=(policy(place));
        meta name="referrer" content="no-referrer";
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="color-scheme" content="light dark";
        title { (name) " · batch" }
        link rel="icon" href=(ICON);
        style { (PreEscaped(STYLE)) }
    };
    let script = html! { script { (PreEscaped(SCRIPT)) } };
    [BEGINNING, &head.0, "</head><body>", &body.0, &script.0, "</body></html>\n"].concat()
}

/// Returns the policy: no network, and no script or style except the page's own. Videos and images come from next to
/// the page, wherever it is opened, and videos also from where they are published if the page links there.
fn policy(place: &Place<'_>) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::of(text.as_bytes()).bytes());
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src 'self' file: data:; \
         media-src 'self' file:{}; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE),
        place.origin().map(|origin| format!(" {origin}")).unwrap_or_default()
    )
}

/// Returns search, filter and sort; useless without the script, which shows them.
pub(super) fn toolbar(entries: &Entries<'_>) -> Markup {
    let count = |status| entries.jobs.iter().filter(|entry| entry.status == status).count();
    let there = JobStatus::ALL.into_iter().map(|status| (status, count(status))).filter(|(_, n)| *n > 0);
    html! {
        search.tools #tools hidden {
            label.find {
                span.unseen { "Search ids, prompts, references, tags" }
                input #search type="search" placeholder="Search" autocomplete="off" spellcheck="false"
                    aria-keyshortcuts="/";
                kbd aria-hidden="true" { "/" }
            }
            fieldset.statuses {
                legend.unseen { "Status" }
                (choice("", "All", entries.jobs.len(), true))
                @for (status, n) in there { (choice(status.as_str(), status.as_str(), n, false)) }
            }
            label.sort {
                span { "Sort" }
                select #sort {
                    option value="order" { "as in the manifest" }
                    option value="id" { "by id" }
                    option value="time" { "newest first" }
                    option value="took" { "slowest first" }
                    option value="length" { "longest video first" }
                    option value="cost" { "dearest first" }
                }
            }
            span.choosing #choosing hidden {
                label { input #only-chosen type="checkbox"; " Chosen only " b #chosen-count { "0" } }
                " "
                button #give-out type="button" { "List…" }
            }
            output.shown #shown {}
        }
    }
}

/// Returns two takes beside each other, and the list of what is chosen: the script opens them.
pub(super) fn dialogs() -> Markup {
    html! {
        dialog.compare #compare aria-labelledby="compare-title" {
            header {
                h2 #compare-title tabindex="-1" { "Compare" }
                p { kbd { "Space" } " plays both, " kbd { "1" } " and " kbd { "2" } " choose, " kbd { "Esc" } " closes" }
                button #play-both type="button" { "Play both" }
                button.close type="button" { "Close" }
            }
            div.sides {
                @for side in ["Left", "Right"] {
                    figure {
                        video muted loop playsinline aria-label=(side) {}
                        figcaption {
                            label { span.unseen { (side) " video" } select {} }
                            button type="button" aria-pressed="false" { "Choose this" }
                        }
                    }
                }
            }
        }
        dialog.list #list aria-labelledby="list-title" {
            header {
                h2 #list-title { "Chosen jobs" }
                button.close type="button" { "Close" }
            }
            label { input #with-notes type="checkbox"; " With the video and the note of each" }
            textarea readonly rows="12" aria-label="Ids of chosen jobs" {}
            p { "Kept in this browser alone. " button #save-list type="button" { "Save as a file" } }
        }
    }
}

fn choice(value: &str, label: &str, n: usize, checked: bool) -> Markup {
    html! {
        label.status.(if value.is_empty() { "all" } else { value }) {
            input type="radio" name="status" value=(value) checked[checked];
            span { (label) " " b { (thousands(n)) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_and_style_end_where_they_should() {
        assert!(!SCRIPT.to_lowercase().contains("</script") && !SCRIPT.contains("<!--"));
        assert!(!STYLE.to_lowercase().contains("</style"));
    }
}
