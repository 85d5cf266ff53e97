//! A manifest, a service and a ledger with real files, driven by steps; the model is asked after each.

use super::model::{Fact, Known, Oracle, superseded};
use super::script::{Came, Damage, Ending, Fate, Pick, Said, Step, Theirs};
use super::till::Till;
use crate::base::digest::Sha256;
use crate::ledger::entry::{Entry, Verdict, Which};
use crate::ledger::record::{Fault, Key, Output, Place, Word};
use crate::ledger::{self, Book, Closer, Holder, Ledger, Paths, Scribe, lockfile};
use crate::spec::names::{Digest, JobId, TaskId};
use crate::spec::output::VideoName;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

const SERVICE: &str = "https://cloud.baicaiinfer.com";

/// Jobs that a manifest may have, and digests that each of them may have.
pub(super) const JOBS: usize = 3;
pub(super) const DIGESTS: usize = 3;

/// Videos of each job.
const VIDEOS: u8 = 2;

pub(super) struct World {
    _folder: tempfile::TempDir,
    paths: Paths,
    manifest: [Option<usize>; JOBS],
    oracle: Oracle,
    till: Till,
    run: Option<Run>,
    /// Journals that killed runs left, for those that turn up again.
    strays: Vec<Vec<u8>>,
    videos: u8,
    /// Counts the submits: each has a time of its own.
    clock: i64,
}

/// A process.
struct Run {
    scribe: Scribe,
    closer: Closer,
    /// What it knows: by this it decides, not by the model. What it forgets is paid again, and the till notices.
    book: Book,
    /// What is in its journal.
    told: Vec<Entry>,
    /// What it will do next, where it can't be seen in the ledger.
    hands: BTreeMap<Key, Hand>,
}

enum Hand {
    /// The intent is durable, nothing is sent.
    Ready { attempt: u32, asked: Timestamp },
    /// The service was asked; its answer is in memory alone.
    Told(Entry),
}

impl World {
    pub(super) fn new() -> World {
        // In memory where that goes: what a disk does is not what is asked here, and its syncs are slow.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let paths = Paths::of(&folder.path().join("jobs.lock"));
        let manifest = std::array::from_fn(Some);
        let (oracle, till) = (Oracle::default(), Till::default());
        World { _folder: folder, paths, manifest, oracle, till, run: None, strays: Vec::new(), videos: 0, clock: 0 }
    }

    /// Takes a step, and compares.
    pub(super) async fn take(&mut self, step: &Step) {
        match step {
            Step::Work(picks) => {
                self.begin(usize::MAX).await;
                let entries = self.work(picks);
                self.record(entries).await;
            }
            Step::Torn(picks, damage) => {
                self.begin(usize::MAX).await;
                self.tear(picks, *damage).await;
            }
            Step::BeginAndDie(moves) => {
                self.end().await;
                self.begin(*moves).await;
                self.kill().await;
            }
            Step::Kill => self.kill().await,
            Step::End => self.end().await,
            Step::EndAndDie => self.end_and_die().await,
            Step::Edit(job, digest) => {
                self.end().await;
                self.manifest[*job] = *digest;
            }
            Step::Resolve(pick, fate) => self.resolve(*pick, *fate).await,
            Step::Prune(fate) => self.prune(*fate).await,
            Step::Exchange(theirs, ending) => self.exchange(theirs, *ending).await,
            Step::Stray(pick) => self.stray(*pick).await,
        }
        self.oracle.agrees_with(&self.book());
    }

    fn book(&self) -> Book {
        ledger::read(&self.paths).unwrap().book
    }

    /// Begins a run where none is on, and puts records in their places; writes `moves` of these entries at most.
    async fn begin(&mut self, moves: usize) {
        if self.run.is_some() {
            return;
        }
        let ledger = self.open();
        self.oracle.agrees_with(ledger.book());
        self.start(ledger);
        for entry in self.moves().into_iter().take(moves) {
            self.record(vec![entry]).await;
        }
    }

    /// Opens the ledger; what a killed run left is kept, for when it turns up again.
    fn open(&mut self) -> Ledger {
        let journal = fs::read(&self.paths.journal).unwrap_or_default();
        self.strays.push(journal);
        ledger::open(&self.paths, holder()).unwrap()
    }

