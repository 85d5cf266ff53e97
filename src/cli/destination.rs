//! Where jobs go: the service or its simulation, and whether the key may go along.

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

/// Where jobs go.
pub(super) struct Destination {
    /// Where calls are made.
    pub(super) base: BaseUrl,
    /// The ledger's name for it.
    pub(super) identity: String,
    /// The key; the simulated service needs none.
    pub(super) key: Option<ApiKey>,
    /// Where it comes from.
    pub(super) key_source: Option<KeySource>,
    /// The proxy and the certificates on the way there.
    pub(super) surroundings: Surroundings,
    /// The statuses that the way there says only of requests that it doesn't pass on.
    pub(super) turned_away: BTreeSet<u16>,
    /// The simulated service lives as long as this.
    _simulator: Option<Running>,
}

impl Destination {
    /// The service that the options, the environment or the manifest name; `of_lock` is the one that the lock belongs to.
    ///
    /// # Errors
    /// Where that is another one, the key is missing, or may not go there.
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

    /// The service that has what is paid: the one that the lock belongs to. The environment, or a `manifest` that is sound, may name
    /// it anew.
    ///
    /// # Errors
    /// Where they name another one, the key is missing, or may not go there.
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
                // What only the lock says isn't a person's word.
                let origin = if base == BaseUrl::official() { Origin::Person } else { Origin::File };
                (base, origin)
            }
        };
        refuse_another(&base, Some(of_lock), common)?;
        Destination::with_key((base, origin), settings::is_address_in_environment(), folder, common)
    }

    /// A simulated service inside this process; `of_lock` is the service that the lock belongs to.
    ///
    /// # Errors
    /// Where that is a real one, or the simulated one can't be started.
    pub(super) fn simulated(args: &args::Simulation, of_lock: Option<&str>) -> Result<Destination, Failure> {
        // No word of a person makes the simulated service the same as a real one.
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

    /// The service at this address, which the person who runs the command named or not, with the key.
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

/// Refuses a service that isn't the one that the lock belongs to, unless a person says that it is the same.
fn refuse_another(base: &BaseUrl, of_lock: Option<&str>, common: &Common) -> Result<(), Failure> {
    let identity = base.to_string();
    match of_lock.filter(|other| *other != identity && (!common.move_service || *other == SIMULATED)) {
        None => Ok(()),
        Some(other) => Err(another(other, &identity)),
    }
}

/// The lock's service isn't the one that jobs would go to: what that is, and the two ways out.
pub(super) fn another(of_lock: &str, wanted: &str) -> Failure {
    Failure::usage(format!("the lock belongs to {of_lock}, the jobs would go to {wanted}")).hint(
        "use another lock for another service: --lock FILE; or say that it is the same service under a new name: --move-service",
    )
}
