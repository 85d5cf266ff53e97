//! `--max-cost`: reserved, returned and unspent money.

use super::*;

fn at_most(credits: u32) -> Settings {
    Settings { max_cost: Some(Decimal::whole(credits)), ..settings() }
}

fn spent(charged: u32, uncertain: u32, given_back: u32) -> Spent {
    let [charged, uncertain, given_back] = [charged, uncertain, given_back].map(Decimal::whole);
    Spent { charged, uncertain, given_back }
}

#[tokio::test(start_paused = true)]
async fn what_there_is_no_money_for_is_left() {
    let (bench, fake) = (Bench::new(), Fake::new(Script::default()));
    let ran = bench.run(&fake, 10, at_most(239)).await;
    assert_eq!((fake.calls("submit"), ran.outcome.summary.succeeded, ran.outcome.summary.left), (3, 3, 7));
    assert_eq!(ran.outcome.spent, spent(180, 0, 0));
    let none = Bench::new().run(&Fake::new(Script::default()), 2, at_most(59)).await;
    assert_eq!((none.outcome.summary.left, none.outcome.spent), (2, spent(0, 0, 0)));
}

#[tokio::test(start_paused = true)]
async fn a_cheap_job_does_not_overtake_a_dear_one() {
    let (bench, fake) = (Bench::new(), Fake::new(Script::default()));
    let prices = [60, 100, 10].map(Decimal::whole);
    let purchases = (0..3).map(|n| Purchase { price: prices[n], ..purchase(n) });
    let ran = bench.run_until(&fake, purchases, at_most(120), Stop::default()).await;
    assert_eq!((fake.calls("submit"), ran.outcome.summary.left), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn what_the_service_fails_or_refuses_pays_for_another() {
    let script = Script {
        submit: Box::new(|n| match n {
            1 => not_taken(Then::Refuse),
            _ => Submission::Accepted(task(n)),
        }),
        status: Box::new(|task, _| Ok(if task == "task-0" { TaskState::Failed } else { TaskState::Completed })),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 6, at_most(120)).await;
    // The first fails, the second is refused: the third and the fourth have their money.
    assert_eq!(fake.calls("submit"), 4);
    assert_eq!((ran.outcome.summary.succeeded, ran.outcome.summary.failed, ran.outcome.summary.left), (2, 2, 2));
    assert_eq!(ran.outcome.spent, spent(120, 0, 120));
}

#[tokio::test(start_paused = true)]
async fn a_lost_submit_stays_reserved_and_another_of_it_counts_too() {
    let script = || Script {
        submit: Box::new(|n| if n == 0 { Submission::Unknown("reset".into()) } else { Submission::Accepted(task(n)) }),
        ..Script::default()
    };
    let resubmit = |credits| Settings { on_uncertain: OnUncertain::Resubmit, concurrency: 1, ..at_most(credits) };
    let (bench, fake) = (Bench::new(), Fake::new(script()));
    let ran = bench.run(&fake, 1, resubmit(120)).await;
    assert_eq!((fake.calls("submit"), ran.outcome.summary.succeeded), (2, 1));
    assert_eq!(ran.outcome.spent, spent(60, 60, 0));
    let (bench, fake) = (Bench::new(), Fake::new(script()));
    let ran = bench.run(&fake, 2, resubmit(120)).await;
    assert_eq!(
        (ran.outcome.summary.uncertain, ran.outcome.summary.succeeded),
        (1, 1),
        "the next job had its money first"
    );
    assert_eq!(ran.outcome.spent, spent(60, 60, 0));
    let (bench, fake) = (Bench::new(), Fake::new(script()));
    let ran = bench.run(&fake, 1, resubmit(119)).await;
    assert_eq!((fake.calls("submit"), ran.outcome.summary.uncertain), (1, 1), "there is no money for another");
    assert_eq!(ran.outcome.spent, spent(0, 60, 0));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_now_keeps_its_money_for_the_next_try() {
    let script = Script {
        submit: Box::new(|n| match n {
            0..3 => not_taken(Then::Later(None)),
            _ => Submission::Accepted(task(n)),
        }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 2, at_most(60)).await;
    assert_eq!((fake.calls("submit"), ran.outcome.summary.succeeded, ran.outcome.summary.left), (4, 1, 1));
    assert_eq!(ran.outcome.spent, spent(60, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_the_service_forgot_is_uncertain_money() {
    let script = Script {
        status: Box::new(|_, _| Err(Failure { verdict: Verdict::Gone, code: "404".into(), message: "gone".into() })),
        ..Script::default()
    };
    let ran = Bench::new().run(&Fake::new(script), 2, at_most(60)).await;
    assert_eq!((ran.outcome.spent, ran.outcome.summary.left), (spent(0, 60, 0), 1));
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_the_books_are_kept_all_the_same() {
    let ran = Bench::new().run(&Fake::new(Script::default()), 5, settings()).await;
    assert_eq!(ran.outcome.spent, spent(300, 0, 0));
}
