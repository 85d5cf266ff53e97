//! Prepares remote images before a plan is final: checks the known ones for changes, and fetches those that jobs to be
//! bought lack.
//!
//! Their hosts are not the service: an outage of one delays and stops nothing. Their content causes no purchase either:
//! a changed image is reported, and its pin stays, unless the new one was explicitly requested.

mod check;
mod hosts;

use super::image_cache::ImageCache;
use super::obtain::{Obtaining, obtain};
use super::pinned::{Pinned, urls, with_pins};
use crate::base::clock::Clock;
use crate::client::retry::Backoff;
use crate::client::{Image, Images, Verdict};
use crate::event::sender::Events;
use crate::event::stop::{Level, Missed, Stop};
use crate::event::{Cause, Event, JobError};
use crate::ledger::entry::Entry;
use crate::ledger::{Book, Pins};
use crate::manifest::model::Manifest;
use crate::plan::action::Action;
use crate::plan::{Choice, Step, plan};
use crate::service::remote::{Address, Pin};
use futures::StreamExt as _;
use hosts::{Hosts, host, not_asked};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;

/// Maximum number of images requested at the same time.
const AT_ONCE: usize = 16;

/// The inputs for preparing images.
pub struct Looking<'l, I> {
    /// The manifest, as it was read.
    pub manifest: &'l Manifest,
    /// The ledger.
    pub book: &'l Book,
    /// The selection of jobs.
    pub choice: &'l Choice,
    /// The treatment of changed images.
    pub changed: OnChange,
    /// The client that fetches them.
    pub images: &'l I,
    /// The cache in which they wait for their upload.
    pub image_cache: &'l ImageCache,
    /// The receiver of events.
    pub events: &'l Events,
    /// The switch that ends it early.
    pub stop: &'l Stop,
    /// The time of day.
    pub clock: Clock,
    /// The pauses between retries.
    pub backoff: Backoff,
    /// The seed of jitter.
    pub seed: u64,
}

/// The treatment of an image that has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChange {
    /// It is reported; jobs keep the image that they used before.
    Told,
    /// Jobs use the new one (`--refresh-images`).
    Taken,
}

/// The outcome of preparing images.
#[derive(Debug, Default)]
pub struct Looked {
    /// The pins of images now.
    pub pins: Pins,
    /// The new entries, to be recorded before anything is bought with them.
    pub entries: Vec<Entry>,
    /// Images that can't be fetched, and why.
    pub unobtainable: HashMap<Address, JobError>,
}

impl Looked {
    /// Returns why a job with these images, not all of which are known, can't be bought: the first failure.
    pub fn problem<'u>(&self, mut urls: impl Iterator<Item = &'u str>) -> JobError {
        let known = urls.find_map(|url| self.unobtainable.get(&Address::of(url)));
        let unseen = || JobError { code: Cause::Image, message: "image: not looked at in this run".to_owned() };
        known.cloned().unwrap_or_else(unseen)
    }

    /// Returns the new entries about images that `book` doesn't know. Nothing else is recorded for a run without
    /// consent: the next run would buy with an image that replaced another.
    pub fn first_seen(&self, book: &Book) -> Vec<Entry> {
        let is_first = |entry: &&Entry| match entry {
            Entry::Mirrored { address, .. } => !book.pins().contains_key(address),
            _ => true,
        };
        self.entries.iter().filter(is_first).cloned().collect()
    }
}

/// Prepares the images of all selected jobs. If the run is stopped in the meantime, the results so far count.
pub async fn look<I: Images>(looking: Looking<'_, I>) -> Looked {
    let mut looked = Looked { pins: looking.book.pins().clone(), ..Looked::default() };
    let mut view = looking.view(&looked);
    let known = looking.known(&view);
    let mut wanted = looking.wanted(&view, &looked);
    let random = Mutex::new(fastrand::Rng::with_seed(looking.seed));
    let obtaining =
        Obtaining { events: looking.events, stop: looking.stop, backoff: looking.backoff, random: &random, job: None };
    looking.say(wanted.len(), known.len());
    let hosts = Hosts::default();
    check::check(&looking, &hosts, &view, known, &mut looked).await;
    hosts.give_a_chance();
    // A fetched image may make room for another job within `--limit`: the plan is repeated until nothing is missing.
    while looking.stop.level() < Level::Out {
        view = looking.view(&looked);
        let now = looking.wanted(&view, &looked);
        if now.is_empty() {
            break;
        }
        if now != wanted {
            looking.say(now.len(), 0);
        }
        fetch(&looking, &obtaining, &hosts, &now, &mut looked).await;
        wanted = now;
    }
    looked
}

