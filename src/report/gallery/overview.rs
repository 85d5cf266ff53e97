//! The top of the page: results, costs, and jobs that need attention.

use super::Source;
use super::entry::{Entries, Entry};
use super::receipt::Receipt;
use super::show;
use crate::base::decimal::Decimal;
use crate::ledger::record::Stage;
use crate::plan::estimate::{Estimate, PriceTable};
use crate::report::documents::status::JobStatus;
use crate::report::look::{count, size, thousands};
use crate::report::money::receipt;
use crate::report::summary::pattern;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Maximum number of jobs named in a long list.
const NAMED: usize = 6;

/// Maximum number of causes shown at once.
const CAUSES: usize = 6;

/// Returns title, numbers and the receipt of the run.
pub(super) fn header(source: &Source<'_>, entries: &Entries<'_>) -> Markup {
    let outputs = || entries.all().flat_map(|entry| entry.record).flat_map(|record| record.stage.outputs());
    let bytes = outputs().map(|output| output.bytes).sum();
    html! {
        header.top {
            // Shown by the script: without it there is nothing to switch.
            button #theme type="button" hidden {}
            p.overline { "batch report" }
            h1 { bdi { (source.name) } }
            p.service {
                @match source.book.service() {
                    _ if is_trial(source) => "A trial at the simulated service: nothing was paid.",
                    Some(service) => { "At " bdi { (service) } },
                    None => "Nothing was submitted yet.",
                }
            }
            @if source.held_by.is_some() { p.held { "A run was on when this page was written: it shows how things stood then." } }
            dl.numbers {
                (number("Jobs", &thousands(entries.jobs.len()), None))
                (number("Videos", &thousands(outputs().count()), Some(size(bytes))))
                (money(source, entries))
                @if let Some(typical) = typical(entries) { (number("Typical wait", &typical, Some("median, from submit to finished".to_owned()))) }
            }
            (bar(entries))
            @if let Some(receipt) = source.receipt { (run(receipt)) }
        }
    }
}

/// Returns whether it is all simulated.
fn is_trial(source: &Source<'_>) -> bool {
    source.book.service() == Some("simulate")
}

fn number(name: &str, value: &str, more: Option<String>) -> Markup {
    html! { div { dt { (name) } dd { strong { (value) } @if let Some(more) = more { small { (more) } } } } }
}

/// Returns the estimated money paid, and possibly paid.
fn money(source: &Source<'_>, entries: &Entries<'_>) -> Markup {
    let zero = Estimate::zero(&source.manifest.prices);
    let (mut paid, mut perhaps) = (zero.clone(), zero);
    for entry in &entries.jobs {
        let Some(price) = &entry.price else { continue };
        add(&mut paid, price, entry.other_tasks.len() as u32);
        match entry.record.map(|record| &record.stage) {
            Some(Stage::Submitted { .. } | Stage::Generated { .. } | Stage::Succeeded { .. }) => {
                add(&mut paid, price, 1);
            }
            Some(Stage::Uncertain { .. }) => add(&mut perhaps, price, 1),
            Some(Stage::Failed { .. } | Stage::Refused { .. }) | None => {}
        }
    }
    let perhaps =
        (perhaps.amount > Decimal::ZERO).then(|| format!("and perhaps {}: uncertain jobs", show::money(&perhaps)));
    let by = match paid.prices {
        PriceTable::Manifest => "by the manifest's prices",
        PriceTable::Maker => "by the maker's list: an estimate",
        PriceTable::Both => "by the manifest's prices, in part estimated",
    };
    // The cost of an earlier input is unknown: the manifest no longer has it.
    let untold = entries.earlier.iter().map(Entry::purchases).sum();
    let but = if untold > 0 { format!("; without {}", count(untold, "earlier purchase")) } else { String::new() };
    let name = if is_trial(source) { "Would have cost" } else { "Cost" };
    number(name, &show::money(&paid), Some(perhaps.unwrap_or_else(|| by.to_owned()) + &but))
}

/// Adds so many submits at a price.
fn add(sum: &mut Estimate, price: &Estimate, submits: u32) {
    if submits > 0 {
        sum.amount += price.amount.times(submits);
        sum.exact &= price.exact;
        if price.prices == PriceTable::Both {
            sum.prices = PriceTable::Both;
        }
    }
}

/// Returns the typical duration of a generation.
fn typical(entries: &Entries<'_>) -> Option<String> {
    let mut took: Vec<_> = entries.all().filter_map(Entry::took).collect();
    took.sort_unstable();
    let median = *took.get(took.len() / 2)?;
    Some(if median.as_secs() == 0 { "less than 1s".to_owned() } else { show::duration(median) })
}

