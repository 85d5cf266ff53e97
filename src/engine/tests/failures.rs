//! `--max-failures`: once so many failures are known, nothing more is bought.

use super::*;

/// Makes a service that fails every job, in one way.
type Failing = fn() -> Script;

#[tokio::test(start_paused = true)]
async fn nothing_is_submitted_after_the_last_failure_that_may_be() {
    let failing: [(&str, Failing); 4] = [
        ("failed", || Script { status: Box::new(|_, _| Ok(TaskState::Failed)), ..Script::default() }),
        ("refused", || Script { submit: Box::new(|_| not_taken(Then::Refuse)), ..Script::default() }),
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
            assert_eq!(summary.left, 10 - most, "{what}");
            // The third unknown ends submits by itself.
            let causes = ran.outcome.causes.iter().filter(|cause| **cause != StopCause::Unanswered);
            assert_eq!(causes.collect::<Vec<_>>(), [&StopCause::Failures], "{what}");
        }
    }
}
