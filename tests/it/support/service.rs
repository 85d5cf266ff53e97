//! The simulated service for a test: fast, recording, and misbehaving as asked.

use batch::simulate::{Latency, Options, Running, Simulator};
use std::time::Duration;

/// Options of a simulator whose generations are finished at once, which records every request.
pub(crate) fn options(faults: &[&str]) -> Options {
    Options {
        latency: Latency::fixed(Duration::ZERO),
        faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
        record: true,
        ..Options::default()
    }
}

/// A simulator on a thread of its own, with these faults.
pub(crate) fn simulator(faults: &[&str]) -> Running {
    Simulator::spawn_thread(options(faults)).unwrap()
}
