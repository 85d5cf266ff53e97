//! Locks under real git: whatever two branches did, however git joins them and whoever merges first, no task id is lost and nothing is
//! bought again.

#![expect(clippy::print_stdout, reason = "how many merges were clean is what the manual quotes")]

use crate::support::program::Ended;
use crate::support::project::Project;
use crate::support::service::simulator;
use crate::support::setup::{LOCK, MANIFEST, manifest, manifest_of};
use batch::base::digest::Sha256;
use batch::ledger::entry::{Entry, Step};
use batch::ledger::record::{Output, ServiceError};
use batch::ledger::{self, Book, Paths, PurchaseId};
use batch::service::names::{Digest, JobId, TaskId};
use batch::service::output::VideoName;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_770_000_000 + second).unwrap()
}

/// The purchase of a number: each side buys in its own seconds.
fn id(number: i64) -> PurchaseId {
    PurchaseId::new(
        at(number),
        Sha256::of(&number.to_le_bytes()).bytes()[..8].iter().fold(0, |all, byte| all << 8 | u64::from(*byte)),
        None,
    )
}

/// A job was bought, and its task is known.
fn buy(book: &mut Book, number: i64, job: &str) {
    let (job, at) = (JobId::new(job).unwrap(), at(number));
    let digest = Digest(Sha256::of(job.as_str().as_bytes()));
    let parts = BTreeMap::from([("prompt".to_owned(), digest.short()), ("settings".to_owned(), "77ab0192".to_owned())]);
    let name = VideoName::new(&format!("out/{job}-{{n}}.mp4"));
    let (videos, service, manifest) = (1, "https://service.example.com".to_owned(), None);
    told(book, number, Step::Submitting { job, digest, parts, videos, name, service, manifest, at });
    told(book, number, Step::Submitted { task: task(number), at });
}

fn told(book: &mut Book, number: i64, step: Step) {
    book.apply(&Entry::of(id(number), step));
}

fn task(number: i64) -> TaskId {
    TaskId::new(&format!("task-of-{number}")).unwrap()
}

fn done(book: &mut Book, number: i64, second: i64) {
    let record = book.records().find(|record| record.id == id(number)).unwrap();
    let (path, sha256) = (record.name.path(1), Sha256::of(&number.to_le_bytes()));
    let output = Output { number: 1, path, sha256, bytes: 1_843_200, source: None, published: Default::default() };
    for step in [Step::Generated { at: at(second) }, Step::Downloaded { output }, Step::Succeeded] {
        told(book, number, step);
    }
}

fn failed(book: &mut Book, number: i64) {
    let error = ServiceError { code: "FAILED".to_owned(), message: "no luck".to_owned() };
    told(book, number, Step::Failed { error, at: at(900) });
}

fn rename(book: &mut Book, number: i64, to: &str) {
    let (job, name) = (JobId::new(to).unwrap(), VideoName::new(&format!("out/{to}-{{n}}.mp4")));
    told(book, number, Step::Moved { job, name, at: at(950) });
}

/// What one branch bought, and the other got by a squash merge, without a common ancestor.
fn squashed(book: &mut Book) {
    buy(book, 10, "c");
    done(book, 10, 200);
}

/// The same, and then the job got another name or another input.
fn moved(book: &mut Book, to: &str, name: &str) {
    squashed(book);
    let (job, name) = (JobId::new(to).unwrap(), VideoName::new(name));
    told(book, 10, Step::Moved { job, name, at: at(950) });
}

/// What both branches come from: three jobs, done, at the service and failed.
fn three(book: &mut Book) {
    for (number, job) in [(1, "b-done"), (2, "d-sent"), (3, "f-failed")] {
        buy(book, number, job);
    }
    done(book, 1, 100);
    failed(book, 3);
    uploaded(book, "dog", "https://cdn.example.com/dog.png", 1);
}

fn uploaded(book: &mut Book, content: &str, url: &str, second: i64) {
    let sha256 = Sha256::of(content.as_bytes());
    book.apply(&Entry::Uploaded { sha256, url: url.to_owned(), at: at(second) });
}

/// What a branch does to a lock.
type Change = fn(&mut Book);

