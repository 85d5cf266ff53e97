use super::*;
use crate::base::decimal::Decimal;
use crate::base::digest::Sha256;
use crate::diagnostic::code::{Code, Severity};
use crate::diagnostic::finding::{Finding, Label};
use crate::diagnostic::fix::{Applicability, Fix};
use crate::document::source::Source;
use crate::document::span::Span;
use crate::event::summary::Summary;
use crate::event::{Bound, Call, Cause, Event, JobError};
use crate::plan::action::{Action, Reason};
use crate::plan::changes::Change;
use crate::plan::estimate::{Estimate, PriceTable};
use crate::plan::spent::{Spent, SpentInRun};
use crate::report::documents::plan::PlannedJob;
use crate::report::documents::status::{JobState, JobStatus, StatusError, VideoFile};
use crate::report::documents::verify::{ProblemKind, VerifyProblem};
use crate::report::findings::{Checked, json};
use crate::report::testing::nothing_spent;
use crate::service::names::{Digest, JobId, Tag, TaskId};
use serde::Serialize;

fn job(id: &str) -> JobId {
    JobId::new(id).unwrap()
}

/// Returns the errors of `value` as a document of this kind.
fn errors(document: Document, value: &Value) -> Vec<String> {
    let validator = jsonschema::draft7::new(&document.schema()).unwrap();
    validator.iter_errors(value).map(|error| error.to_string()).collect()
}

fn assert_fits(document: Document, value: &impl Serialize) {
    let value = serde_json::to_value(value).unwrap();
    assert_eq!(errors(document, &value), Vec::<String>::new(), "{value}");
}

fn estimate() -> Estimate {
    Estimate { amount: "3.5".parse().unwrap(), unit: "CNY".to_owned(), exact: true, prices: PriceTable::Manifest }
}

/// Returns one event of each kind.
fn events() -> Vec<Event> {
    let text = || "x".to_owned();
    let job = || job("a");
    let problem = |code| JobError { code, message: text() };
    vec![
        Event::RunStarted {
            estimate: Some(estimate()),
            version: 1,
            manifest: text(),
            lock: text(),
            folder: text(),
            service: text(),
            jobs: 1,
            concurrency: 4,
        },
        Event::LookingAtImages { fetch: 1, check: 2 },
        Event::ImageFetched { url: text(), sha256: Sha256::of(b""), bytes: 1 },
        Event::ImageChanged { url: text(), pinned: Sha256::of(b""), found: Sha256::of(b"a"), jobs: 2, taken: false },
        Event::ImagesUnchecked { host: text(), images: 3, message: text() },
        Event::Estimated { estimate: estimate() },
        Event::JobPlanned {
            job: job(),
            digest: Digest(Sha256::of(b"")),
            action: Action::Submit,
            reason: Reason::TakenBack,
            submitted_at: Some("2026-03-09T02:44:54Z".parse().unwrap()),
        },
        Event::Uploading { job: job(), path: text(), bytes: 1 },
        Event::Uploaded { job: job(), path: text(), bytes: 1 },
        Event::Transferring { job: job(), call: Call::Upload, path: text(), bytes: 1, total: Some(2) },
        Event::Transferring { job: job(), call: Call::Download, path: text(), bytes: 1, total: None },
        Event::Submitting { job: job(), attempt: 1 },
        Event::Submitted {
            job: job(),
            attempt: 1,
            task_id: TaskId::new("t").unwrap(),
            price: Some(Decimal::whole(60)),
        },
        Event::Polled { job: job(), status: text(), progress: None },
        Event::Polled { job: job(), status: text(), progress: Some(text()) },
        Event::Generated { job: job(), seconds: Some(1.5) },
        Event::Downloading { job: job(), path: text() },
        Event::Downloaded { job: job(), path: text(), sha256: text(), bytes: 1 },
        Event::Succeeded { job: job(), outputs: vec![text()], asked: Some(2) },
        Event::Failed { job: job(), error: problem(Cause::TimedOut), next: Some(Action::Resume) },
        Event::Uncertain { job: job(), message: text(), task_id: TaskId::new("t").ok() },
        Event::Elsewhere { job: job(), message: text() },
        Event::Retrying { job: Some(job()), call: Call::Download, message: text(), pause: 0.5 },
        Event::Retrying { job: None, call: Call::Submit, message: text(), pause: 0.5 },
        Event::Throttled { message: text(), pause: 1.0 },
        Event::Bounded { bound: Bound::PollRate, most: "100/s".to_owned() },
        Event::Bounded { bound: Bound::Stores, most: "16".to_owned() },
        Event::Lagged { missed: 7 },
        Event::RunFinished { summary: Summary::default(), exit_code: 3, stopped: Some(problem(Cause::Account)) },
    ]
}