    fn start(&mut self, ledger: Ledger) {
        self.oracle.forget_the_process();
        let book = ledger.book().clone();
        let (scribe, closer) = ledger.start(SERVICE).unwrap();
        self.run = Some(Run { scribe, closer, book, told: Vec::new(), hands: BTreeMap::new() });
    }

    /// A record belongs to a digest: it follows it to the job that asks for it, else it gives way.
    fn moves(&self) -> Vec<Entry> {
        let wanted: Vec<Key> = self.wanted();
        let facts = &self.oracle.facts;
        let mut free: Vec<&Key> = facts.keys().filter(|key| !wanted.contains(key)).collect();
        let mut moves = Vec::new();
        for key in &wanted {
            let own = facts.get_key_value(key).map(|(key, _)| key);
            let from = own.or_else(|| {
                let place = free.iter().position(|other| other.digest == key.digest)?;
                Some(free.remove(place))
            });
            let Some(from) = from else { continue };
            let (fact, name) = (&facts[from], name(&key.job));
            if from.job != key.job || fact.place != Place::Current || fact.name != name {
                moves.push(moved(from, fact, &key.job, Place::Current, name));
            }
        }
        let taken: BTreeSet<&Key> = moves.iter().filter_map(Entry::key).collect();
        let displaced = facts.iter().filter(|(key, fact)| {
            let edited = wanted.iter().any(|other| other.job == key.job && other.digest != key.digest);
            edited && fact.place == Place::Current && !taken.contains(key)
        });
        let mut all: Vec<Entry> = displaced
            .map(|(key, fact)| moved(key, fact, &key.job, Place::Superseded, superseded(&fact.name, &key.digest)))
            .collect();
        all.extend(moves);
        all
    }

    /// What the manifest asks for.
    fn wanted(&self) -> Vec<Key> {
        let asked = self.manifest.iter().enumerate();
        asked.filter_map(|(job, digest)| Some(key(job, (*digest)?))).collect()
    }

    /// What the picked jobs write down next, each at most once.
    fn work(&mut self, picks: &[Pick]) -> Vec<Entry> {
        let mut keys: BTreeSet<Key> = self.wanted().into_iter().collect();
        keys.extend(self.oracle.facts.keys().cloned());
        let mut keys: Vec<Key> = keys.into_iter().collect();
        let mut entries = Vec::new();
        for pick in picks {
            if keys.is_empty() {
                break;
            }
            let key = keys.remove(pick.job % keys.len());
            entries.extend(self.next(&key, pick.said));
        }
        entries
    }

    /// What a job does next: the table's third column. Nothing where it waits, or asks the service.
    fn next(&mut self, key: &Key, said: Said) -> Option<Entry> {
        let run = self.run.as_mut()?;
        match run.hands.remove(key) {
            Some(Hand::Told(entry)) => return Some(entry),
            Some(Hand::Ready { attempt, asked }) => {
                let told = answer(&mut self.till, key, attempt, asked, said);
                run.hands.insert(key.clone(), Hand::Told(told));
                return None;
            }
            None => {}
        }
        let asked = self.manifest[job_number(&key.job)].is_some_and(|digest| digest_of(digest) == key.digest);
        let next = run.book.next_attempt(key);
        self.clock += 1;
        let now = at(self.clock);
        let Some(fact) = run.book.get(key).map(Fact::of) else { return asked.then(|| intend(key, next, now)) };
        let (key, attempt, which) = (key.clone(), fact.attempt, fact.which());
        match (fact.known, said) {
            (Known::Submitted(_), Said::Good) => Some(Entry::Generated { key, attempt, which, at: now }),
            (Known::Submitted(task), Said::Bad) => {
                self.till.refund(&key, &task);
                Some(Entry::Failed { key, attempt, which, error: fault("FAILED"), at: now })
            }
            (Known::Submitted(_), Said::Strange) => {
                let reason = "the task is not known".to_owned();
                Some(Entry::Uncertain { key, attempt, which, reason, at: now })
            }
            (Known::Generated(_, outputs), _) => Some(match missing(&outputs) {
                Some(number) => self.download(key, attempt, which, number, &fact.name),
                None => Entry::Succeeded { key, attempt, which },
            }),
            // The file was altered.
            (Known::Succeeded(..), Said::Strange) => Some(self.download(key, attempt, which, 1, &fact.name)),
            (Known::Failed(_, Word::Service), Said::Good | Said::Bad) if asked => Some(intend(&key, next, now)),
            // `--retry-failed`, and `on_uncertain: resubmit`: a person's word.
            (Known::Failed(..) | Known::Refused | Known::Uncertain(None), Said::Allowed) if asked => {
                self.till.allow(&key);
                Some(intend(&key, next, now))
            }
            _ => None,
        }
    }