/// What the two branches do to what they come from.
const SHAPES: [(&str, Change, Change, Change); 18] = [
    ("new jobs in the same gap", three, |ours| buy(ours, 10, "c-ours"), |theirs| buy(theirs, 20, "c-theirs")),
    ("new jobs in two gaps", three, |ours| buy(ours, 10, "c-ours"), |theirs| buy(theirs, 20, "e-theirs")),
    ("new jobs at the end", three, |ours| buy(ours, 10, "x-ours"), |theirs| buy(theirs, 20, "y-theirs")),
    ("new jobs at the beginning", three, |ours| buy(ours, 10, "a-ours"), |theirs| buy(theirs, 20, "a-theirs")),
    (
        "several new jobs each",
        three,
        |ours| ["a1", "c1", "z1"].iter().zip(10..).for_each(|(job, n)| buy(ours, n, job)),
        |theirs| {
            ["a2", "c2", "z2"].iter().zip(20..).for_each(|(job, n)| buy(theirs, n, job));
        },
    ),
    ("first jobs of both", |_| {}, |ours| buy(ours, 10, "ours"), |theirs| buy(theirs, 20, "theirs")),
    ("the same job twice", three, |ours| buy(ours, 10, "c"), |theirs| buy(theirs, 20, "c")),
    (
        "the same job twice, done",
        three,
        |ours| {
            buy(ours, 10, "c");
            done(ours, 10, 200);
        },
        |theirs| {
            buy(theirs, 20, "c");
            done(theirs, 20, 210);
        },
    ),
    ("one is fetched, a neighbour is new", three, |ours| done(ours, 2, 200), |theirs| buy(theirs, 20, "c-theirs")),
    (
        "neighbours change",
        |base| {
            three(base);
            buy(base, 4, "e-sent");
        },
        |ours| done(ours, 2, 200),
        |theirs| done(theirs, 4, 210),
    ),
    ("the same is fetched by both", three, |ours| done(ours, 2, 200), |theirs| done(theirs, 2, 210)),
    ("the same is fetched and failed", three, |ours| done(ours, 2, 200), |theirs| failed(theirs, 2)),
    ("the same is fetched and renamed", three, |ours| done(ours, 2, 200), |theirs| rename(theirs, 2, "d-renamed")),
    (
        "a failed one is bought again by both",
        three,
        |ours| buy(ours, 10, "f-failed"),
        |theirs| {
            buy(theirs, 20, "f-failed");
            failed(theirs, 20);
        },
    ),
    (
        "renamed to another place, and new there",
        three,
        |ours| rename(ours, 1, "x-moved"),
        |theirs| buy(theirs, 20, "x-theirs"),
    ),
    ("squashed, then renamed", three, |ours| moved(ours, "n", "out/n-{n}.mp4"), squashed),
    ("squashed, then edited", three, |ours| moved(ours, "c", "out/c-{n}~12345678.mp4"), squashed),
    (
        "images",
        three,
        |ours| {
            uploaded(ours, "dog", "https://cdn.example.com/dog2.png", 2);
            uploaded(ours, "cat", "https://cdn.example.com/cat.png", 2);
        },
        |theirs| {
            uploaded(theirs, "dog", "https://cdn.example.com/dog3.png", 3);
            uploaded(theirs, "cat", "https://cdn.example.com/cat3.png", 3);
            uploaded(theirs, "hill", "https://cdn.example.com/hill.png", 3);
        },
    ),
];

/// A repository with a lock in it.
struct Repository(Project);

impl Repository {
    /// With these attributes of the lock, and `batch` as the driver of that name.
    fn new(attributes: &str) -> Repository {
        let repository = Repository(Project::without_git().with(".gitattributes", format!("{LOCK} {attributes}\n")));
        repository.git(["init", "-q", "-b", "main"]).exits(0);
        let driver = format!("'{}' lock merge --driver %O %A %B %P", env!("CARGO_BIN_EXE_batch"));
        for (name, value) in [("user.name", "x"), ("user.email", "x@example.com"), ("merge.batch.driver", &*driver)] {
            repository.git(["config", name, value]).exits(0);
        }
        repository
    }

    fn git<const N: usize>(&self, arguments: [&str; N]) -> Ended {
        self.0.command("git", arguments).run()
    }

    /// Commits the lock of a book on a branch of its own, made from `from`.
    fn branch(&self, name: &str, from: &str, book: &Book) {
        self.git(["checkout", "-q", "-B", name, from]).exits(0);
        self.commit(&ledger::written(book));
    }

    fn commit(&self, lock: &str) {
        self.0.write(LOCK, lock);
        self.git(["add", "-A"]).exits(0);
        self.git(["commit", "-q", "--allow-empty", "-m", "x"]).exits(0);
    }

    /// Base and two branches of a shape.
    fn of(&self, (_, base, ours, theirs): &(&str, Change, Change, Change)) -> [Book; 2] {
        let mut book = Book::default();
        base(&mut book);
        self.0.write(LOCK, ledger::written(&book));
        self.git(["add", "-A"]).exits(0);
        self.git(["commit", "-q", "--allow-empty", "-m", "base"]).exits(0);
        [("ours", ours), ("theirs", theirs)].map(|(name, change)| {
            let mut book = book.clone();
            change(&mut book);
            self.branch(name, "main", &book);
            book
        })
    }

