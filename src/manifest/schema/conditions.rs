//! The rules on several fields together that a JSON Schema can express.
//!
//! A job may use a field from `defaults`, which a schema of the job can't see: such rules are at the top, as "if
//! `defaults` is so, then each job is so".
#![expect(
    clippy::needless_pass_by_value,
    reason = "rules are written as nested calls; borrowed, they would drown in `&`"
)]

use crate::manifest::fields::{
    DEFAULTS_FIELD, DURATION, FILE_NAME, Field, JOB, JOBS, LIBRARY, MATRIX, NUMBER_OF_VIDEOS, OUTPUT_FIELD, PROMPT,
    REFERENCES, RESOLUTION, ROWS,
};
use serde_json::{Map, Value, json};

/// A mention: an `@` that isn't part of an e-mail address.
const MENTION: &str = "(^|[^A-Za-z0-9._%+-])@";

/// Returns the rules on the fields of one job itself.
pub(super) fn of_a_job() -> Map<String, Value> {
    let mut rule = Map::new();
    rule.insert("if".to_owned(), is(&RESOLUTION, "1080p"));
    rule.insert("then".to_owned(), five_seconds());
    rule
}

/// Returns the rules on jobs together with `defaults` and the library.
pub(super) fn of_the_manifest() -> Vec<Value> {
    let needed = JOB.required.iter().filter(|field| !super::is_own(field, &JOB));
    let mut rules: Vec<Value> = needed.map(|field| needs(field)).collect();
    rules.extend(references());
    rules.extend(pairs());
    rules.extend(output_names());
    rules
}

/// Returns the rule that jobs have a required field that `defaults` lacks.
fn needs(field: &Field) -> Value {
    let message = format!("The job needs `{}`, and `defaults` has none.", field.name);
    unless(defaults(has(field)), each_job(needed(field, &message)))
}

/// Returns the rules on the sources of a job's references.
fn references() -> Vec<Value> {
    let silent = there(&PROMPT, json!({"type": "string", "not": {"pattern": MENTION}}));
    let needs = |why: &str| needed(&REFERENCES, &format!("The job needs `references`: {why}."));
    let silent_needs = needs("its prompt mentions none");
    let no_library = needs("there is no library of references that the prompt could mention");
    let message = "There is no library of references to name: write the reference out, with name, type and urls.";
    let written_out = with(&REFERENCES, json!({"items": {"type": "object", "$comment": message}}));
    vec![
        unless(defaults(has(&REFERENCES)), each_job(when(silent.clone(), silent_needs.clone()))),
        when(
            both(defaults(silent), json!({"not": defaults(has(&REFERENCES))})),
            each_job(unless(has(&PROMPT), silent_needs)),
        ),
        unless(json!({"anyOf": [has(&LIBRARY), defaults(has(&REFERENCES))]}), each_job(no_library)),
        unless(has(&LIBRARY), with(&DEFAULTS_FIELD, written_out.clone())),
        unless(has(&LIBRARY), each_job(written_out)),
    ]
}

/// Returns the rules that 1080p lasts 5 seconds, wherever the two come from.
fn pairs() -> [Value; 3] {
    let high = is(&RESOLUTION, "1080p");
    let long = is(&DURATION, 8);
    let own_duration =
        needed(&DURATION, "1080p videos last 5 s, not the 8 s of `defaults`: give the job a duration of 5.");
    let own_pair = needed(&DURATION, "1080p videos last 5 s, and `defaults` says 1080p and 8 s: give the job its own.");
    [
        when(defaults(high.clone()), each_job(unless(has(&RESOLUTION), five_seconds()))),
        when(defaults(long.clone()), each_job(when(high.clone(), own_duration))),
        when(both(defaults(high), defaults(long)), each_job(unless(has(&RESOLUTION), own_pair))),
    ]
}

/// Returns the rules that each video gets its own path.
fn output_names() -> [Value; 3] {
    let lacks = |placeholder: &str| {
        let name = json!({"type": "string", "not": {"pattern": placeholder}});
        there(&OUTPUT_FIELD, there(&FILE_NAME, name))
    };
    let several = there(&NUMBER_OF_VIDEOS, json!({"minimum": 2}));
    let message = "`output.name` has no {n}: all videos of the job would have one path.";
    let one = with(&NUMBER_OF_VIDEOS, json!({"maximum": 1, "$comment": message}));
    [
        when(lacks(r"\{id\}"), with(&JOBS, json!({"maxItems": 1}))),
        when(lacks(r"\{n\}"), each_job(one)),
        when(both(lacks(r"\{n\}"), defaults(several)), each_job(needed(&NUMBER_OF_VIDEOS, message))),
    ]
}

fn five_seconds() -> Value {
    with(&DURATION, json!({"enum": [5], "$comment": "1080p videos last 5 s."}))
}

/// Requires `so` of each job that is written out: one that expands to several can't be judged before.
fn each_job(so: Value) -> Value {
    with(&JOBS, json!({"items": unless(stands_for_several(), so)}))
}

/// Matches a job that expands to several.
pub(super) fn stands_for_several() -> Value {
    json!({"anyOf": [has(&MATRIX), has(&ROWS)]})
}

/// Matches a manifest with `defaults` that match `so`.
fn defaults(so: Value) -> Value {
    there(&DEFAULTS_FIELD, so)
}

/// Requires the field, and says why. In a comment: strict validators know none of the keywords that some editors show
/// in place of their own messages.
fn needed(field: &Field, message: &str) -> Value {
    json!({"required": [field.name], "$comment": message})
}

/// Matches if the field is present. Tombi treats a mapping as closed unless it is said to be open.
fn has(field: &Field) -> Value {
    json!({"required": [field.name], "additionalProperties": true})
}

/// Matches if the field is present, with this value.
fn is(field: &Field, value: impl Into<Value>) -> Value {
    there(field, json!({"const": value.into()}))
}

/// Matches if the field is present and matches `so`.
fn there(field: &Field, so: Value) -> Value {
    let mut schema = with(field, so);
    schema["required"] = json!([field.name]);
    schema
}

/// Requires that the field matches `so` if it is present; open for Tombi, as above.
fn with(field: &Field, so: Value) -> Value {
    json!({"properties": {field.name: so}, "additionalProperties": true})
}

fn both(one: Value, other: Value) -> Value {
    json!({"allOf": [one, other]})
}

fn when(condition: Value, then: Value) -> Value {
    json!({"if": condition, "then": then})
}

fn unless(condition: Value, otherwise: Value) -> Value {
    json!({"if": condition, "else": otherwise})
}