/// Returns the images that are fetched before what these steps submit can be bought, with the URL of each.
pub fn lacking<'m>(
    manifest: &'m Manifest,
    pending: &BTreeSet<usize>,
    steps: &[Step],
    pins: &Pins,
) -> BTreeMap<Address, &'m str> {
    let bought = steps.iter().filter(|step| step.action == Action::Submit && pending.contains(&step.job));
    let all = bought.flat_map(|step| urls(&manifest.jobs[step.job])).map(|url| (Address::of(url), url));
    all.filter(|(address, _)| !pins.contains_key(address)).collect()
}

impl<'l, I: Images> Looking<'l, I> {
    fn view(&self, looked: &Looked) -> Pinned<'l> {
        with_pins(self.manifest, self.book, &looked.pins)
    }

    fn say(&self, fetch: usize, check: usize) {
        if fetch + check > 0 {
            self.events.send(Event::LookingAtImages { fetch, check });
        }
    }

    /// Returns the images that selected jobs use by content.
    fn known(&self, view: &Pinned<'_>) -> BTreeMap<Address, &'l str> {
        let jobs = self.manifest.jobs.iter().zip(&view.manifest.jobs);
        let by_content = jobs.filter(|(written, pinned)| written.digest != pinned.digest).map(|(written, _)| written);
        let chosen = by_content.filter(|job| self.choice.selection.takes(&job.id, &job.tags));
        chosen.flat_map(urls).map(|url| (Address::of(url), url)).collect()
    }

    /// Returns the images to be fetched before the plan is final, except those that can't be.
    fn wanted(&self, view: &Pinned<'_>, looked: &Looked) -> BTreeMap<Address, &'l str> {
        if view.pending.is_empty() {
            return BTreeMap::new();
        }
        let steps = plan(&view.manifest, self.book, self.choice).steps;
        let mut lacking = lacking(self.manifest, &view.pending, &steps, &looked.pins);
        lacking.retain(|address, _| !looked.unobtainable.contains_key(address));
        lacking
    }

    /// Returns the new pin of `image`; whatever the clock does, it is no earlier than `before`.
    fn pin(&self, image: &Image, before: Option<&Pin>) -> Pin {
        let now = self.clock.now_in_seconds();
        let at = before.map_or(now, |before| before.at.max(now));
        let (sha256, bytes, validator) = (image.sha256, image.bytes, image.validator.clone());
        Pin { sha256, bytes, validator, at, former: BTreeSet::new() }
    }
}

impl Looked {
    /// Records an image that jobs use from now on.
    fn take(&mut self, address: Address, pin: Pin) {
        let taken = self.pins.contains_key(&address);
        self.entries.push(Entry::Mirrored { address: address.clone(), pin: pin.clone(), taken });
        self.pins.insert(address, pin);
    }
}

/// Fetches unknown images.
async fn fetch<I: Images>(
    looking: &Looking<'_, I>,
    obtaining: &Obtaining<'_>,
    hosts: &Hosts,
    wanted: &BTreeMap<Address, &str>,
    looked: &mut Looked,
) {
    let fetches = wanted.iter().map(|(address, url)| async move {
        let host = host(address);
        if let Some(why) = hosts.given_up(&host) {
            return (address, Err(Missed::Failed(not_asked(address, &why))));
        }
        let outcome = obtain(looking.images, url, obtaining).await;
        match &outcome {
            Ok(_) => hosts.told(&host, None),
            Err(Missed::Failed(failure)) => hosts.told(&host, Some(failure)),
            Err(Missed::Out) => {}
        }
        (address, outcome)
    });
    let mut fetched = futures::stream::iter(fetches).buffer_unordered(AT_ONCE);
    while let Some((address, outcome)) = fetched.next().await {
        match outcome {
            Ok(image) => {
                let (url, sha256, bytes) = (address.to_string(), image.sha256, image.bytes);
                looking.events.send(Event::ImageFetched { url, sha256, bytes });
                looked.take(address.clone(), looking.pin(&image, None));
                looking.image_cache.put(image);
            }
            Err(Missed::Failed(failure)) => {
                let code = if failure.verdict == Verdict::Local { Cause::Local } else { Cause::Image };
                looked.unobtainable.insert(address.clone(), JobError { code, message: failure.message });
            }
            Err(Missed::Out) => return,
        }
    }
}

#[cfg(test)]
mod tests;