    fn download(&mut self, key: Key, attempt: u32, which: Option<Which>, number: usize, name: &VideoName) -> Entry {
        self.videos = self.videos.wrapping_add(1);
        let (path, sha256) = (name.path(number), Sha256::of(&[self.videos]));
        Entry::Downloaded { key, attempt, which, output: Output { number, path, sha256, bytes: 1, source: None } }
    }

    /// Records entries as one group.
    async fn record(&mut self, entries: Vec<Entry>) {
        let run = self.run.as_mut().unwrap();
        let scribe = &run.scribe;
        for outcome in futures::future::join_all(entries.iter().cloned().map(|entry| scribe.record(entry))).await {
            outcome.unwrap();
        }
        for entry in &entries {
            self.learn(entry);
        }
    }

    fn learn(&mut self, entry: &Entry) {
        self.oracle.learn(entry);
        self.till.learn(entry);
        let Some(run) = &mut self.run else { return };
        run.book.apply(entry);
        run.told.push(entry.clone());
        self.oracle.agrees_with(&run.book);
        if let Entry::Submitting { key, attempt, at, .. } = entry {
            run.hands.insert(key.clone(), Hand::Ready { attempt: *attempt, asked: *at });
        }
    }

    /// A kill or a power cut while a group is being written: nobody was told that it is durable.
    async fn tear(&mut self, picks: &[Pick], damage: Damage) {
        let entries = self.work(picks);
        let whole = fs::read(&self.paths.journal).unwrap().len();
        let run = self.run.as_ref().unwrap();
        let scribe = &run.scribe;
        for outcome in futures::future::join_all(entries.iter().cloned().map(|entry| scribe.record(entry))).await {
            outcome.unwrap();
        }
        self.kill().await;
        let mut journal = fs::read(&self.paths.journal).unwrap();
        let group = journal.split_off(whole);
        let mut torn = group.clone();
        damage.apply(&mut torn);
        // A line is known where all its bytes are still there; the newline at the end of all may be missing.
        let mut start = 0;
        for (line, entry) in group.split_inclusive(|byte| *byte == b'\n').zip(&entries) {
            let text = start..start + line.len() - 1;
            start += line.len();
            let ends = torn.get(text.end).is_none_or(|byte| *byte == b'\n');
            let begins = text.start == 0 || torn.get(text.start - 1) == Some(&b'\n');
            if begins && ends && torn.get(text.clone()) == Some(&group[text]) {
                self.learn(entry);
            }
        }
        journal.extend(torn);
        fs::write(&self.paths.journal, journal).unwrap();
    }

    /// The process is gone; what it had in memory, too.
    async fn kill(&mut self) {
        let Some(Run { scribe, closer, .. }) = self.run.take() else { return };
        let Closer { desk, inbox, writer } = closer;
        drop((scribe, inbox));
        drop(writer.await.unwrap());
        drop(desk);
    }

    /// The run ends in good order; a run that was killed before is taken in.
    async fn end(&mut self) {
        let book = match self.run.take() {
            Some(Run { closer, .. }) => closer.close().await.unwrap(),
            None => self.open().close_unchanged().unwrap(),
        };
        self.oracle.agrees_with(&book);
        assert!(!self.paths.journal.exists());
    }

    /// The lock is written, and the process dies before the journal is removed.
    async fn end_and_die(&mut self) {
        let journal = fs::read(&self.paths.journal).ok();
        self.end().await;
        if let Some(journal) = journal {
            fs::write(&self.paths.journal, journal).unwrap();
        }
    }

