//! Asks images that are known whether they changed.

use super::hosts::{Hosts, host};
use super::{AT_ONCE, Changed, Looked, Looking};
use crate::client::Images;
use crate::event::Event;
use crate::plan::mirror::{Pinned, urls};
use crate::spec::elsewhere::{Address, Pin};
use futures::StreamExt as _;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What came of asking for an image.
enum Answer {
    /// It is the one that it was.
    Same,
    /// It is another one, to be pinned like this.
    Changed(Address, Pin),
    /// This host didn't say, or wasn't asked any more, because of this.
    None(String, String),
}

/// The images of a host that it didn't answer for.
struct Unchecked {
    images: usize,
    /// What happened to the first of them.
    message: String,
}

/// Asks each image of `known` once. One that can't be asked is taken as it was.
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

/// Asks for one image, of which `before` is known. Another one is kept only where jobs are to ask for it: there may be many.
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
    if looking.changed == Changed::Taken {
        looking.spool.put(image);
    }
    Answer::Changed(address, pin)
}

/// Tells of a picture that changed; takes it where that was asked for.
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
        taken: looking.changed == Changed::Taken,
    });
    if looking.changed == Changed::Taken {
        looked.take(address, pin);
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
