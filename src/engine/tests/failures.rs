//! `--max-failures`: when it is known that so many failed, nothing more is bought.

use super::*;

/// Makes a service that fails every job, in one way.
type Failing = fn() -> Script;

#[tokio::test(start_paused = true)]
async fn nothing_is_submitted_after_the_last_failure_that_may_be() {
    let failing: [(&str, Failing); 4] = [
        ("failed", || Script { status: Box::new(|_, _| Ok(TaskState::Failed)), ..Script::default() }),
        ("refused", || Script {
            submit: Box::new(|_| Submission::Refused(failure(Verdict::Final))),
            ..Script::default()
        }),
        ("unknown", || Script { submit: Box::new(|_| Submission::Unknown("reset".into())), ..Script::default() }),
        ("timed out", || Script { latency: Duration::from_secs(100_000), ..Script::default() }),
    ];
    for (what, script) in failing {
        for most in 1..=3 {
            let (bench, fake) = (Bench::new(), Fake::new(script()));
            let max_failures = NonZeroUsize::new(most);
            let ran = bench.run(&fake, 10, Settings { concurrency: 1, max_failures, ..settings() }).await;
            let summary = &ran.outcome.summary;
            assert_eq!((fake.calls("submit"), summary.failed + summary.uncertain), (most, most), "{what}: {summary:?}");
            assert_eq!((summary.left, &ran.outcome.causes[..]), (10 - most, &[StopCause::Failures][..]), "{what}");
        }
    }
}
