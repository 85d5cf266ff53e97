//! The process that holds a ledger.

use crate::base::clock::Clock;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The holder of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The machine's name.
    pub host: String,
    /// The process's id on that machine.
    pub pid: u32,
    /// The time when its run began.
    pub started: Timestamp,
}

impl Holder {
    /// Returns this process, for whoever finds the ledger held.
    pub fn this_process() -> Holder {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
        let host = host.map_or_else(|| "this machine".to_owned(), |host| host.trim().to_owned());
        Holder { host, pid: std::process::id(), started: Clock::System.now_in_seconds() }
    }
}
