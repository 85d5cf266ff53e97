//! `batch simulate`: the simulated service on a local port, until interrupted.

use crate::base::runtime;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::whole;
use crate::cli::signals::Signals;
use crate::cli::standard_output::print_text;
use crate::cli::terminal::{Terminal, Volume};
use crate::event::stop::{Level, Stop};
use crate::simulate::{Options, Simulator};
use std::io::{self, Write};

/// Options of `batch simulate`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The port on 127.0.0.1; 0 takes any that is free
    #[arg(long, value_name = "PORT", default_value_t = 8787)]
    port: u16,
    /// How long a generation takes: `2s`, or a range such as `1s..3s`
    #[arg(long, value_name = "TIME")]
    latency: Option<crate::simulate::Latency>,
    /// The share of generations that fail, 0 to 1
    #[arg(long = "failures", alias = "failure-rate", value_name = "SHARE")]
    failure_rate: Option<crate::simulate::Share>,
    /// The seed of chance: the same seed gives the same failures
    #[arg(long, value_name = "N", value_parser = whole::<u64>)]
    seed: Option<u64>,
    /// Misbehave: CALL:ACTION@WHEN, such as `submit:503@1-3`; repeatable
    #[arg(long, value_name = "FAULT")]
    fault: Vec<crate::simulate::Fault>,
    /// Require this key in every call that carries one
    #[arg(long, value_name = "KEY")]
    demand_key: Option<String>,
}

pub(in crate::cli) fn run(args: &Args, terminal: &Terminal) -> Result<Exit, Failure> {
    let defaults = Options::default();
    let key = args.demand_key.as_deref().map(crate::base::secret::ApiKey::new).transpose();
    let options = Options {
        port: args.port,
        key: key.map_err(|error| Failure::usage(format!("--demand-key: {error}")))?,
        latency: args.latency.unwrap_or(defaults.latency),
        failure_rate: args.failure_rate.unwrap_or(defaults.failure_rate),
        seed: args.seed.unwrap_or(defaults.seed),
        faults: args.fault.clone(),
        ..defaults
    };
    let runtime = runtime::on_this_thread().map_err(Failure::machine)?;
    runtime.block_on(async {
        let simulator = Simulator::start(options)
            .await
            .map_err(|error| Failure::machine(format!("port {} can't be had: {error}", args.port)))?;
        let (stop, signals) = (Stop::default(), Signals::default());
        signals.listen(stop.clone(), terminal.screen.clone(), "");
        // Only the address, for scripts; a reader that went away doesn't end the service.
        print_text(format!("{}\n", simulator.base_url()))?;
        if terminal.volume > Volume::Quiet {
            let _ = writeln!(
                io::stderr(),
                "the simulated service listens; in another terminal: batch run --base-url {} (any key will do)",
                simulator.base_url()
            );
        }
        stop.reached(Level::Out).await;
        simulator.stop().await;
        Ok(signals.first().map_or(Exit::Done, Exit::Interrupted))
    })
}
