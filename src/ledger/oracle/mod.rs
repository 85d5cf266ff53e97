//! The status table as a property: whatever happens, and wherever it is interrupted, the ledger agrees with a small model.
//!
//! The model (`model.rs`) is written from the manual's page on the lockfile alone. Scripts (`script.rs`) let jobs work,
//! the service answer, people edit, resolve and prune, processes die at any point between two steps and within a write,
//! and locks be exchanged, merged and restored at any time; the world (`world.rs`) plays them with real files, and the
//! service (`charges.rs`) counts the payments.

mod charges;
mod model;
mod script;
mod world;

use proptest::prelude::*;
use world::World;

fn play(script: &[script::Step]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut world = World::new();
        for step in script {
            world.take(step).await;
        }
    });
}

/// Scripts of up to 40 steps; use `PROPTEST_CASES` for a longer run.
fn config() -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(64),
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_ledger_says_what_the_model_says(script in script::scripts()) {
        play(&script);
    }
}
