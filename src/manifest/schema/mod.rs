//! The JSON Schema of a manifest, derived from the table of fields: editors use it to complete, explain and underline.
//!
//! It expresses all that draft 7 can express, and never more than `batch check`: a manifest without findings is valid.

mod conditions;
mod hover;
mod patterns;
mod value;

#[cfg(test)]
mod tests;

use super::fields::{BLOCKS, Block, Field, JOB, MANIFEST};
use serde_json::{Map, Value, json};

/// Returns the schema, in draft 7, which most tools read.
pub fn schema() -> Value {
    let mut schema = object(&MANIFEST);
    let mut definitions: Map<String, Value> = BLOCKS
        .iter()
        .filter(|block| !std::ptr::eq(**block, &MANIFEST))
        .map(|block| (value::name(block), Value::Object(object(block))))
        .collect();
    definitions.extend(jobs());
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!("batch manifest"));
    schema.insert("definitions".to_owned(), Value::Object(definitions));
    schema.insert("allOf".to_owned(), json!(conditions::of_the_manifest()));
    Value::Object(schema)
}

/// Returns the schema of a job, whose values may be templates, and the further rules for a job that is written out. The
/// fields are in the job itself, not in the branches of its condition: Tombi offers and explains nothing that it would
/// have to decide on first.
fn jobs() -> [(String, Value); 2] {
    let name = value::name(&JOB);
    let one = format!("one-{name}");
    let mut job = object(&JOB);
    job.insert("if".to_owned(), conditions::stands_for_several());
    job.insert("else".to_owned(), json!({"$ref": format!("#/definitions/{one}")}));
    [(name, Value::Object(job)), (one, Value::Object(one_job()))]
}

/// Returns the rules for a job that is written out: its values are not templates, and go together.
fn one_job() -> Map<String, Value> {
    let values = JOB.fields.iter().map(|field| (field.name.to_owned(), Value::Object(value::of(field)))).collect();
    let mut schema = conditions::of_a_job();
    schema.insert("properties".to_owned(), Value::Object(values));
    schema.insert("additionalProperties".to_owned(), json!(true));
    schema
}

/// Returns the schema of a mapping with known fields.
fn object(block: &'static Block) -> Map<String, Value> {
    let properties: Map<String, Value> =
        block.fields.iter().map(|field| (field.name.to_owned(), Value::Object(property(field, block)))).collect();
    let mut schema = Map::new();
    schema.insert("title".to_owned(), json!(block.title.replace('`', "")));
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema.insert("properties".to_owned(), Value::Object(properties));
    let required: Vec<&str> = block.required.iter().filter(|field| is_own(field, block)).map(|f| f.name).collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema
}

/// Returns whether a required field must be in the block itself. The fields that a job needs, except its id, may be in
/// `defaults`.
fn is_own(field: &Field, block: &'static Block) -> bool {
    !std::ptr::eq(block, &JOB) || super::fields::DEFAULTS.position(field).is_none()
}

/// Returns the schema of a field's value, with its description.
fn property(field: &Field, block: &'static Block) -> Map<String, Value> {
    let is_job = std::ptr::eq(block, &JOB);
    let mut schema = if is_job { value::of_template(field) } else { value::of(field) };
    hover::explain(&mut schema, field, block.required.iter().any(|required| required.name == field.name));
    schema
}
