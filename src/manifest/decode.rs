//! From the tree to the manifest as it is written: every value has its type, or a finding says what is there instead.

use super::context::Context;
use super::expand::{Block, Expansion};
use super::fields::*;
use super::model::{OnUncertain, Price, Prices, RunSettings};
use super::problem::{Place, Problem, What};
use super::raw::{Images, Input, Job, Library, Manifest, Name, Output, Reference, Slot, Spot, Use};
use super::read::{Mapping, amount, boolean, filled, fits, found, integer, list, text};
use super::rules::{Rules, setting};
use super::sink::Sink;
use crate::document::tree::{List, Node, Value};
use crate::service::address::BaseUrl;
use crate::service::ledger_url::LedgerUrl;
use crate::service::limits::PROMPT_CHARACTERS;
use crate::service::names::Tag;
use crate::service::publish_url::PublishUrl;
use crate::service::vocabulary::{Duration, ReferenceType, Resolution, TASK_TYPE};
use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroUsize;

/// Reads the manifest in `root`, without its jobs, which [`jobs`] reads.
pub(super) fn manifest<'t>(root: Node<'t>, sink: &mut Sink<'_>) -> Manifest<'t> {
    let manifest = match root.value() {
        // An empty file is a manifest in which everything is missing.
        Value::Null => Mapping::blank(root, &MANIFEST, false),
        _ => Mapping::read(root, What::Manifest, &MANIFEST, sink)
            .unwrap_or_else(|| Mapping::blank(root, &MANIFEST, true)),
    };
    manifest.require(sink);
    manifest.value(&SCHEMA, sink, text);
    manifest.value(&VERSION, sink, |value| integer(value).filter(|version| *version == 1));
    let service = manifest.mapping(&SERVICE_FIELD, &SERVICE, sink);
    let run = manifest.mapping(&RUN_FIELD, &RUN, sink);
    let prices = manifest.mapping(&PRICES_FIELD, &PRICES, sink);
    Manifest {
        base_url: service.get().and_then(|service| base_url(service, sink)),
        turned_away: service.get().and_then(|service| turned_away(service, sink)),
        run: run.get().map(|run| run_settings(run, sink)).unwrap_or_default(),
        prices: prices.get().map(|prices| price_list(prices, sink)).unwrap_or_default(),
        output: output(&manifest, sink),
        library: library(&manifest, sink),
        defaults: defaults(&manifest, sink),
        jobs: manifest.value(&JOBS, sink, list).value(),
    }
}

/// Returns the number of jobs, broken ones included.
pub(super) fn count_jobs(root: Node<'_>) -> usize {
    let Value::Table(manifest) = root.value() else { return 0 };
    match manifest.get(JOBS.name).map(|jobs| jobs.value.value()) {
        Some(Value::List(jobs)) => jobs.len(),
        _ => 0,
    }
}

fn base_url<'t>(service: &Mapping<'t>, sink: &mut Sink<'_>) -> Option<BaseUrl> {
    let spot = *service.value(&BASE_URL_FIELD, sink, text).get()?;
    let refused = |flaw| Problem::BaseUrl { at: Place::of(spot.node), text: spot.value.to_owned(), flaw };
    spot.value.parse().map_err(|flaw| sink.push(refused(flaw))).ok()
}

fn turned_away<'t>(service: &Mapping<'t>, sink: &mut Sink<'_>) -> Option<BTreeSet<u16>> {
    let items = service.value(&TURNED_AWAY, sink, list).value()?;
    Some(items.iter().filter_map(|node| status(node, sink)).collect())
}

/// Reads an item of `turned_away`.
fn status<'t>(node: Node<'t>, sink: &mut Sink<'_>) -> Option<u16> {
    let Kind::Integer(least, most) = TURNED_AWAY.kind.item() else { return None };
    let value = fits(node, TURNED_AWAY.kind.item().shape(), What::Item(&TURNED_AWAY), sink)?;
    let status = integer(value).filter(|status| (least..=most).contains(status));
    let status = status.and_then(|status| u16::try_from(status).ok());
    if status.is_none() {
        let found = found(node, sink);
        sink.push(Problem::NotAllowed { at: Place::of(node), field: &TURNED_AWAY, found });
    }
    status
}