    /// Joins what git left, where it left anything to join, and reads the lock.
    fn fixed(&self, context: &str) -> (Book, String) {
        let ended = self.0.batch(["lock", "merge", LOCK]).run();
        assert_eq!(ended.code(), 0, "{context}: {ended:?}\n{}", self.0.read(LOCK));
        assert!(!ended.stderr.contains("by a person"), "{context}: {ended:?}");
        (self.read().unwrap_or_else(|error| panic!("{context}: {error}")), self.0.read(LOCK))
    }

    fn read(&self) -> Result<Book, ledger::LedgerError> {
        ledger::read(&Paths::of(&self.0.path(LOCK))).map(|snapshot| snapshot.book)
    }
}

fn union(books: &[&Book]) -> Book {
    let mut all = Book::default();
    books.iter().for_each(|book| all.unite((*book).clone()));
    all
}

fn tasks(book: &Book) -> BTreeSet<String> {
    let all = book.records().flat_map(|record| book.history(&record.key));
    all.filter_map(|record| record.stage.task()).map(TaskId::to_string).collect()
}

#[test]
fn whatever_two_branches_did_their_locks_are_joined_and_no_task_is_lost() {
    for (attributes, styles) in
        [("text", &["merge", "diff3", "zdiff3"][..]), ("merge=union", &["merge"]), ("merge=batch", &["merge"])]
    {
        let (mut clean, mut fixed) = (0, 0);
        for shape in &SHAPES {
            for style in styles {
                let mut ends = BTreeSet::new();
                for [into, from] in [["ours", "theirs"], ["theirs", "ours"]] {
                    let context = format!("{}: {from} into {into}, {attributes}, {style}", shape.0);
                    let repository = Repository::new(attributes);
                    let [ours, theirs] = repository.of(shape);
                    repository.git(["checkout", "-q", into]).exits(0);
                    let style = format!("merge.conflictStyle={style}");
                    let merged = repository.git(["-c", &style, "merge", "-q", "-m", "x", from]);
                    assert!(matches!(merged.code(), 0 | 1), "{context}: {merged:?}");
                    assert!(attributes == "text" || merged.code() == 0, "{context}: {merged:?}");
                    *(if merged.code() == 0 { &mut clean } else { &mut fixed }) += 1;
                    if merged.code() == 1 {
                        // Until it is joined, every command names the way.
                        let refused =
                            repository.0.batch(["status", "--lock", LOCK, "-"]).input("version: 1\njobs: []\n").run();
                        assert!(refused.code() == 5 || refused.code() == 2, "{context}: {refused:?}");
                        assert!(repository.read().is_err(), "{context}");
                    }
                    let (book, text) = repository.fixed(&context);
                    let expected = union(&[&ours, &theirs]);
                    if merged.code() == 1 {
                        assert_eq!(text, ledger::written(&expected), "{context}: the bytes of `-o`");
                    }
                    assert_eq!(tasks(&book), tasks(&expected), "{context}");
                    assert!(book == expected, "{context}:\n{}\n{}", ledger::written(&book), ledger::written(&expected));
                    repository.0.batch(["lock", "merge", LOCK, "-o", LOCK]).run().exits(0);
                    ends.insert(repository.0.read(LOCK));
                }
                assert_eq!(ends.len(), 1, "{}: the same bytes whoever merges first", shape.0);
            }
        }
        println!("{attributes}: {clean} merges were clean, {fixed} were joined by `batch lock merge`");
    }
}

