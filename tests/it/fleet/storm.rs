//! Storms over each engine: four runs at once, of which one after the other is killed or put to sleep at any time, and started again.

// The figures are the evidence; `--nocapture` shows them.
#![expect(clippy::print_stdout)]

use super::is_long;
use super::site::Site;
use super::team::Team;
use crate::support::lanes;
use crate::support::program::Started;
use crate::support::service::options;
use batch::simulate::{Latency, Options};
use std::thread;
use std::time::{Duration, Instant};

const RUNS: usize = 4;

/// Budget, doubt and beat.
const FENCE: &str = "2000 3000 100";

/// How long a run sleeps: others have given it up by then.
const SLEEP: Duration = Duration::from_millis(4000);

/// What became of the runs of a storm.
#[derive(Default)]
struct Weather {
    kills: u64,
    sleeps: u64,
}

/// Kills runs and puts them to sleep, each at any time, and starts again what was killed.
fn storm(team: &Team, random: &mut fastrand::Rng, rounds: usize) -> Weather {
    let mut weather = Weather::default();
    let start = |clone: usize| team.batch(clone, ["run", "-j", "4", "--progress", "none"]).start();
    let mut runs: Vec<Option<Started>> = (0..RUNS).map(|clone| Some(start(clone))).collect();
    let mut asleep: Option<(usize, Instant)> = None;
    for round in 0..rounds {
        thread::sleep(Duration::from_millis(random.u64(20..500)));
        if let Some((clone, since)) = asleep.filter(|(_, since)| since.elapsed() >= SLEEP) {
            asleep = None;
            runs[clone].as_ref().unwrap().signal("CONT");
            weather.sleeps += u64::from(since.elapsed() >= SLEEP);
        }
        let clone = random.usize(..RUNS);
        match asleep {
            Some((sleeper, _)) if sleeper == clone => {}
            None if round % 3 == 0 => {
                runs[clone].as_ref().unwrap().signal("STOP");
                asleep = Some((clone, Instant::now()));
            }
            _ => {
                let run = runs[clone].take().unwrap();
                run.signal("KILL");
                weather.kills += u64::from(run.end().killed_by() == Some(9));
                runs[clone] = Some(start(clone));
            }
        }
    }
    if let Some((clone, since)) = asleep {
        thread::sleep(SLEEP.saturating_sub(since.elapsed()));
        runs[clone].as_ref().unwrap().signal("CONT");
        weather.sleeps += 1;
    }
    for run in runs.into_iter().flatten() {
        let ended = run.end();
        assert!([0, 3].contains(&ended.code()), "{ended:?}");
    }
    weather
}

/// Lets storms go over an engine; tells what they cost.
fn storms(name: &str, site: &Site) {
    let (storms, rounds, jobs) = if is_long() { (5, 40, 50) } else { (1, 8, 20) };
    let (mut all, mut charges, mut uncertain) = (Weather::default(), 0, 0);
    for seed in 0..storms {
        let context = format!("storm {seed} over {name}");
        let latency = Latency::fixed(Duration::from_millis(200));
        let faults = options(&["submit:delay(120ms)"]);
        let team = site.team(&format!("storm_{seed}"), jobs, RUNS + 1, Options { latency, ..faults }).fenced(FENCE);
        let weather = storm(&team, &mut fastrand::Rng::with_seed(seed), rounds);
        team.paid_once(&context);
        for clone in 0..=RUNS {
            let ended = team.run(clone);
            assert!([0, 3].contains(&ended.code()), "{context}: {ended:?}");
        }
        let outcome = team.outcome(RUNS, &context);
        assert!(outcome.uncertain <= 4 * weather.kills, "{context}: {} are uncertain", outcome.uncertain);
        all = Weather { kills: all.kills + weather.kills, sleeps: all.sleeps + weather.sleeps };
        (charges, uncertain) = (charges + outcome.charges, uncertain + outcome.uncertain);
    }
    println!(
        "{name}: {storms} × {RUNS} runs at once on {jobs} jobs, {} SIGKILLs and {} sleeps: {charges} charges, none twice; {uncertain} submits uncertain",
        all.kills, all.sleeps
    );
}

#[test]
fn runs_that_are_killed_and_stopped_again_and_again_pay_once() {
    lanes::each(Site::all(), |(name, site)| storms(name, &site));
}
