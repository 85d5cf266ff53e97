//! The changes to a job since its last submission, as far as the short hashes of its record tell.

use crate::base::digest::Sha256;
use crate::ledger::record::Record;
use crate::manifest::model::Job;
use crate::service::image::Picture;
use crate::service::request::{Generation, Image};
use crate::service::vocabulary::{Duration, ReferenceType, Resolution};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The part for everything without a part of its own.
const SETTINGS: &str = "settings";

/// The prefix of all parts of references.
const REFERENCE: &str = "reference.";

/// A change, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Change {
    /// The part of the input, as in `changed`.
    pub part: String,
    /// Of a reference: which of its images, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<usize>,
    /// Of an image: its path or URL now, as the manifest has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The changes, in words.
    pub message: String,
}

/// Returns the parts in which `job` differs from `former`, as a person changed them: a reference added or removed is no
/// change of the settings, although their hash covers the order of the references.
pub fn parts(former: &Record, job: &Job) -> Vec<String> {
    let now = job.generation.parts(job.take);
    let is_whole = |name: &&String| !name.contains('@');
    let names: BTreeSet<&String> = former.parts.keys().chain(now.keys()).filter(is_whole).collect();
    let differs = |name: &&&String| former.parts.get(**name) != now.get(**name);
    let is_settled = |name: &&String| name.as_str() == SETTINGS && order_before(former, job) == Before::SameOrder;
    names.iter().filter(differs).filter(|name| !is_settled(name)).map(|name| (*name).clone()).collect()
}

/// Returns the changes in words, with the image if it is one; `images` are those of the manifest that are known by content.
pub fn explain(former: &Record, job: &Job, images: &BTreeMap<Sha256, Picture>) -> Vec<Change> {
    let explained = parts(former, job).into_iter().flat_map(|part| match part.strip_prefix(REFERENCE) {
        Some(name) => reference(former, job, name, images),
        None if part == SETTINGS => vec![change(&part, settings(former, job))],
        None if job.generation.negative_prompt.is_some() => {
            vec![change(&part, "the prompt or the negative prompt changed".to_owned())]
        }
        None => vec![change(&part, "the prompt changed".to_owned())],
    });
    explained.collect()
}

fn change(part: &str, message: String) -> Change {
    Change { part: part.to_owned(), image: None, source: None, message }
}

/// The knowledge about the previous settings.
#[derive(Debug, PartialEq, Eq)]
enum Before {
    /// They are the same, apart from references added or removed.
    SameOrder,
    /// Only the order of the references differed: this one.
    Order(Vec<String>),
    /// They were different.
    Others,
}

/// Compares the settings by trying all possible orders of the previous references.
fn order_before(former: &Record, job: &Job) -> Before {
    let names = former.parts.keys().filter_map(|part| part.strip_prefix(REFERENCE)).filter(|name| !name.contains('@'));
    let names: Vec<&str> = names.collect();
    let hash = former.parts.get(SETTINGS);
    let was = |order: &Vec<&str>| hash == Some(&job.generation.settings_part(job.take, order));
    let Some(order) = orders(&names).into_iter().find(was) else { return Before::Others };
    let now: Vec<&str> = job.generation.references.iter().map(|reference| reference.name.as_str()).collect();
    let stayed = order.iter().filter(|name| now.contains(name));
    match stayed.eq(now.iter().filter(|name| order.contains(name))) {
        true => Before::SameOrder,
        false => Before::Order(order.into_iter().map(str::to_owned).collect()),
    }
}

/// Returns all orders of at most three names; of more, which no job has, only the given one.
pub(super) fn orders<'n>(names: &[&'n str]) -> Vec<Vec<&'n str>> {
    match *names {
        [a, b] => vec![vec![a, b], vec![b, a]],
        [a, b, c] => [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]].map(Vec::from).into(),
        _ => vec![names.to_vec()],
    }
}

