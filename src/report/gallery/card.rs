//! A job's card: its videos, its prompt, and how it went.

use super::Source;
use super::entry::Entry;
use super::place::Place;
use super::show;
use crate::ledger::record::{Record, Stage, Word};
use crate::manifest::model::{Job, Manifest};
use crate::plan::decide::given_up;
use crate::report::documents::status::JobStatus;
use crate::report::look::{count, size};
use crate::service::image::Picture;
use crate::service::mention::mentions;
use crate::service::request::{Generation, Image, Reference};
use maud::{Markup, html};
use url::Url;

/// Returns the card of a job, or of what was asked of one earlier.
pub(super) fn card(entry: &Entry<'_>, source: &Source<'_>, place: &Place<'_>) -> Markup {
    let anchor = entry.anchor();
    let status = entry.status.as_str();
    let stands_for_videos = entry.record.is_none_or(|record| record.stage.outputs().is_empty());
    let several = entry.record.is_some_and(|record| record.stage.outputs().len() > 1);
    html! {
        article.job.several[several] id=(anchor) aria-labelledby={ (anchor) "-id" }
            data-status=(status)
            data-takes=[entry.takes()]
            data-time=[entry.record.and_then(|record| record.submitted_at).map(|at| at.as_second())]
            data-took=[entry.took().map(|took| took.as_secs())]
            data-length=[entry.job.map(|job| job.generation.duration.seconds())]
            data-cost=[entry.cost().map(|cost| cost.amount)]
        {
            (media(entry, source, place))
            div.words {
                header {
                    h3 id={ (anchor) "-id" } { a href={ "#" (anchor) } { (entry.id) } }
                    span.badge.(status) { (status) }
                }
                @if let Some(job) = entry.job {
                    (prompt(&job.generation))
                    (references(job, source.manifest, place))
                    @if !job.tags.is_empty() {
                        ul.tags aria-label="Tags" { @for tag in job.tags.iter() { li { (tag) } } }
                    }
                }
                @if !stands_for_videos { (trouble(entry, source)) }
                (facts(entry))
                (details(entry, source.manifest, place))
            }
        }
    }
}

/// Returns the videos, or a word on why there are none.
fn media(entry: &Entry<'_>, source: &Source<'_>, place: &Place<'_>) -> Markup {
    let manifest = source.manifest;
    let outputs = entry.record.map(|record| record.stage.outputs()).unwrap_or_default();
    if outputs.is_empty() {
        // What went wrong stands where the videos would: so cards beside each other are about as high.
        return html! {
            div.media.none.(entry.status.as_str()) { p { (run_state(entry)) } (trouble(entry, source)) }
        };
    }
    html! {
        div.media {
            @for output in outputs {
                figure {
                    video controls playsinline preload="none" src=[place.of_video(output, manifest)]
                        aria-label={ (entry.id) ", video " (output.number) " of " (outputs.len()) } {}
                    figcaption hidden { "Not where the page looks for it: " bdi { (output.path) } }
                    // On paper, in place of the video.
                    p.path { bdi { (output.path) } }
                }
            }
        }
    }
}