#[test]
fn every_event_fits_its_schema_and_every_kind_is_in_it() {
    let mut kinds = std::collections::BTreeSet::new();
    for event in events() {
        let stamped = Stamped { event, time: "2026-03-09T02:44:54Z".parse().unwrap() };
        kinds.insert(serde_json::to_value(&stamped).unwrap()["event"].as_str().unwrap().to_owned());
        assert_fits(Document::Events, &stamped);
    }
    // The kinds as listed in the manual of the command line.
    let manual: Vec<_> =
        "run_started|looking_at_images|image_fetched|image_changed|images_unchecked|estimated|job_planned|uploading|uploaded|transferring|submitting|submitted|polled|generated|downloading|\
        downloaded|succeeded|failed|uncertain|elsewhere|retrying|throttled|bounded|lagged|run_finished"
            .split('|')
            .collect();
    let schema = Document::Events.schema();
    let known = schema["oneOf"].as_array().unwrap().iter().map(|kind| kind["properties"]["event"]["const"].as_str());
    assert_eq!(known.collect::<Vec<_>>(), manual.iter().map(|kind| Some(*kind)).collect::<Vec<_>>());
    assert_eq!(kinds, manual.iter().map(|&kind| kind.to_owned()).collect());
}

#[test]
fn documents_fit_their_schemas() {
    let planned = |&reason| PlannedJob {
        id: job("a"),
        action: Action::Hold,
        reason,
        changed: vec!["prompt".to_owned()],
        details: vec![Change {
            part: "reference.dog".to_owned(),
            image: Some(1),
            source: Some("refs/dog.png".to_owned()),
            message: "x".into(),
        }],
        implied: vec![],
        digest: Digest(Sha256::of(b"")),
        made_of: None,
    };
    let jobs = Reason::ALL.iter().map(planned).collect();
    assert_fits(Document::Plan, &PlanDocument::new(jobs, vec![job("b")], estimate()));

    let state = |status| JobState {
        id: job("a"),
        status,
        task_id: TaskId::new("t").ok(),
        submitted_at: "2026-03-09T02:44:54Z".parse().ok(),
        outputs: vec![VideoFile {
            path: "a".to_owned(),
            sha256: Sha256::of(b""),
            bytes: 1,
            published: Default::default(),
        }],
        error: Some(StatusError { code: "400".to_owned(), message: "no".to_owned() }),
        bought_twice: vec![TaskId::new("t").unwrap(), TaskId::new("u").unwrap()],
        same_task: vec![job("b")],
    };
    let jobs: Vec<_> = JobStatus::ALL.into_iter().map(state).collect();
    let at = "2026-03-09T02:44:54Z".parse().unwrap();
    let spent = Spent {
        runs: vec![SpentInRun { from: at, to: at, submits: 1, amount: Decimal::whole(60) }],
        tags: [(Tag::new("hero").unwrap(), Decimal::whole(60))].into(),
        months: [("2026-03".to_owned(), Decimal::whole(60))].into(),
        ..nothing_spent()
    };
    assert_fits(Document::Status, &StatusDocument::new(jobs.clone(), jobs, spent));
    assert_fits(Document::Status, &StatusDocument::new(vec![], vec![], nothing_spent()));

    let problem = |kind| VerifyProblem { kind, job: None, path: Some("a".to_owned()), message: "x".to_owned() };
    assert_fits(Document::Verify, &VerifyDocument::new(ProblemKind::ALL.into_iter().map(problem).collect()));
}