/// Returns the numbers of jobs by status, as a bar; the filter and the cards have them in words.
fn bar(entries: &Entries<'_>) -> Markup {
    let total = entries.jobs.len().max(1) as f64;
    let mut from = 0.0;
    let mut parts = Vec::new();
    for status in [
        JobStatus::Succeeded,
        JobStatus::Generated,
        JobStatus::Submitted,
        JobStatus::Uncertain,
        JobStatus::Failed,
        JobStatus::Refused,
        JobStatus::Changed,
        JobStatus::New,
    ] {
        let n = entries.jobs.iter().filter(|entry| entry.status == status).count();
        let share = n as f64 / total * 100.0;
        if n > 0 {
            parts.push((status.as_str(), from, share, n));
        }
        from += share;
    }
    let label =
        parts.iter().map(|(status, _, _, n)| format!("{} {status}", thousands(*n))).collect::<Vec<_>>().join(", ");
    html! {
        figure.run_state {
            svg role="img" aria-label=(label) width="100%" height="10" {
                @for (status, from, share, n) in &parts {
                    rect class=(status) x={ (format!("{from:.3}")) "%" } width={ (format!("{share:.3}")) "%" } height="10" {
                        title { (count(*n, "job")) " " (status) }
                    }
                }
            }
            figcaption {
                @for (status, _, _, n) in &parts { span.dot.(status) { (thousands(*n)) " " (status) } " " }
            }
        }
    }
}

/// Returns the receipt of a run.
fn run(Receipt { started, ended, summary, exit_code, .. }: &Receipt) -> Markup {
    let parts = [
        (summary.succeeded, "succeeded"),
        (summary.kept, "had their videos already"),
        (summary.failed, "without a result"),
        (summary.uncertain, "uncertain"),
        (summary.at_service, "paid and still at the service"),
        (summary.not_submitted, "not submitted"),
    ];
    html! {
        p.receipt {
            strong { "This run " }
            "ended " (show::time(*ended)) " after " (show::duration(ended.duration_since(*started)))
            " with exit code " (exit_code) ": "
            @for (i, (n, words)) in parts.iter().filter(|(n, _)| *n > 0).enumerate() {
                @if i > 0 { ", " }
                (thousands(*n)) " " (words)
            }
            "; " (count(summary.submits, "submit")) ", " (count(summary.uploads, "upload")) ", "
            (count(summary.videos, "download")) " (" (size(summary.bytes)) ")"
            @if let Some(cost) = &summary.cost { "; " (receipt(cost)) }
            "."
        }
    }
}

/// The common cause of jobs without a result.
struct Cause<'e> {
    status: JobStatus,
    code: &'e str,
    /// The message of the first; those of the others differ only in numbers and ids.
    message: &'e str,
    entries: Vec<&'e Entry<'e>>,
}

impl Cause<'_> {
    fn shown(&self) -> Markup {
        let Cause { status, code, message, entries } = self;
        html! {
            li {
                span.badge.(status.as_str()) { (thousands(entries.len())) " " (status.as_str()) }
                div {
                    p dir="auto" { (message) }
                    p.which {
                        @if *status != JobStatus::Uncertain { code { (code) } " · " }
                        @for (i, entry) in entries.iter().take(NAMED).enumerate() {
                            @if i > 0 { ", " }
                            a href={ "#" (entry.anchor()) } { (entry.id) }
                        }
                        @if entries.len() > NAMED { " and " (thousands(entries.len() - NAMED)) " more" }
                    }
                }
            }
        }
    }
}

/// Returns the jobs without a result, by cause; the most frequent first.
pub(super) fn attention(source: &Source<'_>, entries: &Entries<'_>) -> Markup {
    let mut causes: BTreeMap<_, Cause<'_>> = BTreeMap::new();
    for entry in entries.all() {
        if let Some((code, message)) = entry.error() {
            let new = || Cause { status: entry.status, code, message, entries: Vec::new() };
            causes.entry((entry.status, code, pattern(message))).or_insert_with(new).entries.push(entry);
        }
    }
    if causes.is_empty() {
        return html! {};
    }
    let mut causes: Vec<_> = causes.into_values().collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.entries.len()));
    let (first, more) = causes.split_at(causes.len().min(CAUSES));
    html! {
        section.attention aria-labelledby="attention" {
            h2 #attention { "Needs a look" }
            ul { @for cause in first { (cause.shown()) } }
            @if !more.is_empty() {
                details {
                    summary { (count(more.len(), "other cause")) }
                    ul { @for cause in more { (cause.shown()) } }
                }
            }
            @if entries.all().any(|entry| entry.status == JobStatus::Uncertain) {
                p.hint { "Uncertain jobs wait for your word: each card says what to type. " code { (source.target.status()) } " lists them." }
            }
        }
    }
}
