//! The evidence for the promise: whatever is killed, whenever, nothing is paid for twice and no task id is lost.
//!
//! `BATCH_CRASH=long cargo test --test it crash` tries many times as much.

// The figures are the evidence; `--nocapture` shows them.
#![expect(clippy::print_stdout)]

mod damage;
mod disk;
mod prefix;
mod record;
mod scenario;
mod steps;
mod storm;
mod two_at_once;

/// Whether there is time for the long way.
fn long() -> bool {
    match std::env::var("BATCH_CRASH") {
        Err(_) => false,
        Ok(word) => {
            assert_eq!(word, "long", "BATCH_CRASH is `long`, or not set");
            true
        }
    }
}
