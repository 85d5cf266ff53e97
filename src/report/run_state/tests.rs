use super::*;
use crate::event::Cause;
use crate::plan::action::Action;
use crate::plan::action::Reason;
use crate::report::testing::{a_run, at, failed, planned, started, submitted, succeeded, uncertain};

#[test]
fn every_job_is_counted_in_one_phase() {
    let mut run_state = RunState::default();
    for event in a_run() {
        run_state.event(&event.event, event.time);
        assert_eq!(run_state.counts.iter().sum::<usize>(), run_state.places.len());
    }
    assert_eq!((run_state.done(), run_state.total()), (4, 4));
    let count = |phase| run_state.count(phase);
    assert_eq!([count(Phase::Succeeded), count(Phase::Failed), count(Phase::Uncertain)], [1, 2, 1]);
    assert_eq!([count(Phase::Kept), count(Phase::Held)], [1, 1]);
}

#[test]
fn a_job_that_is_asked_for_again_is_in_flight_again() {
    let mut run_state = RunState::default();
    for event in [planned("a", Action::Submit, Reason::New), submitted("a"), uncertain("a"), submitted("a")] {
        run_state.event(&event, at(0, started(1)).time);
    }
    assert_eq!((run_state.count(Phase::InFlight), run_state.count(Phase::Uncertain)), (1, 0));
}

#[test]
fn words_tell_what_is_known() {
    let mut run_state = RunState::default();
    let later = |seconds| at(seconds, started(1)).time;
    assert_eq!(run_state.words(later(0)), "");
    run_state.event(&started(4), later(0));
    for id in ["a", "b", "c", "d"] {
        run_state.event(&planned(id, Action::Submit, Reason::New), later(0));
        run_state.event(&submitted(id), later(1));
    }
    assert_eq!(run_state.words(later(1)), "4 in flight");
    run_state.event(&succeeded("a"), later(60));
    run_state.event(&failed("b", Cause::Failed, "x"), later(60));
    assert_eq!(run_state.words(later(60)), "2 in flight, 1 failed; 2.0/min, about 14s left");
    run_state.event(&succeeded("c"), later(90));
    run_state.event(&uncertain("d"), later(90));
    assert_eq!(run_state.words(later(120)), "1 failed, 1 uncertain; 2.0/min");
}
