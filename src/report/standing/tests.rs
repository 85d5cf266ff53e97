use super::*;
use crate::event::Cause;
use crate::plan::action::Reason;
use crate::report::testing::{a_run, at, failed, planned, started, submitted, succeeded, uncertain};

#[test]
fn every_job_is_counted_in_one_phase() {
    let mut standing = Standing::default();
    for event in a_run() {
        standing.event(&event.event, event.time);
        assert_eq!(standing.counts.iter().sum::<usize>(), standing.places.len());
    }
    assert_eq!((standing.done(), standing.total()), (4, 4));
    let count = |phase| standing.count(phase);
    assert_eq!([count(Phase::Succeeded), count(Phase::Failed), count(Phase::Uncertain)], [1, 2, 1]);
    assert_eq!([count(Phase::Kept), count(Phase::Held)], [1, 1]);
}

#[test]
fn a_job_that_is_asked_for_again_is_in_flight_again() {
    let mut standing = Standing::default();
    for event in [planned("a", Action::Submit, Reason::New), submitted("a"), uncertain("a"), submitted("a")] {
        standing.event(&event, at(0, started(1)).time);
    }
    assert_eq!((standing.count(Phase::InFlight), standing.count(Phase::Uncertain)), (1, 0));
}

#[test]
fn words_tell_what_is_known() {
    let mut standing = Standing::default();
    let later = |seconds| at(seconds, started(1)).time;
    assert_eq!(standing.words(later(0)), "");
    standing.event(&started(4), later(0));
    for id in ["a", "b", "c", "d"] {
        standing.event(&planned(id, Action::Submit, Reason::New), later(0));
        standing.event(&submitted(id), later(1));
    }
    assert_eq!(standing.words(later(1)), "4 in flight");
    standing.event(&succeeded("a"), later(60));
    standing.event(&failed("b", Cause::Failed, "x"), later(60));
    assert_eq!(standing.words(later(60)), "2 in flight, 1 failed; 2.0/min, about 14s left");
    standing.event(&succeeded("c"), later(90));
    standing.event(&uncertain("d"), later(90));
    assert_eq!(standing.words(later(120)), "1 failed, 1 uncertain; 2.0/min");
}