fn settings(former: &Record, job: &Job) -> String {
    if let Before::Order(order) = order_before(former, job) {
        return format!("the order of the references changed (was {})", order.join(", "));
    }
    // A hash says nothing by itself, but possible previous values can be tried.
    let asked = &job.generation;
    let with = |change: &dyn Fn(&mut Generation)| {
        let mut other = asked.clone();
        change(&mut other);
        order_before(former, &Job { generation: other, ..job.clone() }) != Before::Others
    };
    for resolution in Resolution::ALL.iter().copied().filter(|resolution| *resolution != asked.resolution) {
        if with(&|other| other.resolution = resolution) {
            return format!("resolution {}, not {resolution}", asked.resolution);
        }
    }
    for duration in [Duration::Five, Duration::Eight].into_iter().filter(|duration| *duration != asked.duration) {
        if with(&|other| other.duration = duration) {
            return format!("duration {} s, not {} s", asked.duration.seconds(), duration.seconds());
        }
    }
    for number in (1..=4).filter(|number| *number != asked.number_of_videos) {
        if with(&|other| other.number_of_videos = number) {
            return format!("number_of_videos {}, not {number}", asked.number_of_videos);
        }
    }
    if with(&|other| other.need_expand_prompt = !asked.need_expand_prompt) {
        return format!("need_expand_prompt {}, not {}", asked.need_expand_prompt, !asked.need_expand_prompt);
    }
    for take in (1..10).filter(|take| *take != job.take) {
        if order_before(former, &Job { take, ..job.clone() }) != Before::Others {
            return format!("take {}, not {take}", job.take);
        }
    }
    "resolution, duration, number_of_videos, need_expand_prompt, take or model".to_owned()
}

/// Returns the changes of the reference with this name.
fn reference(former: &Record, job: &Job, name: &str, images: &BTreeMap<Sha256, Picture>) -> Vec<Change> {
    let part = format!("{REFERENCE}{name}");
    let Some(number) = job.generation.references.iter().position(|reference| reference.name.as_str() == name) else {
        return vec![change(&part, "no longer there".to_owned())];
    };
    let Some(before) = former.parts.get(&part) else { return vec![change(&part, "new".to_owned())] };
    let reference = &job.generation.references[number];
    let other = match reference.kind {
        ReferenceType::Subject => ReferenceType::Background,
        ReferenceType::Background => ReferenceType::Subject,
    };
    if job.generation.reference_part(number, other).as_ref() == Some(before) {
        return vec![change(&part, format!("a {}, not a {}", reference.kind.as_str(), other.as_str()))];
    }
    let now = job.generation.parts(job.take);
    let key = |image: usize| format!("{part}@{image}");
    let is_known = former.parts.contains_key(&key(1));
    let (count, had) = (reference.images.len(), (1..).take_while(|n| former.parts.contains_key(&key(*n))).count());
    let mut changes = Vec::new();
    for (n, image) in reference.images.iter().enumerate().map(|(n, image)| (n + 1, image)) {
        let differs = if count > 1 && is_known { former.parts.get(&key(n)) != now.get(&key(n)) } else { count == 1 };
        if differs {
            let (source, message) = shown(image, images);
            changes.push(Change { part: part.clone(), image: Some(n), source: Some(source), message });
        }
    }
    if count < had {
        changes.push(change(&part, format!("{count} of its {had} images")));
    }
    if changes.is_empty() {
        changes.push(change(&part, "an image, or the order of the images, changed".to_owned()));
    }
    changes
}

/// Returns an image as written in the manifest, and the message about its change.
fn shown(image: &Image, images: &BTreeMap<Sha256, Picture>) -> (String, String) {
    match image {
        Image::Url(url) => (url.clone(), format!("{url} is another URL")),
        Image::Content(content) => {
            let path = images.get(content).map_or_else(|| content.short(), |image| image.shown().to_owned());
            let message = format!("{path} has other content");
            (path, message)
        }
    }
}

#[cfg(test)]
mod tests;
