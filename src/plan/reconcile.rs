//! Assigns records to the jobs of the manifest, and moves records: paid purchases follow their digest.

use crate::ledger::Book;
use crate::ledger::record::{Key, Record, Stage};
use crate::manifest::model::Job;
use crate::service::names::{Digest, JobId};
use crate::service::output::VideoName;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

/// A record that moves to another job or name, with all purchases of its key; its files are renamed along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The record.
    pub key: Key,
    /// Its new job.
    pub to: JobId,
    /// The new name of its videos.
    pub name: VideoName,
}

/// Assigns records to the jobs of a manifest.
pub struct Reconciler<'b> {
    book: &'b Book,
    /// Records that no job of the manifest needs by id and digest: another job with the digest may get them.
    free: HashMap<&'b Digest, Vec<&'b Record>>,
    moves: Vec<Move>,
}

impl<'b> Reconciler<'b> {
    /// Creates it for all jobs of the manifest, whether or not they are selected. What is asked for `elsewhere`, by another
    /// manifest that shares the lock, stays with its job.
    pub fn new(book: &'b Book, jobs: &[Job], elsewhere: &HashSet<Key>) -> Reconciler<'b> {
        let wanted: HashSet<(&JobId, &Digest)> = jobs.iter().map(|job| (&job.id, &job.digest)).collect();
        let mut free: HashMap<_, Vec<&Record>> = HashMap::new();
        let is_free = |Key { job, digest }: &Key| !wanted.contains(&(job, digest));
        for record in book.records().filter(|record| is_free(&record.key) && !elsewhere.contains(&record.key)) {
            free.entry(&record.key.digest).or_default().push(record);
        }
        // The last is taken first: the one that came furthest.
        free.values_mut().for_each(|records| records.sort_by_key(|record| (worth(record), !record.is_superseded())));
        Reconciler { book, free, moves: Vec::new() }
    }

    /// Returns the record for `job`, moved to it if it belongs to another job or name.
    ///
    /// It is the job's own record of this digest, even if superseded; else one that no job needs any more: that of a
    /// vanished id (a rename), or of an edited job.
    pub fn record(&mut self, job: &Job) -> Option<&'b Record> {
        let own = self.book.get(&Key { job: job.id.clone(), digest: job.digest });
        let record = own.or_else(|| self.free.get_mut(&job.digest)?.pop())?;
        if record.key.job != job.id || !is_named(self.book, record, &job.name) {
            self.moves.push(Move { key: record.key.clone(), to: job.id.clone(), name: job.name.clone() });
        }
        Some(record)
    }

    /// Returns the moves, once every selected job has its record; a `displaced` record that no job took is superseded.
    pub fn moves(mut self, displaced: &[&'b Record]) -> Vec<Move> {
        let taken: HashSet<&Key> = self.moves.iter().map(|m| &m.key).collect();
        let superseded: Vec<Move> = displaced
            .iter()
            .filter(|record| !taken.contains(&record.key))
            .map(|record| supersede(record))
            .filter(|to| self.book.get(&to.key).is_some_and(|record| !is_named(self.book, record, &to.name)))
            .collect();
        self.moves.splice(0..0, superseded);
        in_order(&self.moves, self.book)
    }
}

/// Returns the records that have the name of a later input of their job, as after a merge of two branches that changed it:
/// the videos of both can't have it. Only jobs with a record to be collected count.
pub fn namesakes<'b>(book: &'b Book, is_collected: impl Fn(&'b Record) -> bool) -> Vec<&'b Record> {
    let records: Vec<&Record> = book.records().collect();
    let of_jobs = records.chunk_by(|a, b| a.key.job == b.key.job).filter(|all| all.len() > 1);
    let of_jobs = of_jobs.filter(|all| all.iter().any(|record| is_collected(record)));
    // The current one comes first.
    of_jobs.flat_map(|all| all[1..].iter().copied().filter(|record| record.name == all[0].name)).collect()
}

/// Returns the move that supersedes a record: its job has another digest now.
fn supersede(record: &Record) -> Move {
    let name = record.name.superseded(&record.key.digest);
    Move { key: record.key.clone(), to: record.key.job.clone(), name }
}

/// Returns whether a record has this name, and the other purchases of its input have it or one beside it.
pub fn is_named(book: &Book, record: &Record, name: &VideoName) -> bool {
    let has = |twin: &Record| twin.name == *name || twin.stage.task().is_none();
    let is_beside = |twin: &Record| twin.name == name.beside(&twin.id.short());
    record.name == *name && book.history(&record.key).all(|twin| has(twin) || is_beside(twin))
}

/// Returns how far a record came: of several with a job's digest, it gets the one that came furthest.
fn worth(record: &Record) -> u8 {
    match record.stage {
        Stage::Failed { .. } | Stage::Refused { .. } => 0,
        Stage::Uncertain { task: None, .. } => 1,
        Stage::Uncertain { task: Some(_), .. } => 2,
        Stage::Submitted { .. } => 3,
        Stage::Generated { .. } => 4,
        Stage::Succeeded { .. } => 5,
    }
}

/// Sorts moves so that no file is renamed over one that has still to be moved away.
///
/// If names form a cycle (two jobs swapped ids), one of them takes a detour by its superseded name.
fn in_order(moves: &[Move], book: &Book) -> Vec<Move> {
    let given_up = |m: &Move| -> BTreeSet<VideoName> {
        let names = book.history(&m.key).map(|purchase| &purchase.name);
        names.filter(|name| **name != m.name).cloned().collect()
    };
    let own: Vec<BTreeSet<VideoName>> = moves.iter().map(given_up).collect();
    // For each name that records give up, the number of records that have it, and those waiting for it.
    let mut held: HashMap<&VideoName, usize> = HashMap::new();
    own.iter().flatten().for_each(|name| *held.entry(name).or_default() += 1);
    let mut waiting: HashMap<&VideoName, Vec<usize>> = HashMap::new();
    let mut ready = VecDeque::new();
    for (index, m) in moves.iter().enumerate() {
        match held.get(&m.name) {
            Some(_) => waiting.entry(&m.name).or_default().push(index),
            None => ready.push_back(index),
        }
    }
    let mut ordered = Vec::with_capacity(moves.len());
    let mut gone = vec![false; moves.len()];
    let mut next_stuck = 0;
    loop {
        // If no move is ready, all remaining ones form cycles: one of them makes room by a detour.
        let (index, detour) = match ready.pop_front() {
            Some(index) => (index, false),
            None => match (next_stuck..moves.len()).find(|&index| !gone[index]) {
                Some(index) => (index, true),
                None => return ordered,
            },
        };
        if detour {
            next_stuck = index + 1;
            ordered.extend(book.get(&moves[index].key).map(supersede));
        } else {
            ordered.push(moves[index].clone());
        }
        if std::mem::replace(&mut gone[index], true) {
            continue;
        }
        for name in &own[index] {
            if let Some(count) = held.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    ready.extend(waiting.remove(name).unwrap_or_default());
                }
            }
        }
    }
}
