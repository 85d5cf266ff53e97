//! The books: the charges and the requests.

use super::call::Call;
use super::task::Task;
use crate::base::digest::Sha256;
use bytes::Bytes;
use hyper::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The books of a simulator: a handle that stays readable after it has stopped.
#[derive(Clone, Debug)]
pub struct Account(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    record: bool,
    calls: [AtomicU64; Call::ALL.len()],
    keys_on_downloads: AtomicU64,
    charges: Mutex<Charges>,
    uploads: Mutex<HashMap<Sha256, u64>>,
    requests: Mutex<Vec<Request>>,
}

#[derive(Debug, Default)]
struct Charges {
    by_body: HashMap<Sha256, u64>,
    /// Filled if requests are recorded.
    by_prompt: BTreeMap<String, u64>,
    tasks: Vec<String>,
    total: u64,
    /// The end times of the generations in flight, the earliest on top.
    in_flight: BinaryHeap<Reverse<u64>>,
    most_in_flight: usize,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// The time when its head was read.
    pub at: Timestamp,
    /// The call; `None` if it isn't one of the service's.
    pub call: Option<Call>,
    /// The method.
    pub method: String,
    /// The path, with the query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; empty if it wasn't read.
    pub body: Bytes,
}

impl Request {
    /// Returns whether a key was sent.
    pub fn is_authorized(&self) -> bool {
        self.headers.contains_key(hyper::header::AUTHORIZATION)
    }
}

/// All numbers of an [`Account`] at one time; `GET /__account` returns them as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Books {
    /// The number of submits that created a task.
    pub charges: u64,
    /// The same by the SHA-256 of the request's canonical JSON.
    pub charges_by_body: BTreeMap<Sha256, u64>,
    /// The same by prompt, if requests are recorded.
    pub charges_by_prompt: BTreeMap<String, u64>,
    /// The ids of the tasks in the order of their charges, if requests are recorded.
    pub tasks: Vec<String>,
    /// The maximum number of generations at one time that were accepted and not finished.
    pub most_in_flight: usize,
    /// The number of requests of each call.
    pub requests: BTreeMap<Call, u64>,
    /// The number of uploads by the SHA-256 of their content.
    pub uploads: BTreeMap<Sha256, u64>,
    /// The number of downloads that carried a key, which they never should.
    pub keys_on_downloads: u64,
}

impl Account {
    pub(super) fn new(record: bool) -> Account {
        Account(Arc::new(Shared { record, ..Shared::default() }))
    }

    /// Returns the number of submits that created a task.
    pub fn charges(&self) -> u64 {
        lock(&self.0.charges).total
    }

    /// Returns the number of requests of a call.
    pub fn calls(&self, call: Call) -> u64 {
        self.0.calls[call as usize].load(Ordering::Relaxed)
    }

    /// Returns every request in the order of arrival, if they are recorded.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.0.requests).clone()
    }

    /// Returns all numbers.
    pub fn books(&self) -> Books {
        let uploads = lock(&self.0.uploads).iter().map(|(hash, times)| (*hash, *times)).collect();
        let charges = lock(&self.0.charges);
        Books {
            charges: charges.total,
            charges_by_body: charges.by_body.iter().map(|(hash, times)| (*hash, *times)).collect(),
            charges_by_prompt: charges.by_prompt.clone(),
            tasks: charges.tasks.clone(),
            most_in_flight: charges.most_in_flight,
            requests: Call::ALL.into_iter().map(|call| (call, self.calls(call))).collect(),
            uploads,
            keys_on_downloads: self.0.keys_on_downloads.load(Ordering::Relaxed),
        }
    }

    pub(super) fn is_recording(&self) -> bool {
        self.0.record
    }

    /// Counts a call.
    pub(super) fn count(&self, call: Call) {
        self.0.calls[call as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Stores a request; returns its index, for its body to follow.
    pub(super) fn record(&self, request: Request) -> usize {
        let mut requests = lock(&self.0.requests);
        requests.push(request);
        requests.len() - 1
    }

    /// Stores the body of the request at `place`.
    pub(super) fn record_body(&self, place: usize, body: Bytes) {
        lock(&self.0.requests)[place].body = body;
    }

    /// Charges a task.
    pub(super) fn charge(&self, hash: Sha256, prompt: &str, task: &Task, id: &str) {
        let mut charges = lock(&self.0.charges);
        charges.total += 1;
        *charges.by_body.entry(hash).or_default() += 1;
        if self.0.record {
            *charges.by_prompt.entry(prompt.to_owned()).or_default() += 1;
            charges.tasks.push(id.to_owned());
        }
        while charges.in_flight.peek().is_some_and(|Reverse(end)| *end <= task.accepted) {
            charges.in_flight.pop();
        }
        charges.in_flight.push(Reverse(task.ends()));
        charges.most_in_flight = charges.most_in_flight.max(charges.in_flight.len());
    }

    /// Records an upload.
    pub(super) fn uploaded(&self, hash: Sha256) {
        *lock(&self.0.uploads).entry(hash).or_default() += 1;
    }

    /// Records a download with a key.
    pub(super) fn key_on_download(&self) {
        self.0.keys_on_downloads.fetch_add(1, Ordering::Relaxed);
    }
}

/// Locks a mutex; a count that a panic left is still a count.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::vocabulary::{Duration, Resolution};
    use crate::simulate::task::Outcome;

    #[test]
    fn generations_in_flight_are_those_whose_time_is_not_over() {
        let account = Account::new(true);
        let charge = |accepted, takes| {
            let task = Task {
                accepted,
                takes,
                resolution: Resolution::P360,
                duration: Duration::Five,
                videos: 1,
                outcome: Outcome::Completed,
                number: 0,
            };
            account.charge(Sha256::of(b"a"), "a", &task, &task.id());
            account.books().most_in_flight
        };
        assert_eq!(charge(0, 100), 1);
        assert_eq!(charge(50, 100), 2);
        assert_eq!(charge(100, 100), 2, "the first has just ended");
        assert_eq!(charge(149, 10), 3);
        assert_eq!(charge(1000, Task::NEVER), 3);
        assert_eq!(account.charges(), 5);
        assert_eq!(account.books().charges_by_prompt["a"], 5);
    }
}
