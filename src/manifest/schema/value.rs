//! The schema of the values of a field.

use super::hover;
use super::patterns::{Pattern, of_item, of_name, of_text, period};
use crate::diagnostic::code::Code;
use crate::manifest::fields::{Block, Field, Kind};
use crate::service::limits::{IMAGES, REFERENCES};
use serde_json::{Map, Value, json};

/// Returns the schema of a field's value.
pub(super) fn of(field: &Field) -> Map<String, Value> {
    let mut schema = of_kind(field.kind, field);
    if let Some(bounds) = bounds(field) {
        schema.insert("minItems".to_owned(), json!(bounds.start()));
        schema.insert("maxItems".to_owned(), json!(bounds.end()));
    }
    if field.code == Code::ReferenceCount {
        schema.insert("uniqueItems".to_owned(), json!(true));
    }
    if field.code == Code::AspectRatio {
        // It has no effect: editors that can show it struck out.
        schema.insert("deprecated".to_owned(), json!(true));
    }
    schema
}

/// Returns the allowed number of items of a list of this field, if it is bounded.
pub(super) fn bounds(field: &Field) -> Option<std::ops::RangeInclusive<usize>> {
    match field.code {
        Code::ReferenceCount => Some(REFERENCES),
        Code::ImageCount => Some(IMAGES),
        _ => None,
    }
}

/// Returns a default or an example as a value: words as they are, everything else as JSON.
pub(super) fn written(field: &Field, text: &str) -> Value {
    let value = match field.kind {
        Kind::Text | Kind::Filled | Kind::Word(_) | Kind::Period(..) | Kind::Rate | Kind::Ledger | Kind::Publish => {
            None
        }
        _ => serde_json::from_str(text).ok(),
    };
    value.unwrap_or_else(|| json!(text))
}

fn of_kind(kind: Kind, field: &Field) -> Map<String, Value> {
    let schema = match kind {
        Kind::Text | Kind::Filled | Kind::Rate | Kind::Ledger | Kind::Publish => string(of_text(kind, field)),
        Kind::Period(least, _) => {
            let [mut made_of, digit] = period(least).map(|pattern| string(Some(pattern)));
            made_of["allOf"] = json!([digit]);
            made_of
        }
        Kind::Word(words) => json!({"type": "string", "enum": words}),
        Kind::Choice(numbers) => json!({"type": "integer", "enum": numbers}),
        Kind::Integer(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Kind::Amount => json!({"type": "number", "minimum": 0, "maximum": 1_000_000_000_000i64}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::True => json!({"type": "boolean", "const": true}),
        Kind::List(Kind::Text) => json!({"type": "array", "items": string(of_item(field))}),
        Kind::List(item) => json!({"type": "array", "items": of_kind(*item, field)}),
        Kind::Named(item) => json!({
            "type": "object",
            "propertyNames": string(Some(of_name())),
            "additionalProperties": of_kind(*item, field),
        }),
        Kind::Table(block) => reference(block),
        Kind::Use(block) => json!({"anyOf": [string(Some(of_name())), reference(block)]}),
        Kind::Matrix => {
            let sets = json!({"type": "array", "items": open(json!({"minProperties": 1}))});
            json!({
                "type": "object",
                "minProperties": 1,
                "properties": {"include": sets, "exclude": sets},
                "additionalProperties": {"type": "array", "minItems": 1},
            })
        }
        Kind::Rows => json!({"anyOf": [
            {"type": "string", "pattern": r"\.([cC][sS][vV]|[jJ][sS][oO][nN][lL]|[nN][dD][jJ][sS][oO][nN])$"},
            {"type": "array", "items": open(json!({}))},
        ]}),
    };
    match schema {
        Value::Object(schema) => schema,
        _ => unreachable!("every schema above is an object"),
    }
}

/// Opens a mapping to any keys. Tombi treats a mapping as closed unless it is said to be open.
fn open(mut schema: Value) -> Value {
    schema["type"] = json!("object");
    schema["additionalProperties"] = json!(true);
    schema
}

/// Returns the schema of a field's value in any job: the value, or a template for it if the job expands to several.
pub(super) fn of_template(field: &Field) -> Map<String, Value> {
    let schema = match field.kind {
        Kind::Matrix | Kind::Rows => return of(field),
        kind => template(kind, field),
    };
    match schema {
        Value::Object(schema) => schema,
        _ => unreachable!("every schema of a template is an object"),
    }
}

/// Returns the schema of a value that may come from templates. A text can't be judged before they are filled in.
fn template(kind: Kind, field: &Field) -> Value {
    let whole = json!({"type": "string", "pattern": r"\$\{\{"});
    match kind {
        Kind::Text | Kind::Filled => json!({"type": "string"}),
        Kind::List(item) => json!({"anyOf": [{"type": "array", "items": template(*item, field)}, whole]}),
        Kind::Use(block) => {
            let required: Vec<&str> = block.required.iter().map(|field| field.name).collect();
            let properties: Map<String, Value> = block
                .fields
                .iter()
                .map(|field| {
                    let mut schema = of_template(field);
                    hover::explain(&mut schema, field, required.contains(&field.name));
                    (field.name.to_owned(), Value::Object(schema))
                })
                .collect();
            let written_out = json!({
                "type": "object",
                "additionalProperties": false,
                "properties": properties,
                "required": required,
            });
            json!({"anyOf": [{"type": "string"}, written_out]})
        }
        kind => json!({"anyOf": [of_kind(kind, field), whole]}),
    }
}

fn string(pattern: Option<Pattern>) -> Value {
    match pattern {
        Some(pattern) => json!({"type": "string", "pattern": pattern.regex, "$comment": pattern.message}),
        None => json!({"type": "string"}),
    }
}

/// Returns a reference to a block's schema. In draft 7 nothing may be next to a `$ref`, so the description of the field
/// goes around it.
fn reference(block: &Block) -> Value {
    json!({"allOf": [{"$ref": format!("#/definitions/{}", name(block))}]})
}

/// Returns the title as a name: `a reference of the library` is `reference-of-the-library`.
pub(super) fn name(block: &Block) -> String {
    block.title.trim_start_matches("a ").trim_start_matches("the ").replace('`', "").replace(' ', "-")
}
