use super::*;
use crate::event::summary::Summary;
use crate::event::{Cause, Event, JobError, Stamped};
use crate::plan::action::Action;
use crate::report::Reporter;
use crate::report::commands::Target;
use crate::report::commands::{Service, Typed};
use crate::report::look::Look;
use crate::report::look::{Color, Drawing};
use crate::report::testing::{Shared, a_run, at, downloaded, failed, finished, started, submitted, target, uncertain};
use insta::assert_snapshot;

fn summary(events: &[Stamped]) -> String {
    let out = Shared::default();
    let mut summary = RunSummary::new(out.clone(), Look::PLAIN, Apart::No, target());
    events.iter().for_each(|event| summary.event(event));
    summary.finish();
    out.text()
}

#[test]
fn it_says_what_was_made_what_failed_and_what_to_type() {
    assert_snapshot!(summary(&a_run()), @"
    1 job succeeded: 1 video (1.84 MB) in out/
    1 job had its videos already
    2 jobs without a result:
      1 refused by the service: the prompt was refused by content moderation (HTTP 400, code 400)
        close-up
        the next run leaves it: edit it, or use --retry-failed
      1 took too long, and is still at the service: not finished 30 min after its submit
        late
    2 jobs uncertain: nobody knows whether their submits arrived
      look in the service's own list of tasks, then settle with --task-id ID (it arrived), --resubmit or --failed:
        batch resolve jobs.yaml old
        batch resolve jobs.yaml hill
    1 job is paid and still at the service: the next run brings it, and so does batch fetch jobs.yaml
    1 job left for another run: not submitted
    go on with: batch run jobs.yaml
    cost: about 60 credits (by the model vendor's price list; the service may charge differently); 60 more if what is uncertain was accepted
    2m 31s; 3 submits, 1 upload, 12 polls, 1 download
    ");
}

#[test]
fn a_run_with_nothing_to_do_is_two_lines() {
    let done = finished(Summary { kept: 12, ..Summary::default() }, 0);
    assert_snapshot!(summary(&[at(0, started(12)), at(0, done)]), @"
    12 jobs had their videos already
    0s; 0 submits, 0 uploads, 0 polls, 0 downloads
    ");
}

#[test]
fn failures_are_grouped_by_their_cause() {
    let mut events = vec![at(0, started(1000))];
    for i in 0..900 {
        events.push(at(1, failed(&format!("job-{i}"), Cause::Failed, &format!("task {i:08x} failed: no face found"))));
    }
    events.push(at(2, failed("hill", Cause::Failed, "task 1 failed: two faces found")));
    let pace = failed("lake", Cause::Download, "HTTP 403 for out/\x1b[31mlake-1.mp4");
    events.push(at(2, pace));
    events.push(at(3, finished(Summary { failed: 902, submits: 902, ..Summary::default() }, 1)));
    assert_snapshot!(summary(&events), @"
    902 jobs without a result:
      900 failed at the service: task 00000000 failed: no face found
        job-0, job-1, job-2, job-3, job-4 and 895 more
        the next run submits them again
      1 failed at the service: task 1 failed: two faces found
        hill
        the next run submits it again
      1 generated, but not downloaded: HTTP 403 for out/␛[31mlake-1.mp4
        lake
    go on with: batch run jobs.yaml
    3s; 902 submits, 0 uploads, 0 polls, 0 downloads
    ");
}

#[test]
fn failures_of_one_cause_are_told_apart_by_what_the_next_run_does() {
    let given_up = |id: &str| {
        let error = JobError { code: Cause::Failed, message: "no face found".to_owned() };
        Event::Failed { job: crate::report::testing::job(id), error, next: Some(Action::Hold) }
    };
    let again = failed("c", Cause::Failed, "no face found");
    let done = finished(Summary { failed: 3, ..Summary::default() }, 1);
    let events = [at(0, started(3)), at(1, given_up("a")), at(1, given_up("b")), at(1, again), at(2, done)];
    assert_snapshot!(summary(&events), @"
    3 jobs without a result:
      2 failed at the service: no face found
        a, b
        the next run leaves them: edit them, or --retry-failed
      1 failed at the service: no face found
        c
        the next run submits it again
    go on with: batch run jobs.yaml
    2s; 0 submits, 0 uploads, 0 polls, 0 downloads
    ");
    let done = finished(Summary { failed: 1, ..Summary::default() }, 1);
    let text = summary(&[at(0, started(1)), at(1, given_up("a")), at(2, done)]);
    assert!(!text.contains("go on with"), "the same once more does nothing: {text}");
}

#[test]
fn of_very_many_causes_the_commonest_are_shown() {
    let mut events = vec![at(0, started(100))];
    let word = |i: u8| char::from(b'a' + i).to_string().repeat(5);
    for i in 0..20 {
        events.push(at(1, failed(&format!("job-{i}"), Cause::Failed, &word(i))));
    }
    events.push(at(2, finished(Summary { failed: 20, ..Summary::default() }, 1)));
    let text = summary(&events);
    assert!(text.contains("  15 for 15 other causes\n"), "{text}");
    assert_eq!(text.lines().count(), 19);
}

#[test]
fn of_very_many_uncertain_jobs_some_are_shown() {
    let mut events = vec![at(0, started(100))];
    events.extend((0..20).map(|i| at(1, uncertain(&format!("job-{i}")))));
    events.push(at(2, finished(Summary { uncertain: 20, ..Summary::default() }, 3)));
    let text = summary(&events);
    assert!(text.contains("    batch resolve jobs.yaml job-0\n"), "{text}");
    assert!(text.contains("    and 15 more: batch status jobs.yaml\n"), "{text}");
}

#[test]
fn a_task_that_the_service_denies_is_not_called_a_lost_submit() {
    let denied = |id: &str| Event::Uncertain {
        job: crate::report::testing::job(id),
        message: "its submit arrived, but the service no longer knows its task t1".to_owned(),
        task_id: crate::service::names::TaskId::new("t1").ok(),
    };
    let done = || at(2, finished(Summary { uncertain: 1, ..Summary::default() }, 3));
    assert_snapshot!(summary(&[at(0, started(1)), at(1, denied("hill")), done()]), @"
    1 job uncertain: its submit arrived, but the service no longer knows its task t1
      the next run asks for it again, at no cost, and so does batch fetch jobs.yaml; or settle it:
        batch resolve jobs.yaml hill
    2s; 0 submits, 0 uploads, 0 polls, 0 downloads
    ");
    let two = summary(&[at(0, started(1)), at(1, denied("a")), at(1, denied("b")), done()]);
    assert!(two.contains("2 jobs uncertain: their submits arrived") && two.contains("asks for them again"), "{two}");
}

#[test]
fn what_was_settled_meanwhile_is_not_uncertain() {
    let events = [at(0, started(1)), at(1, uncertain("a")), at(2, submitted("a"))];
    let end = at(3, finished(Summary::default(), 0));
    let text = summary(&[events.to_vec(), vec![end]].concat());
    assert!(!text.contains("resolve"), "{text}");
}

#[test]
fn folders_are_named_once() {
    let mut events = vec![at(0, started(1))];
    for path in ["out/a-1.mp4", "out/b-1.mp4", "out/x/c-1.mp4", "d.mp4"] {
        events.push(at(1, downloaded("a", path)));
    }
    let done = Summary { succeeded: 3, videos: 4, bytes: 4 * 1_843_200, ..Summary::default() };
    events.push(at(2, finished(done, 0)));
    assert_eq!(summary(&events).lines().next(), Some("3 jobs succeeded: 4 videos (7.37 MB) in out/, ./, out/x/"));
}

#[test]
fn an_interrupted_run_says_how_to_go_on() {
    let text = summary(&[at(0, started(1)), at(2, finished(Summary::default(), 130))]);
    assert!(text.contains("go on with: batch run jobs.yaml\n"), "{text}");
}

#[test]
fn what_is_to_be_typed_is_about_the_same_run() {
    let out = Shared::default();
    let typed = [Typed { name: "only".to_owned(), value: Some("park*".to_owned()) }];
    let trial = Target::new("jobs.yaml", "jobs.sim.lock", Service::Simulated).going_on("run", &typed);
    let mut summary = RunSummary::new(out.clone(), Look::PLAIN, Apart::No, trial);
    a_run().iter().for_each(|event| summary.event(event));
    summary.finish();
    let text = out.text();
    for words in [
        "go on with: batch run jobs.yaml --simulate --only 'park*'\n",
        "batch resolve jobs.yaml hill --simulate\n",
        "\nnothing was paid; it would have cost: about 60",
    ] {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_run_that_had_no_room_for_anything_is_not_to_be_run_again_as_it_was() {
    let left = Summary { left: 2, not_submitted: 2, ..Summary::default() };
    let text = summary(&[at(0, started(2)), at(0, finished(left, 0))]);
    assert!(text.contains("2 jobs left for another run") && !text.contains("go on with"), "{text}");
}

#[test]
fn a_run_that_never_began_has_no_summary() {
    assert_eq!(summary(&[]), "");
    assert_eq!(summary(&[at(0, finished(Summary::default(), 5))]), "");
}

#[test]
fn colors_add_nothing_but_color() {
    let out = Shared::default();
    let look = Look { color: Color::Ansi, drawing: Drawing::Ascii, width: None };
    let mut colorful = RunSummary::new(out.clone(), look, Apart::No, target());
    a_run().iter().for_each(|event| colorful.event(event));
    colorful.finish();
    let text = out.text();
    let (first, rest) = text.split_once("\x1b[").unwrap();
    let bare = rest.split("\x1b[").map(|part| part.split_once('m').unwrap().1);
    assert_eq!(first.to_owned() + &bare.collect::<String>(), summary(&a_run()));
    assert!(text.contains("\x1b[36mbatch resolve jobs.yaml hill\x1b[0m"));
}

#[test]
fn pictures_that_changed_are_named_with_the_way_to_take_them() {
    let sha256 = crate::base::digest::Sha256::of(b"");
    let changed = |n: usize, taken| {
        let url = format!("https://images.example.com/{n}.png");
        at(0, Event::ImageChanged { url, pinned: sha256, found: sha256, jobs: 2, taken })
    };
    let done = || at(0, finished(Summary { kept: 2, ..Summary::default() }, 0));
    assert_snapshot!(summary(&[at(0, started(2)), changed(1, false), changed(2, true), done()]), @"
    2 jobs had their videos already
    1 image changed since jobs were bought with what it showed; nothing was bought for the change:
        https://images.example.com/1.png
      to buy with the new one: batch run jobs.yaml --refresh-images
    0s; 0 submits, 0 uploads, 0 polls, 0 downloads
    ");
    let many = std::iter::once(at(0, started(2))).chain((0..7).map(|n| changed(n, false))).chain([done()]);
    let said = summary(&many.collect::<Vec<_>>());
    assert!(
        said.contains("7 images changed since jobs were bought with what they showed") && said.contains("and 2 more"),
        "{said}"
    );
}
