//! What a person sees of a run on a terminal: read from the screen of a real one.

use crate::support::service::options;
use crate::support::setup::{Setup, manifest_of};
use crate::support::terminal::OnTerminal;
use batch::simulate::{Latency, Options};
use std::process::Command;
use std::time::{Duration, Instant};

fn slow(jobs: usize, latency: Duration, faults: &[&str]) -> Setup {
    Setup::with(&manifest_of(jobs), Options { latency: Latency::fixed(latency), ..options(faults) })
}

fn watched<'a>(setup: &Setup, arguments: impl IntoIterator<Item = &'a str>, rows: u16, columns: u16) -> OnTerminal {
    setup.running(arguments).on_terminal(rows, columns)
}

/// Nothing of a picture: no bar, no line of a job.
#[track_caller]
fn has_no_picture(rows: &[String]) {
    assert!(!rows.iter().any(|row| row.contains('━') || row.contains('─') || row.starts_with(" j")), "{rows:#?}");
}

#[test]
fn a_run_is_seen_while_it_is_on_and_leaves_its_summary() {
    let setup = slow(12, Duration::from_millis(1500), &["submit:moderate@2", "submit:429@3"]);
    let terminal = watched(&setup, ["-j4"], 24, 80);
    let rows = terminal.wait_until(|rows| rows.iter().any(|row| row.contains("4 in flight, 1 failed")));
    let bar = rows.iter().position(|row| row.contains("━") || row.contains("─")).unwrap();
    assert_eq!(rows.len(), bar + 2, "{rows:#?}");
    assert!(rows[bar].contains('━') && rows[bar].contains("left"), "{rows:#?}");
    assert_eq!(rows[..bar].iter().filter(|row| row.starts_with(" j")).count(), 4, "{rows:#?}");
    assert!(rows.iter().any(|row| row.starts_with("j2 failed at the service:")), "{rows:#?}");
    assert!(terminal.has_cursor());
    let rows = terminal.exits(1);
    has_no_picture(&rows);
    assert!(rows.iter().any(|row| row.starts_with("11 jobs succeeded: 11 videos")), "{rows:#?}");
    assert_eq!(
        rows.iter().filter(|row| row.contains("j2")).count(),
        2,
        "once as it happened, once in the summary: {rows:#?}"
    );
}

#[test]
fn a_window_may_change_while_it_is_watched() {
    let setup = slow(60, Duration::from_millis(1000), &[]);
    let terminal = watched(&setup, ["-j20"], 30, 100);
    terminal.wait_for("20 in flight");
    for (rows, columns) in [(24, 40), (10, 40), (5, 30), (40, 120), (3, 20), (24, 80)] {
        terminal.resize(rows, columns);
        let most = usize::from(rows);
        let seen = terminal.wait_until(|rows| {
            let bars = rows.iter().filter(|row| row.contains("/60")).count();
            let wide =
                rows.iter().filter(|row| row.contains("/60")).all(|row| row.chars().count() < usize::from(columns));
            bars == 1 && wide && rows.len() <= most
        });
        assert!(seen.iter().filter(|row| row.contains("in flight")).count() <= 2, "{seen:#?}");
    }
    let rows = terminal.exits(0);
    has_no_picture(&rows);
    assert!(rows.iter().any(|row| row.starts_with("60 jobs succeeded")), "{rows:#?}");
}

#[test]
fn ctrl_c_takes_the_picture_away() {
    for twice in [false, true] {
        // The second Ctrl-C comes while the reply of a submit is waited for.
        let setup = slow(6, Duration::from_secs(30), if twice { &["submit:stall@2"] } else { &[] });
        let terminal = watched(&setup, ["-j3"], 24, 80);
        terminal.wait_for(if twice { "submitting" } else { "3 in flight" });
        terminal.types("\x03");
        if twice {
            terminal.wait_for("interrupted: no new jobs are submitted");
            terminal.types("\x03");
        }
        let rows = terminal.exits(130);
        has_no_picture(&rows);
        assert!(rows.iter().any(|row| row.contains("interrupted: no new jobs are submitted")), "{rows:#?}");
    }
}

/// What is typed is for whoever reads next: the picture shows none of it.
#[test]
fn keys_leave_no_trace_and_the_bar_takes_the_width() {
    let setup = slow(30, Duration::from_millis(700), &[]);
    let terminal = watched(&setup, ["-j4"], 24, 120);
    terminal.wait_for("4 in flight");
    terminal.types("neverseen\n\nneverseen");
    let rows = terminal.wait_for("credits");
    let bar = rows.iter().find(|row| row.contains("/30")).unwrap();
    assert!(bar.chars().filter(|c| matches!(c, '━' | '─')).count() > 40 && bar.chars().count() > 110, "{bar}");
    let rows = terminal.wait_for("left till ");
    let bar = rows.iter().position(|row| row.contains("/30")).unwrap();
    let jobs: Vec<_> = rows[..bar].iter().skip_while(|row| !row.starts_with(" j")).collect();
    assert!(jobs.len() >= 4 && jobs.iter().all(|row| row.starts_with(" j")), "no line between: {rows:#?}");
    assert!(!rows.iter().any(|row| row.contains("neverseen")), "{rows:#?}");
    let rows = terminal.exits(0);
    assert!(!rows.iter().any(|row| row.contains("neverseen")), "{rows:#?}");
    has_no_picture(&rows);
}

