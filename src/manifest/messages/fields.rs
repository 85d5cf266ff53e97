//! Messages about fields that are unknown, missing, or hold a value that they don't allow.

use super::{Words, either, quoted, written};
use crate::diagnostic::code::Code;
use crate::document::Format;
use crate::manifest::fields::*;
use crate::manifest::problem::Place;
use crate::manifest::suggest::Meant;

pub(super) fn unknown(key: Place, name: &str, block: &'static Block, meant: Meant) -> Words {
    let words = Words::error(Code::UnknownField, format!("{} has no field {}", block.title, quoted(name)));
    let label = match meant {
        Meant::Field(field) => format!("did you mean `{}`?", field.name),
        _ => format!("no field of {}", block.title),
    };
    words.at(key, label).help(match meant {
        Meant::Field(field) if name.starts_with("mut") && field.name == REFERENCES.name => {
            "write `references`: what the service calls so is called so here, and the items are the same".to_owned()
        }
        Meant::Field(field) => format!("write `{}`", field.name),
        Meant::Elsewhere(other) if std::ptr::eq(other, &DEFAULTS) => {
            format!("{} is a field of a job; put it under `defaults` to give it to all jobs", quoted(name))
        }
        Meant::Elsewhere(other) => format!("{} is a field of {}", quoted(name), other.title),
        Meant::Input => "write the fields of `input` straight into the job: `prompt`, `resolution`, `duration`, and `references` for what the service calls `mutil_reference`".to_owned(),
        Meant::Id => "give every job an `id` of its own: there can be no default".to_owned(),
        Meant::Key => "leave it out: in the library the key is the name".to_owned(),
        Meant::Unknown if name.starts_with("x-") => {
            "leave it out: remarks are comments (`#`), and an anchor may be set where it is first used".to_owned()
        }
        Meant::Unknown => {
            let names: Vec<String> = block.fields.iter().map(|field| format!("`{}`", field.name)).collect();
            format!("leave it out, or use one of {}", either(&names))
        }
    })
}

pub(super) fn missing(at: Place, block: &'static Block, field: &'static Field, format: Format) -> Words {
    let name = field.name;
    let example = written(format, name, &example(field, format));
    Words::error(Code::MissingField, format!("{} has no `{name}`", block.title))
        .at(at, format!("`{name}` is missing"))
        .help(match field.code {
            Code::Resolution | Code::Duration if std::ptr::eq(block, &JOB) => {
                format!("write {example} in the job, or under `defaults` to give it to all jobs")
            }
            _ => format!("write {example}"),
        })
}

/// Returns a typical value.
fn example(field: &Field, format: Format) -> String {
    let text = |text: &str| if format == Format::Yaml { text.to_owned() } else { format!("\"{text}\"") };
    match field.name {
        "id" => text("park-walk"),
        "prompt" => "\"@human walks on the @grass\"".to_owned(),
        "resolution" => text("720p"),
        "type" => text("subject"),
        "name" => text("dog"),
        "urls" => "[\"https://images.example.com/dog.png\"]".to_owned(),
        "duration" => "5".to_owned(),
        "price" => "3.5".to_owned(),
        "jobs" => "[]".to_owned(),
        "table" => match format {
            Format::Yaml => "[{ resolution: 720p, duration: 5, price: 3.5 }]".to_owned(),
            Format::Toml => "[{ resolution = \"720p\", duration = 5, price = 3.5 }]".to_owned(),
            Format::Json => "[{\"resolution\": \"720p\", \"duration\": 5, \"price\": 3.5}]".to_owned(),
        },
        _ => "1".to_owned(),
    }
}
