//! Every field of a manifest, once: the decoder, the suggestions, the JSON Schema and the manual are derived from this
//! table.

mod block;

use crate::diagnostic::code::Code;
use crate::service::limits::VIDEOS;
use crate::service::vocabulary::{BASE_URL, Duration, MODEL, ReferenceType, Resolution, TASK_TYPE};

pub use block::{Block, Field, Kind, Shape};

/// All mappings with known fields, the outermost first.
pub static BLOCKS: [&Block; 10] =
    [&MANIFEST, &SERVICE, &RUN, &OUTPUT, &PRICES, &PRICE, &ENTRY, &DEFAULTS, &JOB, &REFERENCE];

/// The manifest as a whole.
pub static MANIFEST: Block = Block {
    title: "the manifest",
    fields: &[
        &SCHEMA,
        &VERSION,
        &SERVICE_FIELD,
        &RUN_FIELD,
        &OUTPUT_FIELD,
        &PRICES_FIELD,
        &LIBRARY,
        &DEFAULTS_FIELD,
        &JOBS,
    ],
    required: &[&VERSION, &JOBS],
};

/// The number of fields of the mapping with the most.
pub const MOST_FIELDS: usize = {
    let (mut most, mut block) = (0, 0);
    while block < BLOCKS.len() {
        let fields = BLOCKS[block].fields.len();
        most = if fields > most { fields } else { most };
        block += 1;
    }
    most
};

/// `service:`
pub static SERVICE: Block = Block { title: "`service`", fields: &[&BASE_URL_FIELD, &TURNED_AWAY], required: &[] };

/// `run:`
pub static RUN: Block = Block {
    title: "`run`",
    fields: &[
        &CONCURRENCY,
        &FLEET_CONCURRENCY,
        &SUBMIT_RATE,
        &JOB_TIMEOUT,
        &POLL_INTERVAL,
        &POLL_RATE,
        &DOWNLOADS,
        &PATIENCE,
        &ON_UNCERTAIN,
        &RETRIES,
        &CONFIRM_ABOVE,
        &MIRROR,
        &LEDGER,
    ],
    required: &[],
};

/// `output:`
pub static OUTPUT: Block = Block { title: "`output`", fields: &[&DIR, &FILE_NAME, &PUBLISH], required: &[] };

/// `prices:`
pub static PRICES: Block = Block { title: "`prices`", fields: &[&UNIT, &PRICE_TABLE], required: &[&PRICE_TABLE] };

/// A line of `prices.table`.
pub static PRICE: Block = Block {
    title: "a line of the price table",
    fields: &[&PRICE_RESOLUTION, &PRICE_DURATION, &AMOUNT],
    required: &[&PRICE_RESOLUTION, &PRICE_DURATION, &AMOUNT],
};

/// A reference of the library; its name is its key.
pub static ENTRY: Block =
    Block { title: "a reference of the library", fields: &[&TYPE, &URLS], required: &[&TYPE, &URLS] };

/// A reference written out in a job.
pub static REFERENCE: Block =
    Block { title: "a reference", fields: &[&NAME, &TYPE, &URLS], required: &[&NAME, &TYPE, &URLS] };

/// `defaults:` Any field of a job except its id and the fields that expand it to several jobs.
pub static DEFAULTS: Block = Block { title: "`defaults`", fields: JOB_FIELDS.split_at(3).1, required: &[] };

/// A job.
pub static JOB: Block =
    Block { title: "a job", fields: &JOB_FIELDS, required: &[&ID, &PROMPT, &RESOLUTION, &DURATION] };

/// The fields of a job, starting with those that `defaults` doesn't have.
static JOB_FIELDS: [&Field; 16] = [
    &ID,
    &MATRIX,
    &ROWS,
    &PROMPT,
    &REFERENCES,
    &RESOLUTION,
    &DURATION,
    &NEGATIVE_PROMPT,
    &NUMBER_OF_VIDEOS,
    &TAKE,
    &TAGS,
    &NEED_EXPAND_PROMPT,
    &SELECTED_MODEL,
    &TASK_TYPE_FIELD,
    &ASYNC,
    &ASPECT_RATIO,
];

