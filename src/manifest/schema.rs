//! The JSON Schema of a manifest, made of the table of fields: for editors, which complete, explain and underline by it.

use super::fields::{BLOCKS, Block, DURATION, Field, JOB, Kind, MANIFEST, RESOLUTION};
use crate::diagnostic::code::Code;
use crate::spec::limits::{IMAGES, REFERENCES};
use serde_json::{Map, Value, json};

/// The schema, of draft 7: the one that most tools read.
pub fn schema() -> Value {
    let mut schema = object(&MANIFEST);
    let definitions: Map<String, Value> = BLOCKS
        .iter()
        .filter(|block| !std::ptr::eq(**block, &MANIFEST))
        .map(|block| (name(block), Value::Object(object(block))))
        .collect();
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!("batch manifest"));
    schema.insert("definitions".to_owned(), Value::Object(definitions));
    Value::Object(schema)
}

/// The schema of a mapping with known fields.
fn object(block: &Block) -> Map<String, Value> {
    let properties: Map<String, Value> =
        block.fields.iter().map(|field| (field.name.to_owned(), property(field))).collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema.insert("properties".to_owned(), Value::Object(properties));
    // What a job needs may stand in `defaults`, but for its id.
    let is_job = std::ptr::eq(block, &JOB);
    let required: Vec<&str> =
        block.required.iter().map(|field| field.name).filter(|name| !is_job || *name == "id").collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    if is_job {
        let high = json!({"properties": {RESOLUTION.name: {"const": "1080p"}}, "required": [RESOLUTION.name]});
        schema.insert("if".to_owned(), high);
        schema.insert("then".to_owned(), json!({"properties": {DURATION.name: {"const": 5}}}));
    }
    schema
}

fn property(field: &Field) -> Value {
    let mut schema = value(field.kind);
    let bounds = match field.code {
        Code::ReferenceCount => Some(REFERENCES),
        Code::ImageCount => Some(IMAGES),
        _ => None,
    };
    if let Some(bounds) = bounds {
        schema.insert("minItems".to_owned(), json!(bounds.start()));
        schema.insert("maxItems".to_owned(), json!(bounds.end()));
    }
    schema.insert("description".to_owned(), json!(field.doc));
    if let Some(default) = field.default {
        // Words are defaults as they stand, numbers and booleans as what they are.
        let default = match field.kind {
            Kind::Integer(..) | Kind::Choice(_) | Kind::Boolean | Kind::True => serde_json::from_str(default).ok(),
            _ => None,
        }
        .unwrap_or_else(|| json!(default));
        schema.insert("default".to_owned(), default);
    }
    Value::Object(schema)
}

/// The schema of a value.
fn value(kind: Kind) -> Map<String, Value> {
    let schema = match kind {
        Kind::Text => json!({"type": "string"}),
        Kind::Filled => json!({"type": "string", "minLength": 1}),
        Kind::Word(words) => json!({"enum": words}),
        Kind::Choice(numbers) => json!({"enum": numbers}),
        Kind::Integer(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Kind::Amount => json!({"type": "number", "minimum": 0}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::True => json!({"const": true}),
        Kind::Period(..) => json!({"type": "string", "pattern": "^([0-9]+(d|h|m|s|ms))+$"}),
        Kind::Rate => json!({"type": "string", "pattern": "^[0-9]+/(s|min|h)$"}),
        Kind::List(item) => json!({"type": "array", "items": value(*item)}),
        Kind::Named(item) => json!({"type": "object", "additionalProperties": value(*item)}),
        Kind::Table(block) => reference(block),
        Kind::Use(block) => json!({"anyOf": [{"type": "string"}, reference(block)]}),
    };
    match schema {
        Value::Object(schema) => schema,
        _ => unreachable!("every schema above is an object"),
    }
}

/// In draft 7 nothing stands beside a `$ref`, so that the description of the field goes around it.
fn reference(block: &Block) -> Value {
    json!({"allOf": [{"$ref": format!("#/definitions/{}", name(block))}]})
}

/// The title as a name: `a reference of the library` is `reference-of-the-library`.
fn name(block: &Block) -> String {
    block.title.trim_start_matches("a ").trim_start_matches("the ").replace('`', "").replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(manifest: &Value) -> bool {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        !validator.is_valid(manifest)
    }

    fn with_job(job: &Value) -> Value {
        json!({"version": 1, "jobs": [job]})
    }

    #[test]
    fn what_the_manual_shows_is_valid() {
        let manifest = json!({
            "version": 1,
            "run": {"concurrency": 8, "submit_rate": "60/min", "job_timeout": "1h30m", "on_uncertain": "hold"},
            "prices": {"unit": "CNY", "table": [{"resolution": "720p", "duration": 5, "price": 3.5}]},
            "references": {"dog": {"type": "subject", "urls": ["refs/dog.png"]}},
            "defaults": {"resolution": "720p", "duration": 8},
            "jobs": [
                {"id": "a", "prompt": "@dog runs"},
                {"id": "b", "prompt": "@dog @hill", "resolution": "1080p", "duration": 5,
                 "references": ["dog", {"name": "hill", "type": "background", "urls": ["https://example.com/h.png"]}]},
            ],
        });
        assert!(!refused(&manifest));
    }

    #[test]
    fn what_a_schema_can_say_is_refused() {
        for job in [
            json!({"prompt": "no id"}),
            json!({"id": "a", "promt": "x"}),
            json!({"id": "a", "resolution": "4k"}),
            json!({"id": "a", "duration": 6}),
            json!({"id": "a", "duration": "5"}),
            json!({"id": "a", "resolution": "1080p", "duration": 8}),
            json!({"id": "a", "number_of_videos": 5}),
            json!({"id": "a", "references": []}),
            json!({"id": "a", "references": ["a", "b", "c", "d"]}),
            json!({"id": "a", "references": [{"name": "a", "type": "thing", "urls": ["u"]}]}),
            json!({"id": "a", "references": [{"name": "a", "type": "subject", "urls": []}]}),
            json!({"id": "a", "async": false}),
        ] {
            assert!(refused(&with_job(&job)), "{job}");
        }
        assert!(refused(&json!({"jobs": []})));
        assert!(refused(&json!({"version": 1, "jobs": [], "run": {"patience": "10"}})));
    }
}