    /// `batch resolve`, killed or not before the lock is written.
    async fn resolve(&mut self, pick: Pick, fate: Fate) {
        self.end().await;
        let open = |fact: &Fact| matches!(fact.known, Known::Uncertain(_));
        let waiting: Vec<&Key> = self.oracle.facts.iter().filter(|(_, fact)| open(fact)).map(|(key, _)| key).collect();
        if waiting.is_empty() {
            return;
        }
        let key = waiting[pick.job % waiting.len()].clone();
        let verdict = match (pick.said, self.till.tasks(&key).next()) {
            (Said::Good, Some(task)) => Verdict::Task { task: task.clone() },
            (Said::Bad, _) => Verdict::Failed,
            _ => Verdict::Resubmit,
        };
        let (attempt, which) = (self.oracle.facts[&key].attempt, self.oracle.facts[&key].which());
        let ledger = self.open();
        self.start(ledger);
        self.record(vec![Entry::Resolved { key, attempt, which, verdict, at: at(self.clock) }]).await;
        self.end_or_die(fate).await;
    }

    /// `run --prune`: one finished record of a job that left the manifest.
    async fn prune(&mut self, fate: Fate) {
        self.end().await;
        let left =
            |(key, fact): &(&Key, &Fact)| self.manifest[job_number(&key.job)].is_none() && fact.known.is_finished();
        let Some((key, fact)) = self.oracle.facts.iter().find(left) else { return };
        let (key, attempt) = (key.clone(), fact.attempt);
        let mut ledger = self.open();
        ledger.prune(&[(key.clone(), attempt)]);
        self.start(ledger);
        if matches!(fate, Fate::Done) {
            self.oracle.prune(&key);
            self.till.prune(&key);
        }
        self.end_or_die(fate).await;
    }

    async fn end_or_die(&mut self, fate: Fate) {
        match fate {
            Fate::Done => self.end().await,
            Fate::Killed => self.kill().await,
        }
    }

    /// The lock of somebody else, who ran the same jobs, takes the place of this one while a run is on.
    async fn exchange(&mut self, theirs: &[Theirs], ending: Ending) {
        self.begin(usize::MAX).await;
        let told = self.run.as_ref().unwrap().told.clone();
        let mut ours: BTreeSet<Key> = self.oracle.facts.keys().cloned().collect();
        let mut named = self.oracle.all_tasks();
        if let Ending::Killed = ending {
            // What the lock before said is gone with it.
            let which = |entry: &Entry| match entry {
                Entry::Moved { .. } => None,
                Entry::Submitting { at, .. } => Some(Which::Asked(*at)),
                Entry::Submitted { task, .. } => Some(Which::Task(task.clone())),
                other => other.which().cloned(),
            };
            let purchases: BTreeSet<(Key, Which)> =
                told.iter().filter_map(|entry| Some((entry.key()?.clone(), which(entry)?))).collect();
            let is_told = |(key, fact): &(&Key, &Fact)| {
                fact.which().is_some_and(|which| purchases.contains(&((*key).clone(), which)))
            };
            ours = self.oracle.facts.iter().filter(is_told).map(|(key, _)| key.clone()).collect();
            named.retain(|task| purchases.iter().any(|(_, which)| *which == Which::Task(task.clone())));
            self.till.forget_all_but(&ours, &named);
        }
        let theirs = self.lock_of(theirs);
        fs::write(&self.paths.lock, lockfile::write(&theirs)).unwrap();
        if let Ending::WithoutJournal = ending {
            fs::remove_file(&self.paths.journal).unwrap();
        }
        match ending {
            Ending::Killed => self.kill().await,
            Ending::InOrder | Ending::WithoutJournal => {
                let Run { closer, .. } = self.run.take().unwrap();
                closer.close().await.unwrap();
            }
        }
        let book = self.book();
        self.oracle.puts_up_with_both(&ours, &named, &theirs, &book);
    }

