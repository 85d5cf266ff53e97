//! The tables of a lock: these types define what is read, what is written, and the schema.

mod purchase;
mod time;

use super::VERSION;
use crate::base::digest::Sha256;
use crate::ledger::id::PurchaseId;
use crate::ledger::record::{ServiceError, Word};
use crate::service::address;
use crate::service::names::{Digest, JOB_ID_PATTERN, JobId, TaskId};
use crate::service::output::VideoName;
use crate::service::remote::{Address, Pin, Validator};
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(super) use time::{some_time, time};

/// The fields that each status needs, and those that it can't have.
const GOES_WITH: [(LockStatus, &[&str], &[&str]); 7] = [
    (LockStatus::Submitted, &["task_id"], &["reason", "error", "word", "output"]),
    (LockStatus::Generated, &["task_id"], &["reason", "error", "word"]),
    (LockStatus::Succeeded, &["task_id"], &["reason", "error", "word"]),
    (LockStatus::Failed, &["error"], &["reason", "output"]),
    (LockStatus::Refused, &["error"], &["task_id", "reason", "word", "output"]),
    (LockStatus::Uncertain, &["reason"], &["error", "word", "output"]),
    (LockStatus::Released, &["reason"], &["error", "word", "output"]),
];

/// The state of a manifest's jobs: every purchase, what came of it, and the hash of every video.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockFile {
    /// The version of this format.
    #[schemars(required, with = "u32", extend("const" = VERSION))]
    pub(super) version: Option<i64>,
    /// The base URL for which task ids and uploads are valid; `simulate` for the simulator.
    pub(super) service: Option<String>,
    /// The shared ledger that this file was written from, where there is one: the purchases are kept there.
    pub(super) ledger: Option<String>,
    /// The id of that ledger, which tells it from all others, also from one that took its place.
    pub(super) ledger_id: Option<String>,
    /// The purchases, by job and id.
    #[serde(default)]
    pub(super) purchase: Vec<PurchaseTable>,
    /// Images that the service has.
    #[serde(default)]
    pub(super) upload: Vec<UploadTable>,
    /// The contents of remote images when they were fetched.
    #[serde(default)]
    pub(super) mirror: Vec<MirrorTable>,
    #[serde(default)]
    #[schemars(skip)]
    pub(super) job: Vec<super::version1::Table>,
    #[serde(default)]
    #[schemars(skip)]
    pub(super) superseded: Vec<super::version1::Table>,
    #[serde(default)]
    #[schemars(skip)]
    pub(super) released: Vec<super::version1::ReleasedTable>,
}

/// A submit that was intended, and what came of it. The fields are declared in the order of their names, as in canonical JSON: so a
/// checksum needs no sorting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = by_status)]
pub struct PurchaseTable {
    /// The first 8 hexadecimal digits of the hash of the rest of this table as canonical JSON; a table without it was written by a
    /// person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = "^[0-9a-f]{8}$"))]
    pub(super) check: Option<String>,
    /// The digest of the job's input.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub(super) digest: Digest,
    /// The error that the service reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<ServiceError>,
    /// The time when the service was seen to be done with it, or a person called it failed.
    #[serde(default, deserialize_with = "some_time", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub(super) finished_at: Option<Timestamp>,
    /// The id of the purchase: a UUID of version 7, made when it was intended.
    #[schemars(with = "String", regex(pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"))]
    pub(super) id: PurchaseId,
    /// The job.
    #[schemars(schema_with = "job_id")]
    pub(super) job: JobId,
    /// The manifest that it was bought for, relative to the lock, where it isn't the one that the lock is named after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) manifest: Option<String>,
    /// The path of the videos, relative to the manifest, `{n}` being the number of a video; left out if the outputs tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(super) name: Option<VideoName>,
    /// The videos that are here, in the order of their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) output: Vec<OutputTable>,
    /// Short hashes of the parts of the input, to say later what changed.
    pub(super) parts: BTreeMap<String, String>,
    /// The reason of its status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// The time when the job or the name was changed, if it was: the last change counts.
    #[serde(default, deserialize_with = "some_time", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub(super) renamed_at: Option<Timestamp>,
    /// The time when the service didn't know the task, or knew it again, or a person settled the purchase: the last word counts.
    #[serde(default, deserialize_with = "some_time", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub(super) said_at: Option<Timestamp>,
    /// Its status.
    pub(super) status: LockStatus,
    /// The time of the intent to submit.
    #[serde(default, deserialize_with = "some_time", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub(super) submitted_at: Option<Timestamp>,
    /// The service's id of the task; with `uncertain`, the one that the service says that it doesn't know.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(super) task_id: Option<TaskId>,
    /// Other manifests that share the lock and use this purchase, relative to the lock.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) used_by: BTreeSet<String>,
    /// The number of requested videos; left out if it is 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[schemars(range(min = 1))]
    pub(super) videos: u8,
    /// The source of the failure, if a person called it failed: nothing is submitted then until the digest changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("const" = "person"))]
    pub(super) word: Option<Word>,
}