fn run_settings<'t>(run: &Mapping<'t>, sink: &mut Sink<'_>) -> RunSettings {
    let default = RunSettings::default();
    let concurrency = run.integer(&CONCURRENCY, sink, |number| NonZeroUsize::new(usize::try_from(number).ok()?));
    let fleet_concurrency =
        run.integer(&FLEET_CONCURRENCY, sink, |number| NonZeroUsize::new(usize::try_from(number).ok()?));
    let submit_rate = run.value(&SUBMIT_RATE, sink, |value| setting::rate(text(value)?));
    let on_uncertain = run.value(&ON_UNCERTAIN, sink, |value| OnUncertain::from_word(text(value)?));
    let job_timeout = run.period(&JOB_TIMEOUT, sink);
    let poll_interval = run.period(&POLL_INTERVAL, sink);
    let poll_rate = run.value(&POLL_RATE, sink, |value| setting::rate(text(value)?));
    let downloads = run.integer(&DOWNLOADS, sink, |number| NonZeroUsize::new(usize::try_from(number).ok()?));
    let patience = run.period(&PATIENCE, sink);
    let retries = run.integer(&RETRIES, sink, |number| u32::try_from(number).ok());
    let confirm_above = run.value(&CONFIRM_ABOVE, sink, amount);
    let mirror = run.value(&MIRROR, sink, boolean);
    let ledger = run.value(&LEDGER, sink, |value| text(value).filter(|url| url.parse::<LedgerUrl>().is_ok()));
    RunSettings {
        concurrency: concurrency.value().unwrap_or(default.concurrency),
        fleet_concurrency: fleet_concurrency.value(),
        submit_rate: submit_rate.value(),
        job_timeout: job_timeout.value().unwrap_or(default.job_timeout),
        poll_interval: poll_interval.value(),
        poll_rate: poll_rate.value().unwrap_or(default.poll_rate),
        downloads: downloads.value().unwrap_or(default.downloads),
        patience: patience.value().unwrap_or(default.patience),
        on_uncertain: on_uncertain.value().unwrap_or(default.on_uncertain),
        retries: retries.value().unwrap_or(default.retries),
        confirm_above: confirm_above.value(),
        mirror: mirror.value().unwrap_or(default.mirror),
        ledger: ledger.value().and_then(|url| url.parse().ok()),
    }
}

fn price_list<'t>(prices: &Mapping<'t>, sink: &mut Sink<'_>) -> Prices {
    prices.require(sink);
    let unit = prices.value(&UNIT, sink, filled).value().map_or_else(|| Prices::default().unit, str::to_owned);
    let mut seen = HashMap::new();
    let mut table = Vec::new();
    for node in prices.value(&PRICE_TABLE, sink, list).value().into_iter().flat_map(|lines| lines.iter()) {
        let Some(line) = Mapping::read(node, What::Item(&PRICE_TABLE), &PRICE, sink) else { continue };
        line.require(sink);
        let resolution = resolution(&line, &PRICE_RESOLUTION, sink).value();
        let duration = duration(&line, &PRICE_DURATION, sink).value();
        let price = line.value(&AMOUNT, sink, amount);
        let (Some(resolution), Some(duration)) = (resolution, duration) else { continue };
        let later = Place::head(node).as_use();
        let earlier = *seen.entry((resolution, duration)).or_insert(later);
        if earlier != later {
            sink.push(Problem::DuplicatePrice { later, earlier, resolution, duration });
        }
        table.extend(price.value().map(|price| Price { resolution, duration, price }));
    }
    Prices { unit, table: Some(table) }
}

fn output<'t>(manifest: &Mapping<'t>, sink: &mut Sink<'_>) -> Output<'t> {
    match manifest.mapping(&OUTPUT_FIELD, &OUTPUT, sink) {
        Slot::Absent => Output { dir: Slot::Absent, name: Slot::Absent, publish: None },
        Slot::Spoilt => Output { dir: Slot::Spoilt, name: Slot::Spoilt, publish: None },
        Slot::Set(output) => {
            let (dir, name) = (output.value(&DIR, sink, text), output.value(&FILE_NAME, sink, text));
            let is_place = |url: &&str| url.parse::<PublishUrl>().is_ok();
            let publish = output.value(&PUBLISH, sink, |value| text(value).filter(is_place));
            Output { dir, name, publish: publish.value().and_then(|url| url.parse().ok()) }
        }
    }
}

fn library<'t>(manifest: &Mapping<'t>, sink: &mut Sink<'_>) -> Slot<Library<'t>> {
    let table = match manifest.value(&LIBRARY, sink, Some) {
        Slot::Set(Spot { value: Value::Table(table), .. }) => table,
        Slot::Absent => return Slot::Absent,
        Slot::Set(_) | Slot::Spoilt => return Slot::Spoilt,
    };
    let mut references = Vec::new();
    for (index, entry) in table.iter().enumerate() {
        sink.enter_entry(index);
        let name =
            Slot::Set(Name { text: entry.key, place: Place { via: entry.merged_at, ..Place::at(entry.key_span) } });
        references.push(match Mapping::read(entry.value, What::Item(&LIBRARY), &ENTRY, sink) {
            Some(reference) => self::reference(name, &reference, sink),
            None => Reference { name, kind: Slot::Spoilt, images: Slot::Spoilt },
        });
    }
    sink.enter(Context::Manifest);
    Slot::Set(Library { references, whole: table.is_whole() })
}

