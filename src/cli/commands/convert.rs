//! `batch convert`: the same manifest in another format.

use crate::base::durable::{self, folder_of};
use crate::base::folder::Folder;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::project::{folder_shown, show};
use crate::cli::standard_output::print_text;
use crate::cli::terminal::{Terminal, Volume};
use crate::diagnostic::code::Severity;
use crate::document::Format;
use crate::document::emit::{Converted, NotConverted, convert, convert_as};
use crate::manifest::preview::written_out;
use crate::manifest::{self, Loaded, Manifest};
use crate::report::look::count;
use crate::report::terminal_safe;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Options of `batch convert`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The manifest; `-` is standard input
    #[arg(value_name = "IN")]
    from: PathBuf,
    /// The file to write, its format by its name; `-` is standard output
    #[arg(value_name = "OUT")]
    to: PathBuf,
    /// The format of IN, whatever its name (standard input is YAML or JSON unless it says otherwise)
    #[arg(long = "from", value_name = "FORMAT")]
    from_format: Option<Language>,
    /// The format of OUT, whatever its name
    #[arg(long = "to", value_name = "FORMAT")]
    to_format: Option<Language>,
    /// Write out the jobs that a matrix or rows generate
    #[arg(long)]
    expand: bool,
    /// Replace OUT if it exists
    #[arg(long)]
    force: bool,
}

/// A format that manifests are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Language {
    Yaml,
    Toml,
    Json,
}

impl Language {
    fn format(self) -> Format {
        match self {
            Language::Yaml => Format::Yaml,
            Language::Toml => Format::Toml,
            Language::Json => Format::Json,
        }
    }
}

pub(in crate::cli) fn run(args: &Args, terminal: &Terminal) -> Result<Exit, Failure> {
    let from = args.from_format.map_or_else(|| Format::of_path(&args.from), Language::format);
    let to = out_format(args)?;
    let exists = args.to != Path::new("-") && args.to.symlink_metadata().is_ok();
    if args.to != Path::new("-") && args.to.is_dir() {
        return Err(Failure::usage(format!("{} is a folder; nothing was written", args.to.display()))
            .hint("name the file to write in it"));
    }
    if exists && !args.force {
        let message = format!("{} exists already; nothing was written", args.to.display());
        return Err(Failure::usage(message).hint("name another file, or replace it with `--force`"));
    }
    if exists && args.to.canonicalize().ok().is_some_and(|to| args.from.canonicalize().is_ok_and(|from| from == to)) {
        return Err(Failure::usage("IN and OUT are the same file").hint("name another file to write"));
    }
    let loaded = manifest::load_as(&args.from, from);
    if loaded.findings.iter().any(|finding| finding.severity == Severity::Error) {
        show(&loaded, terminal);
        return Err(Failure::usage(format!("{} has errors; nothing was written", loaded.source.name())));
    }
    let converted = match &loaded.manifest {
        Some(manifest) if args.expand => {
            convert_as(&loaded.source, from, to, |tree| written_out(tree, &loaded.source, &manifest.folder))
        }
        _ => convert(&loaded.source, from, to),
    };
    let converted = converted.map_err(|why| {
        let message = format!("{} can't be converted: {why}", loaded.source.name());
        match why {
            NotConverted::Unwritable => Failure::usage(message),
            NotConverted::Altered => Failure::machine(message),
        }
    })?;
    // No format can escape it, and it can be written only in a template.
    if args.expand && converted.text.contains("${{") {
        let message = "a text of a job that is written out has `${{` in it, which only templates can make";
        return Err(Failure::usage(message).hint("convert without `--expand`, or take `${{` out of the text"));
    }
    means_the_same(&loaded, &converted, to)?;
    if args.to == Path::new("-") {
        print_text(&converted.text)?;
    } else {
        means_the_same_there(&loaded, &converted, args, to)?;
        let written = if exists {
            args.to.canonicalize().and_then(|real| durable::rewrite_whole(&real, converted.text.as_bytes()))
        } else {
            durable::write_whole(&args.to, converted.text.as_bytes())
        };
        written.map_err(|error| Failure::machine(format!("{}: {error}", args.to.display())))?;
    }
    if terminal.volume > Volume::Quiet {
        // If standard error is closed, nobody reads it.
        let _ = say(&converted, args);
    }
    Ok(Exit::Done)
}

