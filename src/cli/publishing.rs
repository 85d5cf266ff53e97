//! Publishing, as a command says it.

use super::failure::Failure;
use super::terminal::Terminal;
use crate::client::publish::PublishError;
use crate::engine::publishing::Backlog;
use crate::ledger::Ledger;
use crate::manifest::model::Manifest;
use crate::report::look::count;
use crate::run::publishing;

/// Returns the place where the manifest's videos are published, if anywhere, with no videos yet. One that can't be used is
/// said, and keeps nothing else from being done.
pub(super) fn place(manifest: Option<&Manifest>, ledger: &Ledger, terminal: &Terminal) -> Option<Backlog> {
    match publishing::place(manifest?, ledger) {
        Ok(place) => place,
        Err(error) => {
            Failure::machine(format!("nothing is published: {error}")).hint(hint(&error)).warn(terminal);
            None
        }
    }
}

/// Says how many videos couldn't be published, and what to do: no job fails for it.
pub(super) fn say_unpublished(videos: usize, why: &PublishError, terminal: &Terminal) {
    let are = if videos == 1 { "is" } else { "are" };
    Failure::machine(format!("{} {are} stored here and not published: {why}", count(videos, "video")))
        .hint(hint(why))
        .warn(terminal);
}

fn hint(why: &PublishError) -> &'static str {
    match why {
        PublishError::Refused(_) => {
            "check `output.publish`, and the credentials and rights of this environment; the next `batch run` or `batch fetch` publishes them"
        }
        PublishError::Local(_) => "`batch verify` shows which videos are not as recorded",
        PublishError::Away(_) | PublishError::NotAsRecorded(_) => {
            "the next `batch run` or `batch fetch` publishes them"
        }
    }
}
