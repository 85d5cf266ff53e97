//! The JSON Schemas of what is read, of what is kept, and of all that is printed for machines.

use super::documents::plan::PlanDocument;
use super::documents::show::ShowDocument;
use super::documents::status::StatusDocument;
use super::documents::verify::VerifyDocument;
use super::findings::json::CheckDocument;
use crate::event::Stamped;
use crate::ledger::LockFile;
use crate::plan::saved::SavedPlan;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// The name of a schema, as `batch schema NAME` and the files in `schemas/` have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// A manifest.
    Manifest,
    /// A lock, as the data that its TOML holds.
    Lock,
    /// `check --format json`.
    Check,
    /// `plan --format json`.
    Plan,
    /// `show --format json`.
    Show,
    /// The plan that `plan --out` saves.
    SavedPlan,
    /// `status --format json`.
    Status,
    /// `verify --format json`.
    Verify,
    /// One line of `run --progress json`.
    Events,
}

impl Document {
    /// All of them, in the order of the manual.
    pub const ALL: [Document; 9] = [
        Document::Manifest,
        Document::Lock,
        Document::Check,
        Document::Plan,
        Document::Show,
        Document::SavedPlan,
        Document::Status,
        Document::Verify,
        Document::Events,
    ];

    /// Returns the name.
    pub fn as_str(self) -> &'static str {
        match self {
            Document::Manifest => "manifest",
            Document::Lock => "lock",
            Document::Check => "check",
            Document::Plan => "plan",
            Document::Show => "show",
            Document::SavedPlan => "saved-plan",
            Document::Status => "status",
            Document::Verify => "verify",
            Document::Events => "events",
        }
    }

    /// Returns its JSON Schema, of draft 7: the one that most tools read.
    pub fn schema(self) -> Value {
        match self {
            Document::Manifest => crate::manifest::schema::schema(),
            Document::Lock => schema_of::<LockFile>(self, SchemaSettings::for_deserialize),
            Document::Check => schema_of::<CheckDocument<'_>>(self, SchemaSettings::for_serialize),
            Document::Plan => schema_of::<PlanDocument>(self, SchemaSettings::for_serialize),
            Document::Show => schema_of::<ShowDocument>(self, SchemaSettings::for_serialize),
            Document::SavedPlan => schema_of::<SavedPlan>(self, SchemaSettings::for_deserialize),
            Document::Status => schema_of::<StatusDocument>(self, SchemaSettings::for_serialize),
            Document::Verify => schema_of::<VerifyDocument>(self, SchemaSettings::for_serialize),
            Document::Events => schema_of::<Stamped>(self, SchemaSettings::for_serialize),
        }
    }
}

/// Returns a schema as text, over many lines: it is read by people, too, and kept in version control.
pub fn printed(schema: &Value) -> String {
    format!("{schema:#}\n")
}

fn schema_of<T: JsonSchema>(document: Document, contract: fn(SchemaSettings) -> SchemaSettings) -> Value {
    let settings = contract(SchemaSettings::draft07()).with_transform(RecursiveTransform(without_null));
    let settings = settings.with_transform(RecursiveTransform(without_format));
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), format!("batch {}", document.as_str()).into());
    schema.to_value()
}

/// What isn't known is left out of a document, never `null`: schemars says so of every `Option`.
fn without_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(mut choices)) = schema.remove("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        let keyword = if choices.len() == 1 { "allOf" } else { "anyOf" };
        schema.insert(keyword.to_owned(), choices.into());
    }
}

/// A time as RFC 3339 has it.
const TIME: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$";

/// Strict validators, as ajv with its defaults, refuse a schema that names a format which they don't know. Those of numbers
/// add nothing to what `minimum` says; that of times is a pattern.
fn without_format(schema: &mut Schema) {
    if schema.remove("format").is_some_and(|format| format == "date-time") {
        schema.insert("pattern".to_owned(), TIME.into());
    }
}

#[cfg(test)]
mod tests;
