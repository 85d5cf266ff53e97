//! `batch status --watch`: the live view of another process's run, from its ledger alone.

use super::document;
use crate::base::clock::Clock;
use crate::base::runtime;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::progress;
use crate::cli::project::{Project, folder_shown};
use crate::cli::sharing::asked_elsewhere;
use crate::cli::signals::Signals;
use crate::cli::standard_output::print;
use crate::cli::terminal::{Terminal, Volume};
use crate::event::stop::Stop;
use crate::event::{self, Event};
use crate::ledger::{self, Paths, Snapshot};
use crate::mirror::pinned;
use crate::plan::reconcile::Reconciler;
use crate::plan::select::Selection;
use crate::report::replay::{Replay, Sight};
use crate::report::tables;
use std::io::{self, Write as _};
use std::time::{Duration, Instant, SystemTime};

/// Interval between two readings.
const PACE: Duration = Duration::from_secs(1);

/// Minimum ratio of the pause to the duration of a reading: a ledger of a hundred thousand jobs is read less often.
const REST: u32 = 10;

/// Shows the active run of `snapshot`, until it ends or is interrupted.
pub(super) fn watch(
    project: &Project,
    selection: &Selection,
    snapshot: Snapshot,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let watching = progress::watching(terminal)?;
    let (stop, signals) = (Stop::default(), Signals::default());
    let runtime = runtime::on_this_thread().map_err(Failure::machine)?;
    let last: Result<Snapshot, Failure> = runtime.block_on(async {
        signals.listen(stop.clone(), terminal.screen.clone(), "");
        let mut snapshot = snapshot;
        let mut replay = None;
        // The files may have changed since they were read: the first pause ends with a second reading.
        let mut seen = [None, None];
        let mut began = Instant::now();
        loop {
            let replay = replay.get_or_insert_with(|| begin(project, selection, &snapshot, &watching));
            tell(project, selection, &snapshot, replay, &watching);
            if snapshot.held_by.is_none() {
                return Ok(snapshot);
            }
            let pause = PACE.max(began.elapsed() * REST);
            loop {
                if stop.unless_out(tokio::time::sleep(pause)).await.is_none() {
                    return Ok(snapshot);
                }
                let now = stamp(&project.paths);
                if now != seen || !ledger::is_held(&project.paths) {
                    seen = now;
                    break;
                }
            }
            began = Instant::now();
            snapshot = project.fleet.look(&project.paths).await?;
        }
    });
    watching.finish();
    let last = last?;
    let target = project.target();
    let document = document(project, &last.book, selection);
    let printed = print(|out| tables::status_in_short(out, &document, &target, terminal.stdout));
    if let Some(signal) = signals.first() {
        return Ok(Exit::Interrupted(signal));
    }
    printed?;
    if terminal.volume > Volume::Quiet {
        let words = match last.journal {
            true => format!("the run was killed: the next one goes on from its journal: {}", target.run()),
            false => format!("the run is over; each job: {}", target.status()),
        };
        let _ = writeln!(io::stderr(), "{words}");
    }
    Ok(Exit::Done)
}

/// Reports the beginning of the watched run.
fn begin(project: &Project, selection: &Selection, snapshot: &Snapshot, watching: &progress::Watching) -> Replay {
    let since = snapshot.held_by.as_ref().map_or_else(|| Clock::System.now(), |holder| holder.started);
    let manifest = &project.manifest;
    let started = Event::RunStarted {
        version: event::VERSION,
        manifest: project.shown.display().to_string(),
        lock: project.lock.clone(),
        folder: folder_shown(manifest.folder.path()),
        service: snapshot.book.service().unwrap_or_default().to_owned(),
        jobs: manifest.jobs.iter().filter(|job| selection.takes(&job.id, &job.tags)).count(),
        concurrency: manifest.run.concurrency.get(),
        estimate: None,
    };
    watching.send(event::Stamped { event: started, time: since });
    Replay::new(since)
}

/// Reports new entries of the ledger.
fn tell(
    project: &Project,
    selection: &Selection,
    snapshot: &Snapshot,
    replay: &mut Replay,
    watching: &progress::Watching,
) {
    let pinned = pinned(&project.manifest, &snapshot.book);
    let jobs = &pinned.manifest.jobs;
    let elsewhere = asked_elsewhere(project, &snapshot.book);
    let mut reconciler = Reconciler::new(&snapshot.book, jobs, &elsewhere);
    let records: Vec<_> = jobs.iter().map(|job| (job, reconciler.record(job))).collect();
    let taken = records.iter().filter(|(job, _)| selection.takes(&job.id, &job.tags));
    let sights = taken.map(|(job, record)| Sight {
        job: &job.id,
        digest: &job.digest,
        record: *record,
        open: snapshot.held_by.is_some() && record.is_some_and(|record| snapshot.book.awaits_answer(&record.key)),
    });
    replay.look(sights, Clock::System.now()).into_iter().for_each(|event| watching.send(event));
}

/// Returns modification time and size of lock and journal, which tell whether they were written.
fn stamp(paths: &Paths) -> [Option<(SystemTime, u64)>; 2] {
    [&paths.lock, &paths.journal].map(|path| {
        let found = path.metadata().ok()?;
        Some((found.modified().ok()?, found.len()))
    })
}
