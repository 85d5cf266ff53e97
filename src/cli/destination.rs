//! The destination of jobs: the service or its simulation, and whether the key may be sent there.

use super::args::{self, Common};
use super::failure::Failure;
use super::settings::{self, KeySource, Origin};
use crate::base::secret::ApiKey;
use crate::client::way::Surroundings;
use crate::manifest::model::Manifest;
use crate::simulate::{Options, Running, Simulator};
use crate::spec::address::BaseUrl;
use crate::spec::limits::TURNED_AWAY;
use std::collections::BTreeSet;
use std::path::Path;

/// The ledger's name for the simulated service, whatever its port.
pub(super) const SIMULATED: &str = "simulate";

/// The destination of jobs.
pub(super) struct Destination {
    /// The base URL of calls.
    pub(super) base: BaseUrl,
    /// The ledger's name for it.
    pub(super) identity: String,
    /// The key; the simulated service needs none.
    pub(super) key: Option<ApiKey>,
    /// The origin of the key.
    pub(super) key_source: Option<KeySource>,
    /// The proxy and the certificates on the way there.
    pub(super) surroundings: Surroundings,
    /// The statuses that something on the way returns only for requests that it doesn't forward.
    pub(super) turned_away: BTreeSet<u16>,
    /// Keeps the simulated service running.
    _simulator: Option<Running>,
}

impl Destination {
    /// Returns the service named by the options, the environment or the manifest; `of_lock` is the one that the lock
    /// belongs to.
    ///
    /// # Errors
    /// Fails if that is another one, or the key is missing or may not be sent there.
    pub(super) fn service(
        option: Option<&str>,
        manifest: &Manifest,
        of_lock: Option<&str>,
        common: &Common,
    ) -> Result<Destination, Failure> {
        let (base, origin) = settings::base_url(option, Some(manifest))?;
        refuse_another(&base, of_lock, common)?;
        let is_named = option.is_some() || settings::is_address_in_environment();
        let turned_away = manifest.turned_away.clone();
        let destination = Destination::with_key((base, origin), is_named, manifest.folder.path(), common)?;
        Ok(Destination { turned_away, ..destination })
    }

    /// Returns the service with the paid tasks: the one that the lock belongs to. The environment, or a valid
    /// `manifest`, may name it anew.
    ///
    /// # Errors
    /// Fails if they name another one, or the key is missing or may not be sent there.
    pub(super) fn of_paid(
        of_lock: &str,
        manifest: Option<&Manifest>,
        folder: &Path,
        common: &Common,
    ) -> Result<Destination, Failure> {
        let (base, origin) = match settings::named_base_url(None, manifest)? {
            Some(named) => named,
            None if common.move_service && manifest.is_none() => {
                let message = "the manifest has errors, so it isn't known which service it names";
                return Err(Failure::usage(message).hint("mend it first, or say where: BAICAI_BASE_URL"));
            }
            None if common.move_service => settings::base_url(None, manifest)?,
            None => {
                let base: BaseUrl = of_lock
                    .parse()
                    .map_err(|error| Failure::machine(format!("the lock's service `{of_lock}`: {error}")))?;
                // A URL found only in the lock isn't explicit consent.
                let origin = if base == BaseUrl::official() { Origin::Person } else { Origin::File };
                (base, origin)
            }
        };
        refuse_another(&base, Some(of_lock), common)?;
        Destination::with_key((base, origin), settings::is_address_in_environment(), folder, common)
    }

    /// Starts a simulated service inside this process; `of_lock` is the service that the lock belongs to.
    ///
    /// # Errors
    /// Fails if that is a real one, or the simulated one can't be started.
    pub(super) fn simulated(args: &args::Simulation, of_lock: Option<&str>) -> Result<Destination, Failure> {
        // Not even explicit consent makes the simulated service the same as a real one.
        if let Some(other) = of_lock.filter(|of_lock| *of_lock != SIMULATED) {
            return Err(Failure::usage(format!("the lock belongs to {other}, not to a simulated service"))
                .hint("use another lock for the trial: --lock FILE, or none for the one beside the manifest"));
        }
        let defaults = Options::default();
        let options = Options {
            latency: args.latency.unwrap_or(defaults.latency),
            failure_rate: args.failures.unwrap_or(defaults.failure_rate),
            seed: args.seed.unwrap_or(defaults.seed),
            faults: args.fault.clone(),
            ..defaults
        };
        let simulator = Simulator::spawn_thread(options)
            .map_err(|error| Failure::machine(format!("the simulated service can't be started: {error}")))?;
        let base = simulator.base_url().parse().map_err(Failure::machine)?;
        Ok(Destination {
            base,
            identity: SIMULATED.to_owned(),
            key: None,
            key_source: None,
            surroundings: Surroundings::default(),
            turned_away: TURNED_AWAY.into(),
            _simulator: Some(simulator),
        })
    }

    /// Returns the service at this address, which may have been named by the person who runs the command, with the key.
    fn with_key(
        (base, origin): (BaseUrl, Origin),
        is_named: bool,
        folder: &Path,
        common: &Common,
    ) -> Result<Destination, Failure> {
        settings::may_have_key(&base, origin, common)?;
        let (key, source) = settings::key(folder, is_named)?;
        let surroundings = settings::surroundings(&base)?;
        tracing::info!("the jobs go to {base}");
        Ok(Destination {
            identity: base.to_string(),
            base,
            key: Some(key),
            key_source: Some(source),
            surroundings,
            turned_away: TURNED_AWAY.into(),
            _simulator: None,
        })
    }
}

/// Refuses a service other than the lock's, unless a person says that it is the same.
fn refuse_another(base: &BaseUrl, of_lock: Option<&str>, common: &Common) -> Result<(), Failure> {
    let identity = base.to_string();
    match of_lock.filter(|other| *other != identity && (!common.move_service || *other == SIMULATED)) {
        None => Ok(()),
        Some(other) => Err(another(other, &identity)),
    }
}

/// Returns the failure that jobs would go to another service than the lock's, with the two ways out.
pub(super) fn another(of_lock: &str, wanted: &str) -> Failure {
    Failure::usage(format!("the lock belongs to {of_lock}, the jobs would go to {wanted}")).hint(
        "use another lock for another service: --lock FILE; or say that it is the same service under a new name: --move-service",
    )
}
