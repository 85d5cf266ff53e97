//! What stands in `jobs.lock`, as types for its schema alone: the ledger reads and writes it by its own hand. That both
//! say the same is shown by locks that real runs wrote.

#![expect(dead_code, reason = "only the schema is made of them")]

use crate::ledger::record::Status;
use crate::spec::names::JOB_ID_PATTERN;
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What each status goes with: the fields that it needs, and those that it can't have.
const GOES_WITH: [(Status, &[&str], &[&str]); 6] = [
    (Status::Submitted, &["task_id"], &["reason", "error", "word", "output"]),
    (Status::Generated, &["task_id"], &["reason", "error", "word"]),
    (Status::Succeeded, &["task_id"], &["reason", "error", "word"]),
    (Status::Failed, &["error"], &["reason", "output"]),
    (Status::Refused, &["error"], &["task_id", "reason", "word", "output"]),
    (Status::Uncertain, &["reason"], &["error", "word", "output"]),
];

/// The state of a manifest's jobs: what each asked for, what came of it, and the hash of every video.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct LockFile {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    version: u32,
    /// The base URL for which task ids and uploads are valid; `simulate` for the simulator.
    service: Option<String>,
    /// One record for each job that has been run.
    job: Option<Vec<JobRecord>>,
    /// Records whose digest isn't in the manifest now, but that may be paid for.
    superseded: Option<Vec<JobRecord>>,
    /// What is kept of jobs that a person let go, until they are submitted again.
    released: Option<Vec<Released>>,
    /// Images that the service has.
    upload: Option<Vec<UploadedImage>>,
    /// What images of elsewhere showed when they were fetched.
    mirror: Option<Vec<MirroredImage>>,
}

/// What was asked for, and what came of it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = by_status)]
struct JobRecord {
    /// The job's id.
    #[schemars(schema_with = "job_id")]
    id: String,
    /// What the job asked for.
    #[schemars(regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    digest: String,
    /// Short hashes of the parts of the input, to say later what changed.
    parts: Option<BTreeMap<String, String>>,
    /// How far it came.
    status: Status,
    /// How many times this digest was submitted, from 1.
    #[schemars(range(min = 1))]
    attempt: u32,
    /// How many videos were asked for; left out when it is 1.
    #[schemars(range(min = 1))]
    videos: Option<u8>,
    /// Where they go, relative to the manifest, `{n}` being the number of a video; left out where the outputs tell it.
    name: Option<String>,
    /// The service's id of the task; with `uncertain`, the one that the service says that it doesn't know.
    task_id: Option<String>,
    /// Further ids that this record had.
    other_task_ids: Option<Vec<String>>,
    /// Ids that the service didn't know and a person let go.
    released_task_ids: Option<Vec<String>>,
    /// Further submits of this digest without an answer, after two locks were mixed.
    unanswered: Option<Vec<Unanswered>>,
    /// When the submit went out; with `uncertain`, when it was about to.
    #[schemars(extend("format" = "date-time"))]
    submitted_at: Option<String>,
    /// When the service was seen to be done with it, or a person settled it.
    #[schemars(extend("format" = "date-time"))]
    finished_at: Option<String>,
    /// What happened.
    reason: Option<String>,
    /// What the service said.
    error: Option<ErrorOfService>,
    /// Who called it failed, where it was a person: nothing is submitted then until the digest changes.
    #[schemars(extend("const" = "person"))]
    word: Option<String>,
    /// The videos that are here, in the order of their numbers.
    #[schemars(length(min = 1))]
    output: Option<Vec<Video>>,
}

/// What is kept of a digest that has no record since a person let it go.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Released {
    /// The job's id.
    #[schemars(schema_with = "job_id")]
    id: String,
    /// What the job asked for.
    #[schemars(regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    digest: String,
    /// The highest number of a submit that was let go.
    attempt: u32,
    /// Ids of tasks that are paid, beside those that were let go.
    other_task_ids: Option<Vec<String>>,
    /// Ids that the service didn't know and a person let go.
    released_task_ids: Option<Vec<String>>,
    /// Further submits of this digest without an answer.
    unanswered: Option<Vec<Unanswered>>,
}

/// A submit without an answer.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Unanswered {
    /// Its number.
    attempt: u32,
    /// When it was to go out.
    #[schemars(extend("format" = "date-time"))]
    submitted_at: String,
}

/// Why a job failed, or was refused.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ErrorOfService {
    /// The service's code, an HTTP status, the service's status word, or `resolved`.
    code: String,
    /// In words.
    message: String,
}

/// A video that is here.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Video {
    /// Which one it is, from 1; left out when it is the place in the list.
    #[schemars(range(min = 1))]
    number: Option<usize>,
    /// Where it is, relative to the manifest.
    path: String,
    /// The hash of its content.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    sha256: String,
    /// Its size.
    bytes: u64,
    /// The URL that it came from, without its query.
    source: Option<String>,
}

/// An image that the service has.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct UploadedImage {
    /// The hash of its content.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    sha256: String,
    /// Where the service keeps it.
    url: String,
    /// When it was uploaded.
    #[schemars(extend("format" = "date-time"))]
    uploaded_at: String,
}

/// What an image of elsewhere showed when it was fetched.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct MirroredImage {
    /// Its URL, without its query and fragment.
    url: String,
    /// Where the URL has a query or a fragment: the beginning of its hash.
    #[schemars(regex(pattern = "^[0-9a-f]{16}$"))]
    query: Option<String>,
    /// The hash of its content.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    sha256: String,
    /// Its size.
    bytes: u64,
    /// The `ETag` that it came with, else its `Last-Modified`.
    validator: Option<String>,
    /// When it was fetched.
    #[schemars(extend("format" = "date-time"))]
    fetched_at: String,
    /// After a merge: hashes of other contents that the URL had for jobs of either branch.
    former: Option<Vec<String>>,
}

fn job_id(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "pattern": JOB_ID_PATTERN})
}

/// Says which fields go with which status, and that a name which no output tells stands there itself.
fn by_status(schema: &mut Schema) {
    let rule = |(status, needed, barred): &(Status, &[&str], &[&str])| {
        let barred: serde_json::Map<String, Value> =
            barred.iter().map(|name| ((*name).to_owned(), json!(false))).collect();
        json!({
            "if": {"properties": {"status": {"const": status.as_str()}}},
            "then": {"required": needed, "properties": barred},
        })
    };
    let named = json!({"if": {"not": {"required": ["output"]}}, "then": {"required": ["name"]}});
    let rules: Vec<Value> = GOES_WITH.iter().map(rule).chain([named]).collect();
    schema.insert("allOf".to_owned(), rules.into());
}