/// The status of a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::ledger) enum LockStatus {
    /// The task id is known.
    Submitted,
    /// The service finished; videos are missing.
    Generated,
    /// Videos here, hashes known.
    Succeeded,
    /// The service failed, or a person called it so.
    Failed,
    /// A final refusal.
    Refused,
    /// Nobody knows whether it was paid.
    Uncertain,
    /// A person lets the job be submitted again; kept so that no task id is forgotten.
    Released,
}

/// A video that is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger) struct OutputTable {
    /// Its size.
    bytes: u64,
    /// The number of the video, from 1; left out if it is the place in the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    number: Option<usize>,
    /// Its path, relative to the manifest.
    path: String,
    /// The URLs under which it was published, where it was.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "Option<Vec<String>>")]
    published: BTreeSet<String>,
    /// The number of times that another content took its place, if any did: the last one counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    revision: Option<u32>,
    /// The hash of its content.
    #[schemars(with = "String", regex(pattern = "^[0-9a-f]{64}$"))]
    sha256: Sha256,
    /// The URL that it came from, without its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

/// An image that the service has. Of two of one content the later one counts.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UploadTable {
    /// The hash of its content.
    #[schemars(with = "String", regex(pattern = "^[0-9a-f]{64}$"))]
    pub(super) sha256: Sha256,
    /// The time of the upload.
    #[serde(deserialize_with = "time")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub(super) uploaded_at: Timestamp,
    /// Its URL at the service.
    #[serde(deserialize_with = "web_url")]
    pub(super) url: String,
}

/// The content of a remote image when it was fetched. Of two of one URL the later one counts.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MirrorTable {
    /// Its URL, without its query and fragment.
    url: String,
    /// The beginning of the hash of the URL's query or fragment, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = "^[0-9a-f]{16}$"))]
    query: Option<String>,
    /// The hash of its content.
    #[schemars(with = "String", regex(pattern = "^[0-9a-f]{64}$"))]
    sha256: Sha256,
    /// Its size.
    bytes: u64,
    /// The `ETag` that it came with, else its `Last-Modified`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    validator: Option<Validator>,
    /// The time when it was fetched.
    #[serde(deserialize_with = "time")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    fetched_at: Timestamp,
    /// Hashes of other contents that the URL had for jobs of this lock before.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "Option<Vec<String>>")]
    former: BTreeSet<Sha256>,
}

/// Reads the URL of an image, as the service would have to take it.
fn web_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let url = String::deserialize(deserializer)?;
    match address::web_url(&url) {
        Some(_) => Ok(url),
        None => Err(de::Error::custom("`url` is no http(s) URL")),
    }
}

impl MirrorTable {
    pub(super) fn of(address: &Address, pin: &Pin) -> MirrorTable {
        let (Address { url, query }, Pin { sha256, bytes, validator, at, former }) = (address.clone(), pin.clone());
        MirrorTable { url, query, sha256, bytes, validator, fetched_at: at, former }
    }

    /// Returns the pin of a remote image, and its address.
    pub(super) fn into_pin(self) -> (Address, Pin) {
        let MirrorTable { url, query, sha256, bytes, validator, fetched_at: at, former } = self;
        (Address { url, query }, Pin { sha256, bytes, validator, at, former })
    }
}

fn one() -> u8 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(videos: &u8) -> bool {
    *videos == 1
}

fn job_id(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "pattern": JOB_ID_PATTERN})
}

/// Adds to the schema which fields go with which status, and that a name which can't be derived from an output must be
/// given.
fn by_status(schema: &mut Schema) {
    let rule = |(status, needed, barred): &(LockStatus, &[&str], &[&str])| {
        let barred: serde_json::Map<String, Value> =
            barred.iter().map(|name| ((*name).to_owned(), json!(false))).collect();
        json!({
            "if": {"properties": {"status": {"const": status}}},
            "then": {"required": needed, "properties": barred},
        })
    };
    let named = json!({"if": {"not": {"required": ["output"]}}, "then": {"required": ["name"]}});
    let rules: Vec<Value> = GOES_WITH.iter().map(rule).chain([named]).collect();
    schema.insert("allOf".to_owned(), rules.into());
}