/// Returns where the job stands, and what becomes of it.
fn run_state(entry: &Entry<'_>) -> &'static str {
    match entry.status {
        JobStatus::New => "Not submitted yet",
        JobStatus::Changed => "Edited since the last submit",
        JobStatus::Submitted => "At the service",
        JobStatus::Generated => "Finished, to be fetched",
        JobStatus::Succeeded => "No videos",
        JobStatus::Failed => "Failed at the service",
        JobStatus::Refused => "Refused by the service",
        JobStatus::Uncertain => "Did its submit arrive?",
    }
}

/// Returns the prompt, with what it mentions marked.
fn prompt(generation: &Generation) -> Markup {
    let names: Vec<&str> = generation.references.iter().map(|reference| reference.name.as_str()).collect();
    let text = generation.prompt.text();
    let mut rest = text.as_ref();
    let mut parts = Vec::new();
    // From the end, so that what is before a mention keeps its place.
    for mention in mentions(rest, &names).into_iter().rev().filter(|mention| mention.target.name().is_some()) {
        parts.push((&rest[mention.range.clone()], &rest[mention.range.end..]));
        rest = &rest[..mention.range.start];
    }
    html! {
        p.prompt dir="auto" {
            (rest)
            @for (mentioned, behind) in parts.iter().rev() { mark { (mentioned) } (behind) }
        }
    }
}

/// Returns the references: local images as thumbnails, others as links.
fn references(job: &Job, manifest: &Manifest, place: &Place<'_>) -> Markup {
    html! {
        ul.references {
            @for reference in job.generation.references.iter() {
                li {
                    span { bdi { (reference.name) } " " small { (reference.kind.as_str()) } }
                    span.images {
                        @for (i, image) in reference.images.iter().enumerate() {
                            (picture(reference, i + 1, image, manifest, place))
                        }
                    }
                }
            }
        }
    }
}

fn picture(reference: &Reference, number: usize, image: &Image, manifest: &Manifest, place: &Place<'_>) -> Markup {
    let content = match image {
        Image::Content(content) => manifest.images.get(content),
        Image::Url(url) => return link(url),
    };
    let local = match content {
        // The page fetches nothing: it works without a network, and tells nobody that it is looked at.
        Some(Picture::Foreign(image)) => return link(&image.url),
        Some(Picture::Local(image)) => Some(image),
        None => None,
    };
    let address = local.and_then(|local| place.address(&local.path));
    let shown = local.map(|local| local.shown.as_str()).unwrap_or_default();
    html! {
        a.thumbnail href=[&address] title=(shown) {
            img src=[&address] alt={ (reference.name) ", image " (number) } width="48" height="48" loading="lazy" decoding="async";
        }
    }
}

/// Returns a link to the web; anything that isn't an address there stays text.
fn link(text: &str) -> Markup {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let shown = url.as_ref().and_then(|url| {
        let file = url.path_segments()?.next_back().unwrap_or_default();
        Some(format!("{}/…/{file}", url.host_str()?))
    });
    html! {
        @match (url, shown) {
            (Some(url), Some(shown)) => a.remote href=(url) title=(text) target="_blank" rel="noopener noreferrer nofollow" { (shown) },
            _ => span.remote { (text) },
        }
    }
}

/// Returns why there is no (complete) result, in the service's own words, and what to do.
fn trouble(entry: &Entry<'_>, source: &Source<'_>) -> Markup {
    let target = source.target;
    let error = entry.error();
    let next = match (entry.status, entry.record.map(|record| &record.stage)) {
        (_, Some(Stage::Uncertain { .. })) => html! {
            p { "Look in the service's own list, then type one of these:" }
            @for (option, meaning) in [
                ("--task-id ID", "It arrived:"),
                ("--resubmit", "It didn't, and is to be submitted again:"),
                ("--failed", "It is to stay without a result:"),
            ] {
                p { small { (meaning) } code.type { (target.resolve(entry.id)) " " b { (option) } } }
            }
        },
        (_, Some(Stage::Failed { word: Word::Person, .. })) => html! {
            p { "A person settled it: nothing is submitted until it is edited." }
        },
        (_, Some(Stage::Failed { error, .. })) => {
            match given_up(error, entry.record.map_or(0, |record| record.failures), source.manifest.run.retries) {
                None => html! { p { "Nothing is paid. The next run submits it again." } },
                Some(reason) => html! {
                    p {
                        "Nothing is paid, and no run submits it again: " (reason.meaning()) ". Edit it; "
                        code { "run --retry-failed" } " submits it once more."
                    }
                },
            }
        }
        (_, Some(Stage::Refused { .. })) => html! {
            p { "Nothing is paid. Edit it; " code { "run --retry-failed" } " asks again as it is." }
        },
        (_, Some(Stage::Submitted { .. })) => {
            html! { p { "It is paid. The next run goes on with it: " code.type { (target.run()) } } }
        }
        (_, Some(Stage::Generated { .. })) => {
            html! { p { "It is paid. The next run fetches what is missing: " code.type { (target.run()) } } }
        }
        (JobStatus::New | JobStatus::Changed, _) if error.is_some() => {
            html! { p { "It was not submitted. The next run tries again." } }
        }
        _ => html! {},
    };
    if error.is_none() && next.0.is_empty() {
        return html! {};
    }
    html! {
        div.trouble.(entry.status.as_str()) {
            @if let Some((code, message)) = error {
                p.message dir="auto" { (message) }
                @if entry.status != JobStatus::Uncertain { p.code { "Code " code { (code) } } }
            }
            (next)
        }
    }
}

/// Returns what was asked for, what it cost and how long it took, in a line.
fn facts(entry: &Entry<'_>) -> Markup {
    html! {
        ul.facts {
            @if let Some(Job { generation, .. }) = entry.job {
                li { (generation.resolution.as_str()) }
                li { (generation.duration.seconds()) " s" }
                @if generation.number_of_videos > 1 { li { (generation.number_of_videos) " videos" } }
            }
            @if let Some(price) = entry.cost() { li { (show::money(price)) } }
            @if let Some(took) = entry.took() { li { "took " (show::duration(took)) } }
            @if let Some(record) = entry.record.filter(|record| record.attempt > 1) { li { "attempt " (record.attempt) } }
        }
    }
}

/// Returns everything else, folded away.
fn details(entry: &Entry<'_>, manifest: &Manifest, place: &Place<'_>) -> Markup {
    html! {
        details {
            summary { "Details" }
            dl {
                @if let Some(job) = entry.job { (asked(job)) }
                @if let Some(record) = entry.record { (went(record, manifest, place)) }
                @for task in &entry.other_tasks { dt { "Another task" } dd { code { (task) } " (paid too)" } }
            }
        }
    }
}

/// Returns the rest of what was asked for.
fn asked(Job { generation, take, digest, .. }: &Job) -> Markup {
    html! {
        dt { "Model" } dd { (generation.model) }
        @if let Some(negative) = &generation.negative_prompt { dt { "Negative prompt" } dd dir="auto" { (negative) } }
        @if generation.need_expand_prompt { dt { "Prompt" } dd { "expanded by the service" } }
        @if *take > 1 { dt { "Take" } dd { (take) } }
        dt { "Digest" } dd { code { (digest) } }
    }
}

/// Returns how it went.
fn went(record: &Record, manifest: &Manifest, place: &Place<'_>) -> Markup {
    let outputs = record.stage.outputs();
    html! {
        @if let Some(task) = record.stage.task() { dt { "Task" } dd { code { (task) } } }
        dt { "Attempt" } dd { (record.attempt) }
        @if let Some(at) = record.submitted_at { dt { "Submitted" } dd { (show::time(at)) } }
        @if let Some(at) = record.finished_at { dt { "Finished" } dd { (show::time(at)) } }
        @if !outputs.is_empty() && outputs.len() < usize::from(record.videos) {
            dt { "Videos" } dd { (outputs.len()) " of " (count(record.videos.into(), "video")) }
        }
        @for output in outputs {
            dt { "File" }
            dd {
                a href=[place.of_video(output, manifest)] { bdi { (output.path) } }
                " " small { (size(output.bytes)) ", sha256 " (output.sha256.short()) }
            }
        }
    }
}