const DAY: u64 = 24 * 60 * 60 * 1000;

/// Declares the fields.
macro_rules! fields {
    ($($name:ident = $field:expr;)+) => {
        $(
            #[allow(missing_docs, reason = "each carries its documentation as data")]
            pub static $name: Field = $field;
        )+
    };
}

fields! {
    SCHEMA = Field::new("$schema", Kind::Text, "The JSON Schema by which editors complete and underline; `batch` doesn't read it.\nFor JSON, which has no comments: YAML and TOML name it in a comment at the top.").examples(&["jobs.schema.json"]);
    VERSION = Field::new("version", Kind::Choice(&[1]), "The version of the manifest's format.").code(Code::Version);
    SERVICE_FIELD = Field::new("service", Kind::Table(&SERVICE), "Where the jobs go.");
    RUN_FIELD = Field::new("run", Kind::Table(&RUN), "How the jobs are run; of this `mirror` alone changes digests.");
    OUTPUT_FIELD = Field::new("output", Kind::Table(&OUTPUT), "Where videos land.");
    PRICES_FIELD = Field::new("prices", Kind::Table(&PRICES), "What one video costs: for estimates.\nWithout it the maker's list price in credits is taken.");
    LIBRARY = Field::new("references", Kind::Named(&Kind::Table(&ENTRY)), "The library: references by name, for all jobs to use.").examples(&[r#"{"dog": {"type": "subject", "urls": ["refs/dog.png"]}}"#]);
    DEFAULTS_FIELD = Field::new("defaults", Kind::Table(&DEFAULTS), "Fields of all jobs; a job's own field wins.").examples(&[r#"{"resolution": "720p", "duration": 5}"#]);
    JOBS = Field::new("jobs", Kind::List(&Kind::Table(&JOB)), "What to generate, in order.");

    BASE_URL_FIELD = Field::new("base_url", Kind::Filled, "The service's base URL: https, or http on loopback.").code(Code::BaseUrl).default(BASE_URL);
    TURNED_AWAY = Field::new("turned_away", Kind::List(&Kind::Integer(400, 599)), "Statuses that a proxy says only of requests that it doesn't pass on.\nWithout it 429 alone. What each proxy means by which status: `docs/recovery.md`.").default("[429]").examples(&["[429, 503]"]);

    CONCURRENCY = Field::new("concurrency", Kind::Integer(1, 10_000), "Generations in flight at most.").default("4");
    FLEET_CONCURRENCY = Field::new("fleet_concurrency", Kind::Integer(1, 100_000), "Generations in flight at most of all runs of the shared ledger together, each of which keeps to `concurrency` besides.\nWithout it each run has a limit of its own alone.").examples(&["20"]);
    SUBMIT_RATE = Field::new("submit_rate", Kind::Rate, "Submits at most, as `60/min`; without it there is no limit.").examples(&["60/min", "2/s", "100/h"]);
    JOB_TIMEOUT = Field::new("job_timeout", Kind::Period(1, 7 * DAY), "The time that a job may take, from submit to finished.").default("30m").examples(&["30m", "1h30m"]);
    POLL_INTERVAL = Field::new("poll_interval", Kind::Period(1, 7 * DAY), "About how late a finished job may be noticed.").default("10s").examples(&["10s", "500ms"]);
    POLL_RATE = Field::new("poll_rate", Kind::Rate, "Status queries at most beyond the first of each job, all jobs together.\nAbove it, the jobs that have most probably finished are asked about first, and a run that is held by it says so.").default("100/s").examples(&["100/s", "1000/s"]);
    DOWNLOADS = Field::new("downloads", Kind::Integer(1, 256), "Videos fetched at a time at most.").default("8").examples(&["8", "32"]);
    PATIENCE = Field::new("patience", Kind::Period(0, 7 * DAY), "How long to wait for a service that can't be reached.").default("10m").examples(&["10m", "0s"]);
    ON_UNCERTAIN = Field::new("on_uncertain", Kind::Word(&["hold", "resubmit"]), "What becomes of a job whose submit got no answer.").default("hold").meanings(&["you settle it with `batch resolve`", "it is submitted again, once a run: at the risk of paying twice"]);
    RETRIES = Field::new("retries", Kind::Integer(0, 100), "How often a generation that the service failed is submitted again.\nWhat its moderation refused never is; `run --retry-failed` submits once more.").default("1").examples(&["0", "3"]);
    CONFIRM_ABOVE = Field::new("confirm_above", Kind::Amount, "An estimate above which `run` asks first, if somebody sits at the terminal.\nIn the unit of the prices. Without it nothing is asked.").examples(&["100"]);
    MIRROR = Field::new("mirror", Kind::Boolean, "Whether remote images are fetched once, uploaded, and known by their content.\nAn image whose content changes at the same URL is noticed then. It changes the digests of jobs with such images that aren't bought yet; what is paid stays so.").default("false");
    LEDGER = Field::new("ledger", Kind::Ledger, "The URL of a shared ledger, for several runs at once on one manifest: `docs/fleet.md`.\nIts purchases are kept there, and the lock is written from it. `--ledger` and BATCH_LEDGER win over it.").examples(&["s3://team-videos/trailer", "postgres://db.example.com/films?schema=batch", "file:///srv/ledgers/trailer"]);

    DIR = Field::new("dir", Kind::Text, "The folder of the videos, relative to the manifest and inside its folder.").code(Code::OutputPath).default("out");
    FILE_NAME = Field::new("name", Kind::Text, "The path of a video inside that folder.\n`{id}` stands for the job's id, `{n}` for the video's number, counted from 1.").code(Code::OutputPath).default("{id}-{n}.mp4").examples(&["{id}-{n}.mp4", "{id}/{n}.mp4"]);
    PUBLISH = Field::new("publish", Kind::Publish, "The URL of a folder in a bucket to which each video goes as well, once it is stored here.\nMachines that lack a video fetch it from there before they ask the service: `docs/fleet.md`.").examples(&["s3://team-videos/trailer/out", "file:///srv/videos/trailer"]);

    UNIT = Field::new("unit", Kind::Filled, "The unit of the prices, as `CNY`.").default("credits").examples(&["CNY", "USD"]);
    PRICE_TABLE = Field::new("table", Kind::List(&Kind::Table(&PRICE)), "The price of one video, for each resolution and duration.").examples(&[r#"[{"resolution": "720p", "duration": 5, "price": 3.5}]"#]);
    PRICE_RESOLUTION = Field::new("resolution", Kind::Word(Resolution::WORDS), "The resolution that the price is for.").meanings(RESOLUTION.meanings);
    PRICE_DURATION = Field::new("duration", Kind::Choice(&Duration::SECONDS), "The duration in seconds that the price is for.").meanings(DURATION.meanings);
    AMOUNT = Field::new("price", Kind::Amount, "The price of one video.").examples(&["3.5"]);

    NAME = Field::new("name", Kind::Text, "The name by which the prompt mentions the reference, as `@name`.").code(Code::ReferenceName).examples(&["dog", "小狗"]);
    TYPE = Field::new("type", Kind::Word(ReferenceType::WORDS), "Whether it is somebody or something that acts, or the place where it happens.").code(Code::ReferenceType).meanings(&["somebody or something that acts", "the place where it happens"]);
    URLS = Field::new("urls", Kind::List(&Kind::Text), "One to three images: http or https URLs, or paths relative to the manifest.").code(Code::ImageCount).examples(&[r#"["refs/dog.png"]"#, r#"["https://images.example.com/dog.png"]"#]);

    ID = Field::new("id", Kind::Text, "The job's name: unique, and fit to name files.\n1 to 128 letters and digits of any script and `. _ -`, 200 bytes at most, not starting with a dot or a dash.").code(Code::JobId).examples(&["park-walk"]);
    MATRIX = Field::new("matrix", Kind::Matrix, "One job for each combination of the values of these axes.\nTemplates such as `${{ matrix.name }}` stand for the values; `exclude` takes combinations out, `include` adds values and combinations.").code(Code::Matrix).examples(&[r#"{"resolution": ["720p", "1080p"]}"#]);
    ROWS = Field::new("rows", Kind::Rows, "One job for each row of a table: a CSV, TSV or JSON file, or a list of mappings.\nTemplates such as `${{ row.name }}` stand for its values.").code(Code::Rows).examples(&["products.csv"]);
    PROMPT = Field::new("prompt", Kind::Text, "What the video shows; mentions references as `@name`, each followed by a space.").code(Code::EmptyPrompt).examples(&["@human and @dog play on the @grass"]);
    REFERENCES = Field::new("references", Kind::List(&Kind::Use(&REFERENCE)), "One to three references: names out of the library, or references written out.\nWithout it: the references of the library that the prompt mentions, in order of first mention.").code(Code::ReferenceCount).examples(&[r#"["dog"]"#, r#"[{"name": "hill", "type": "background", "urls": ["refs/hill.jpg"]}]"#]);
    RESOLUTION = Field::new("resolution", Kind::Word(Resolution::WORDS), "The videos' resolution.").code(Code::Resolution).meanings(&["360 lines", "540 lines", "720 lines", "1080 lines; 5 seconds only"]);
    DURATION = Field::new("duration", Kind::Choice(&Duration::SECONDS), "The videos' duration in seconds; at 1080p only 5.").code(Code::Duration).meanings(&["5 seconds", "8 seconds; not at 1080p"]);
    NEGATIVE_PROMPT = Field::new("negative_prompt", Kind::Text, "What the video should avoid.").examples(&["blurry, distorted"]);
    NUMBER_OF_VIDEOS = Field::new("number_of_videos", Kind::Integer(*VIDEOS.start(), *VIDEOS.end()), "How many videos are made.").code(Code::NumberOfVideos).default("1");
    TAKE = Field::new("take", Kind::Integer(1, u32::MAX as i64), "Which take of the same input it is: 2 asks for the same once more, on purpose.").default("1").examples(&["2"]);
    TAGS = Field::new("tags", Kind::List(&Kind::Text), "Words by which jobs are chosen: `--tag hero`.\nThey are never sent, and not part of the digest. Each without white space.").examples(&[r#"["hero", "spring"]"#]);
    NEED_EXPAND_PROMPT = Field::new("need_expand_prompt", Kind::Boolean, "Whether the service rewrites the prompt.").default("false");
    SELECTED_MODEL = Field::new("selected_model", Kind::Filled, "The model.").default(MODEL);
    TASK_TYPE_FIELD = Field::new("task_type", Kind::Word(&[TASK_TYPE]), "The kind of generation; there is only this one.").code(Code::TaskType).default(TASK_TYPE);
    ASYNC = Field::new("async", Kind::True, "The service works asynchronously only.").code(Code::Async).default("true");
    ASPECT_RATIO = Field::new("aspect_ratio", Kind::Text, "Ignored by the service: a video takes the ratio of the first image.").code(Code::AspectRatio);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn keys_are_unique_within_a_block_and_required_ones_are_fields() {
        for block in BLOCKS {
            let names: BTreeSet<_> = block.fields.iter().map(|field| field.name).collect();
            assert_eq!(names.len(), block.fields.len(), "{}", block.title);
            assert!(block.required.iter().all(|field| block.position(field).is_some()), "{}", block.title);
        }
    }

    #[test]
    fn defaults_take_any_field_of_a_job_but_its_id_and_what_makes_it_several() {
        assert_eq!(DEFAULTS.fields.len() + 3, JOB.fields.len());
        assert!(["id", "matrix", "rows"].iter().all(|name| DEFAULTS.field(name).is_none()));
    }

    #[test]
    fn the_first_line_of_every_doc_is_one_sentence() {
        for field in BLOCKS.iter().flat_map(|block| block.fields) {
            let values = match field.kind {
                Kind::Word(words) => words.len(),
                Kind::Choice(numbers) => numbers.len(),
                _ => 0,
            };
            assert!(field.meanings.is_empty() || field.meanings.len() == values, "{}", field.name);
            let first = field.doc.lines().next().unwrap();
            assert!(first.ends_with('.') && first.len() <= 120, "{}: {first}", field.name);
        }
    }
}