/// Who accepts both sides of every conflict by hand, as an editor offers it, either has all or is told.
#[test]
fn accepting_both_sides_loses_nothing_in_silence() {
    let (mut whole, mut refused) = (0, 0);
    for shape in &SHAPES {
        for style in ["merge", "zdiff3"] {
            let repository = Repository::new("text");
            let [ours, theirs] = repository.of(shape);
            repository.git(["checkout", "-q", "ours"]).exits(0);
            let style = format!("merge.conflictStyle={style}");
            repository.git(["-c", &style, "merge", "-q", "-m", "x", "theirs"]);
            let is_base = |line: &str, base: &mut bool| {
                *base = (*base || line.starts_with("|||||||")) && !line.starts_with("=======");
                *base
            };
            let mut base = false;
            let lock = repository.0.read(LOCK);
            let lines = lock.split_inclusive('\n').filter(|line| {
                let skip = is_base(line, &mut base);
                !skip && !["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark))
            });
            repository.0.write(LOCK, lines.collect::<String>());
            match repository.read() {
                Ok(book) => {
                    whole += 1;
                    assert_eq!(tasks(&book), tasks(&union(&[&ours, &theirs])), "{}", shape.0);
                }
                Err(error) => {
                    refused += 1;
                    assert!(error.to_string().contains("batch lock merge"), "{}: {error}", shape.0);
                    // Once git no longer has the sides, the text has to do, or a way out is named that needs no text.
                    let accepted = repository.0.read(LOCK);
                    repository.git(["add", "-A"]).exits(0);
                    let ended = repository.0.batch(["lock", "merge", LOCK]).run();
                    if ended.code() == 0 {
                        assert_eq!(tasks(&repository.read().unwrap()), tasks(&union(&[&ours, &theirs])), "{}", shape.0);
                    } else {
                        assert!(ended.stderr.contains("HEAD^1:./"), "{}: {ended:?}", shape.0);
                        assert!(!ended.stderr.contains("takes them apart"), "{}: {ended:?}", shape.0);
                        assert_eq!(repository.0.read(LOCK), accepted);
                    }
                    println!("accepted and added, {}: exit {}", shape.0, ended.code());
                }
            }
        }
    }
    assert!(whole > refused, "{whole} are whole, {refused} are refused");
}

#[test]
fn a_rebase_is_joined_step_by_step() {
    for attributes in ["text", "merge=batch"] {
        for shape in &SHAPES {
            let repository = Repository::new(attributes);
            let [ours, theirs] = repository.of(shape);
            let mut later = ours.clone();
            buy(&mut later, 30, "m-later");
            repository.git(["checkout", "-q", "ours"]).exits(0);
            repository.commit(&ledger::written(&later));
            let mut ended = repository.0.command("git", ["rebase", "theirs"]).run();
            for _ in 0..3 {
                if ended.code() == 0 {
                    break;
                }
                repository.fixed(shape.0);
                repository.git(["add", "-A"]).exits(0);
                ended = repository.0.command("git", ["rebase", "--continue"]).env("GIT_EDITOR", "true").run();
            }
            assert_eq!(ended.code(), 0, "{}: {ended:?}", shape.0);
            let (book, _) = repository.fixed(shape.0);
            assert_eq!(tasks(&book), tasks(&union(&[&later, &theirs])), "{}", shape.0);
        }
    }
}

/// Both branches merged the other once before: there are two bases, and git makes one of them.
#[test]
fn a_criss_cross_is_joined() {
    for attributes in ["text", "merge=batch"] {
        for shape in &SHAPES {
            let repository = Repository::new(attributes);
            let [ours, theirs] = repository.of(shape);
            let both = union(&[&ours, &theirs]);
            for (name, from, number, job) in [("left", "ours", 40, "g-left"), ("right", "theirs", 50, "g-right")] {
                let other = if from == "ours" { "theirs" } else { "ours" };
                repository.git(["checkout", "-q", "-B", name, from]).exits(0);
                repository.git(["merge", "-q", "-m", "x", "-s", "ours", other]).exits(0);
                let mut book = both.clone();
                buy(&mut book, number, job);
                if name == "left" && both.records().any(|record| record.id == id(2)) {
                    done(&mut book, 2, 300);
                }
                repository.commit(&ledger::written(&book));
            }
            let merged = repository.0.command("git", ["merge", "-q", "-m", "x", "left"]).run();
            assert!(matches!(merged.code(), 0 | 1), "{}: {merged:?}", shape.0);
            let (book, _) = repository.fixed(shape.0);
            let expected: BTreeSet<String> =
                tasks(&both).into_iter().chain([40, 50].map(|n| task(n).to_string())).collect();
            assert_eq!(tasks(&book), expected, "{}", shape.0);
        }
    }
}

/// Two clones that ran different jobs, two that ran the same, and two shards: one command, and nothing is bought again.
#[test]
fn what_two_clones_bought_is_joined_and_a_run_buys_nothing_again() {
    for (attributes, only) in [
        ("merge=batch", [["--only", "j[12]"], ["--only", "j[34]"]]),
        ("text", [["--shard", "1/2"], ["--shard", "2/2"]]),
    ] {
        let service = simulator(&[]);
        let repository = Repository::new(attributes);
        let project = &repository.0;
        project.write(MANIFEST, manifest_of(4));
        project.write(".gitignore", "/out/\n");
        repository.commit(&ledger::written(&Book::default()));
        let run = |arguments: &[&str]| {
            let arguments = ["run", "--progress", "none"].into_iter().chain(arguments.iter().copied());
            project.batch(arguments).against(&service.base_url()).run()
        };
        for (name, only) in ["ours", "theirs"].into_iter().zip(only) {
            repository.git(["checkout", "-q", "-B", name, "main"]).exits(0);
            run(&only).exits(0);
            repository.git(["add", "-A"]).exits(0);
            repository.git(["commit", "-q", "-m", "x"]).exits(0);
        }
        let merged = repository.git(["merge", "-q", "-m", "x", "ours"]);
        if merged.code() == 1 {
            let refused = run(&[]).exits(5);
            assert!(refused.stderr.contains("`batch lock merge "), "{refused:?}");
            project.batch(["lock", "merge"]).run().exits(0);
        }
        run(&[]).exits(0);
        assert_eq!(service.account().charges(), 4, "{attributes}");
        let ended = project.batch(["verify"]).env("BAICAI_BASE_URL", &service.base_url()).run().exits(0);
        assert!(ended.stdout.contains("agree"), "{ended:?}");
    }
}

#[test]
fn a_job_that_two_branches_bought_is_called_bought_twice_and_stays_with_either_ones_videos() {
    let service = simulator(&[]);
    let repository = Repository::new("merge=batch");
    let project = &repository.0;
    project.write(MANIFEST, manifest(&[("a", "@dog runs"), ("b", "@cat runs")]));
    project.write(".gitignore", "/out/\n");
    repository.commit(&ledger::written(&Book::default()));
    let batch = |arguments: &[&str]| project.batch(arguments.iter().copied()).against(&service.base_url()).run();
    for name in ["ours", "theirs"] {
        repository.git(["checkout", "-q", "-B", name, "main"]).exits(0);
        let _ = std::fs::remove_dir_all(project.path("out"));
        batch(&["run", "--only", "a"]).exits(0);
        repository.git(["add", "-A"]).exits(0);
        repository.git(["commit", "-q", "-m", "x"]).exits(0);
    }
    repository.git(["merge", "-q", "-m", "x", "ours"]).exits(0);
    assert_eq!(service.account().charges(), 2);
    let document = batch(&["verify", "--format", "json"]).exits(1).json();
    let kinds: Vec<&str> =
        document["problems"].as_array().unwrap().iter().map(|problem| problem["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["not-run", "bought-twice"], "{document:#}");
    let status = batch(&["status", "--format", "json"]).exits(0).json();
    assert_eq!(status["jobs"][0]["bought_twice"].as_array().map(Vec::len), Some(2), "{status:#}");
    assert!(batch(&["status"]).exits(0).stdout.contains("bought-twice: a is paid as tasks "));
    let before = service.account().charges();
    batch(&["run"]).exits(0);
    assert_eq!(service.account().charges(), before + 1, "b alone is new");
    // Which of the two videos is here doesn't matter; without any, one is fetched.
    std::fs::remove_dir_all(project.path("out")).unwrap();
    batch(&["run"]).exits(0);
    assert_eq!((service.account().charges(), project.files("out").len()), (before + 1, 2));
}

/// One generation, which two branches recorded for two jobs: said by every command, and neither is joined with the other.
#[test]
fn a_task_of_two_jobs_is_said() {
    let service = simulator(&["submit:reset(charged)@1-2"]);
    let repository = Repository::new("merge=batch");
    let project = &repository.0;
    project.write(MANIFEST, manifest(&[("a", "@dog runs"), ("b", "@cat runs")]));
    project.write(".gitignore", "/out/\n");
    repository.commit(&ledger::written(&Book::default()));
    let batch = |arguments: &[&str]| project.batch(arguments.iter().copied()).against(&service.base_url()).run();
    for (branch, job) in [("ours", "a"), ("theirs", "b")] {
        repository.git(["checkout", "-q", "-B", branch, "main"]).exits(0);
        batch(&["run", "--only", job]).exits(3);
        let task = service.account().books().tasks.first().unwrap().clone();
        batch(&["resolve", job, "--task-id", &task]).exits(0);
        repository.git(["add", "-A"]).exits(0);
        repository.git(["commit", "-q", "-m", "x"]).exits(0);
    }
    repository.git(["merge", "-q", "-m", "x", "ours"]).exits(0);
    let said = |ended: &Ended| ended.stderr.contains("is recorded for a (") && ended.stderr.contains(" and b (");
    for command in ["plan", "status", "run"] {
        let ended = batch(&[command]).exits(0);
        assert!(said(&ended), "{command}: {ended:?}");
    }
    let status = batch(&["status", "--format", "json"]).exits(0).json();
    assert_eq!(status["jobs"][0]["same_task"], serde_json::json!(["b"]), "{status:#}");
    let verify = batch(&["verify", "--format", "json"]).exits(1).json();
    let kinds: Vec<_> = verify["problems"].as_array().unwrap().iter().map(|p| [&p["kind"], &p["job"]]).collect();
    assert_eq!(kinds, [["shared-task", "a"], ["shared-task", "b"]], "{verify:#}");
    assert_eq!((service.account().charges(), project.files("out").len()), (2, 2));
}

/// Two branches changed a job, each in its own way: what the other one bought is fetched beside what is here, by `fetch` as by a run.
#[test]
fn what_another_branch_bought_for_the_same_job_is_fetched_beside_what_is_here() {
    let cases = [("fetch", false), ("run", false), ("run", true)];
    for ((command, is_gone), is_later_here) in cases.iter().flat_map(|case| [(*case, false), (*case, true)]) {
        let service = simulator(&[]);
        let repository = Repository::new("merge=batch");
        let project = &repository.0;
        let batch = |arguments: &[&str]| project.batch(arguments.iter().copied()).against(&service.base_url()).run();
        project.write(".gitignore", "/out/\n/jobs.yaml\n/first.mp4\n");
        repository.commit(&ledger::written(&Book::default()));
        for (branch, prompt) in [("ours", "@dog runs"), ("theirs", "@dog sits")] {
            repository.git(["checkout", "-q", "-B", branch, "main"]).exits(0);
            let first = project.path("out/a-1.mp4");
            if first.exists() {
                std::fs::rename(first, project.path("first.mp4")).unwrap();
            }
            project.write(MANIFEST, manifest(&[("a", prompt)]));
            batch(&["run"]).exits(0);
            repository.git(["add", "-A"]).exits(0);
            repository.git(["commit", "-q", "-m", "x"]).exits(0);
        }
        repository.git(["merge", "-q", "-m", "x", "ours"]).exits(0);
        let prompt = if is_later_here { "@dog sits" } else { "@dog runs" };
        project.write(MANIFEST, manifest(&[("a", prompt)]));
        if !is_later_here {
            // As in the other clone.
            for name in project.files("out") {
                std::fs::remove_file(project.path(&name)).unwrap();
            }
            std::fs::rename(project.path("first.mp4"), project.path("out/a-1.mp4")).unwrap();
        }
        if is_gone {
            project.write(MANIFEST, manifest(&[]).replace("jobs:", "jobs: []"));
        }
        batch(&[command]).exits(0);
        assert_eq!((service.account().charges(), project.files("out").len()), (2, 2), "{command}");
        batch(&["run"]).exits(0);
        batch(&["verify"]).exits(i32::from(is_gone));
        assert_eq!((service.account().charges(), project.files("out").len()), (2, 2), "{command}");
    }
}

/// What one branch dropped and the other kept comes back by the union: it is said, costs nothing, and can be dropped again.
#[test]
fn what_was_pruned_on_one_branch_alone_comes_back_harmlessly() {
    for attributes in ["merge=batch", "text"] {
        let service = simulator(&[]);
        let repository = Repository::new(attributes);
        let project = &repository.0;
        let batch = |arguments: &[&str]| project.batch(arguments.iter().copied()).against(&service.base_url()).run();
        let commit = || {
            repository.git(["add", "-A"]).exits(0);
            repository.git(["commit", "-q", "-m", "x"]).exits(0);
        };
        project.write(MANIFEST, manifest(&[("a", "@dog runs"), ("b", "@cat runs")]));
        project.write(".gitignore", "/out/\n");
        repository.commit(&ledger::written(&Book::default()));
        batch(&["run"]).exits(0);
        commit();
        repository.git(["checkout", "-q", "-B", "ours", "main"]).exits(0);
        project.write(MANIFEST, manifest(&[("a", "@dog runs")]));
        batch(&["run", "--prune"]).exits(0);
        commit();
        // The other branch renames the job, so that its block differs.
        repository.git(["checkout", "-q", "-B", "theirs", "main"]).exits(0);
        project.write(MANIFEST, manifest(&[("a", "@dog runs"), ("c", "@cat runs")]));
        batch(&["run"]).exits(0);
        commit();
        let merged = repository.git(["merge", "-q", "-m", "x", "-X", "ours", "ours"]);
        project.write(MANIFEST, manifest(&[("a", "@dog runs")]));
        if merged.code() == 1 {
            batch(&["lock", "merge"]).exits(0);
        }
        let verify = batch(&["verify", "--format", "json"]).json();
        let kinds: Vec<_> = verify["problems"].as_array().unwrap().iter().map(|p| [&p["kind"], &p["job"]]).collect();
        assert_eq!(kinds, [["orphan", "c"]], "{attributes}: {verify:#}");
        let plan = batch(&["plan", "--format", "json"]).exits(0).json();
        assert_eq!(plan["removed"], serde_json::json!(["c"]), "{attributes}: {plan:#}");
        batch(&["run"]).exits(0);
        batch(&["run", "--prune"]).exits(0);
        batch(&["verify"]).exits(0);
        assert_eq!((service.account().charges(), project.files("out").len()), (2, 2), "{attributes}");
    }
}

#[test]
fn locks_of_several_places_become_one_file() {
    let project = Project::new();
    let mut books = [Book::default(), Book::default()];
    buy(&mut books[0], 1, "a");
    buy(&mut books[1], 2, "b");
    for (name, book) in ["one.lock", "two.lock"].iter().zip(&books) {
        project.write(name, ledger::written(book));
    }
    let ended = project.batch(["lock", "merge", "one.lock", "two.lock", "-o", "all.lock"]).run().exits(0);
    assert!(ended.stderr.contains("all.lock: joined, 2 purchases"), "{ended:?}");
    assert_eq!(project.read("all.lock"), ledger::written(&union(&[&books[0], &books[1]])));
    // Into one of them; and what isn't there, or is of another service, is said.
    project.batch(["lock", "merge", "two.lock", "one.lock", "-o", "one.lock"]).run().exits(0);
    assert_eq!(project.read("one.lock"), project.read("all.lock"));
    // What stands there and isn't named is joined as well; what is no lock stays as it is.
    let mut third = Book::default();
    buy(&mut third, 3, "c");
    project.write("there.lock", ledger::written(&third));
    project.batch(["lock", "merge", "one.lock", "-o", "there.lock"]).run().exits(0);
    assert_eq!(project.read("there.lock"), ledger::written(&union(&[&books[0], &books[1], &third])));
    for (name, text) in [
        ("notes.txt", "my notes\n"),
        ("jobs.yaml", "version: 1\njobs: []\n"),
        ("a.mp4", "\0\0\0\u{18}ftypmp42"),
        ("bad.lock", "version = 2\n[[purchase]]\n"),
    ] {
        project.write(name, text);
        let ended = project.batch(["lock", "merge", "one.lock", "-o", name]).run().exits(5);
        assert!(ended.stderr.contains("can't be read as a lock"), "{ended:?}");
        assert_eq!(project.read(name), text);
        assert!(!project.path(&format!("{name}.journal")).exists(), "{name}");
    }
    project.batch(["lock", "merge", "one.lock", "three.lock", "-o", "one.lock"]).run().exits(5);
    project.write("other.lock", project.read("one.lock").replace("service.example.com", "other.example.com"));
    let ended = project.batch(["lock", "merge", "one.lock", "other.lock", "-o", "one.lock"]).run().exits(2);
    assert!(ended.stderr.contains("other.example.com") && ended.stderr.contains("--move-service"), "{ended:?}");
    // One service that got a new name: that of the first lock.
    let moved = ["lock", "merge", "other.lock", "one.lock", "--move-service", "-o", "moved.lock"];
    project.batch(moved).run().exits(0);
    assert_eq!(project.read("moved.lock"), project.read("other.lock"));
    project.write("trial.lock", project.read("one.lock").replace("https://service.example.com", "simulate"));
    project.batch(["lock", "merge", "trial.lock", "one.lock", "--move-service", "-o", "moved.lock"]).run().exits(2);
    let ended = project.batch(["lock", "merge", "one.lock", "two.lock"]).run().exits(2);
    assert!(ended.stderr.contains("-o OUT"), "{ended:?}");
    let ended = project.batch(["lock", "merge", "all.lock"]).run().exits(0);
    assert!(ended.stderr.contains("no marks of a merge"), "{ended:?}");
    assert_eq!(project.read("one.lock"), project.read("all.lock"));
}

/// What the driver can't join is left visibly in conflict, with both sides whole, and the way out that is named works.
#[test]
fn what_the_driver_cannot_join_is_left_in_conflict() {
    type Spoil = fn(String) -> String;
    let kinds: [(&str, Spoil, &str); 4] = [
        ("newer", |lock| lock.replace("version = 2", "version = 3"), "written by a newer batch"),
        ("moved", |lock| lock.replace("service.example.com", "new.example.com"), "--move-service"),
        ("damaged", |lock| lock.replace("task_id = \"task-of-20\"", "task = \"task-of-20\""), "unknown field"),
        ("marked", |lock| format!("<<<<<<< HEAD\n{lock}=======\n>>>>>>> x"), "`version` is missing"),
    ];
    for (kind, spoil, cause) in kinds {
        let repository = Repository::new("merge=batch");
        let project = &repository.0;
        let [ours, theirs] = repository.of(&SHAPES[1]);
        let spoilt = match kind {
            // Marks around a whole lock would be read.
            "marked" => spoil(ledger::written(&theirs)).replace(">>>>>>> x", "# nothing\n>>>>>>> x\n"),
            _ => spoil(ledger::written(&theirs)),
        };
        repository.git(["checkout", "-q", "theirs"]).exits(0);
        repository.commit(&spoilt);
        repository.git(["checkout", "-q", "ours"]).exits(0);
        let merged = repository.git(["merge", "-q", "-m", "x", "theirs"]).exits(1);
        assert!(merged.stderr.contains(cause) && merged.stderr.contains("jobs.lock (theirs)"), "{kind}: {merged:?}");
        assert!(!merged.stderr.contains(".merge_file"), "{kind}: {merged:?}");
        assert!(merged.stderr.contains("`git show :2:./jobs.lock >ours.lock`"), "{kind}: {merged:?}");
        let conflict = project.read(LOCK);
        assert!(conflict.starts_with("<<<<<<<") && conflict.contains(&spoilt), "{kind}: {conflict}");
        assert!(conflict.contains(&ledger::written(&ours)), "{kind}: {conflict}");
        repository.read().unwrap_err();
        let refused = project.batch(["lock", "merge", LOCK]).run();
        assert!(matches!(refused.code(), 2 | 5) && refused.stderr.contains(cause), "{kind}: {refused:?}");
        assert_eq!(project.read(LOCK), conflict, "{kind}");
        // Ours without marks, as a driver of before left it: it is still no whole lock.
        project.write(LOCK, ledger::written(&ours));
        let refused = project.batch(["lock", "merge", LOCK]).run();
        assert!(matches!(refused.code(), 2 | 5) && refused.stderr.contains(cause), "{kind}: {refused:?}");
        project.write(LOCK, &conflict);
        repository.git(["add", LOCK]).exits(0);
        let refused = project.batch(["lock", "merge", LOCK]).run();
        assert!(matches!(refused.code(), 2 | 5) && refused.stderr.contains(cause), "{kind}, added: {refused:?}");
        repository.git(["reset", "-q", "--merge"]).exits(0);
        repository.git(["merge", "-q", "-m", "x", "theirs"]).exits(1);
        let expected = union(&[&ours, &theirs]);
        if kind == "moved" {
            project.batch(["lock", "merge", LOCK, "--move-service"]).run().exits(0);
            assert_eq!(project.read(LOCK), ledger::written(&expected));
            continue;
        }
        // The way that is named: both sides in files, the spoilt one fixed.
        project.write("ours.lock", repository.git(["show", ":2:./jobs.lock"]).exits(0).stdout);
        assert_eq!(repository.git(["show", ":3:./jobs.lock"]).exits(0).stdout, spoilt, "{kind}");
        project.write("theirs.lock", ledger::written(&theirs));
        project.batch(["lock", "merge", "ours.lock", "theirs.lock", "-o", "joined.lock"]).run().exits(0);
        assert_eq!(project.read("joined.lock"), ledger::written(&expected), "{kind}");
    }
}

/// A conflict that git still knows of, in a file without marks: both sides count, and what only the file has.
#[test]
fn a_side_that_was_checked_out_is_joined_with_the_other_until_it_is_added() {
    let repository = Repository::new("text");
    let [ours, theirs] = repository.of(&SHAPES[0]);
    repository.git(["checkout", "-q", "ours"]).exits(0);
    repository.git(["merge", "-q", "-m", "x", "theirs"]).exits(1);
    repository.git(["checkout", "-q", "--ours", LOCK]).exits(0);
    let mut later = ours;
    buy(&mut later, 30, "later");
    repository.0.write(LOCK, ledger::written(&later));
    let (_, text) = repository.fixed("one side");
    assert_eq!(text, ledger::written(&union(&[&later, &theirs])));
    repository.git(["add", LOCK]).exits(0);
    let ended = repository.0.batch(["lock", "merge", LOCK]).run().exits(0);
    assert!(ended.stderr.contains("no marks of a merge"), "{ended:?}");
}

/// One branch still writes version 1, the other has upgraded.
#[test]
fn a_side_of_version_1_is_joined_with_one_of_version_2() {
    let record = |job: &str, status: &str| {
        let digest = Sha256::of(job.as_bytes());
        format!(
            "\n[[job]]\nid = \"{job}\"\ndigest = \"sha256:{digest}\"\nparts = {{ prompt = \"9f2c11aa\" }}\nstatus = \"{status}\"\nattempt = 1\nname = \"out/{job}-{{n}}.mp4\"\ntask_id = \"task-{job}\"\nsubmitted_at = 2026-03-09T02:44:54Z\n"
        )
    };
    let head = "# Written by batch. Commit it together with the manifest.\nversion = 1\nservice = \"https://service.example.com\"\n";
    for attributes in ["text", "merge=batch"] {
        let repository = Repository::new(attributes);
        let base = format!("{head}{}{}", record("a", "submitted"), record("m", "submitted"));
        repository.commit(&base);
        repository.git(["checkout", "-q", "-b", "theirs"]).exits(0);
        let mut theirs = repository.read().unwrap();
        buy(&mut theirs, 20, "theirs");
        repository.commit(&ledger::written(&theirs));
        repository.git(["checkout", "-q", "main"]).exits(0);
        repository.commit(&format!(
            "{head}{}{}{}",
            record("a", "generated"),
            record("c", "submitted"),
            record("m", "submitted")
        ));
        let ours = repository.read().unwrap();
        let merged = repository.git(["merge", "-q", "-m", "x", "theirs"]);
        assert_eq!(merged.code(), i32::from(attributes == "text"), "{merged:?}");
        if attributes == "text" {
            repository.fixed("two versions");
        }
        assert_eq!(repository.0.read(LOCK), ledger::written(&union(&[&ours, &theirs])), "{attributes}");
    }
}
