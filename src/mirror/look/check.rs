//! Checks known images for changes.

use super::hosts::{Hosts, host};
use super::{AT_ONCE, Looked, Looking, OnChange};
use crate::client::Images;
use crate::event::Event;
use crate::mirror::pinned::{Pinned, urls};
use crate::service::remote::{Address, Pin};
use futures::StreamExt as _;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The outcome of checking an image.
enum Answer {
    /// It is unchanged.
    Same,
    /// It changed, and is to be pinned like this.
    Changed(Address, Pin),
    /// This host didn't answer, or was no longer asked, for this reason.
    None(String, String),
}

/// The images of a host that couldn't be checked.
struct Unchecked {
    images: usize,
    /// The failure of the first of them.
    message: String,
}

/// Checks each image of `known` once. One that can't be checked counts as unchanged.
pub(super) async fn check<I: Images>(
    looking: &Looking<'_, I>,
    hosts: &Hosts,
    view: &Pinned<'_>,
    known: BTreeMap<Address, &str>,
    looked: &mut Looked,
) {
    let pins = &looked.pins;
    let questions = known.into_iter().map(|(address, url)| ask(looking, hosts, &pins[&address], address, url));
    let mut answers = futures::stream::iter(questions).buffer_unordered(AT_ONCE);
    let mut changed = BTreeMap::new();
    let mut unchecked = BTreeMap::new();
    while let Some(Some(answer)) = looking.stop.unless_out(answers.next()).await {
        match answer {
            Answer::Same => {}
            Answer::Changed(address, pin) => drop(changed.insert(address, pin)),
            Answer::None(host, message) => {
                unchecked.entry(host).or_insert(Unchecked { images: 0, message }).images += 1;
            }
        }
    }
    drop(answers);
    let affected = if changed.is_empty() { HashMap::new() } else { affected(looking, view) };
    for (address, pin) in changed {
        take_note(looking, address, pin, &affected, looked);
    }
    for (host, Unchecked { images, message }) in unchecked {
        looking.events.send(Event::ImagesUnchecked { host, images, message });
    }
}

/// Checks one image with the pin `before`. A changed one is kept only if jobs are to use it: there may be many.
async fn ask<I: Images>(looking: &Looking<'_, I>, hosts: &Hosts, before: &Pin, address: Address, url: &str) -> Answer {
    let host = host(&address);
    if let Some(why) = hosts.given_up(&host) {
        return Answer::None(host, why);
    }
    let answer = looking.images.image(url, before.validator.as_ref()).await;
    hosts.told(&host, answer.as_ref().err());
    let image = match answer {
        Ok(image) => image.filter(|image| image.sha256 != before.sha256),
        Err(failure) => return Answer::None(host, failure.message),
    };
    let Some(image) = image else { return Answer::Same };
    let pin = looking.pin(&image, Some(before));
    if looking.changed == OnChange::Taken {
        looking.image_cache.put(image);
    }
    Answer::Changed(address, pin)
}

/// Reports a changed image; pins it if that was requested.
fn take_note<I: Images>(
    looking: &Looking<'_, I>,
    address: Address,
    pin: Pin,
    affected: &HashMap<Address, usize>,
    looked: &mut Looked,
) {
    looking.events.send(Event::ImageChanged {
        url: address.to_string(),
        pinned: looked.pins[&address].sha256,
        found: pin.sha256,
        jobs: affected.get(&address).copied().unwrap_or_default(),
        taken: looking.changed == OnChange::Taken,
    });
    if looking.changed == OnChange::Taken {
        looked.take(address, pin);
    }
}

/// Returns how many jobs of the manifest use each image by its content.
fn affected<I>(looking: &Looking<'_, I>, view: &Pinned<'_>) -> HashMap<Address, usize> {
    let mut affected = HashMap::new();
    let jobs = looking.manifest.jobs.iter().zip(&view.manifest.jobs);
    for (job, _) in jobs.filter(|(written, pinned)| written.digest != pinned.digest) {
        let addresses: BTreeSet<Address> = urls(job).map(Address::of).collect();
        addresses.into_iter().for_each(|address| *affected.entry(address).or_default() += 1);
    }
    affected
}
