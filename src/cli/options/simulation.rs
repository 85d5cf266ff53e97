//! Options of a trial.

use super::whole;
use crate::cli::failure::Failure;
use clap::Args as ClapArgs;

/// A trial, and how its simulated service behaves.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Simulated service")]
pub(in crate::cli) struct Simulation {
    /// Use a simulated service inside this process: no key, no cost; its lock is jobs.sim.lock
    #[arg(long)]
    pub(in crate::cli) simulate: bool,
    /// How long a generation takes: `2s`, or a range such as `1s..3s`
    #[arg(long = "sim-latency", value_name = "TIME")]
    pub(in crate::cli) latency: Option<crate::simulate::Latency>,
    /// The share of generations that fail, 0 to 1
    #[arg(long = "sim-failures", value_name = "SHARE")]
    pub(in crate::cli) failures: Option<crate::simulate::Share>,
    /// The seed of chance: the same seed gives the same failures
    #[arg(long = "sim-seed", value_name = "N", value_parser = whole::<u64>)]
    pub(in crate::cli) seed: Option<u64>,
    /// Misbehave: CALL:ACTION@WHEN, such as `submit:503@1-3`; repeatable
    #[arg(long = "sim-fault", value_name = "FAULT")]
    pub(in crate::cli) fault: Vec<crate::simulate::Fault>,
}

impl Simulation {
    /// Refuses options that say how the simulated service behaves where the jobs would go to the real one.
    ///
    /// # Errors
    /// Fails if there is one of them.
    pub(in crate::cli) fn suit(&self) -> Result<(), Failure> {
        let Simulation { simulate, latency, failures, seed, fault } = self;
        let named = [
            (latency.is_some(), "--sim-latency"),
            (failures.is_some(), "--sim-failures"),
            (seed.is_some(), "--sim-seed"),
            (!fault.is_empty(), "--sim-fault"),
        ];
        match named.iter().find(|(is_there, _)| *is_there && !*simulate) {
            None => Ok(()),
            Some((_, name)) => Err(Failure::usage(format!(
                "{name} says how the simulated service behaves, but this would be a real run: nothing was sent"
            ))
            .hint("add --simulate for a trial, or leave it out")),
        }
    }
}
