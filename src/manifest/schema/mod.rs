//! The JSON Schema of a manifest, made of the table of fields: for editors, which complete, explain and underline by it.
//!
//! It says all that draft 7 can say, and never what `batch check` doesn't: a manifest without findings is valid by it.

mod conditions;
mod hover;
mod patterns;
mod value;

#[cfg(test)]
mod tests;

use super::fields::{BLOCKS, Block, Field, JOB, MANIFEST};
use serde_json::{Map, Value, json};

/// The schema, of draft 7: the one that most tools read.
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

/// A job stands for itself, or for several: then templates may stand in the place of its values.
fn jobs() -> [(String, Value); 3] {
    let name = value::name(&JOB);
    let (one, many) = (format!("one-{name}"), format!("many-{name}s"));
    let to = |name: &str| json!({"$ref": format!("#/definitions/{name}")});
    let job = json!({"if": conditions::stands_for_several(), "then": to(&many), "else": to(&one)});
    [(one, Value::Object(object(&JOB))), (many, Value::Object(many_jobs())), (name, job)]
}

/// The schema of a job that stands for several.
fn many_jobs() -> Map<String, Value> {
    let mut schema = object(&JOB);
    conditions::of_a_job().keys().for_each(|key| {
        schema.remove(key);
    });
    for field in JOB.fields {
        let mut property = property(field, &JOB);
        let plain = value::of(field);
        property.retain(|key, _| !plain.contains_key(key));
        ["enumDescriptions", "markdownEnumDescriptions", "examples"].iter().for_each(|key| {
            property.remove(*key);
        });
        property.extend(value::of_template(field));
        schema["properties"][field.name] = Value::Object(property);
    }
    schema
}

/// The schema of a mapping with known fields.
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
    if std::ptr::eq(block, &JOB) {
        schema.extend(conditions::of_a_job());
    }
    schema
}

/// Whether a required field must stand in the block itself. What a job needs may stand in `defaults`, but for its id.
fn is_own(field: &Field, block: &'static Block) -> bool {
    !std::ptr::eq(block, &JOB) || super::fields::DEFAULTS.position(field).is_none()
}

/// The schema of a field's value, with what is said of it.
fn property(field: &Field, block: &'static Block) -> Map<String, Value> {
    let mut schema = value::of(field);
    let text = hover::text(field, block.required.iter().any(|required| required.name == field.name));
    // Those that read Markdown in a description have no key of its own for it, and the others show the marks.
    schema.insert("description".to_owned(), json!(text));
    schema.insert("markdownDescription".to_owned(), json!(text));
    if let Some(default) = field.default {
        schema.insert("default".to_owned(), value::written(field, default));
    }
    if !field.examples.is_empty() {
        let examples: Vec<Value> = field.examples.iter().map(|example| value::written(field, example)).collect();
        schema.insert("examples".to_owned(), json!(examples));
    }
    if !field.meanings.is_empty() {
        schema.insert("enumDescriptions".to_owned(), json!(field.meanings));
        schema.insert("markdownEnumDescriptions".to_owned(), json!(field.meanings));
    }
    schema
}