fn defaults<'t>(manifest: &Mapping<'t>, sink: &mut Sink<'_>) -> Input<'t> {
    let defaults = manifest.mapping(&DEFAULTS_FIELD, &DEFAULTS, sink);
    sink.enter(Context::Defaults(None));
    let mut input = match defaults {
        Slot::Set(table) => input(&table, sink),
        Slot::Absent => Input::blank(false),
        Slot::Spoilt => Input::blank(true),
    };
    // Fields of jobs at the top level were meant for all jobs: no job lacks them.
    for stray in manifest.strays() {
        input.spoil(stray);
    }
    sink.enter(Context::Manifest);
    input
}

/// Reads the jobs, and those that some of them stand for, one after the other, and has each of them checked.
pub(super) fn jobs<'t>(
    jobs: Option<List<'t>>,
    expansion: &'t Expansion<'t>,
    rules: &mut Rules<'_, 't>,
    sink: &mut Sink<'t>,
) {
    rules.expect(jobs.map_or(0, List::len));
    for (index, node) in jobs.into_iter().flat_map(|jobs| jobs.iter()).enumerate() {
        let Some(block) = expansion.block(index) else {
            one(node, rules, sink);
            continue;
        };
        match block.count() {
            Some(count) => {
                sink.enter_block(block);
                several(block, count, rules, sink);
            }
            None => {
                sink.enter_outline(block);
                let mut cutter = block.cutter();
                one(cutter.outline(), rules, sink);
            }
        }
        sink.leave_block();
    }
    sink.enter(Context::Manifest);
}

/// Reads the job in `node`.
fn one(node: Node<'_>, rules: &mut Rules<'_, '_>, sink: &mut Sink<'_>) {
    sink.next_job(node);
    if let Some(job) = job(node, sink) {
        rules.check(&job, &[], sink);
    }
}

/// Reads the jobs that a block stands for.
fn several<'t>(block: &'t Block<'t>, count: usize, rules: &mut Rules<'_, 't>, sink: &mut Sink<'t>) {
    let (mut cutter, mut before) = (block.cutter(), block.cutter());
    rules.expect(count);
    for number in 0..count {
        let cut = cutter.cut(number);
        let bytes = cut.bytes;
        sink.next_job(cut.node);
        let read = job(cut.node, sink);
        cut.failures.into_iter().for_each(|failure| sink.push(failure));
        if let Some(read) = read {
            // Mistakes in the former versions of a job are not reported.
            let former = before.former(number).into_iter().filter_map(|node| job(node, &mut sink.aside(node)));
            rules.check(&read, &former.collect::<Vec<_>>(), sink);
        }
        if let Some(of) = rules.too_much(bytes) {
            sink.enter(Context::Manifest);
            sink.push(Problem::TooMuchText { at: block.at(), of });
            break;
        }
    }
}

/// Reads the job in `node`, which was entered.
fn job<'t>(node: Node<'t>, sink: &mut Sink<'_>) -> Option<Job<'t>> {
    let job = Mapping::read(node, What::Item(&JOBS), &JOB, sink)?;
    for position in job.absent() {
        sink.uses_default(position);
    }
    let id = job.value(&ID, sink, text);
    if let Slot::Set(id) = id {
        sink.name_job(id);
    }
    Some(Job { number: sink.jobs() - 1, node, id, input: input(&job, sink) })
}

/// Reads the fields that a job and `defaults` have in common.
fn input<'t>(table: &Mapping<'t>, sink: &mut Sink<'_>) -> Input<'t> {
    table.value(&TASK_TYPE_FIELD, sink, |value| text(value).filter(|word| *word == TASK_TYPE));
    table.value(&ASYNC, sink, |value| boolean(value).filter(|is_async| *is_async));
    if let (Slot::Set(_), Some(at)) = (table.value(&ASPECT_RATIO, sink, text), table.key(&ASPECT_RATIO)) {
        sink.push(Problem::AspectRatio { at });
    }
    let prompt = table.value(&PROMPT, sink, |value| text(value).filter(|prompt| prompt.contains(is_visible)));
    let negative_prompt = table.value(&NEGATIVE_PROMPT, sink, text);
    for (field, slot) in [(&PROMPT, &prompt), (&NEGATIVE_PROMPT, &negative_prompt)] {
        let Slot::Set(spot) = slot else { continue };
        if std::ptr::eq(table.block(), &DEFAULTS) {
            sink.enter_default(field);
        }
        look_at_text(spot, sink);
    }
    Input {
        prompt,
        negative_prompt,
        resolution: resolution(table, &RESOLUTION, sink),
        duration: duration(table, &DURATION, sink),
        references: references(table, sink),
        number_of_videos: table.integer(&NUMBER_OF_VIDEOS, sink, |number| u8::try_from(number).ok()),
        take: table.integer(&TAKE, sink, |number| u32::try_from(number).ok()),
        tags: tags(table, sink),
        need_expand_prompt: table.value(&NEED_EXPAND_PROMPT, sink, boolean),
        selected_model: table.value(&SELECTED_MODEL, sink, filled),
    }
}

