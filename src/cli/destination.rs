//! The destination of jobs: the service or its simulation, and whether the key may be sent there.

use super::failure::Failure;
use super::options::{Common, Simulation};
use super::project::Project;
use super::realm::Realm;
use super::settings::{self, KeySource, Origin};
use super::terminal::Terminal;
use crate::client::way::Surroundings;
use crate::ledger::Book;
use crate::manifest::model::Manifest;
use crate::run;
use crate::service::address::BaseUrl;
use crate::service::limits::TURNED_AWAY;
use crate::simulate::{Options, Running, Simulator};
use std::path::Path;

/// The ledger's name for the simulated service, whatever its port.
pub(super) const SIMULATED: &str = "simulate";

/// The destination of jobs.
pub(super) struct Destination {
    /// The service.
    pub(super) service: run::Destination,
    /// The origin of the key.
    pub(super) key_source: Option<KeySource>,
    /// Keeps the simulated service running.
    _simulator: Option<Running>,
}

impl Destination {
    /// Returns the service named by the options, the environment or the manifest; `of_lock` is the one that the lock
    /// belongs to.
    ///
    /// # Errors
    /// Fails if that is another one, or the key is missing or may not be sent there.
    pub(super) fn service(manifest: &Manifest, of_lock: Option<&str>, common: &Common) -> Result<Destination, Failure> {
        let (base, origin) = settings::base_url(common, Some(manifest))?;
        refuse_another(&base, of_lock, common)?;
        let mut destination = Destination::with_key((base, origin), manifest.folder.path(), common)?;
        destination.service.turned_away.clone_from(&manifest.turned_away);
        Ok(destination)
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
        let (base, origin) = match settings::named_base_url(common, manifest)? {
            Some(named) => named,
            None if common.move_service && manifest.is_none() => {
                let message = "the manifest has errors, so it isn't known which service it names";
                return Err(
                    Failure::usage(message).hint("fix it first, or say where: --base-url URL, or BAICAI_BASE_URL")
                );
            }
            None if common.move_service => settings::base_url(common, manifest)?,
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
        Destination::with_key((base, origin), folder, common)
    }

    /// Starts a simulated service inside this process; `of_lock` is the service that the lock belongs to.
    ///
    /// # Errors
    /// Fails if that is a real one, or the simulated one can't be started.
    pub(super) fn simulated(args: &Simulation, of_lock: Option<&str>) -> Result<Destination, Failure> {
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
        let service = run::Destination {
            base,
            identity: SIMULATED.to_owned(),
            key: None,
            surroundings: Surroundings::default(),
            turned_away: TURNED_AWAY.into(),
        };
        Ok(Destination { service, key_source: None, _simulator: Some(simulator) })
    }

    /// Returns the service at this address with the key.
    fn with_key((base, origin): (BaseUrl, Origin), folder: &Path, common: &Common) -> Result<Destination, Failure> {
        settings::may_have_key(&base, origin, common)?;
        let (key, source) = settings::key(folder, settings::is_address_named(common))?;
        let surroundings = settings::surroundings(&base)?;
        tracing::info!("the jobs go to {base}");
        let service = run::Destination {
            identity: base.to_string(),
            base,
            key: Some(key),
            surroundings,
            turned_away: TURNED_AWAY.into(),
        };
        Ok(Destination { service, key_source: Some(source), _simulator: None })
    }
}

/// Refuses a service other than the lock's, unless a person says that it is the same.
fn refuse_another(base: &BaseUrl, of_lock: Option<&str>, common: &Common) -> Result<(), Failure> {
    another_than(base, of_lock, common).map_or(Ok(()), |(other, wanted)| Err(another(&other, &wanted)))
}

/// Returns the lock's service and the one of the jobs, if these are two and nobody says that they are the same.
fn another_than(base: &BaseUrl, of_lock: Option<&str>, common: &Common) -> Option<(String, String)> {
    let wanted = base.to_string();
    let other = of_lock.filter(|other| *other != wanted && (!common.move_service || *other == SIMULATED))?;
    Some((other.to_owned(), wanted))
}

/// Returns the service that a project's lock belongs to and the one that a run would send its jobs to, if a run would be refused for that.
///
/// # Errors
/// Fails if the base URL is invalid.
pub(super) fn mismatch(project: &Project, book: &Book, common: &Common) -> Result<Option<(String, String)>, Failure> {
    if project.realm == Realm::Trial {
        return Ok(None);
    }
    let (base, _) = settings::base_url(common, Some(&project.manifest))?;
    Ok(another_than(&base, book.service(), common))
}

/// Warns of what a run would be refused for.
///
/// # Errors
/// Fails if the base URL is invalid.
pub(super) fn warn_of_mismatch(
    project: &Project,
    book: &Book,
    common: &Common,
    terminal: &Terminal,
) -> Result<(), Failure> {
    if let Some((other, wanted)) = mismatch(project, book, common)? {
        another(&other, &wanted).warn(terminal);
    }
    Ok(())
}

/// Returns the failure that jobs would go to another service than the lock's, with the two ways out.
fn another(of_lock: &str, wanted: &str) -> Failure {
    Failure::usage(format!("the lock belongs to {of_lock}, the jobs would go to {wanted}")).hint(
        "use another lock for another service: --lock FILE; or say that it is the same service under a new name: --move-service",
    )
}
