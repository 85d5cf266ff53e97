//! Remote images of a purchase: the content that was pinned is uploaded, or nothing is.

use super::*;
use crate::event::Cause;
use crate::ledger::Pins;
use crate::manifest::Manifest;
use crate::manifest::model::RunSettings;
use crate::mirror::with_pins;
use crate::service::remote::{Address, Pin};

/// Returns the URL of the nth picture.
fn url(n: usize) -> String {
    format!("https://images.example.com/{n}.png")
}

/// Returns a purchase with the nth picture, pinned to this content.
fn pinned(n: usize, content: &str) -> Purchase {
    let generation = sample::generation("@dog runs", vec![sample::reference("dog", &[&url(n)])]);
    let manifest = sample::manifest(vec![sample::job(&format!("job-{n:04}"), generation)]);
    let pin = Pin {
        sha256: Sha256::of(content.as_bytes()),
        bytes: 1,
        validator: None,
        at: Timestamp::UNIX_EPOCH,
        former: BTreeSet::new(),
    };
    let book = Book::default();
    let pins = Pins::from_iter([(Address::of(&url(n)), pin)]);
    let manifest = Manifest { run: RunSettings { mirror: true, ..RunSettings::default() }, ..manifest };
    let pinned = with_pins(&manifest, &book, &pins);
    Purchase::new(&pinned.manifest.jobs[0], 1, Decimal::whole(60), &pinned.manifest.images)
}

#[tokio::test(start_paused = true)]
async fn what_is_not_at_hand_is_fetched_again_and_held_against_its_pin() {
    let (bench, fake) = (Bench::new(), Fake::new(Script::default()));
    let purchases = vec![pinned(1, &url(1)), pinned(2, "what it showed before"), purchase(3)];
    let ran = bench.run_until(&fake, purchases.into_iter(), settings(), Stop::default()).await;
    assert_eq!((ran.outcome.summary.succeeded, ran.outcome.summary.failed), (2, 1));
    assert_eq!((fake.calls("upload"), fake.calls("submit")), (1, 2));
    let sent = fake.seen.lock().unwrap().submits[0].1.to_string();
    assert!(sent.contains("https://up.example.com/0") && !sent.contains("images.example.com"), "{sent}");
    let failed = ran.events.iter().find_map(|event| match event {
        Event::Failed { error, .. } => Some(error.clone()),
        _ => None,
    });
    let failed = failed.unwrap();
    assert_eq!(failed.code, Cause::Image);
    assert!(failed.message.contains("another picture") && failed.message.contains("--refresh-images"), "{failed:?}");
    assert_eq!(ran.outcome.spent.charged, Decimal::whole(120));
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_image_cannot_be_had_costs_nothing_and_holds_nothing_up() {
    let (bench, fake) = (Bench::new(), Fake::new(Script::default()));
    let problem = JobError { code: Cause::Image, message: "HTTP 404".into() };
    let spoilt = Purchase { unobtainable: Some(problem), ..purchase(1) };
    let one = Settings { max_cost: Some(Decimal::whole(60)), ..settings() };
    let ran = bench.run_until(&fake, [spoilt, purchase(2)].into_iter(), one, Stop::default()).await;
    assert_eq!((ran.outcome.summary.succeeded, ran.outcome.summary.failed), (1, 1));
    assert_eq!(fake.calls("submit"), 1);
}
