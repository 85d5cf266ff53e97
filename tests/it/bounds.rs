//! Work and memory in proportion to the text of a manifest, or to the jobs that it stands for at a small constant.

use crate::support::project::Project;
use batch::manifest;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// The variable that holds the manifest which a process of [`seen`] is to check.
const MANIFEST: &str = "BATCH_BOUNDS_MANIFEST";

/// What stands before the jobs.
const HEAD: &str = "version: 1\n\
                    references: { cup: { type: subject, urls: [\"https://images.example.com/cup.png\"] } }\n\
                    defaults: { resolution: 720p, duration: 5 }\n\
                    jobs:\n";

/// What a process saw that checked a manifest.
struct Seen {
    /// The most memory that it had, in KiB.
    peak: u64,
    jobs: usize,
    codes: Vec<String>,
}

/// Checks a manifest of these jobs in a process of its own.
fn seen(jobs: &str) -> Seen {
    let project = Project::new();
    project.write("jobs.yaml", format!("{HEAD}{jobs}"));
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "bounds::another_process_checks_what_it_is_told", "--nocapture"])
        .env(MANIFEST, project.path("jobs.yaml"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    let line = said.lines().find_map(|line| line.split_once("seen: ")).expect("it says what it saw").1;
    let mut words = line.split_whitespace();
    let mut number = || words.next().unwrap().parse::<u64>().unwrap();
    let (peak, jobs) = (number(), number() as usize);
    Seen { peak, jobs, codes: words.map(str::to_owned).collect() }
}

/// The other side of [`seen`]; by itself it does nothing.
#[test]
fn another_process_checks_what_it_is_told() {
    let Some(path) = std::env::var_os(MANIFEST) else { return };
    let loaded = manifest::load(Path::new(&path));
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak = peak.trim().trim_end_matches(" kB");
    let codes: Vec<&str> = loaded.findings.iter().map(|finding| finding.code.as_str()).collect();
    // A line of its own, whatever stands before it.
    let line = format!("\nseen: {peak} {} {}\n", loaded.jobs, codes.join(" "));
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

/// An axis of so many values.
fn axis(values: usize) -> String {
    let values: Vec<String> = (0..values).map(|value| value.to_string()).collect();
    format!("[{}]", values.join(","))
}

/// Jobs of two axes and of `more` that have one value each.
fn matrix(a: usize, b: usize, more: usize, id: &str, prompt: &str) -> String {
    let more: String = (0..more).map(|n| format!(", k{n}: [v{n}]")).collect();
    format!("  - matrix: {{ a: {}, b: {}{more} }}\n    id: {id}\n    prompt: \"{prompt}\"\n", axis(a), axis(b))
}

const ID: &str = "j-${{ matrix.a }}-${{ matrix.b }}";

/// What the manifest and the program take by themselves: a few MiB. It is measured on the machine where the others are.
fn alone() -> u64 {
    seen(&matrix(1, 1, 60, ID, "@cup runs")).peak
}

#[test]
fn a_long_prompt_of_many_jobs_is_kept_once() {
    let long = "a long walk over the hill ".repeat(640);
    let prompt = format!("@cup ${{{{ matrix.a }}}} {long} ${{{{ matrix.b }}}} {long} ${{{{ matrix.b | upper }}}}");
    let (alone, seen) = (alone(), seen(&matrix(50, 50, 0, ID, &prompt)));
    assert_eq!((seen.jobs, seen.codes), (2500, vec!["prompt-length".to_owned()]));
    // All of them written out are 80 MiB.
    assert!(seen.peak.saturating_sub(alone) < 2500 * 2, "{} KiB for 2,500 jobs", seen.peak.saturating_sub(alone));
}

#[test]
fn a_job_of_many_axes_takes_no_more_than_one_of_few() {
    let (alone, seen) =
        (alone(), seen(&matrix(100, 50, 60, ID, "@cup ${{ matrix.a }}, ${{ matrix.b }}, ${{ matrix.k9 }}")));
    assert_eq!((seen.jobs, seen.codes.len()), (5000, 0));
    assert!(seen.peak.saturating_sub(alone) < 5000, "{} KiB for 5,000 jobs", seen.peak.saturating_sub(alone));
}

#[test]
fn a_mistake_in_every_job_is_put_into_words_once() {
    let alone = alone();
    for (id, prompt, code) in
        [("j", "@cup ${{ matrix.a }} ${{ matrix.b }}", "duplicate-job-id"), (ID, "@cup runs", "twin-jobs")]
    {
        let seen = seen(&matrix(100, 50, 60, id, prompt));
        assert_eq!((seen.jobs, seen.codes), (5000, vec![code.to_owned()]));
        assert!(
            seen.peak.saturating_sub(alone) < 5000,
            "{} KiB for 5,000 jobs with {code}",
            seen.peak.saturating_sub(alone)
        );
    }
}

#[test]
fn what_templates_make_and_jobs_cannot_share_is_bounded() {
    let long = "x".repeat(16 * 1024);
    let job = matrix(50, 50, 0, ID, "@p runs");
    let url = format!("https://images.example.com/{long}/${{{{ matrix.a }}}}-${{{{ matrix.b }}}}.png");
    let (alone, seen) =
        (alone(), seen(&format!("{job}    references: [{{ name: p, type: subject, urls: [\"{url}\"] }}]\n")));
    assert_eq!(seen.codes, ["limits"]);
    // 32 MiB and 256 bytes a job, and as much again for what allocations leave between them.
    assert!(seen.peak.saturating_sub(alone) < 2 * 33 * 1024, "{} KiB", seen.peak.saturating_sub(alone));
}

#[test]
fn rows_that_have_no_name_in_common_take_the_room_of_their_values() {
    let (alone, rows) = (alone(), (0..900).map(|n| format!("{{ c{n}: 1 }}, ")).collect::<String>());
    let seen = seen(&format!(
        "  - id: j-${{{{ job.number }}}}\n    rows: [{rows}]\n    prompt: \"@cup ${{{{ job.number }}}}\"\n"
    ));
    assert_eq!((seen.jobs, seen.codes.len()), (900, 0));
    assert!(seen.peak.saturating_sub(alone) < 900 * 4, "{} KiB for 900 rows", seen.peak.saturating_sub(alone));
}

/// The growth is counted in memory, which other work on the machine doesn't change as it changes time.
#[test]
fn four_times_the_jobs_take_four_times_the_memory() {
    let job = |n: usize| {
        let urls = format!("[\"https://images.example.com/{n}/a.png\", \"https://images.example.com/{n}/b.png\"]");
        format!(
            "  - id: job-{n}\n    prompt: \"@dog runs, take {n}\"\n    references: [{{ name: dog, type: subject, urls: {urls} }}]\n"
        )
    };
    let mistaken = |n: usize| format!("  - id: job-{n}\n    prompt: \"@cup and @mug{n}\"\n    colour: {n}\n");
    let jobs = |count: usize, job: &dyn Fn(usize) -> String| seen(&(0..count).map(job).collect::<String>());
    for (job, findings) in [(&job as &dyn Fn(usize) -> String, 0), (&mistaken, 2)] {
        let [alone, few, many] = [1, 4_000, 16_000].map(|count| {
            let seen = jobs(count, job);
            assert_eq!((seen.jobs, seen.codes.len()), (count, findings * count));
            seen.peak
        });
        let grown = (many.saturating_sub(alone)) as f64 / (few.saturating_sub(alone)) as f64;
        // What doubles as it grows may have doubled just before.
        assert!(grown < 5.0, "{grown} times as much: {alone} KiB alone, {few} KiB, {many} KiB");
    }
}
