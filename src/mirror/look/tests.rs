//! Remote images: fetched once, pinned, reported when they change, and never in the way of anything else.

use super::*;
use crate::base::digest::Sha256;
use crate::client::{Failure, NO_CONNECTION};
use crate::event::Stamped;
use crate::event::stop::StopCause;
use crate::manifest::model::{Job, RunSettings};
use crate::manifest::sample;
use crate::mirror::fake::{Content, FakeHosts};
use jiff::Timestamp;
use std::time::Duration;
use tokio::time::Instant;

/// The URL of the nth picture.
fn url(n: usize) -> String {
    format!("https://images.example.com/{n}.png")
}

/// Returns a manifest of jobs with these pictures each.
fn manifest(pictures: &[&[usize]]) -> Manifest {
    let job = |(n, pictures): (usize, &&[usize])| -> Job {
        let urls: Vec<String> = pictures.iter().map(|n| url(*n)).collect();
        let reference = sample::reference("dog", &urls.iter().map(String::as_str).collect::<Vec<_>>());
        sample::job(&format!("job-{n}"), sample::generation(&format!("@dog runs {n}"), vec![reference]))
    };
    let jobs = pictures.iter().enumerate().map(job).collect();
    Manifest { run: RunSettings { mirror: true, ..RunSettings::default() }, ..sample::manifest(jobs) }
}

fn failure(verdict: Verdict) -> Failure {
    Failure { verdict, code: "503".into(), message: "the service said so".into() }
}

struct Sight {
    looked: Looked,
    image_cache: ImageCache,
    events: Vec<Event>,
}

async fn look_at(fake: &FakeHosts, manifest: &Manifest, book: &Book, choice: &Choice, changed: OnChange) -> Sight {
    look_until(fake, manifest, book, choice, changed, &Stop::default()).await
}

async fn look_until(
    fake: &FakeHosts,
    manifest: &Manifest,
    book: &Book,
    choice: &Choice,
    changed: OnChange,
    stop: &Stop,
) -> Sight {
    let clock = Clock::paced(Timestamp::from_second(1_700_000_000).unwrap());
    let (events, heard) = Events::channel(clock);
    let image_cache = ImageCache::default();
    let backoff = Backoff { first: Duration::from_millis(500), most: Duration::from_secs(60) };
    let (images, cache_ref, events_ref) = (fake, &image_cache, &events);
    let looked = look(Looking {
        manifest,
        book,
        choice,
        changed,
        images,
        image_cache: cache_ref,
        events: events_ref,
        stop,
        clock,
        backoff,
        seed: 1,
    })
    .await;
    drop(events);
    Sight { looked, image_cache, events: heard.into_iter().map(|Stamped { event, .. }| event).collect() }
}

fn book_of(looked: &Looked) -> Book {
    let mut book = Book::default();
    looked.entries.iter().for_each(|entry| book.apply(entry));
    book
}

/// What is known once every picture of `manifest` was looked at.
async fn known(manifest: &Manifest) -> Book {
    let fake = FakeHosts::default();
    let seen = look_at(&fake, manifest, &Book::default(), &Choice::default(), OnChange::Told).await;
    book_of(&seen.looked)
}

#[tokio::test(start_paused = true)]
async fn each_picture_is_fetched_once_and_pinned() {
    let fake = FakeHosts::default();
    let manifest = manifest(&[&[1], &[1, 2], &[1]]);
    let seen = look_at(&fake, &manifest, &Book::default(), &Choice::default(), OnChange::Told).await;
    assert_eq!((fake.requests(), seen.looked.entries.len()), (2, 2));
    let book = book_of(&seen.looked);
    assert_eq!(book.pins(), &seen.looked.pins);
    assert_eq!(book.pins()[&Address::of(&url(1))].sha256, Sha256::of(url(1).as_bytes()));
    assert!(with_pins(&manifest, &Book::default(), &seen.looked.pins).pending.is_empty());
    assert!(seen.image_cache.take(&Sha256::of(url(2).as_bytes())).is_some(), "it waits for its upload");
    assert!(matches!(seen.events[0], Event::LookingAtImages { fetch: 2, check: 0 }), "{:?}", seen.events);
}

