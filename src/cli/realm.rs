//! The real thing or the trial.

use crate::report::commands::{self, Target};
use std::path::Path;

/// The lock that a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Realm {
    /// That of the service.
    Real,
    /// The trial that `run --simulate` makes.
    Trial,
}

impl Realm {
    /// Returns the one that the option `--simulate` names.
    pub(super) fn of(simulate: bool) -> Realm {
        if simulate { Realm::Trial } else { Realm::Real }
    }

    /// Returns how commands about a manifest and its lock are typed.
    pub(super) fn target(self, manifest: &Path, lock: &str) -> Target {
        let service = match self {
            Realm::Real => commands::Service::Real,
            Realm::Trial => commands::Service::Simulated,
        };
        Target::new(&manifest.display().to_string(), lock, service)
    }

    /// Returns the extension of the lock.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Realm::Real => "lock",
            Realm::Trial => "sim.lock",
        }
    }
}
