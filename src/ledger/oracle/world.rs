//! A manifest, a service and a ledger with real files, driven by steps; the result is compared with the model after each.

use super::charges::Charges;
use super::model::{Fact, Oracle, Shown};
use super::script::{Came, Damage, Ending, Fate, Other, Pick, Said, Step as Turn, Theirs};
use crate::base::digest::Sha256;
use crate::ledger::entry::{Decision, Entry, Step};
use crate::ledger::record::{Key, Output, ServiceError, Word};
use crate::ledger::{self, Book, Holder, JournalWriter, Ledger, Paths, PurchaseId, Session};
use crate::service::names::{Digest, JobId, TaskId};
use crate::service::output::VideoName;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

const SERVICE: &str = "https://cloud.baicaiinfer.com";

/// Numbers of jobs that a manifest may have, and of digests that each of them may have.
pub(super) const JOBS: usize = 3;
pub(super) const DIGESTS: usize = 3;

/// Number of times that a generation failed by the service is resubmitted.
const RETRIES: u32 = 1;

/// Number of videos of each job.
const VIDEOS: u8 = 2;

pub(super) struct World {
    folder: tempfile::TempDir,
    paths: Paths,
    manifest: [Option<usize>; JOBS],
    oracle: Oracle,
    charges: Charges,
    run: Option<Run>,
    /// Journals left by killed runs, which may reappear, with the knowledge in them.
    strays: Vec<(Vec<u8>, Oracle)>,
    /// Earlier locks, with the knowledge in them.
    earlier: Vec<(Vec<u8>, Oracle)>,
    videos: u8,
    /// Counts events: each has its own time.
    clock: i64,
}

/// A process.
struct Run {
    journal_writer: JournalWriter,
    session: Session,
    /// Its knowledge, which decides instead of the model. If it forgets a purchase, that is paid again, and the charges
    /// notices.
    book: Book,
    /// The purchases that are in its journal.
    told: BTreeSet<PurchaseId>,
    /// Its next steps that can't be seen in the ledger.
    hands: BTreeMap<Key, Hand>,
}

enum Hand {
    /// The intent is durable, nothing is sent; once answered, these no longer count.
    Ready(PurchaseId, Vec<PurchaseId>),
    /// The service has answered; the answer is only in memory.
    Told(Vec<Entry>),
}

impl World {
    pub(super) fn new() -> World {
        // In memory if possible: the disk itself is not under test here, and its syncs are slow.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let paths = Paths::of(&folder.path().join("jobs.lock"));
        World {
            folder,
            paths,
            manifest: std::array::from_fn(Some),
            oracle: Oracle::default(),
            charges: Charges::default(),
            run: None,
            strays: Vec::new(),
            earlier: Vec::new(),
            videos: 0,
            clock: 0,
        }
    }

    /// Takes a step, and compares.
    pub(super) async fn take(&mut self, step: &Turn) {
        match step {
            Turn::Work(picks) => {
                self.begin(usize::MAX).await;
                let entries = self.work(picks);
                self.record(entries).await;
            }
            Turn::Torn(picks, damage) => {
                self.begin(usize::MAX).await;
                self.tear(picks, *damage).await;
            }
            Turn::BeginAndDie(moves) => {
                self.end().await;
                self.begin(*moves).await;
                self.kill().await;
            }
            Turn::Kill => self.kill().await,
            Turn::End => self.end().await,
            Turn::EndAndDie => self.end_and_die().await,
            Turn::Edit(job, digest) => {
                self.end().await;
                self.manifest[*job] = *digest;
            }
            Turn::Resolve(pick, fate) => self.resolve(*pick, *fate).await,
            Turn::Prune(fate) => self.prune(*fate).await,
            Turn::Exchange(other, ending) => self.exchange(other, *ending).await,
            Turn::Merge(other) => self.merge(other).await,
            Turn::PutBack(other) => self.put_back(other).await,
            Turn::Stray(pick) => self.stray(*pick).await,
        }
        self.oracle.agrees_with(&self.book());
    }

    fn book(&self) -> Book {
        ledger::read(&self.paths).unwrap().book
    }

    /// Begins a run if none is active, and moves records to their places; writes at most `moves` of these entries.
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

