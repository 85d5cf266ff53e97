//! Asks images that are known whether they changed.

use super::{AT_ONCE, Changed, Looked, Looking};
use crate::client::{Failure, Image, Images, NO_CONNECTION};
use crate::event::Event;
use crate::plan::mirror::{Pinned, urls};
use crate::spec::elsewhere::Address;
use futures::StreamExt as _;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use url::Url;

/// Times in a row that no connection to a host is made, after which it isn't asked for more.
const ROW: usize = 3;

/// Asks each image of `known` once. One that can't be asked is taken as it was.
pub(super) async fn check<I: Images>(
    looking: &Looking<'_, I>,
    view: &Pinned<'_>,
    known: BTreeMap<Address, &str>,
    looked: &mut Looked,
) {
    let hosts = Hosts::default();
    let questions = known.iter().map(|(address, url)| {
        let pin = &looked.pins[address];
        let hosts = &hosts;
        async move {
            let host = host(address);
            if hosts.is_given_up(&host) {
                hosts.unasked(&host);
                return None;
            }
            let answer = looking.images.image(url, pin.validator.as_ref()).await;
            hosts.told(&host, answer.as_ref().err());
            let image = answer.ok().flatten().filter(|image| image.sha256 != pin.sha256)?;
            Some((address.clone(), image))
        }
    });
    let mut answers = futures::stream::iter(questions).buffer_unordered(AT_ONCE);
    let mut changed = BTreeMap::new();
    while let Some(Some(answer)) = looking.stop.unless_out(answers.next()).await {
        changed.extend(answer);
    }
    drop(answers);
    let affected = if changed.is_empty() { HashMap::new() } else { affected(looking, view) };
    for (address, image) in changed {
        take_note(looking, address, image, &affected, looked);
    }
    for (host, Host { images, message, .. }) in hosts.into_unchecked() {
        looking.events.send(Event::ImagesUnchecked { host, images, message });
    }
}

/// Tells of a picture that changed; takes it where that was asked for.
fn take_note<I: Images>(
    looking: &Looking<'_, I>,
    address: Address,
    image: Image,
    affected: &HashMap<Address, usize>,
    looked: &mut Looked,
) {
    let before = &looked.pins[&address];
    looking.events.send(Event::ImageChanged {
        url: address.to_string(),
        pinned: before.sha256,
        found: image.sha256,
        jobs: affected.get(&address).copied().unwrap_or_default(),
        taken: looking.changed == Changed::Taken,
    });
    if looking.changed == Changed::Taken {
        let pin = looking.pin(&image, Some(before));
        looked.take(address, pin);
        looking.spool.put(image);
    }
}

/// How many jobs of the manifest ask for each image by its content.
fn affected<I>(looking: &Looking<'_, I>, view: &Pinned<'_>) -> HashMap<Address, usize> {
    let mut affected = HashMap::new();
    let jobs = looking.manifest.jobs.iter().zip(&view.manifest.jobs);
    for (job, _) in jobs.filter(|(written, pinned)| written.digest != pinned.digest) {
        let addresses: BTreeSet<Address> = urls(job).map(Address::of).collect();
        addresses.into_iter().for_each(|address| *affected.entry(address).or_default() += 1);
    }
    affected
}

/// The hosts that were asked, and how that went.
#[derive(Debug, Default)]
struct Hosts(Mutex<BTreeMap<String, Host>>);

/// One of them.
#[derive(Debug, Default)]
struct Host {
    /// Times in a row that no connection was made.
    row: usize,
    /// Images that it didn't answer for, and those that weren't asked for any more.
    images: usize,
    /// What happened first.
    message: String,
}

impl Hosts {
    fn with<T>(&self, host: &str, change: impl FnOnce(&mut Host) -> T) -> T {
        // A panic elsewhere can't leave a count half changed.
        change(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(host.to_owned()).or_default())
    }

    fn is_given_up(&self, host: &str) -> bool {
        self.with(host, |host| host.row >= ROW)
    }

    fn unasked(&self, host: &str) {
        self.with(host, |host| host.images += 1);
    }

    /// Takes note of an answer, or of its absence.
    fn told(&self, host: &str, failure: Option<&Failure>) {
        self.with(host, |host| {
            let Some(failure) = failure else {
                host.row = 0;
                return;
            };
            host.row = if failure.code == NO_CONNECTION { host.row + 1 } else { 0 };
            if host.images == 0 {
                host.message.clone_from(&failure.message);
            }
            host.images += 1;
        });
    }

    fn into_unchecked(self) -> impl Iterator<Item = (String, Host)> {
        let hosts = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        hosts.into_iter().filter(|(_, host)| host.images > 0)
    }
}

/// The host of an address, with its port.
fn host(address: &Address) -> String {
    let url = Url::parse(&address.url).ok();
    let host = url.as_ref().and_then(|url| Some((url.host_str()?, url.port())));
    match host {
        Some((host, Some(port))) => format!("{host}:{port}"),
        Some((host, None)) => host.to_owned(),
        None => address.url.clone(),
    }
}