#[test]
fn lines_break_between_words() {
    let setup = slow(2, Duration::from_millis(100), &[]);
    let terminal = watched(&setup, [], 24, 60);
    terminal.wait_for("jobs succeeded");
    let rows = terminal.exits(0);
    let first: Vec<_> = rows.iter().take_while(|row| !row.contains("succeeded")).collect();
    assert!(first[0].starts_with("jobs.yaml: 2 jobs, 4 at a time,") && first.len() > 1, "{rows:#?}");
    let words = first.iter().map(|row| row.trim()).collect::<Vec<_>>().join(" ");
    assert!(words.contains("(by the model vendor's price list; the service may charge differently)"), "{rows:#?}");
}

#[test]
fn ctrl_z_leaves_the_terminal_to_the_shell() {
    let setup = slow(4, Duration::from_secs(2), &[]);
    let terminal = watched(&setup, ["-j2"], 24, 80);
    terminal.wait_for("2 in flight");
    terminal.types("\x1a");
    let rows = terminal.wait_until(|rows| !rows.iter().any(|row| row.contains("in flight")));
    has_no_picture(&rows);
    assert!(Command::new("kill").args(["-CONT", &terminal.id().to_string()]).status().unwrap().success());
    terminal.wait_for("in flight");
    terminal.exits(0);
}

#[test]
fn without_colors_there_is_none() {
    let setup = slow(3, Duration::from_millis(300), &["submit:moderate@2"]);
    let plain = setup.running(["-j1"]).env("NO_COLOR", "1").on_terminal(24, 80);
    plain.wait_for("jobs succeeded");
    let raw = plain.raw();
    // A color is a sequence that ends with `m`.
    let colors = raw
        .split("\x1b[")
        .skip(1)
        .filter(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'));
    assert_eq!(colors.count(), 0, "{raw:?}");
    let dumb = setup.running(["--progress", "auto", "--retry-failed"]).env("TERM", "dumb").run().exits(0);
    assert!(!dumb.stderr.contains('\u{1b}'), "{dumb:?}");
}

#[test]
fn many_jobs_cost_little_to_draw() {
    let setup = slow(2000, Duration::from_millis(300), &[]);
    let started = Instant::now();
    let terminal = watched(&setup, ["-j256"], 50, 120);
    let rows = terminal.wait_for("and ");
    assert!(rows.iter().any(|row| row.contains("… and") && row.contains("more:")), "{rows:#?}");
    terminal.wait_for("2,000 jobs succeeded");
    let (raw, seconds) = (terminal.raw(), started.elapsed().as_secs_f64());
    let pictures = raw.matches("\x1b[?2026h").count() as f64;
    assert!(pictures <= seconds * 10.0 + 5.0, "{pictures} pictures in {seconds} s");
    assert!((raw.len() as f64) < pictures * 8000.0 + 10_000.0, "{} bytes for {pictures} pictures", raw.len());
    terminal.exits(0);
}

#[test]
fn a_run_can_be_watched_from_another_terminal() {
    let setup = slow(8, Duration::from_millis(2500), &["submit:moderate@3"]);
    let mut running = setup.running(["-j3", "--progress", "plain"]).start();
    running.wait_for_stderr("j3 submitted");
    let watching = setup.project.batch(["status", "--watch"]).on_terminal(24, 80);
    let rows = watching.wait_for("3 in flight");
    assert!(rows.iter().any(|row| row.starts_with(" j1")), "{rows:#?}");
    let lines = setup.project.batch(["status", "--watch"]).start();
    let interrupted = setup.project.batch(["status", "--watch"]).on_terminal(24, 80);
    interrupted.wait_for("in flight");
    interrupted.types("\x03");
    has_no_picture(&interrupted.exits(130));
    running.end().exits(1);
    let rows = watching.exits(0);
    has_no_picture(&rows);
    assert!(rows.iter().any(|row| row.contains("8 jobs: 7 succeeded, 1 failed")), "{rows:#?}");
    assert!(rows.iter().any(|row| row.contains("the run is over")), "{rows:#?}");
    let lines = lines.end().exits(0);
    assert!(lines.stderr.contains("j3 failed at the service") && lines.stderr.contains("j8 submitted"), "{lines:?}");
    assert_eq!(lines.stdout.lines().next(), Some("8 jobs: 7 succeeded, 1 failed"));
    let after = setup.batch(["status", "--watch"]).exits(0);
    assert!(after.stderr.contains("no run is on") && after.stdout.contains("j3"), "{after:?}");
}
