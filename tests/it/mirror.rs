//! `run.mirror`: remote images are fetched once, uploaded once, and known by what they showed.

use crate::support::cases;
use crate::support::image::png;
use crate::support::images::ImageHost;
use crate::support::program::Ended;
use crate::support::service::options;
use crate::support::setup::{LOCK, MANIFEST, Setup};
use batch::simulate::{Call, Latency, Options};
use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

/// A project whose images lie on a host of its own.
struct Mirror {
    setup: Setup,
    host: ImageHost,
}

/// Jobs, an id and the paths of its images each.
type Jobs<'j> = &'j [(&'j str, &'j [&'j str])];

const THREE: Jobs<'_> = &[("a", &["/dog.png"]), ("b", &["/dog.png"]), ("c", &["/dog.png", "/cat.png?sign=secret"])];

impl Mirror {
    /// A host with `/dog.png` and `/cat.png`, a service, and these jobs.
    fn new(mirror: bool, jobs: Jobs<'_>) -> Mirror {
        Mirror::with(mirror, jobs, options(&[]))
    }

    fn with(mirror: bool, jobs: Jobs<'_>, options: Options) -> Mirror {
        let host = ImageHost::start();
        host.put("/dog.png", &png(8, 8, "dog"));
        host.put("/cat.png", &png(8, 8, "cat"));
        let new = Mirror { setup: Setup::with("", options), host };
        new.write(mirror, jobs);
        new
    }

    /// Writes the manifest anew.
    fn write(&self, mirror: bool, jobs: Jobs<'_>) {
        let job = |(id, images): &(&str, &[&str])| {
            let urls: Vec<String> = images.iter().map(|path| format!("{:?}", self.host.url(path))).collect();
            let urls = urls.join(", ");
            format!(
                "  - {{ id: {id}, prompt: \"@dog in {id}\", references: [{{ name: dog, type: subject, urls: [{urls}] }}] }}\n"
            )
        };
        let jobs: String = jobs.iter().map(job).collect();
        let text = format!(
            "version: 1\nrun: {{ poll_interval: 10ms, patience: 10ms, mirror: {mirror} }}\ndefaults: {{ resolution: 360p, duration: 5 }}\njobs:\n{jobs}"
        );
        self.setup.project.write(MANIFEST, text);
    }

    /// `batch run --allow-private-images` with these arguments besides: the host is on loopback.
    fn run(&self, arguments: &[&str]) -> Ended {
        self.setup.run(["--allow-private-images"].into_iter().chain(arguments.iter().copied()))
    }

    fn uploads(&self) -> usize {
        self.setup.requests(Call::Upload).len()
    }

    /// The paths that were asked for since the last time, each with what was known of it.
    fn asked(&self) -> Vec<(String, bool)> {
        let mut asked: Vec<_> =
            self.host.take_asked().into_iter().map(|asked| (asked.path, asked.known.is_some())).collect();
        asked.sort();
        asked
    }

    fn lock(&self) -> String {
        self.setup.project.read(LOCK)
    }
}

fn asked(all: &[(&str, bool)]) -> Vec<(String, bool)> {
    all.iter().map(|(path, known)| ((*path).to_owned(), *known)).collect()
}

#[test]
fn each_picture_is_fetched_and_uploaded_once_and_asked_for_by_content() {
    let mirror = Mirror::new(true, THREE);
    let plan = mirror.setup.batch(["plan"]).exits(0);
    assert!(plan.stdout.contains("2 remote images are fetched first"), "{plan:?}");
    let plan = mirror.setup.batch(["plan", "--format", "json"]).exits(0).json();
    assert_eq!((&plan["images"], &plan["summary"]["submit"]), (&2.into(), &3.into()));
    assert!(mirror.asked().is_empty(), "plan asks nobody");

    let first = mirror.run(&[]).exits(0);
    assert_eq!(mirror.asked(), asked(&[("/cat.png?sign=secret", false), ("/dog.png", false)]));
    assert_eq!((mirror.uploads(), mirror.setup.charges()), (2, 3), "{first:?}");
    let sent: Vec<String> = mirror.setup.submits().iter().map(|body| body.to_string()).collect();
    assert!(sent.iter().all(|body| !body.contains(&mirror.host.url(""))), "{sent:?}");
    let lock = mirror.lock();
    assert_eq!((lock.matches("[[mirror]]").count(), lock.matches("\nquery = ").count()), (2, 1), "{lock}");
    assert!(!lock.contains("secret"), "{lock}");
    assert_eq!(mirror.setup.project.files(".").len(), 5, "no temporary file is left");

    let again = mirror.run(&["--progress", "json"]).exits(0);
    assert_eq!(mirror.asked(), asked(&[("/cat.png?sign=secret", true), ("/dog.png", true)]));
    assert_eq!((mirror.uploads(), mirror.setup.charges(), mirror.lock()), (2, 3, lock), "{again:?}");
    let events: Vec<_> = again.json_lines().iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(events, ["run_started", "looking_at_images", "run_finished"]);
    for command in [&["verify"][..], &["plan", "--exit-code"], &["run", "--frozen"]] {
        mirror.setup.batch(command.iter().copied()).exits(0);
    }
    let status = mirror.setup.batch(["status", "--format", "json"]).exits(0).json();
    assert_eq!(status["summary"]["succeeded"], 3, "{status}");
    let page = mirror.setup.batch(["report", "--output", "-"]).exits(0);
    assert!(page.stdout.contains("/dog.png"), "the page links to it");
}

#[test]
fn a_picture_that_changed_is_told_of_and_bought_by_a_persons_word_only() {
    let mirror = Mirror::new(true, THREE);
    mirror.run(&[]).exits(0);
    let lock = mirror.lock();
    mirror.host.put("/cat.png", &png(8, 8, "another cat"));
    let told = mirror.run(&[]).exits(0);
    assert!(told.stderr.contains("/cat.png?… has other content now; 1 job keeps the one before"), "{told:?}");
    assert!(
        told.stderr.contains("to buy with the new one: batch run jobs.yaml --allow-private-images --refresh-images"),
        "{told:?}"
    );
    assert!(!told.stderr.contains("secret"), "{told:?}");
    assert_eq!((mirror.setup.charges(), mirror.lock()), (3, lock.clone()));
    let events = mirror.run(&["--progress", "json"]).exits(0).json_lines();
    let changed: Vec<_> = events.iter().filter(|event| event["event"] == "image_changed").collect();
    assert_eq!(changed.len(), 1, "{events:?}");
    assert_eq!((&changed[0]["jobs"], &changed[0]["taken"]), (&1.into(), &false.into()));
    assert_ne!(changed[0]["pinned"], changed[0]["found"]);

    let taken = mirror.run(&["--refresh-images", "--progress", "json"]).exits(0);
    let events = taken.json_lines();
    let planned: Vec<_> = events.iter().filter(|event| event["event"] == "job_planned").collect();
    assert_eq!(planned.len(), 1, "{events:?}");
    assert_eq!((&planned[0]["job"], &planned[0]["reason"]), (&"c".into(), &"changed".into()));
    assert!(events.iter().any(|event| event["event"] == "estimated"), "{events:?}");
    assert_eq!((mirror.setup.charges(), mirror.uploads()), (4, 3));
    assert_ne!(mirror.lock(), lock);
    mirror.setup.batch(["verify"]).exits(0);
    mirror.run(&[]).exits(0);
    assert_eq!(mirror.setup.charges(), 4);
}

#[test]
fn pictures_without_a_validator_are_held_against_their_hash() {
    let mirror = Mirror::new(true, &[("a", &["/plain.png"])]);
    mirror.host.put_untagged("/plain.png", &png(8, 8, "plain"));
    mirror.run(&[]).exits(0);
    let lock = mirror.lock();
    assert!(!lock.contains("validator"), "{lock}");
    let same = mirror.run(&[]).exits(0);
    assert!(!same.stderr.contains("another picture"), "{same:?}");
    mirror.host.put_untagged("/plain.png", &png(8, 8, "other"));
    let changed = mirror.run(&[]).exits(0);
    assert!(changed.stderr.contains("/plain.png has other content now"), "{changed:?}");
    assert_eq!((mirror.setup.charges(), mirror.lock()), (1, lock));
}

#[test]
fn turning_it_on_and_off_buys_nothing_again() {
    for first in [true, false] {
        let mirror = Mirror::new(first, THREE);
        mirror.run(&[]).exits(0);
        for now in [!first, first] {
            mirror.write(now, THREE);
            let plan = mirror.setup.batch(["plan", "--exit-code"]).exits(0);
            assert!(!plan.stdout.contains("fetched first"), "{plan:?}");
            mirror.run(&[]).exits(0);
            mirror.setup.batch(["verify"]).exits(0);
        }
        assert_eq!(mirror.setup.charges(), 3, "first {first}");
    }
    // A new job among bought ones is by content, and its images are fetched for it alone.
    let mirror = Mirror::new(false, &[("a", &["/dog.png"])]);
    mirror.run(&[]).exits(0);
    mirror.write(true, &[("a", &["/dog.png"]), ("b", &["/cat.png"])]);
    mirror.run(&[]).exits(0);
    assert_eq!((mirror.setup.charges(), mirror.asked()), (2, asked(&[("/cat.png", false)])));
}

#[test]
fn what_lies_on_this_machine_is_refused_before_anything_is_spent() {
    let mirror = Mirror::new(true, &[("a", &["/dog.png"]), ("b", &["/dog.png"])]);
    let ended = mirror.setup.run([]).exits(1);
    assert!(ended.stderr.contains("which is no public address"), "{ended:?}");
    assert!(ended.stderr.contains("--allow-private-images"), "{ended:?}");
    assert_eq!((mirror.setup.calls(), mirror.asked().len()), (0, 0));
    // Nor is the key needed to find that out, or sent.
    mirror.run(&[]).exits(0);
    let heads: Vec<_> = mirror.host.take_asked().into_iter().map(|asked| asked.head.to_ascii_lowercase()).collect();
    assert!(heads.iter().all(|head| !head.contains("authorization") && !head.contains("sk-test")), "{heads:?}");
}

#[test]
fn a_picture_that_cannot_be_had_fails_its_jobs_and_no_other() {
    let mirror = Mirror::new(true, &[("a", &["/dog.png"]), ("b", &["/gone.png?sign=secret"]), ("c", &["/page.png"])]);
    mirror.host.put("/page.png", b"<!DOCTYPE html>");
    let ended = mirror.run(&["--junit", "junit.xml"]).exits(1);
    assert!(ended.stderr.contains("/gone.png: HTTP 404"), "{ended:?}");
    assert!(ended.stderr.contains("/page.png is no image by its content"), "{ended:?}");
    assert!(!ended.stderr.contains("secret"), "{ended:?}");
    assert_eq!((mirror.setup.charges(), mirror.uploads()), (1, 1));
    let junit = mirror.setup.project.read("junit.xml");
    assert_eq!(junit.matches("type=\"image\"").count(), 2, "{junit}");
    mirror.host.put("/gone.png", &png(8, 8, "back"));
    mirror.host.put("/page.png", &png(8, 8, "mended"));
    mirror.run(&[]).exits(0);
    assert_eq!(mirror.setup.charges(), 3);
}

#[test]
fn a_host_that_went_away_is_a_warning_and_what_it_showed_holds() {
    let mirror = Mirror::new(true, THREE);
    mirror.run(&[]).exits(0);
    mirror.host.remove("/dog.png");
    mirror.host.remove("/cat.png");
    let ended = mirror.run(&[]).exits(0);
    assert!(ended.stderr.contains("2 images taken as before, without an answer"), "{ended:?}");
    assert_eq!(mirror.setup.charges(), 3);
}

#[test]
fn a_pilot_fetches_only_what_it_buys() {
    let mirror = Mirror::new(true, &[("a", &["/dog.png"]), ("b", &["/cat.png"])]);
    mirror.run(&["--limit", "1"]).exits(0);
    assert_eq!(mirror.asked(), asked(&[("/dog.png", false)]));
    let most = mirror.run(&["--max-cost", "1"]).exits(0);
    assert_eq!(mirror.asked(), asked(&[("/dog.png", true)]), "{most:?}");
    assert!(most.stderr.contains("1 job left for another run"), "{most:?}");
    assert_eq!(mirror.setup.charges(), 1);
    let frozen = mirror.setup.batch(["run", "--frozen"]).exits(1);
    assert!(frozen.stderr.contains("1 to submit, 1 image to fetch"), "{frozen:?}");
    assert!(mirror.asked().is_empty(), "a frozen run asks nobody");
}

#[test]
fn an_image_that_moved_is_the_same_image() {
    let mirror = Mirror::new(true, &[("a", &["/dog.png"])]);
    mirror.run(&[]).exits(0);
    mirror.host.put("/moved.png", &png(8, 8, "dog"));
    mirror.write(true, &[("a", &["/moved.png"])]);
    mirror.run(&[]).exits(0);
    assert_eq!((mirror.setup.charges(), mirror.uploads()), (1, 1));
    assert_eq!(
        mirror.lock().matches("[[mirror]]").count(),
        2,
        "what was seen is written down, though nothing was bought"
    );
    mirror.setup.batch(["plan", "--exit-code"]).exits(0);
}

#[test]
fn content_that_must_be_uploaded_again_is_never_another_one() {
    let mirror = Mirror::new(true, &[("a", &["/dog.png"])]);
    mirror.run(&[]).exits(0);
    mirror.write(true, &[("a", &["/dog.png"]), ("b", &["/dog.png"])]);
    mirror.host.put("/dog.png", &png(8, 8, "another dog"));
    let ended = mirror.run(&["--reupload"]).exits(1);
    assert!(ended.stderr.contains("is another picture than on"), "{ended:?}");
    assert_eq!((mirror.setup.charges(), mirror.uploads()), (1, 1));
    // What the service has of before is asked for still.
    mirror.run(&[]).exits(0);
    assert_eq!((mirror.setup.charges(), mirror.uploads()), (2, 1));
}

#[test]
fn killed_anywhere_it_buys_nothing_twice_and_leaves_nothing() {
    let slow = Options { latency: Latency::fixed(Duration::from_millis(300)), ..options(&[]) };
    let mirror = Mirror::with(true, THREE, slow);
    let start = |mirror: &Mirror| mirror.setup.running(["--allow-private-images"]).start();
    mirror.host.put_slow("/cat.png", &png(8, 8, "cat"), Duration::from_secs(30));
    let mut fetching = start(&mirror);
    fetching.wait_for_stderr("fetched ");
    fetching.signal("KILL");
    assert_eq!(fetching.end().killed_by(), Some(9));
    let left = mirror.setup.project.files(".");
    assert!(left.iter().any(|file| file.ends_with(".part")), "{left:?}");
    mirror.host.put("/cat.png", &png(8, 8, "cat"));
    let mut bought = start(&mirror);
    bought.wait_for_stderr("c submitted");
    bought.signal("KILL");
    assert_eq!(bought.end().killed_by(), Some(9));
    mirror.run(&[]).exits(0);
    assert_eq!((mirror.setup.charges(), mirror.setup.submits().len()), (3, 3));
    let left = mirror.setup.project.files(".");
    assert!(left.iter().all(|file| !file.contains(".part") && !file.contains(".journal")), "{left:?}");
    mirror.setup.batch(["verify"]).exits(0);
}

#[test]
fn killed_at_any_step_it_buys_nothing_twice() {
    let trace = Mirror::new(true, THREE);
    let path = trace.setup.project.root().with_file_name("home").join("trace");
    let traced =
        trace.setup.running(["--allow-private-images"]).env("BATCH_FAULT", &format!("trace {}", path.display()));
    traced.run().exits(0);
    let points: BTreeSet<String> = fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
    assert!(points.contains("image.answered") && points.len() > 20, "{points:?}");
    let kills: Vec<(String, u32)> = points.into_iter().flat_map(|point| [(point.clone(), 1), (point, 2)]).collect();
    cases::each(&kills, |(point, time)| {
        let mirror = Mirror::new(true, THREE);
        let fault = format!("kill {point} {time}");
        let killed = mirror.setup.running(["--allow-private-images"]).env("BATCH_FAULT", &fault).run();
        assert!(killed.killed_by() == Some(9) || *time > 1 && killed.code() == 0, "{fault}: {killed:?}");
        let ended = mirror.run(&[]);
        assert!([0, 3].contains(&ended.code()), "{fault}: {ended:?}");
        let books = mirror.setup.service.account().books();
        assert!(books.charges_by_prompt.values().all(|charges| *charges <= 1), "{fault}: {books:?}");
        let charges = mirror.setup.charges();
        assert!(ended.code() == 3 || charges == 3, "{fault}: {books:?}");
        let files = mirror.setup.project.files(".");
        assert!(files.iter().all(|file| !file.contains(".part") && !file.contains(".journal")), "{fault}: {files:?}");
        assert_eq!(mirror.run(&[]).code(), ended.code(), "{fault}");
        assert_eq!(mirror.setup.charges(), charges, "{fault}: a third run buys nothing");
    });
}

#[test]
fn what_is_bought_by_content_stays_bought_whichever_lock_is_put_beside_it() {
    let mirror = Mirror::new(true, &[("a", &["/dog.png"])]);
    mirror.run(&[]).exits(0);
    // The picture is known by now. A run that buys another job with it is killed, and the lock of before all is put back.
    mirror.write(true, &[("b", &["/dog.png"])]);
    let killed = mirror.setup.running(["--allow-private-images"]).env("BATCH_FAULT", "kill status.send 1").run();
    assert_eq!(killed.killed_by(), Some(9));
    mirror.setup.project.write(LOCK, format!("version = 1\nservice = \"{}\"\n", mirror.setup.service.base_url()));
    mirror.host.put("/dog.png", &png(8, 8, "another dog"));
    mirror.run(&[]).exits(0);
    assert_eq!(mirror.setup.charges(), 2, "what the journal knows is not bought again: {}", mirror.lock());

    // The same where a lock is put back while the run is on.
    mirror.write(true, &[("b", &["/dog.png"]), ("c", &["/cat.png"])]);
    let mut running = mirror.setup.running(["--allow-private-images"]).start();
    running.wait_for_stderr("fetched ");
    mirror.setup.project.write(LOCK, format!("version = 1\nservice = \"{}\"\n", mirror.setup.service.base_url()));
    running.end().exits(0);
    mirror.run(&[]).exits(0);
    assert_eq!(mirror.setup.charges(), 3, "{}", mirror.lock());
}

#[test]
fn nothing_is_dropped_that_a_job_may_yet_take_over() {
    let mirror = Mirror::new(true, &[("old", &["/dog.png"])]);
    mirror.run(&[]).exits(0);
    mirror.write(true, &[("old", &["/moved.png"])]);
    let prompt = mirror.setup.project.read(MANIFEST).replace("id: old,", "id: new,");
    mirror.setup.project.write(MANIFEST, prompt);
    let pruned = mirror.run(&["--prune"]).exits(1);
    assert!(pruned.stderr.contains("nothing is dropped"), "{pruned:?}");
    mirror.host.put("/moved.png", &png(8, 8, "dog"));
    mirror.run(&["--prune"]).exits(0);
    assert_eq!(mirror.setup.charges(), 1);
}

#[test]
fn a_disk_that_is_full_fails_before_anything_is_spent() {
    let mirror = Mirror::new(true, THREE);
    let full = mirror.setup.running(["--allow-private-images"]).env("BATCH_FAULT", "full video.write 1").run().exits(5);
    assert_eq!(mirror.setup.charges(), 0, "{full:?}");
    mirror.run(&[]).exits(0);
    assert_eq!(mirror.setup.charges(), 3);
}

#[test]
fn an_interrupt_ends_the_fetching_at_once_and_keeps_what_came() {
    let mirror = Mirror::new(true, THREE);
    mirror.host.put_slow("/cat.png", &png(8, 8, "cat"), Duration::from_secs(30));
    let mut running = mirror.setup.running(["--allow-private-images"]).start();
    running.wait_for_stderr("fetched ");
    let sent = Instant::now();
    running.signal("INT");
    let ended = running.end().exits(130);
    assert!(sent.elapsed() < Duration::from_secs(5), "{ended:?}");
    assert!(ended.stderr.contains("3 jobs left for another run"), "{ended:?}");
    assert_eq!(mirror.setup.project.files("."), [LOCK, MANIFEST]);
    assert_eq!((mirror.lock().matches("[[mirror]]").count(), mirror.setup.calls()), (1, 0));
}

#[test]
fn new_pictures_are_not_to_be_had_where_none_are_mirrored() {
    let mirror = Mirror::new(false, THREE);
    let ended = mirror.run(&["--refresh-images"]).exits(2);
    assert!(ended.stderr.contains("which this manifest doesn't have on"), "{ended:?}");
    assert_eq!((mirror.setup.calls(), mirror.asked().len()), (0, 0));
}

#[test]
fn a_trial_works_without_any_host() {
    let mirror = Mirror::new(true, THREE);
    mirror.setup.run(["--simulate", "--sim-latency", "10ms"]).exits(0);
    assert!(mirror.asked().is_empty());
}
