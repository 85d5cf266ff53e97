//! Where the ledgers of a test are: an engine, on which each team has a ledger of its own.

use super::double::{BUCKET, Double};
use super::server::Server;
use super::team::Team;
use batch::simulate::Options;

/// An engine.
pub(crate) enum Site {
    Folder,
    Postgres(Server),
    S3(Double),
}

impl Site {
    /// All that can be had here, with their names.
    pub(crate) fn all() -> Vec<(&'static str, Site)> {
        let postgres = Server::start(&[]).map(|server| ("PostgreSQL", Site::Postgres(server)));
        let s3 = Double::s3().map(|double| ("S3", Site::S3(double)));
        [Some(("a folder", Site::Folder)), postgres, s3].into_iter().flatten().collect()
    }

    /// A team with a ledger that nobody else has.
    pub(crate) fn team(&self, ledger: &str, jobs: usize, clones: usize, options: Options) -> Team {
        match self {
            Site::Folder => Team::new(jobs, clones, options),
            Site::Postgres(server) => {
                let url = server.url().replace("ledger=trailer", &format!("ledger={ledger}"));
                Team::at(&url, "20s", jobs, clones, options)
            }
            Site::S3(double) => {
                let team = Team::at(&format!("s3://{BUCKET}/{ledger}"), "20s", jobs, clones, options);
                let environment = Double::environment_of_s3(double.port);
                environment.iter().fold(team, |team, (name, value)| team.with(name, value))
            }
        }
    }
}
