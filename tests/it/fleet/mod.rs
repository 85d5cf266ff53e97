//! Several runs on one shared ledger, of each engine.
//!
//! `BATCH_CRASH=long cargo test --test it fleet` tries many times as much.

mod bucket;
mod double;
mod folder;
mod gate;
mod hostile;
mod limits;
mod measure;
mod money;
mod postgres;
mod publish;
mod server;
mod site;
mod steps;
mod storm;
mod team;
mod uploads;

/// Whether there is time for the long way.
fn is_long() -> bool {
    std::env::var("BATCH_CRASH").is_ok_and(|word| word == "long")
}