#[test]
fn findings_of_every_code_fit_their_schema() {
    let source = Source::new("jobs.yaml", "a: 1\n".to_owned());
    let finding = |&code| Finding {
        code,
        severity: Severity::Warning,
        message: "x".into(),
        help: None,
        fix: Some(Fix { span: Span::new(0, 1), replacement: "b".into(), applicability: Applicability::Safe }),
        job: None,
        jobs: 1,
        labels: vec![Label { span: Span::new(0, 1), text: "here".into() }],
    };
    let findings: Vec<_> = Code::ALL.iter().map(finding).collect();
    let mut out = Vec::new();
    json::write(&mut out, &[Checked { path: "jobs.yaml", source: Some(&source), jobs: 1, findings: &findings }])
        .unwrap();
    assert_fits(Document::Check, &serde_json::from_slice::<Value>(&out).unwrap());
}

#[test]
fn what_is_not_promised_does_not_fit() {
    let event = serde_json::json!({"event": "failed", "time": "2026-03-09T02:44:54Z", "job": "a",
        "error": {"code": "nonsense", "message": "x"}});
    assert!(!errors(Document::Events, &event).is_empty());
    let estimate = serde_json::json!({"amount": 1, "unit": "credits", "exact": true});
    let plan = |version, reason| {
        serde_json::json!({"version": version, "removed": [], "estimate": estimate,
            "jobs": [{"id": "a", "action": "keep", "reason": reason, "changed": [], "digest": Digest(Sha256::of(b""))}],
            "summary": {"submit": 0, "resume": 0, "download": 0, "keep": 1, "hold": 0}})
    };
    assert_eq!(errors(Document::Plan, &plan(1, "succeeded")), Vec::<String>::new());
    assert!(!errors(Document::Plan, &plan(2, "succeeded")).is_empty());
    assert!(!errors(Document::Plan, &plan(1, "why not")).is_empty());
}

#[test]
fn no_schema_speaks_of_null() {
    for document in Document::ALL {
        let schema = document.schema();
        assert!(!schema.to_string().contains("null"), "{}", document.as_str());
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    }
}

/// Collects the keywords of a schema, those of the schemas inside it included.
fn keywords(schema: &Value, into: &mut std::collections::BTreeSet<String>) {
    let Some(fields) = schema.as_object() else { return };
    for (keyword, value) in fields {
        into.insert(keyword.clone());
        match keyword.as_str() {
            "properties" | "definitions" | "patternProperties" => {
                value.as_object().unwrap().values().for_each(|schema| keywords(schema, into));
            }
            "allOf" | "anyOf" | "oneOf" => value.as_array().unwrap().iter().for_each(|schema| keywords(schema, into)),
            // Data, and words that are not schemas.
            "const" | "enum" | "default" | "examples" | "required" => {}
            _ => keywords(value, into),
        }
    }
}

#[test]
fn schemas_are_made_of_keywords_that_the_strictest_validators_know() {
    // Keywords of draft 7, without `format`: ajv knows no format by itself. `deprecated` is from a later draft, but
    // known to it.
    let known = "$comment $ref $schema additionalProperties allOf anyOf const default definitions deprecated description else \
        enum examples if items maxItems maxLength maximum minItems minLength minProperties minimum not oneOf pattern \
        properties propertyNames required then title type uniqueItems";
    let known: std::collections::BTreeSet<_> = known.split_whitespace().map(str::to_owned).collect();
    for document in Document::ALL {
        let mut found = std::collections::BTreeSet::new();
        keywords(&document.schema(), &mut found);
        assert!(found.contains("properties"), "{}: {found:?}", document.as_str());
        assert_eq!(found.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "{}", document.as_str());
    }
}
