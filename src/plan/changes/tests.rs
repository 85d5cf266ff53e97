//! What is said of each kind of change.

use super::*;
use crate::ledger::record::{Key, Stage};
use crate::manifest::sample;
use crate::service::names::TaskId;
use crate::service::request::Reference;
use std::sync::Arc;

fn reference(name: &str, images: &[&str]) -> Reference {
    let urls: Vec<String> = images.iter().map(|url| format!("https://e.com/{url}")).collect();
    sample::reference(name, &urls.iter().map(String::as_str).collect::<Vec<_>>())
}

fn references(job: &mut Job) -> &mut Vec<Reference> {
    Arc::make_mut(&mut job.generation.references)
}

fn job() -> Job {
    let references = vec![reference("dog", &["1", "2"]), reference("cat", &["3"]), reference("hill", &["4"])];
    sample::job("a", sample::generation("@dog and @cat and @hill", references))
}

fn record_of(job: &Job) -> Record {
    Record {
        id: crate::ledger::PurchaseId::new(jiff::Timestamp::UNIX_EPOCH, 0, None),
        key: Key { job: job.id.clone(), digest: job.digest },
        parts: job.generation.parts(job.take),
        attempt: 1,
        failures: 0,
        videos: 1,
        name: job.name.clone(),
        submitted_at: None,
        finished_at: None,
        stage: Stage::Submitted { task: TaskId::new("t").unwrap() },
    }
}

/// Parts, and words with the number of the image before them, after `edit`.
fn said(edit: impl FnOnce(&mut Job)) -> (Vec<String>, Vec<String>) {
    let (before, mut after) = (record_of(&job()), job());
    edit(&mut after);
    let changes = explain(&before, &after, &BTreeMap::new());
    let words = changes.into_iter().map(|c| match c.image {
        Some(n) => format!("{n} {}", c.message),
        None => c.message,
    });
    (parts(&before, &after), words.collect())
}

#[test]
fn every_change_is_named_for_what_it_is() {
    type Edit = Box<dyn FnOnce(&mut Job)>;
    let cases: Vec<(Edit, &[&str], &[&str])> = vec![
        (Box::new(|_| {}), &[], &[]),
        (Box::new(|job| job.generation.prompt = "x".into()), &["prompt"], &["the prompt changed"]),
        (
            Box::new(|job| references(job)[1] = super::tests::reference("cat", &["9"])),
            &["reference.cat"],
            &["1 https://e.com/9 is another URL"],
        ),
        (
            Box::new(|job| references(job)[0] = super::tests::reference("dog", &["1", "9"])),
            &["reference.dog"],
            &["2 https://e.com/9 is another URL"],
        ),
        (
            Box::new(|job| references(job)[0] = super::tests::reference("dog", &["1", "2", "9"])),
            &["reference.dog"],
            &["3 https://e.com/9 is another URL"],
        ),
        (
            Box::new(|job| references(job)[1].kind = ReferenceType::Background),
            &["reference.cat"],
            &["a background, not a subject"],
        ),
        (Box::new(|job| drop(references(job).remove(0))), &["reference.dog"], &["no longer there"]),
        (
            Box::new(|job| references(job)[1] = super::tests::reference("fox", &["3"])),
            &["reference.cat", "reference.fox"],
            &["no longer there", "new"],
        ),
        (
            Box::new(|job| references(job).swap(0, 2)),
            &["settings"],
            &["the order of the references changed (was dog, cat, hill)"],
        ),
        (Box::new(|job| job.generation.duration = Duration::Eight), &["settings"], &["duration 8 s, not 5 s"]),
        (Box::new(|job| job.generation.resolution = Resolution::P360), &["settings"], &["resolution 360p, not 720p"]),
        (Box::new(|job| job.generation.number_of_videos = 3), &["settings"], &["number_of_videos 3, not 1"]),
        (
            Box::new(|job| job.generation.need_expand_prompt = true),
            &["settings"],
            &["need_expand_prompt true, not false"],
        ),
        (Box::new(|job| job.take = 2), &["settings"], &["take 2, not 1"]),
        (
            Box::new(|job| job.generation.model = "n".into()),
            &["settings"],
            &["resolution, duration, number_of_videos, need_expand_prompt, take or model"],
        ),
    ];
    for (edit, parts, words) in cases {
        let (found, explained) = said(edit);
        assert_eq!((found.as_slice(), explained.as_slice()), (&*owned(parts), &*owned(words)));
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// A lock of before images had parts of their own says that something of the reference changed, and nothing wrong.
#[test]
fn an_older_record_says_less() {
    let (mut before, mut after) = (record_of(&job()), job());
    before.parts.retain(|part, _| !part.contains('@'));
    assert_eq!(parts(&before, &after), [""; 0]);
    references(&mut after)[0] = reference("dog", &["1", "9"]);
    let changes = explain(&before, &after, &BTreeMap::new());
    assert_eq!(
        changes.iter().map(|c| c.message.as_str()).collect::<Vec<_>>(),
        ["an image, or the order of the images, changed"]
    );
}
