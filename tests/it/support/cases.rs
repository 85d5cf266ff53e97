//! Tables of cases that mostly wait.

use std::sync::Mutex;

/// Cases at the same time.
const AT_ONCE: usize = 16;

/// Holds each case to `check`, several at a time; one that panics fails the test.
pub(crate) fn each<C: Sync>(cases: &[C], check: impl Fn(&C) + Sync) {
    assert!(!cases.is_empty());
    let next = Mutex::new(cases.iter());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(cases.len()) {
            scope.spawn(|| {
                loop {
                    let Some(case) = next.lock().unwrap().next() else { break };
                    check(case);
                }
            });
        }
    });
}

#[test]
fn every_case_is_checked_once() {
    let seen = Mutex::new(Vec::new());
    each(&(0..100).collect::<Vec<_>>(), |case| seen.lock().unwrap().push(*case));
    let mut seen = seen.into_inner().unwrap();
    seen.sort_unstable();
    assert_eq!(seen, (0..100).collect::<Vec<_>>());
    let failing = std::panic::catch_unwind(|| each(&[1, 2, 3], |case| assert_ne!(*case, 2, "this panic is wanted")));
    assert!(failing.is_err(), "a case that fails is not passed over");
}