    /// Opens the ledger; the leftover of a killed run is kept, in case it reappears.
    fn open(&mut self) -> Ledger {
        ledger::open(&self.paths, holder()).unwrap()
    }

    fn start(&mut self, ledger: Ledger) {
        let book = ledger.book().clone();
        let (journal_writer, session) = ledger.start(SERVICE).unwrap();
        self.run = Some(Run { journal_writer, session, book, told: BTreeSet::new(), hands: BTreeMap::new() });
    }

    /// Returns the moves of purchases: they follow their digest to the job that has it, or are superseded.
    fn moves(&mut self) -> Vec<Entry> {
        let wanted: Vec<Key> = self.wanted();
        let keys: Vec<Key> = self.oracle.keys().into_iter().collect();
        let has = |key: &Key| self.oracle.get(key).is_some();
        let mut free: Vec<&Key> = keys.iter().filter(|key| has(key) && !wanted.contains(key)).collect();
        let mut moves: Vec<(Key, JobId, VideoName)> = Vec::new();
        for key in &wanted {
            let own = has(key).then_some(key);
            let from = own.or_else(|| {
                let place = free.iter().position(|other| other.digest == key.digest)?;
                Some(free.remove(place))
            });
            let Some(from) = from else { continue };
            let (_, fact) = self.oracle.get(from).unwrap();
            if from.job != key.job || fact.name != name(&key.job) {
                moves.push((from.clone(), key.job.clone(), name(&key.job)));
            }
        }
        let displaced = keys.iter().filter(|key| {
            let edited = wanted.iter().any(|other| other.job == key.job && other.digest != key.digest);
            edited && has(key) && !wanted.contains(key) && !moves.iter().any(|(from, ..)| from == *key)
        });
        let aside = displaced.map(|key| (key.clone(), key.job.clone(), name(&key.job).superseded(&key.digest)));
        let all: Vec<_> = aside.chain(moves.clone()).collect();
        let mut entries = Vec::new();
        for (from, job, name) in all {
            self.clock += 1;
            let purchases = self.oracle.facts.iter().filter(|(_, fact)| fact.key == from);
            let step = Step::Moved { job, name, at: at(self.clock) };
            entries.extend(purchases.map(|(id, _)| Entry::of(*id, step.clone())));
        }
        entries
    }

    /// Returns the keys in the manifest.
    fn wanted(&self) -> Vec<Key> {
        let asked = self.manifest.iter().enumerate();
        asked.filter_map(|(job, digest)| Some(key(job, (*digest)?))).collect()
    }