    fn lock_of(&mut self, theirs: &[Theirs]) -> Book {
        let mut book = Book::default();
        book.set_service(SERVICE);
        for Theirs { job, digest, attempt, came } in theirs {
            let (key, attempt) = (key(*job, *digest), *attempt);
            if book.get(&key).is_some() {
                continue;
            }
            self.clock += 1;
            let at = at(self.clock);
            book.apply(&intend(&key, attempt, at));
            if let Came::Failed = came {
                let task = TaskId::new(&format!("failed-{}", self.clock)).unwrap();
                let which = Some(Which::Task(task.clone()));
                book.apply(&Entry::Submitted { key: key.clone(), attempt, which: Some(Which::Asked(at)), task, at });
                book.apply(&Entry::Failed { key, attempt, which, error: fault("FAILED"), at });
                continue;
            }
            let task = self.till.charge_another(&key);
            if let Came::Submitted | Came::Succeeded = came {
                let (which, task_is) = (Some(Which::Asked(at)), Some(Which::Task(task.clone())));
                book.apply(&Entry::Submitted { key: key.clone(), attempt, which, task, at });
                if let Came::Succeeded = came {
                    book.apply(&Entry::Generated { key: key.clone(), attempt, which: task_is.clone(), at });
                    book.apply(&Entry::Succeeded { key, attempt, which: task_is });
                }
            }
        }
        // As who reads it finds it.
        lockfile::parse(lockfile::write(&book).as_bytes(), &self.paths.lock).unwrap()
    }

    /// A journal of an earlier run turns up beside a lock that it doesn't continue (a checkout, a backup).
    async fn stray(&mut self, pick: usize) {
        self.end().await;
        if !self.strays.is_empty() {
            fs::write(&self.paths.journal, &self.strays[pick % self.strays.len()]).unwrap();
            let book = self.book();
            self.oracle.puts_up_with(&book);
        }
    }
}

/// The first video that isn't here.
fn missing(outputs: &[Output]) -> Option<usize> {
    (1..=usize::from(VIDEOS)).find(|number| outputs.iter().all(|output| output.number != *number))
}

/// The intent; its submit follows when it is durable.
fn intend(key: &Key, attempt: u32, at: Timestamp) -> Entry {
    Entry::Submitting {
        key: key.clone(),
        attempt,
        parts: BTreeMap::from([("prompt".to_owned(), "9f2c11aa".to_owned())]),
        videos: VIDEOS,
        name: name(&key.job),
        service: SERVICE.to_owned(),
        at,
    }
}

/// What the service does with a submit, and what the process hears of it.
fn answer(till: &mut Till, key: &Key, attempt: u32, at: Timestamp, said: Said) -> Entry {
    let (key, which) = (key.clone(), Some(Which::Asked(at)));
    match said {
        Said::Good => Entry::Submitted { task: till.charge(&key), key, attempt, which, at },
        Said::Bad => Entry::Refused { key, attempt, which, error: fault("400"), last: true, at },
        Said::Busy => Entry::Refused { key, attempt, which, error: fault("429"), last: false, at },
        // Paid, or not paid: the answer is lost.
        Said::Strange | Said::Allowed => {
            if said == Said::Strange {
                till.charge(&key);
            }
            Entry::Uncertain { key, attempt, which, reason: "the connection was lost".to_owned(), at }
        }
    }
}

fn moved(from: &Key, fact: &Fact, to: &JobId, place: Place, name: VideoName) -> Entry {
    let (key, attempt, which) = (from.clone(), fact.attempt, fact.which());
    Entry::Moved { key, attempt, which, to: to.clone(), place, name }
}

fn job_number(job: &JobId) -> usize {
    job.as_str()["job-".len()..].parse().unwrap()
}

fn digest_of(number: usize) -> Digest {
    Digest(Sha256::of(&[number as u8]))
}

fn key(job: usize, digest: usize) -> Key {
    Key { job: JobId::new(&format!("job-{job}")).unwrap(), digest: digest_of(digest) }
}

fn name(job: &JobId) -> VideoName {
    VideoName::new(&format!("out/{job}-{{n}}.mp4"))
}

fn fault(code: &str) -> Fault {
    Fault { code: code.to_owned(), message: "said the service".to_owned() }
}

fn holder() -> Holder {
    Holder { host: "box".to_owned(), pid: 4711, started: at(0) }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_770_000_000 + second).unwrap()
}