/// Returns the format to write. A name without a known extension is never taken for YAML.
fn out_format(args: &Args) -> Result<Format, Failure> {
    if let Some(language) = args.to_format {
        return Ok(language.format());
    }
    let extension = args.to.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match extension.as_str() {
        "yaml" | "yml" | "toml" | "json" => Ok(Format::of_path(&args.to)),
        _ => Err(Failure::usage(format!("the name `{}` doesn't say which format to write", args.to.display()))
            .hint("say it: `--to yaml`, `--to toml` or `--to json`")),
    }
}

/// Refuses to write a manifest with a different meaning: a template is filled with numbers as they are written.
fn means_the_same(loaded: &Loaded, converted: &Converted, to: Format) -> Result<(), Failure> {
    let Some(before) = &loaded.manifest else { return Ok(()) };
    let again = manifest::load_text(loaded.source.name(), converted.text.clone(), to, &before.folder);
    let Some(after) = &again.manifest else {
        return Err(Failure::machine("what was written would have errors, which is a mistake of batch"));
    };
    if says_the_same(before, after) {
        return Ok(());
    }
    let mut jobs = before.jobs.iter().zip(&after.jobs);
    let job = jobs.find(|(before, after)| (&before.id, before.digest) != (&after.id, after.digest));
    let job = job.map_or_else(|| "a job".to_owned(), |(before, _)| format!("the job `{}`", before.id));
    let message = format!("{job} would be another: a template is filled with a number that is written otherwise there");
    Err(Failure::usage(message).hint("put such numbers in quotes, as `\"1.10\"`, or convert with `--expand`"))
}

/// Refuses to write a manifest with a different meaning in its new folder: paths of images are relative to it.
fn means_the_same_there(loaded: &Loaded, converted: &Converted, args: &Args, to: Format) -> Result<(), Failure> {
    let name = args.to.display().to_string();
    let real = args.to.canonicalize().unwrap_or_else(|_| args.to.clone());
    let there = folder_of(&real);
    let folder = Folder::open(there).map_err(|error| Failure::machine(format!("{name}: {error}")))?;
    let again = manifest::load_text(&name, converted.text.clone(), to, &folder);
    let is_same = match (&loaded.manifest, &again.manifest) {
        (Some(before), Some(after)) => says_the_same(before, after),
        _ => false,
    };
    if is_same {
        return Ok(());
    }
    let home = loaded.manifest.as_ref().map_or_else(String::new, |manifest| folder_shown(manifest.folder.path()));
    Err(Failure::usage(format!("{name} would not mean the same: the paths of images are relative to the manifest"))
        .hint(format!("write it into the folder of the manifest ({home}), and move it together with its images")))
}

/// Returns whether two manifests have the same jobs, for the same service, with the same settings.
fn says_the_same(one: &Manifest, two: &Manifest) -> bool {
    let jobs = |manifest: &Manifest| -> Vec<_> {
        manifest.jobs.iter().map(|job| (job.id.clone(), job.digest, job.name.clone())).collect()
    };
    jobs(one) == jobs(two)
        && (&one.base_url, &one.run, &one.output_dir, &one.publish, &one.prices)
            == (&two.base_url, &two.run, &two.output_dir, &two.publish, &two.prices)
}

/// Prints what was written and what couldn't be carried over.
fn say(converted: &Converted, args: &Args) -> io::Result<()> {
    let mut err = io::stderr().lock();
    let (from, to) = (args.from.display().to_string(), args.to.display().to_string());
    let (from, to) = (terminal_safe::line(&from), terminal_safe::line(&to));
    if converted.comments > 0 {
        writeln!(err, "comments are not carried over: {} were left out", count(converted.comments, "comment"))?;
    }
    if args.from == Path::new("-") || args.to == Path::new("-") {
        return Ok(());
    }
    writeln!(err, "wrote {to}: the same jobs as {from}")?;
    let lock = |path: &Path| path.canonicalize().ok().map(|real| real.with_extension("lock"));
    match (lock(&args.from), lock(&args.to)) {
        (Some(old), Some(new)) if old == new => {
            writeln!(err, "both have the same lock: keep one of them")
        }
        (Some(old), Some(new)) if old.exists() && !new.exists() => {
            let (old, new) = (old.display().to_string(), new.display().to_string());
            let (old, new) = (terminal_safe::line(&old), terminal_safe::line(&new));
            writeln!(err, "its lock will be {new}: copy {old} there before a run, or all is paid for again")
        }
        _ => Ok(()),
    }
}