    /// Returns the next entries of the picked jobs, at most one step each.
    fn work(&mut self, picks: &[Pick]) -> Vec<Entry> {
        let mut keys: BTreeSet<Key> = self.wanted().into_iter().collect();
        keys.extend(self.oracle.keys());
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

    /// Returns a job's next entries: the table's third column. Empty if it waits, or calls the service.
    fn next(&mut self, key: &Key, said: Said) -> Vec<Entry> {
        let Some(run) = self.run.as_mut() else { return Vec::new() };
        self.clock += 1;
        let now = at(self.clock);
        match run.hands.remove(key) {
            Some(Hand::Told(entries)) => return entries,
            Some(Hand::Ready(id, releases)) => {
                let told = answer(&mut self.charges, key, id, &releases, now, said);
                run.hands.insert(key.clone(), Hand::Told(told));
                return Vec::new();
            }
            None => {}
        }
        let asked = self.manifest[job_number(&key.job)].is_some_and(|digest| digest_of(digest) == key.digest);
        let next = PurchaseId::new(now, self.clock as u64 * 4, run.book.last(key));
        let Some(record) = run.book.get(key).cloned() else {
            return if asked { vec![intend(key, next, now)] } else { Vec::new() };
        };
        let Some(fact) = self.oracle.facts.get(&record.id) else { panic!("{record:?} is from nowhere") };
        let step = |step| vec![Entry::of(record.id, step)];
        match (Shown::of(fact), said) {
            (Shown::Submitted(_), Said::Good) => step(Step::Generated { at: now }),
            (Shown::Submitted(task), Said::Bad) => {
                self.charges.refund(key, &task);
                step(Step::Failed { error: fault("FAILED"), at: now })
            }
            (Shown::Submitted(task), Said::Strange) => {
                let reason = "the task is not known".to_owned();
                step(Step::Uncertain { task: Some(task), reason, at: now })
            }
            // A GET costs nothing, and finds it again.
            (Shown::Uncertain(Some(task)), Said::Good) => step(Step::Found { task, at: now }),
            (Shown::Generated(_, outputs), _) => match missing(&outputs) {
                Some(number) => step(self.download(number, &record.name)),
                None => step(Step::Succeeded),
            },
            // The file was altered.
            (Shown::Succeeded(..), Said::Strange) => step(self.download(1, &record.name)),
            (Shown::Failed(_, Word::Service), Said::Good | Said::Bad) if asked && record.failures <= RETRIES => {
                vec![intend(key, next, now)]
            }
            // `--retry-failed`, and `on_uncertain: resubmit`: explicit consent.
            (Shown::Failed(..) | Shown::Refused, Said::Allowed) if asked => {
                self.charges.allow(key);
                vec![intend(key, next, now)]
            }
            (Shown::Uncertain(None), Said::Allowed) if asked => {
                self.charges.allow(key);
                run.hands.insert(key.clone(), Hand::Ready(next, vec![record.id]));
                vec![intend(key, next, now)]
            }
            _ => Vec::new(),
        }
    }

    fn download(&mut self, number: usize, name: &VideoName) -> Step {
        self.videos = self.videos.wrapping_add(1);
        let (path, sha256) = (name.path(number), Sha256::of(&[self.videos]));
        Step::Downloaded {
            output: Output { number, path, sha256, bytes: 1, source: None, published: Default::default() },
        }
    }

    /// Records entries as one group.
    async fn record(&mut self, entries: Vec<Entry>) {
        let run = self.run.as_mut().unwrap();
        let journal_writer = &run.journal_writer;
        for outcome in
            futures::future::join_all(entries.iter().cloned().map(|entry| journal_writer.record(entry))).await
        {
            outcome.unwrap();
        }
        for entry in &entries {
            self.learn(entry);
        }
    }

    fn learn(&mut self, entry: &Entry) {
        if let Entry::Purchase { id, step: Step::Moved { job, .. } } = entry {
            let from = self.oracle.facts[id].key.clone();
            self.charges.transfer(&from, &Key { job: job.clone(), digest: from.digest });
        }
        self.oracle.learn(entry);
        if let Entry::Purchase { id, step: Step::Resolved { verdict: Decision::Resubmit, .. } } = entry {
            self.charges.allow(&self.oracle.facts[id].key.clone());
        }
        let Some(run) = &mut self.run else { return };
        run.book.apply(entry);
        run.told.extend(entry.id());
        self.oracle.agrees_with(&run.book);
        if let Entry::Purchase { id, step: Step::Submitting { job, digest, .. } } = entry {
            let key = Key { job: job.clone(), digest: *digest };
            run.hands.entry(key).or_insert_with(|| Hand::Ready(*id, Vec::new()));
        }
    }

    /// Simulates a kill or a power cut while a group is being written: nobody was told that it is durable.
    async fn tear(&mut self, picks: &[Pick], damage: Damage) {
        let entries = self.work(picks);
        let whole = fs::read(&self.paths.journal).unwrap().len();
        let run = self.run.as_ref().unwrap();
        let journal_writer = &run.journal_writer;
        for outcome in
            futures::future::join_all(entries.iter().cloned().map(|entry| journal_writer.record(entry))).await
        {
            outcome.unwrap();
        }
        let told = run.told.clone();
        self.kill_in_silence().await;
        let mut journal = fs::read(&self.paths.journal).unwrap();
        let group = journal.split_off(whole);
        let mut torn = group.clone();
        damage.apply(&mut torn);
        // A line counts if all its bytes exist; the very last newline may be missing. The first entry about a purchase
        // that this journal didn't intend is preceded by its known state: without that line its subject is unknown.
        let mut known = told;
        let mut start = 0;
        let mut rest = entries.iter();
        for line in group.split_inclusive(|byte| *byte == b'\n') {
            let text = start..start + line.len() - 1;
            start += line.len();
            let ends = torn.get(text.end).is_none_or(|byte| *byte == b'\n');
            let begins = text.start == 0 || torn.get(text.start - 1) == Some(&b'\n');
            let is_there = begins && ends && torn.get(text.clone()) == Some(&group[text.clone()]);
            let line = String::from_utf8(group[text].to_vec()).unwrap();
            if line.contains("\"entry\":\"known\"") {
                let id = rest.as_slice()[0].id().unwrap();
                // The lock that it came from still has it.
                let _ = (is_there, known.insert(id));
                continue;
            }
            let entry = rest.next().unwrap();
            known.extend(entry.id().filter(|_| is_there && entry.is_intent()));
            if is_there && entry.id().is_some_and(|id| known.contains(&id)) && self.is_told_after(entry, &group, &torn)
            {
                self.learn(entry);
            }
        }
        journal.extend(torn);
        fs::write(&self.paths.journal, &journal).unwrap();
    }

    /// Returns whether the line that describes an entry's purchase was kept as well, if its group has one.
    fn is_told_after(&self, entry: &Entry, group: &[u8], torn: &[u8]) -> bool {
        let id = entry.id().unwrap().to_string();
        let mut start = 0;
        for line in group.split_inclusive(|byte| *byte == b'\n') {
            let text = start..start + line.len() - 1;
            start += line.len();
            let said = String::from_utf8(group[text.clone()].to_vec()).unwrap();
            if said.contains("\"entry\":\"known\"") && said.contains(&id) {
                let ends = torn.get(text.end).is_none_or(|byte| *byte == b'\n');
                let begins = text.start == 0 || torn.get(text.start - 1) == Some(&b'\n');
                return begins && ends && torn.get(text.clone()) == Some(&group[text]);
            }
        }
        true
    }

    /// Kills the process, with everything it had in memory. Its journal may reappear.
    async fn kill(&mut self) {
        let Some(run) = &self.run else { return };
        let told = self.oracle.of(&run.told);
        self.kill_in_silence().await;
        let journal = fs::read(&self.paths.journal).unwrap();
        self.strays.push((journal, told));
    }

    async fn kill_in_silence(&mut self) {
        let Some(Run { journal_writer, session, .. }) = self.run.take() else { return };
        let Session { files, inbox, writer, shared: _ } = session;
        drop((journal_writer, inbox));
        drop(writer.await.unwrap());
        drop(files);
    }

    /// Ends the run in order; the leftover of a killed run is included.
    async fn end(&mut self) {
        let book = match self.run.take() {
            Some(Run { session, .. }) => session.close().await.unwrap(),
            None => self.open().close_unchanged().unwrap(),
        };
        self.oracle.agrees_with(&book);
        assert!(!self.paths.journal.exists());
        self.oracle = self.oracle.kept();
        if let Ok(lock) = fs::read(&self.paths.lock) {
            self.earlier.push((lock, self.oracle.clone()));
        }
    }

    /// Writes the lock; the process dies before the journal is removed.
    async fn end_and_die(&mut self) {
        let before = self.oracle.clone();
        let journal = fs::read(&self.paths.journal).ok();
        self.end().await;
        if let Some(journal) = journal {
            fs::write(&self.paths.journal, journal).unwrap();
            // It still describes what wasn't accepted.
            self.oracle = before;
        }
    }

    /// Runs `batch resolve`, killed or not before the lock is written.
    async fn resolve(&mut self, pick: Pick, fate: Fate) {
        self.end().await;
        let is_waiting = |key: &Key| self.oracle.get(key).is_some_and(|(_, fact)| fact.is_open());
        let waiting: Vec<Key> = self.oracle.keys().into_iter().filter(is_waiting).collect();
        if waiting.is_empty() {
            return;
        }
        let key = waiting[pick.job % waiting.len()].clone();
        let (id, fact) = self.oracle.get(&key).unwrap();
        // A person finds it in the service's console, unless it belongs to another purchase.
        let known = self.oracle.tasks();
        let found = fact.task.clone().or_else(|| self.charges.tasks(&key).find(|task| !known.contains(*task)).cloned());
        let verdict = match (pick.said, found) {
            (Said::Good, Some(task)) => Decision::Task { task },
            (Said::Bad, _) => Decision::Failed,
            _ => Decision::Resubmit,
        };
        let open = self.oracle.facts.iter().filter(|(_, fact)| fact.key == key && fact.is_open());
        let meant: Vec<(PurchaseId, Option<TaskId>)> = match verdict {
            Decision::Task { .. } => vec![(id, fact.task.clone())],
            _ => open.map(|(id, fact)| (*id, fact.task.clone())).collect(),
        };
        let ledger = self.open();
        self.start(ledger);
        self.clock += 1;
        let entries = meant
            .into_iter()
            .map(|(id, task)| Entry::of(id, Step::Resolved { task, verdict: verdict.clone(), at: at(self.clock) }));
        let entries = entries.collect();
        self.record(entries).await;
        self.end_or_die(fate).await;
    }

    /// Runs `run --prune` on a finished record of a job that left the manifest.
    async fn prune(&mut self, fate: Fate) {
        self.end().await;
        let left = |key: &Key| {
            let shown = self.oracle.get(key).map(|(_, fact)| fact);
            self.manifest[job_number(&key.job)].is_none() && shown.is_some_and(Fact::is_finished)
        };
        let Some(key) = self.oracle.keys().into_iter().find(left) else { return };
        let mut ledger = self.open();
        ledger.prune(std::slice::from_ref(&key));
        self.start(ledger);
        if matches!(fate, Fate::Done) {
            self.oracle.facts.retain(|_, fact| fact.key != key || !fact.is_finished());
            if self.oracle.get(&key).is_none() {
                self.charges.prune(&key);
            }
        }
        self.end_or_die(fate).await;
    }

    async fn end_or_die(&mut self, fate: Fate) {
        match fate {
            Fate::Done => self.end().await,
            Fate::Killed => self.kill().await,
        }
    }

    /// Replaces this lock with another one while a run is active.
    async fn exchange(&mut self, other: &Other, ending: Ending) {
        self.begin(usize::MAX).await;
        let (text, theirs) = self.other(other);
        fs::write(&self.paths.lock, text).unwrap();
        match ending {
            Ending::Killed => {
                // The previous lock's content is lost, except for what the journal contains.
                let told = self.oracle.of(&self.run.as_ref().unwrap().told);
                self.kill().await;
                self.forget_all_but(&told, theirs);
            }
            Ending::InOrder | Ending::WithoutJournal => {
                if let Ending::WithoutJournal = ending {
                    fs::remove_file(&self.paths.journal).unwrap();
                }
                self.oracle.unite(&theirs);
                self.end().await;
            }
        }
    }

    /// Runs `batch lock merge` on both locks.
    async fn merge(&mut self, other: &Other) {
        self.end().await;
        let (text, theirs) = self.other(other);
        let there = self.folder.path().join("other.lock");
        fs::write(&there, text).unwrap();
        let here = self.paths.lock.clone();
        let inputs = if here.exists() { vec![&*here, &there] } else { vec![&*there] };
        ledger::join(&inputs, &here, ledger::Services::Apart).unwrap();
        let one_way = fs::read(&here).unwrap();
        ledger::join(&[&there, &here], &there, ledger::Services::Apart).unwrap();
        assert_eq!(fs::read(&there).unwrap(), one_way, "whoever merges first");
        self.oracle.unite(&theirs);
    }

    /// Replaces this lock with another one between two runs.
    async fn put_back(&mut self, other: &Other) {
        self.end().await;
        let (text, theirs) = self.other(other);
        fs::write(&self.paths.lock, text).unwrap();
        self.forget_all_but(&Oracle::default(), theirs);
    }

    /// Forgets everything but this.
    fn forget_all_but(&mut self, told: &Oracle, theirs: Oracle) {
        self.oracle = theirs;
        self.oracle.unite(told);
        let paid = self.oracle.facts.values().filter(|fact| fact.is_paid()).map(|fact| fact.key.clone());
        self.charges.forget_all_but(&paid.collect());
    }

    /// Returns another lock, and the knowledge in it.
    fn other(&mut self, other: &Other) -> (Vec<u8>, Oracle) {
        match other {
            Other::Earlier(pick) if !self.earlier.is_empty() => self.earlier[pick % self.earlier.len()].clone(),
            Other::Earlier(_) => self.lock_of(&[]),
            Other::Theirs(theirs) => self.lock_of(theirs),
        }
    }

    /// Returns the lock of somebody else, who ran the same jobs.
    fn lock_of(&mut self, theirs: &[Theirs]) -> (Vec<u8>, Oracle) {
        let mut oracle = Oracle::default();
        let mut book = Book::default();
        book.set_service(SERVICE);
        let mut done = BTreeSet::new();
        for Theirs { job, digest, came } in theirs {
            let key = key(*job, *digest);
            if !done.insert(key.clone()) {
                continue;
            }
            self.clock += 1;
            let at = at(self.clock);
            let id = PurchaseId::new(at, self.clock as u64 * 4, None);
            let failed = || TaskId::new(&format!("failed-{}", self.clock)).unwrap();
            let steps = match came {
                Came::Failed => {
                    vec![Step::Submitted { task: failed(), at }, Step::Failed { error: fault("FAILED"), at }]
                }
                Came::Lost => {
                    self.charges.charge_another(&key);
                    Vec::new()
                }
                Came::Submitted => vec![Step::Submitted { task: self.charges.charge_another(&key), at }],
                Came::Succeeded => {
                    let task = self.charges.charge_another(&key);
                    vec![Step::Submitted { task, at }, Step::Generated { at }, Step::Succeeded]
                }
            };
            for entry in [intend(&key, id, at)].into_iter().chain(steps.into_iter().map(|step| Entry::of(id, step))) {
                book.apply(&entry);
                oracle.learn(&entry);
            }
        }
        (ledger::lockfile::write(&book).into_bytes(), oracle)
    }

    /// Puts a journal of an earlier run next to a lock that it doesn't continue (a checkout, a backup).
    async fn stray(&mut self, pick: usize) {
        self.end().await;
        if !self.strays.is_empty() {
            let (journal, told) = self.strays[pick % self.strays.len()].clone();
            fs::write(&self.paths.journal, journal).unwrap();
            self.oracle.unite(&told);
        }
    }
}

/// Returns the first missing video.
fn missing(outputs: &[Output]) -> Option<usize> {
    (1..=usize::from(VIDEOS)).find(|number| outputs.iter().all(|output| output.number != *number))
}

/// Returns the intent; its submit follows once it is durable.
fn intend(key: &Key, id: PurchaseId, at: Timestamp) -> Entry {
    let step = Step::Submitting {
        job: key.job.clone(),
        digest: key.digest,
        parts: BTreeMap::from([("prompt".to_owned(), "9f2c11aa".to_owned())]),
        videos: VIDEOS,
        name: name(&key.job),
        service: SERVICE.to_owned(),
        manifest: None,
        at,
    };
    Entry::of(id, step)
}

/// Returns the service's reaction to a submit, as far as the process learns of it.
fn answer(
    charges: &mut Charges,
    key: &Key,
    id: PurchaseId,
    releases: &[PurchaseId],
    at: Timestamp,
    said: Said,
) -> Vec<Entry> {
    let error = |code| fault(code);
    let let_go = Step::Resolved { task: None, verdict: Decision::Resubmit, at };
    let let_go = releases.iter().map(|other| Entry::of(*other, let_go.clone()));
    match said {
        Said::Good => {
            let submitted = Step::Submitted { task: charges.charge(key), at };
            [Entry::of(id, submitted)].into_iter().chain(let_go).collect()
        }
        Said::Bad => {
            let refused = Step::Refused { error: error("400"), last: true, at };
            [Entry::of(id, refused)].into_iter().chain(let_go).collect()
        }
        Said::Busy => vec![Entry::of(id, Step::Refused { error: error("429"), last: false, at })],
        // Paid, or not paid: the answer is lost.
        Said::Strange | Said::Allowed => {
            if said == Said::Strange {
                charges.charge(key);
            }
            vec![Entry::of(id, Step::Uncertain { task: None, reason: "the connection was lost".to_owned(), at })]
        }
    }
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

fn fault(code: &str) -> ServiceError {
    ServiceError { code: code.to_owned(), message: "said the service".to_owned() }
}

fn holder() -> Holder {
    Holder { host: "box".to_owned(), pid: 4711, started: at(0) }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_770_000_000 + second).unwrap()
}
