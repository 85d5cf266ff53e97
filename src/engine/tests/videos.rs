//! Videos of a finished task: each is stored once, under whichever URL it is listed, and none is lost for another.

use super::*;
use crate::ledger::record::Output;

/// Returns videos by content, listed anew for each query; a video whose URL isn't in `good` has expired.
fn listed(listings: &'static [&'static [&'static str]], good: fn(&str, usize) -> bool) -> Script {
    Script {
        result: Box::new(|_, n| {
            let urls = listings[n.min(listings.len() - 1)];
            Ok(urls.iter().map(|url| format!("https://videos.example.com/{url}")).collect())
        }),
        download: Box::new(move |url, n| {
            let url = url.strip_prefix("https://videos.example.com/").unwrap();
            let content = url.split("v=").nth(1).and_then(|rest| rest.split('&').next()).unwrap();
            if good(url, n) { Ok(content.into()) } else { Err(failure(Verdict::Gone)) }
        }),
        latency: Duration::ZERO,
        ..Script::default()
    }
}

impl Bench {
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path().join("out")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn contents(&self) -> Vec<String> {
        let mut paths: Vec<_> =
            std::fs::read_dir(self.folder.path().join("out")).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }
}

impl Ran {
    fn outputs(&self) -> Vec<Output> {
        self.book.current(&purchase(0).key.job).unwrap().stage.outputs().to_vec()
    }
}

/// In whichever order and under whichever URLs a task's videos are listed again, each is stored once and none is left out.
#[tokio::test(start_paused = true)]
async fn videos_that_are_listed_in_another_order_are_each_stored_once() {
    let cases: [&[&[&str]]; 5] = [
        // By their URLs without the query.
        &[&["x?v=A&s=1", "y?v=B&s=0", "z?v=C&s=0"], &["z?v=C&s=1", "y?v=B&s=1", "x?v=A&s=1"]],
        // They differ only in the query.
        &[&["view?v=A&s=1", "view?v=B&s=0", "view?v=C&s=0"], &["view?v=C&s=1", "view?v=A&s=1", "view?v=B&s=1"]],
        // The signature is in the path.
        &[&["1/x?v=A&s=1", "1/y?v=B&s=0", "1/z?v=C&s=0"], &["2/y?v=B&s=1", "2/z?v=C&s=1", "2/x?v=A&s=1"]],
        // Some have moved, and one is listed late.
        &[&["x?v=A&s=1", "y?v=B&s=0"], &["2/z?v=C&s=1", "y?v=B&s=1", "x?v=A&s=1"]],
        // Another one is listed in the place of a stored one.
        &[&["x?v=A&s=1", "y?v=B&s=0"], &["2/z?v=C&s=1", "y?v=B&s=1", "3/x?v=A&s=1"]],
    ];
    for listings in cases {
        let (bench, fake) = (Bench::new(), Fake::new(listed(listings, |url, _| url.ends_with("s=1"))));
        let ran = bench.run(&fake, 1, settings()).await;
        let mut contents = bench.contents();
        contents.sort();
        assert_eq!(contents, ["A", "B", "C"], "{listings:?}");
        assert_eq!((ran.outcome.summary.succeeded, ran.outputs().len()), (1, 3), "{listings:?}");
        for output in ran.outputs() {
            let content = std::fs::read(bench.folder.path().join(&output.path)).unwrap();
            assert_eq!(output.sha256, Sha256::of(&content), "{listings:?}");
        }
        assert!(ran.outcome.summary.polls <= 1 && fake.calls("result") == 2, "{listings:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_in_the_way_beside_an_expired_url_ends() {
    let script = listed(&[&["x?v=A", "y?v=B", "z?v=C"]], |url, _| !url.starts_with('y'));
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let out = bench.folder.path().join("out");
    let stop = Stop::default();
    // It appears when everything is paid.
    let script = Script {
        result: Box::new(move |task, n| {
            std::fs::create_dir_all(&out).unwrap();
            std::fs::write(out.join("job-0000-1.mp4"), "mine").unwrap();
            (fake.script.result)(task, n)
        }),
        download: Box::new(|url, n| {
            assert!(n < 100, "it asks for ever");
            if url.contains("/y") { Err(failure(Verdict::Gone)) } else { Ok(url.into()) }
        }),
        latency: Duration::ZERO,
        ..Script::default()
    };
    let fake = Fake::new(script);
    let ran = bench.run_until(&fake, [purchase(0)].into_iter(), settings(), stop).await;
    assert!(ran.outcome.local, "the file in the way is the graver trouble");
    assert_eq!((ran.outcome.summary.failed, ran.status(0)), (1, Some(Status::Generated)));
    let out = bench.folder.path().join("out");
    assert_eq!(std::fs::read(out.join("job-0000-1.mp4")).unwrap(), b"mine");
    assert!(out.join("job-0000-3.mp4").exists(), "what can be had is here");
    assert!(fake.calls("result") <= 9, "{}", fake.calls("result"));
}

#[tokio::test(start_paused = true)]
async fn a_video_that_cannot_be_fetched_keeps_no_other_from_it() {
    for verdict in [Verdict::Again(None), Verdict::Final, Verdict::Gone] {
        let script = Script {
            result: Box::new(|_, _| Ok(["x", "y", "z"].map(|url| format!("https://videos.example.com/{url}")).into())),
            download: Box::new(
                move |url, _| if url.ends_with('x') { Err(failure(verdict)) } else { Ok(url.as_bytes().to_vec()) },
            ),
            ..Script::default()
        };
        let (bench, fake) = (Bench::new(), Fake::new(script));
        let ran = bench.run(&fake, 1, settings()).await;
        assert_eq!((ran.outcome.summary.failed, ran.outcome.local), (1, false));
        let numbers: Vec<_> = ran.outputs().iter().map(|output| output.number).collect();
        assert_eq!(numbers, [2, 3], "{verdict:?}");
        assert!(fake.calls("download") <= 11, "{verdict:?}: nothing is fetched twice: {}", fake.calls("download"));
    }
}

/// The received content is paid: it is kept next to its place if no try brings more, and removed once the whole video
/// is stored.
#[tokio::test(start_paused = true)]
async fn what_may_be_a_video_is_kept_beside_its_place() {
    let script = |contents: &'static [&'static str]| Script {
        download: Box::new(|_, n| match contents[n.min(contents.len() - 1)] {
            "" => Err(failure(Verdict::Again(None))),
            content => Ok(content.into()),
        }),
        latency: Duration::ZERO,
        ..Script::default()
    };
    let bench = Bench::new();
    let ran = bench.run(&Fake::new(script(&["", "doubtful, all of it", "doubtful", ""])), 1, settings()).await;
    assert_eq!((ran.outcome.summary.failed, ran.outcome.local, ran.status(0)), (1, false, Some(Status::Generated)));
    assert_eq!(
        (bench.names(), bench.contents()),
        (vec!["job-0000-1.mp4.doubtful".to_owned()], vec!["doubtful, all of it".to_owned()])
    );
    let ended = ran.events.iter().find_map(|event| match event {
        Event::Failed { error, .. } => Some(error.message.clone()),
        _ => None,
    });
    let message = ended.expect("its failure was told");
    assert!(
        message.contains("out/job-0000-1.mp4.doubtful") && message.contains("--accept-doubtful job-0000"),
        "{message}"
    );

    // Shorter content doesn't replace it; the whole video does.
    for (content, left) in [
        (&["doubtful"][..], &["job-0000-1.mp4.doubtful"][..]),
        (&["all of it"], &["job-0000-1.mp4", "job-0000-1.mp4.doubtful"]),
    ] {
        bench.run(&Fake::new(script(content)), 1, settings()).await;
        assert_eq!(bench.names(), left, "{content:?}");
    }
}

/// Runs a job of three videos; `listed` returns how many are listed at each query.
async fn short_of(listed: fn(usize) -> usize) -> (Bench, Fake, Ran) {
    let script = Script {
        result: Box::new(move |_, n| {
            Ok((0..listed(n)).map(|video| format!("https://videos.example.com/{video}.mp4")).collect())
        }),
        latency: Duration::ZERO,
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let mut three = purchase(0);
    three.generation.number_of_videos = 3;
    let ran = bench.run_until(&fake, [three].into_iter(), settings(), Stop::default()).await;
    (bench, fake, ran)
}

#[tokio::test(start_paused = true)]
async fn fewer_videos_than_were_asked_for_are_asked_for_again_over_half_a_minute() {
    let (_bench, fake, ran) = short_of(|_| 1).await;
    assert_eq!((fake.calls("result"), fake.calls("download"), ran.outputs().len()), (5, 1, 1));
    assert!((30..60).contains(&ran.took.as_secs()), "{:?}", ran.took);
    assert!(ran.events.iter().any(|event| matches!(event, Event::Succeeded { asked: Some(3), .. })));
    assert_eq!((ran.status(0), ran.outcome.summary.succeeded), (Some(Status::Succeeded), 1));
    let (_bench, fake, ran) = short_of(|n| if n < 2 { 1 } else { 3 }).await;
    assert_eq!((fake.calls("result"), fake.calls("download"), ran.outputs().len()), (3, 3, 3));
}

#[tokio::test(start_paused = true)]
async fn what_fell_short_is_asked_for_once_more_and_nothing_is_lost_by_it() {
    let (bench, _, ran) = short_of(|_| 1).await;
    let record = ran.book.current(&purchase(0).key.job).unwrap().clone();
    for (answer, outputs) in [(Ok(1), 1), (Err(()), 1), (Ok(3), 3)] {
        let script = Script {
            result: Box::new(move |_, _| match answer {
                Ok(listed) => Ok((0..listed).map(|n| format!("https://videos.example.com/{n}.mp4")).collect()),
                Err(()) => Err(failure(Verdict::Gone)),
            }),
            ..Script::default()
        };
        let fake = Fake::new(script);
        let ran = bench.collect(&fake, vec![record.clone()]).await;
        assert_eq!((fake.calls("result"), ran.outputs().len()), (1, outputs), "{answer:?}");
        assert_eq!((ran.status(0), ran.outcome.summary.failed), (Some(Status::Succeeded), 0), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_that_pause_before_another_try_keep_no_others_from_being_fetched() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&order);
    let script = Script {
        latency: Duration::ZERO,
        download: Box::new(move |url, _| {
            let is_bad = (0..8).any(|n| url.ends_with(&format!("/task-{n}.mp4?signature=1")));
            seen.lock().unwrap().push(is_bad);
            if is_bad { Err(failure(Verdict::Again(None))) } else { Ok(url.as_bytes().to_vec()) }
        }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 40, Settings { concurrency: 40, downloads: 1, ..settings() }).await;
    assert_eq!((ran.outcome.summary.succeeded, ran.outcome.summary.failed), (32, 8));
    let order = order.lock().unwrap();
    let bad_before_the_last_good =
        order[..order.iter().rposition(|bad| !bad).unwrap()].iter().filter(|bad| **bad).count();
    assert!(bad_before_the_last_good < 8 * 4, "{bad_before_the_last_good} of {} tries", 8 * video::TRIES);
}
