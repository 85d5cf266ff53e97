//! The words of other tools: whoever types one is told what `batch` has for it.

/// Commands of other tools, and what to type instead.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["list", "ls", "jobs"], "`batch status` lists the jobs with what came of them, `batch plan` what a run would do"),
    (&["validate", "lint", "test"], "`batch check` validates manifests"),
    (&["fmt", "format", "fix"], "`batch check --fix` applies the safe fixes, and leaves the rest of the file as it is"),
    (
        &["apply", "start", "submit", "generate", "exec", "up", "resume", "continue"],
        "`batch run` submits what has no result yet",
    ),
    (
        &["retry", "rerun"],
        "`batch run` tries failed jobs again; with --retry-failed also those that were refused or failed too often",
    ),
    (
        &["cancel", "stop", "abort", "kill"],
        "Ctrl-C ends a run in order; the service can't cancel what was submitted, and `batch fetch` brings it",
    ),
    (
        &["clean", "gc", "prune", "rm", "remove", "delete"],
        "`batch run --prune` drops the records of jobs that left the manifest; videos stay, and are yours to delete",
    ),
    (
        &["logs", "log", "history"],
        "`batch status` shows what came of each job, and `batch report` writes a page of it; `batch run -v` says each call",
    ),
    (
        &["diff", "preview", "dry-run", "estimate", "cost", "price"],
        "`batch plan` shows what a run would submit, why, and for how much",
    ),
    (
        &["download", "pull", "get", "collect", "sync"],
        "`batch fetch` collects what is paid; `batch lock pull` writes the lock from a shared ledger",
    ),
    (&["describe", "inspect", "view", "cat"], "`batch show JOB` shows what is or would be sent for a job"),
    (&["new", "create", "template"], "`batch init` writes a starter manifest"),
    (&["watch", "monitor", "top"], "`batch status --watch` watches the run that is on"),
    (&["open", "ui", "gallery", "web"], "`batch report` writes a page with every job and its videos"),
    (&["serve", "mock", "server"], "`batch simulate` serves the simulated service; `batch lsp` serves editors"),
    (&["merge", "join"], "`batch lock merge` joins locks"),
    (
        &["import"],
        "`batch ledger import` brings locks into a shared ledger; `batch resolve JOB --task-id ID` takes up a task that the service knows",
    ),
    (
        &["export"],
        "`batch status --format json` prints what came of each job; `batch convert` writes the manifest in another format",
    ),
    (
        &["login", "auth", "configure", "config"],
        "the key is BAICAI_API_KEY, in the environment or in a .env beside the manifest; everything else is in the manifest",
    ),
    (&["version"], "`batch --version` prints it"),
    (&["doctor", "audit"], "`batch verify` sees whether manifest, lock and files agree"),
    (&["completion", "autocomplete"], "`batch completions SHELL` prints what a shell needs"),
];

/// Options of other tools: the commands of `batch` that they are typed for (none: any), and what to type instead.
const OPTIONS: &[(&[&str], &[&str], &str)] = &[
    (
        &["--dry-run", "--dryrun", "--preview", "-n"],
        &["run", "fetch"],
        "`batch plan` shows what would be done, and sends nothing; `--simulate` tries it without cost",
    ),
    (&["--json"], &["run", "fetch"], "`--progress json` prints an event a line"),
    (&["--json"], &["check", "plan", "show", "status", "verify"], "`--format json` prints one document"),
    (&["--output-format", "--format"], &["run", "fetch"], "`--progress json` prints an event a line"),
    (&["--output-format", "-f"], &["check", "plan", "show", "status", "verify"], "`--format` says how to print it"),
    (
        &["--parallel", "--parallelism", "--jobs", "--workers", "--threads", "--max-parallel"],
        &["run"],
        "`-j N` bounds how many generations are in flight",
    ),
    (
        &["--filter", "--select", "--target", "--job", "--id", "--include", "-k", "-t"],
        &[],
        "`--only PATTERN` chooses jobs by id, `--tag TAG` by tag",
    ),
    (&["--exclude", "--ignore"], &[], "`--skip PATTERN` leaves jobs out; `check --allow CODE` leaves out a warning"),
    (
        &["--force", "-f", "--rerun", "--no-cache"],
        &["run"],
        "a job that has its videos is bought again only if its input changes, for example its `take`; --retry-failed tries failed and refused ones again",
    ),
    (&["--resume", "--continue"], &["run"], "leave it out: each run goes on where the last one ended"),
    (
        &["--retry", "--retries", "--max-retries"],
        &["run"],
        "`run.retries` in the manifest says how often a failed job is tried again",
    ),
    (
        &["--auto-approve", "--assume-yes", "--no-confirm", "--non-interactive"],
        &["run"],
        "`-y` answers the question beforehand",
    ),
    (&["--timeout"], &["run"], "`run.job_timeout` in the manifest says how long a job is waited for"),
    (&["--rate-limit", "--rps", "--qps"], &["run"], "`run.submit_rate` in the manifest bounds the submits"),
    (
        &["--output", "--output-dir", "--out-dir", "--out", "-o"],
        &["run", "fetch"],
        "`output` in the manifest says where the videos go",
    ),
    (&["--budget", "--max-spend"], &["run", "plan"], "`--max-cost X` bounds what is submitted"),
    (&["--fail-fast"], &["run"], "`--max-failures 1` stops submitting after the first failure"),
    (&["--watch", "-w"], &["check"], "`batch lsp` checks while you type"),
    (&["--strict", "--werror", "-W"], &["check", "run"], "`--deny warnings` treats warnings as errors"),
    (
        &["--config", "--file", "--manifest", "-c", "-f"],
        &[],
        "name the manifest as an argument, as in `batch check jobs.yaml`",
    ),
    (
        &["--api-key", "--key", "--token"],
        &[],
        "a key never goes on the command line: set BAICAI_API_KEY, or write it into a .env beside the manifest",
    ),
    (&["--url", "--endpoint", "--host", "--server"], &[], "`--base-url URL` says where the service is"),
    (&["--silent", "-s"], &[], "`-q` says less"),
    (&["--debug", "--trace"], &[], "`-v` says more, and `-vv` still more"),
    (&["--no-color", "--no-colour", "--colour"], &[], "`--color never` leaves colors out"),
    (
        &["--directory", "--cwd", "-C"],
        &[],
        "name the manifest by its path, as in `batch check shop/jobs.yaml`: what it names lies beside it",
    ),
];

/// Returns what `batch` has for another tool's command.
pub(super) fn command(word: &str) -> Option<&'static str> {
    COMMANDS.iter().find(|(words, _)| words.contains(&word)).map(|(_, tip)| *tip)
}

/// Returns what `command` has for another tool's option.
pub(super) fn option(command: &str, option: &str) -> Option<&'static str> {
    let name = option.split_once('=').map_or(option, |(name, _)| name);
    let fits = |commands: &[&str]| commands.is_empty() || commands.contains(&command);
    let found = OPTIONS.iter().find(|(names, commands, _)| names.contains(&name) && fits(commands));
    found.map(|(_, _, tip)| *tip)
}
