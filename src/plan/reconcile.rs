//! Which record a job of the manifest has, and which records take another place: what is paid follows its digest.

use crate::ledger::Book;
use crate::ledger::record::{Key, Record, Stage};
use crate::manifest::model::Job;
use crate::spec::names::{Digest, JobId};
use crate::spec::output::VideoName;
use std::collections::{HashMap, HashSet, VecDeque};

/// A record takes another job or name, and all purchases of its key with it; its files are renamed along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The record.
    pub key: Key,
    /// The job that has it from now on.
    pub to: JobId,
    /// The name of its videos from now on.
    pub name: VideoName,
}

/// Gives the jobs of a manifest their records.
pub struct Reconciler<'b> {
    book: &'b Book,
    /// Records that no job of the manifest asks for by id and digest: another job with the digest may have them.
    free: HashMap<&'b Digest, Vec<&'b Record>>,
    moves: Vec<Move>,
}

impl<'b> Reconciler<'b> {
    /// For all jobs of the manifest, whether or not they are selected.
    pub fn new(book: &'b Book, jobs: &[Job]) -> Reconciler<'b> {
        let wanted: HashSet<(&JobId, &Digest)> = jobs.iter().map(|job| (&job.id, &job.digest)).collect();
        let mut free: HashMap<_, Vec<&Record>> = HashMap::new();
        for record in book.records().filter(|record| !wanted.contains(&(&record.key.job, &record.key.digest))) {
            free.entry(&record.key.digest).or_default().push(record);
        }
        // The last is taken first: the one that came furthest.
        free.values_mut().for_each(|records| records.sort_by_key(|record| (worth(record), !record.is_superseded())));
        Reconciler { book, free, moves: Vec::new() }
    }

    /// The record that `job` has, moved to it where it stands elsewhere.
    ///
    /// Its own record of this digest, also one that was superseded; else one that nobody asks for any more: that of an
    /// id that is gone (a rename), or of a job that was edited.
    pub fn record(&mut self, job: &Job) -> Option<&'b Record> {
        let own = self.book.get(&Key { job: job.id.clone(), digest: job.digest });
        let record = own.or_else(|| self.free.get_mut(&job.digest)?.pop())?;
        if record.key.job != job.id || record.name != job.name {
            self.moves.push(Move { key: record.key.clone(), to: job.id.clone(), name: job.name.clone() });
        }
        Some(record)
    }

    /// The moves, once every selected job has asked for its record; a `displaced` record that nobody took is superseded.
    pub fn moves(mut self, displaced: &[&'b Record]) -> Vec<Move> {
        let taken: HashSet<&Key> = self.moves.iter().map(|m| &m.key).collect();
        let superseded: Vec<Move> = displaced
            .iter()
            .filter(|record| !record.is_superseded() && !taken.contains(&record.key))
            .map(|record| supersede(record))
            .collect();
        self.moves.splice(0..0, superseded);
        in_order(&self.moves, self.book)
    }
}

/// The record gives way: its job has another digest now.
fn supersede(record: &Record) -> Move {
    let name = record.name.superseded(&record.key.digest);
    Move { key: record.key.clone(), to: record.key.job.clone(), name }
}

/// How far a record came: of several with the digest that a job asks for, it gets the one that is worth most.
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

/// Puts moves in an order in which no file is renamed over one that has still to be moved away.
///
/// Where names go round in a circle (two jobs that swapped ids), one of them goes by way of its superseded name.
fn in_order(moves: &[Move], book: &Book) -> Vec<Move> {
    let own: Vec<Option<VideoName>> =
        moves.iter().map(|m| book.get(&m.key).map(|record| record.name.clone())).collect();
    // How many records have a name that they give up, and who waits for it.
    let mut held: HashMap<&VideoName, usize> = HashMap::new();
    for (index, name) in own.iter().enumerate() {
        if let Some(name) = name.as_ref().filter(|name| **name != moves[index].name) {
            *held.entry(name).or_default() += 1;
        }
    }
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
        // Where nobody is ready, all that are left go round in circles: one of them makes room by a detour.
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
        let Some(name) = own[index].as_ref().filter(|name| **name != moves[index].name) else { continue };
        if let Some(count) = held.get_mut(name) {
            *count -= 1;
            if *count == 0 {
                ready.extend(waiting.remove(name).unwrap_or_default());
            }
        }
    }
}
