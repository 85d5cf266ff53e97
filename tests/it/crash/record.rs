//! Lock and journal as a stranger reads them: what they say is told without a line of the program's own code.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a lock says of each job.
pub(super) struct Lock {
    pub(super) jobs: BTreeMap<String, Job>,
}

/// What a lock says of a job.
pub(super) struct Job {
    pub(super) status: String,
    pub(super) task: Option<String>,
    /// Path and hash.
    pub(super) outputs: Vec<(String, String)>,
}

impl Lock {
    pub(super) fn read(text: &str) -> Lock {
        let lock: toml::Table = text.parse().unwrap();
        let tables = lock.get("purchase").and_then(toml::Value::as_array).into_iter().flatten();
        let word = |table: &toml::Value, key: &str| table.get(key).map(|value| value.as_str().unwrap().to_owned());
        let jobs = tables.map(|table| {
            let outputs = table.get("output").and_then(toml::Value::as_array).into_iter().flatten();
            let outputs = outputs.map(|output| (word(output, "path").unwrap(), word(output, "sha256").unwrap()));
            let job = Job {
                status: word(table, "status").unwrap(),
                task: word(table, "task_id"),
                outputs: outputs.collect(),
            };
            (word(table, "job").unwrap(), job)
        });
        let mut all = BTreeMap::new();
        for (id, job) in jobs {
            // None of these jobs is bought twice.
            assert!(all.insert(id, job).is_none(), "{text}");
        }
        Lock { jobs: all }
    }
}

/// What a journal says, as far as it is whole.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// Kind of entry and job, in order; uploads have no job.
    pub(super) entries: Vec<Value>,
}

impl Journal {
    pub(super) fn read(text: &[u8]) -> Journal {
        let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        // What stands behind the last end of a line is nothing, or torn: a line that lost only its end is whole.
        let last = lines.pop().unwrap_or_default();
        let mut entries: Vec<Value> = lines.into_iter().skip(1).map(|line| entry(line).unwrap()).collect();
        entries.extend(entry(last));
        // What an entry is about stands with the intent, or where the journal says how it was known before.
        let mut jobs: BTreeMap<String, Value> = BTreeMap::new();
        for entry in &mut entries {
            let Some(id) = entry["id"].as_str().map(str::to_owned) else { continue };
            match entry["entry"].as_str().unwrap() {
                "submitting" => drop(jobs.insert(id, entry["job"].clone())),
                "known" => drop(jobs.insert(id, entry["purchase"]["job"].clone())),
                _ => entry["job"] = jobs[&id].clone(),
            }
        }
        Journal { entries }
    }

    /// The jobs that have an entry of this kind.
    pub(super) fn jobs(&self, kind: &str) -> BTreeSet<String> {
        let of_kind = self.entries.iter().filter(|entry| entry["entry"] == kind);
        of_kind.map(|entry| entry["job"].as_str().unwrap().to_owned()).collect()
    }

    /// Whether the last entry is of this kind.
    pub(super) fn ends_with(&self, kind: &str) -> bool {
        self.entries.last().is_some_and(|entry| entry["entry"] == kind)
    }

    /// The jobs whose last intent has no answer on record.
    pub(super) fn open(&self) -> BTreeSet<String> {
        let mut open = BTreeSet::new();
        for entry in &self.entries {
            let Some(job) = entry["job"].as_str() else { continue };
            match entry["entry"].as_str().unwrap() {
                "submitting" => open.insert(job.to_owned()),
                "submitted" | "refused" | "uncertain" => open.remove(job),
                _ => false,
            };
        }
        open
    }
}

/// The entry of a line `checksum number group {…}`.
fn entry(line: &[u8]) -> Option<Value> {
    let json = line.splitn(4, |byte| *byte == b' ').nth(3)?;
    serde_json::from_slice(json).ok()
}