/// Warns about a text that is too long for the model, and about one in curly quotes.
fn look_at_text<'t>(spot: &Spot<'t, &'t str>, sink: &mut Sink<'_>) {
    let text = spot.value;
    let characters = if text.len() > PROMPT_CHARACTERS { text.chars().count() } else { 0 };
    if characters > PROMPT_CHARACTERS {
        sink.push(Problem::LongPrompt { at: Place::of(spot.node), characters });
    }
    let is_curly = |c: &char| matches!(c, '“' | '”' | '„' | '‟' | '‘' | '’' | '＂' | '＇');
    let trimmed = text.trim();
    let first = trimmed.chars().next().filter(is_curly);
    let inner = trimmed.strip_prefix(|c| is_curly(&c)).and_then(|rest| rest.strip_suffix(|c| is_curly(&c)));
    // With other quotes inside, these need not be around the text.
    let is_around = inner.is_some_and(|inner| !inner.contains(['“', '”', '„', '‟', '＂']));
    if let Some(quote) = first.filter(|_| is_around) {
        sink.push(Problem::CurlyQuotes { at: Place::of(spot.node), quote });
    }
}

fn resolution<'t>(table: &Mapping<'t>, field: &'static Field, sink: &mut Sink<'_>) -> Slot<Spot<'t, Resolution>> {
    table.value(field, sink, |value| Resolution::from_word(text(value)?))
}

fn duration<'t>(table: &Mapping<'t>, field: &'static Field, sink: &mut Sink<'_>) -> Slot<Spot<'t, Duration>> {
    table.value(field, sink, |value| Duration::from_seconds(integer(value)?))
}

fn references<'t>(table: &Mapping<'t>, sink: &mut Sink<'_>) -> Slot<Spot<'t, Vec<Use<'t>>>> {
    let uses = table.value(&REFERENCES, sink, list);
    uses.map(|spot| spot.map(|uses| uses.iter().map(|node| reference_use(node, sink)).collect()))
}

/// Reads an item of `references`.
fn reference_use<'t>(node: Node<'t>, sink: &mut Sink<'_>) -> Use<'t> {
    let what = What::Item(&REFERENCES);
    if let Value::String(text) = node.value() {
        return Use::Name(Name { text, place: Place::of(node) });
    }
    if fits(node, REFERENCES.kind.item().shape(), what, sink).is_none() {
        return Use::Spoilt;
    }
    let Some(table) = Mapping::read(node, what, &REFERENCE, sink) else { return Use::Spoilt };
    let name = table.value(&NAME, sink, text).map(|spot| Name { text: spot.value, place: Place::of(spot.node) });
    Use::Written(reference(name, &table, sink))
}

/// Reads the tags, each once.
fn tags<'t>(table: &Mapping<'t>, sink: &mut Sink<'_>) -> Slot<BTreeSet<Tag>> {
    let tags = table.value(&TAGS, sink, list);
    tags.map(|tags| tags.value.iter().filter_map(|node| tag(node, sink)).collect())
}

/// Reads an item of `tags`.
fn tag<'t>(node: Node<'t>, sink: &mut Sink<'_>) -> Option<Tag> {
    let written = text(fits(node, TAGS.kind.item().shape(), What::Item(&TAGS), sink)?)?;
    let refused = |_| sink.push(Problem::Tag { at: Place::of(node), tag: written.to_owned() });
    Tag::new(written).map_err(refused).ok()
}

/// Reads a reference whose name is in it or before it.
fn reference<'t>(name: Slot<Name<'t>>, table: &Mapping<'t>, sink: &mut Sink<'_>) -> Reference<'t> {
    table.require(sink);
    let kind = table.value(&TYPE, sink, |value| ReferenceType::from_word(text(value)?));
    let images = table
        .value(&URLS, sink, list)
        .map(|urls| Images { node: urls.node, items: urls.value.iter().map(|node| image(node, sink)).collect() });
    Reference { name, kind: kind.map(|spot| spot.value), images }
}

/// Reads an item of `urls`.
fn image<'t>(node: Node<'t>, sink: &mut Sink<'_>) -> Option<(&'t str, Place)> {
    let text = text(fits(node, URLS.kind.item().shape(), What::Item(&URLS), sink)?)?;
    Some((text, Place::of(node)))
}

/// Returns whether a character is visible: no white space, no control character, nothing of zero width.
fn is_visible(c: char) -> bool {
    let invisible = matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}');
    !(c.is_whitespace() || c.is_control() || invisible)
}