#[tokio::test(start_paused = true)]
async fn a_limit_fetches_no_more_than_it_needs() {
    let fake = FakeHosts::default();
    let pictures: Vec<[usize; 1]> = (0..100).map(|n| [n]).collect();
    let manifest = manifest(&pictures.iter().map(|picture| &picture[..]).collect::<Vec<_>>());
    let choice = Choice { limit: Some(3), ..Choice::default() };
    look_at(&fake, &manifest, &Book::default(), &choice, OnChange::Told).await;
    assert_eq!(fake.requests(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_had_is_tried_again_where_that_may_help_and_spoils_its_jobs_only() {
    let fake = FakeHosts::new(Box::new(|url, n| match url {
        _ if url.contains("/1.") => Err(failure(Verdict::Final)),
        _ if url.contains("/2.") => Err(failure(Verdict::Unreachable(Some(Duration::from_secs(600))))),
        _ if url.contains("/3.") && n < 2 => Err(failure(Verdict::Again(None))),
        _ => Ok(url.to_owned()),
    }));
    let manifest = manifest(&[&[1], &[2], &[3], &[4]]);
    let started = Instant::now();
    let seen = look_at(&fake, &manifest, &Book::default(), &Choice::default(), OnChange::Told).await;
    assert!(started.elapsed() < Duration::from_secs(250), "a host doesn't say how long: {:?}", started.elapsed());
    let times = |n: usize| fake.requests_for(&url(n));
    assert_eq!([times(1), times(2), times(3), times(4)], [1, 4, 3, 1]);
    assert_eq!(seen.looked.unobtainable.len(), 2);
    assert_eq!(seen.looked.pins.len(), 2);
    let problem = seen.looked.problem([url(9).as_str(), url(1).as_str()].into_iter());
    assert_eq!((problem.code, problem.message.as_str()), (Cause::Image, "the service said so"));
    let pending = with_pins(&manifest, &Book::default(), &seen.looked.pins).pending;
    assert_eq!(pending, BTreeSet::from([0, 1]));
    let again = seen.events.iter().filter(|event| matches!(event, Event::Retrying { job: None, .. })).count();
    assert_eq!(again, 5);
}

#[tokio::test(start_paused = true)]
async fn a_picture_that_changed_is_told_of_and_taken_only_where_that_is_asked_for() {
    let manifest = manifest(&[&[1], &[1, 2], &[2]]);
    let book = known(&manifest).await;
    let new = || {
        let image: Content = Box::new(|url, _| Ok(if url.contains("/1.") { "new".to_owned() } else { url.to_owned() }));
        FakeHosts::new(image)
    };
    let told = look_at(&new(), &manifest, &book, &Choice::default(), OnChange::Told).await;
    assert!(told.looked.entries.is_empty() && told.looked.pins == *book.pins());
    let changes: Vec<_> = told.events.iter().filter(|event| matches!(event, Event::ImageChanged { .. })).collect();
    let [Event::ImageChanged { url: shown, jobs: 2, taken: false, found, .. }] = changes[..] else {
        panic!("{changes:?}")
    };
    assert_eq!((shown.as_str(), *found), (url(1).as_str(), Sha256::of(b"new")));
    let taken = look_at(&new(), &manifest, &book, &Choice::default(), OnChange::Taken).await;
    assert_eq!(taken.looked.entries.len(), 1);
    assert_eq!(taken.looked.pins[&Address::of(&url(1))].sha256, Sha256::of(b"new"));
    assert!(taken.image_cache.take(&Sha256::of(b"new")).is_some());
    let wider = one_each(1..4);
    let mixed = look_at(&new(), &wider, &book, &Choice::default(), OnChange::Taken).await.looked;
    let first: Vec<String> = mixed.first_seen(&book).iter().map(address_of).collect();
    assert_eq!((mixed.entries.len(), first), (2, vec![url(3)]), "one in place of another waits for explicit consent");
    let same = look_at(&FakeHosts::default(), &manifest, &book, &Choice::default(), OnChange::Taken).await;
    assert!(same.looked.entries.is_empty(), "nothing is written anew that is as it was");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_away_is_asked_three_times_and_changes_nothing() {
    let pictures: Vec<[usize; 1]> = (0..100).map(|n| [n]).collect();
    let manifest = manifest(&pictures.iter().map(|picture| &picture[..]).collect::<Vec<_>>());
    let book = known(&manifest).await;
    let away = Failure { code: NO_CONNECTION.to_owned(), ..failure(Verdict::Again(None)) };
    let fake = FakeHosts::new(Box::new(move |_, _| Err(away.clone())));
    let seen = look_at(&fake, &manifest, &book, &Choice::default(), OnChange::Told).await;
    // Those that were under way when the third failed are asked, too.
    assert!((3..=18).contains(&fake.requests()), "{}", fake.requests());
    assert_eq!(seen.looked.pins, *book.pins());
    let unchecked: Vec<_> = seen.events.iter().filter(|e| matches!(e, Event::ImagesUnchecked { .. })).collect();
    let [Event::ImagesUnchecked { host, images: 100, .. }] = unchecked[..] else { panic!("{unchecked:?}") };
    assert_eq!(host, "images.example.com");
}

fn address_of(entry: &Entry) -> String {
    match entry {
        Entry::Mirrored { address, .. } => address.to_string(),
        _ => panic!("{entry:?}"),
    }
}

/// A manifest of jobs with a picture each, from the first to the last of these.
fn one_each(pictures: std::ops::Range<usize>) -> Manifest {
    let pictures: Vec<[usize; 1]> = pictures.map(|n| [n]).collect();
    manifest(&pictures.iter().map(|picture| &picture[..]).collect::<Vec<_>>())
}

#[tokio::test(start_paused = true)]
async fn pictures_that_are_only_told_of_are_not_kept() {
    let manifest = one_each(0..100);
    let book = known(&manifest).await;
    let fake = FakeHosts::new(Box::new(|url, _| Ok(format!("new {url}"))));
    let seen = look_at(&fake, &manifest, &book, &Choice::default(), OnChange::Told).await;
    let changes = seen.events.iter().filter(|event| matches!(event, Event::ImageChanged { .. })).count();
    let most = fake.most_files();
    assert!(changes == 100 && most <= 16, "{changes} changed, {most} files at once");
    assert!(!fake.keeps_files());
}

/// Whatever it says that is no answer: the jobs of its other images fail at once.
#[tokio::test(start_paused = true)]
async fn a_host_that_gives_nothing_is_given_up() {
    let manifest = one_each(0..100);
    let image: Content = Box::new(|_, _| Err(failure(Verdict::Again(Some(Duration::from_secs(3600))))));
    let fake = FakeHosts::new(image);
    let started = Instant::now();
    let seen = look_at(&fake, &manifest, &Book::default(), &Choice::default(), OnChange::Told).await;
    assert!(started.elapsed() < Duration::from_secs(400), "{:?}", started.elapsed());
    assert!((12..=18 * 4).contains(&fake.requests()), "{}", fake.requests());
    assert_eq!(seen.looked.unobtainable.len(), 100);
    let given_up: Vec<_> =
        seen.looked.unobtainable.values().filter(|problem| problem.message.contains("given up")).collect();
    assert!(given_up.len() >= 82 && given_up.iter().all(|problem| problem.code == Cause::Image), "{given_up:?}");
    assert!(given_up[0].message.ends_with("after 3 images in a row (the service said so)"), "{given_up:?}");
}

#[tokio::test(start_paused = true)]
async fn a_host_without_some_images_is_not_given_up() {
    let manifest = one_each(0..100);
    let image: Content = Box::new(|url, _| match url.ends_with("9.png") {
        true => Ok(url.to_owned()),
        false => Err(failure(Verdict::Final)),
    });
    let fake = FakeHosts::new(image);
    let seen = look_at(&fake, &manifest, &Book::default(), &Choice::default(), OnChange::Told).await;
    assert_eq!((fake.requests(), seen.looked.pins.len(), seen.looked.unobtainable.len()), (100, 10, 90));
}

/// It was asked but once for each, without a pause: one that was only busy then must not cost the new images.
#[tokio::test(start_paused = true)]
async fn a_host_that_was_given_up_while_checking_has_one_chance_more() {
    let book = known(&one_each(0..50)).await;
    let both = one_each(0..100);
    for back in [true, false] {
        let image: Content = Box::new(move |url, _| {
            let n: usize = url.rsplit('/').next().unwrap().trim_end_matches(".png").parse().unwrap();
            if back && n >= 50 { Ok(url.to_owned()) } else { Err(failure(Verdict::Again(None))) }
        });
        let fake = FakeHosts::new(image);
        let seen = look_at(&fake, &both, &book, &Choice::default(), OnChange::Told).await;
        assert!(seen.events.iter().any(|event| matches!(event, Event::ImagesUnchecked { images: 50, .. })));
        assert_eq!(seen.looked.unobtainable.len(), if back { 0 } else { 50 });
        assert!(fake.requests() <= if back { 18 + 50 } else { 18 + 16 * 4 }, "{}", fake.requests());
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_look_at_once_and_keeps_what_was_had() {
    let fake = FakeHosts::new(Box::new(|url, _| {
        if url.contains("/1.") { Ok(url.to_owned()) } else { Err(failure(Verdict::Again(None))) }
    }));
    let manifest = manifest(&[&[1], &[2]]);
    let stop = Stop::default();
    let (book, choice) = (Book::default(), Choice::default());
    let looking = look_until(&fake, &manifest, &book, &choice, OnChange::Told, &stop);
    let ending = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stop.to(Level::Out, StopCause::Interrupted);
    };
    let started = Instant::now();
    let (seen, ()) = tokio::join!(looking, ending);
    assert_eq!(started.elapsed(), Duration::from_millis(200));
    assert_eq!(seen.looked.pins.len(), 1);
}
