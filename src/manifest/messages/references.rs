//! Messages about references: their number, and their names.

use super::{Words, code_points, quoted};
use crate::diagnostic::code::Code;
use crate::manifest::problem::Place;
use crate::manifest::suggest;
use crate::service::limits::REFERENCE_NAME_BYTES;

pub(super) fn count(at: Place, count: usize, implied: bool) -> Words {
    let words = |message: String| Words::error(Code::ReferenceCount, message);
    match (count, implied) {
        (0, _) => words("a job has 1 to 3 references, not none".to_owned()).at(at, "none here").help(
            "list 1 to 3 of them and mention them in the prompt as `@name`; without the field, those that the prompt mentions are taken",
        ),
        (_, true) => words(format!("a job has 1 to 3 references, and this prompt mentions {count} of the library"))
            .at(at, "the fourth")
            .help("mention three at most"),
        (_, false) => words(format!("a job has 1 to 3 references, not {count}"))
            .at(at, "the fourth")
            .help("keep three at most"),
    }
}

pub(super) fn duplicate_name(later: Place, earlier: Place, name: &str) -> Words {
    Words::error(Code::DuplicateReferenceName, format!("two references of a job are named {}", quoted(name)))
        .at(later, "again here")
        .at(earlier, "first here")
        .help("keep one of them, or give one another name: one reference may have up to 3 images")
}

pub(super) fn name(at: Place, name: &str) -> Words {
    let (message, label) = if name.is_empty() {
        ("a reference's name is empty".to_owned(), "empty")
    } else if name.contains('@') {
        (format!("a reference's name has no `@` in it, as {} has", quoted(name)), "has an `@`")
    } else {
        (format!("a reference's name has no white space in it, as {} has", quoted(name)), "has white space")
    };
    let words = Words::error(Code::ReferenceName, message).at(at, label);
    match suggest::reference_name(name) {
        None => words.help("write a name such as `dog`, by which the prompt mentions it as `@dog`"),
        Some(fixed) => {
            words.help(format!("write {}: the prompt mentions it as {}", quoted(&fixed), quoted(&format!("@{fixed}"))))
        }
    }
}

pub(super) fn long_name(at: Place, name: &str) -> Words {
    let message =
        format!("the model takes names of at most {REFERENCE_NAME_BYTES} bytes, and this one has {}", name.len());
    Words::warning(Code::ReferenceName, message)
        .at(at, "may be too long")
        .help("shorten it, here and in the prompts; a Chinese character counts as 3 bytes")
}

pub(super) fn unknown(at: Place, name: &str, nearest: Option<&str>, several: Option<&[String]>) -> Words {
    let words = Words::error(Code::UnknownReference, format!("the library has no reference {}", quoted(name)));
    match nearest {
        Some(near) => words.at(at, format!("did you mean `{near}`?")).help(match code_points::difference(name, near) {
            Some(difference) => format!("write `{near}`; {difference}"),
            None => format!("write `{near}`"),
        }),
        None if several.is_some() => {
            let parted = code_points::look_alikes(name).unwrap_or_else(|| "they are several".to_owned());
            words.at(at, "several names in one").help(format!("write {}: {parted}", several.unwrap_or_default().join(", ")))
        }
        None if name.contains('/') => words.at(at, "not a name").help(
            "a text in `references` is a name; an image belongs in the `urls` of a reference, beside its `name` and `type`",
        ),
        None => words
            .at(at, "not in the library")
            .help("declare it under the outermost `references`, or write it out here with `name`, `type` and `urls`"),
    }
}
