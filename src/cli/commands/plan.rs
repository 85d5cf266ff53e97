//! `batch plan`: what `run` would do to each job, and why; nothing is sent.

use crate::cli::choosing;
use crate::cli::destination;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::{Choosing, Common, Format, Subject};
use crate::cli::output_file::OutputFile;
use crate::cli::project::Project;
use crate::cli::realm::Realm;
use crate::cli::saved;
use crate::cli::settings;
use crate::cli::sharing::{asked_elsewhere, warn_of_shared_tasks};
use crate::cli::standard_output::print;
use crate::cli::terminal::{Terminal, Volume};
use crate::diagnostic::levels::Levels;
use crate::ledger::Book;
use crate::manifest::model::{Job, Manifest};
use crate::manifest::preview::{self, MadeOf};
use crate::mirror::{Pinned, lacking, pinned};
use crate::plan::Choice;
use crate::plan::changes::{self, Change};
use crate::plan::saved::SavedPlan;
use crate::plan::stray::Stray;
use crate::plan::videos::Sight;
use crate::report::documents::plan::{PlanDocument, PlannedJob};
use crate::report::{documents, standard_error, tables};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Options of `batch plan`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
    /// Show the matrix values or the table row behind each generated job
    #[arg(long)]
    expand: bool,
    /// Manifest and lock only: for CI, where the videos aren't
    #[arg(long)]
    no_files: bool,
    /// Save the plan: `batch run FILE` then buys exactly that
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exit with 1 if a run would do anything
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    choosing: Choosing,
}

pub(in crate::cli) fn run(args: &Args, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    let realm = Realm::of(args.subject.trial.simulate);
    let named = args.subject.manifest.manifest.as_deref();
    let look = |source: &_| args.out.is_some().then(|| saved::texts(source));
    let (project, texts) = Project::seen(named, realm, &Levels::default(), common, terminal, look)?;
    let file = args.out.as_deref().map(|path| OutputFile::at(path, saved::PLAN, &project.paths)).transpose()?;
    let sight = if args.no_files { Sight::Lock } else { Sight::Disk };
    let snapshot = project.read()?;
    let elsewhere = asked_elsewhere(&project, &snapshot.book);
    let spent = snapshot.spent(&project.manifest.prices.unit)?;
    let choice = Choice { sight, elsewhere, spent, ..settings::choice(&args.choosing, &project.manifest)? };
    choosing::among(&choice.selection, Some(&project.manifest), &snapshot.book, terminal)?;
    let Pinned { manifest, pending } = pinned(&project.manifest, &snapshot.book);
    let plan = crate::plan::plan(&manifest, &snapshot.book, &choice);
    if !plan.is_idle() {
        destination::warn_of_mismatch(&project, &snapshot.book, common, terminal)?;
    }
    warn_of_shared_tasks(&snapshot.book, terminal);
    let differs = args.exit_code && !plan.is_idle();
    let mut made = HashMap::new();
    if args.expand {
        if project.shown == Path::new("-") {
            return Err(Failure::usage("a manifest from standard input can't be read twice, as --expand does")
                .hint("write it into a file first"));
        }
        made = preview::made_of(&project.shown);
    }
    let saving = match (file, texts) {
        (Some(file), Some(texts)) if pending.is_empty() => {
            let basis = saved::basis(&project, texts, common, file.shown())?;
            let saved = SavedPlan::of(basis, (&project.manifest, &manifest), &snapshot.book, &choice, &plan);
            Some((file, saved::written(&saved)?))
        }
        (Some(_), _) => {
            let message = "what remote images show isn't known yet, and decides what is bought";
            return Err(Failure::usage(message).hint("a plan can be saved after a run, or without `run.mirror`"));
        }
        _ => None,
    };
    let images = lacking(&project.manifest, &pending, &plan.steps, snapshot.book.pins()).len();
    let mut document = document(plan, &manifest, &snapshot.book, made);
    document.images = images;
    print(|out| match args.format {
        Format::Json => documents::write(out, &document),
        Format::Human => tables::plan(out, &document, terminal.stdout, tables::Rows::All),
    })?;
    if let Some((file, text)) = saving {
        file.write(&text)?;
        if terminal.volume > Volume::Quiet {
            standard_error::say(format!(
                "saved; to buy exactly this: {}\n",
                saved::command(file.shown(), project.realm)
            ));
        }
    }
    Ok(if differs { Exit::Failed } else { Exit::Done })
}

/// Returns the plan as it is shown: the manifest's jobs, then what is still collected of earlier ones.
fn document(
    plan: crate::plan::Plan,
    manifest: &Manifest,
    book: &Book,
    mut made: HashMap<String, MadeOf>,
) -> PlanDocument {
    let steps = plan.steps.into_iter().map(|step| {
        let job = &manifest.jobs[step.job];
        PlannedJob {
            id: job.id.clone(),
            action: step.action,
            reason: step.reason,
            details: details(&step.changed, job, book, manifest),
            changed: step.changed,
            implied: job.implied().cloned().collect(),
            digest: job.digest,
            made_of: made.remove(job.id.as_str()).map(Into::into),
        }
    });
    let strays = plan.strays.into_iter().map(|Stray { record, action, reason }| {
        let (changed, details, implied, made_of) = (Vec::new(), Vec::new(), Vec::new(), None);
        PlannedJob { id: record.key.job, action, reason, changed, details, implied, digest: record.key.digest, made_of }
    });
    PlanDocument::new(steps.chain(strays).collect(), plan.removed, plan.estimate)
}

/// Returns what changed of a job, if something did.
fn details(changed: &[String], job: &Job, book: &Book, manifest: &Manifest) -> Vec<Change> {
    let former = book.current(&job.id).filter(|_| !changed.is_empty());
    former.map(|former| changes::explain(former, job, &manifest.images)).unwrap_or_default()
}
