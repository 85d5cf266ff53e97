//! Messages about templates, matrices and rows.

use super::{Words, either, quoted};
use crate::diagnostic::code::Code;
use crate::manifest::expand::{MOST_JOBS, MOST_NAMES, MatrixFlaw};
use crate::manifest::problem::{Place, Texts};

pub(super) fn matrix(at: Place, flaw: &MatrixFlaw) -> Words {
    let error = |message: String| Words::error(Code::Matrix, message);
    match flaw {
        MatrixFlaw::NoAxes => error("`matrix` is a mapping of names to lists of values".to_owned())
            .at(at, "no axes")
            .help("write a name and its values, as `resolution: [720p, 1080p]`"),
        MatrixFlaw::NotAList(axis) => error(format!("the values of {} in a matrix are a list", quoted(axis)))
            .at(at, "no list")
            .help("write them in brackets, also where it is only one"),
        MatrixFlaw::NoValues(axis) => {
            error(format!("{} in a matrix has no values, and so there are no combinations", quoted(axis)))
                .at(at, "nothing in it")
                .help("give it values, or take it out")
        }
        MatrixFlaw::NotMappings(key) => error(format!("{} in a matrix is a list of mappings", quoted(key)))
            .at(at, "no mapping")
            .help("write names with values, as `- { resolution: 1080p, seconds: 8 }`"),
        MatrixFlaw::NotAnAxis { key, nearest, axes } => {
            let axes: Vec<String> = axes.iter().map(|axis| quoted(axis)).collect();
            let label =
                nearest.as_ref().map_or_else(|| "no axis".to_owned(), |near| format!("did you mean {}?", quoted(near)));
            error(format!("`exclude` names {}, which is no axis of the matrix", quoted(key))).at(at, label).help(
                match axes.is_empty() {
                    true => "a matrix of `include` alone has nothing to exclude".to_owned(),
                    false => format!("write {}: what `include` adds is not excluded", either(&axes)),
                },
            )
        }
        MatrixFlaw::NothingExcluded => {
            Words::warning(Code::Matrix, "an entry under `exclude` takes no combination out")
                .at(at, "fits none")
                .help("write the values as the matrix has them: a text is no number; or take the entry out")
        }
        MatrixFlaw::TooManyNames(names) => {
            let message =
                format!("a matrix has at most {MOST_NAMES} names, of axes and under `include`; this one has {names}");
            Words::error(Code::Limits, message)
                .at(at, "too many")
                .help("put values that belong together into one mapping, as `look: [{ lens: wide, light: dawn }]`")
        }
        MatrixFlaw::TooManyEntries => {
            let message = "a matrix of so many combinations has fewer entries under `include` and `exclude`";
            Words::error(Code::Limits, message).at(at, "too many").help("split the job into several")
        }
        MatrixFlaw::NothingLeft => {
            error("everything in the matrix is excluded".to_owned()).at(at, "no combination is left")
        }
    }
}

pub(super) fn too_many(at: Place, jobs: u64) -> Words {
    let jobs = if jobs == u64::MAX { "more than can be counted".to_owned() } else { format!("at least {jobs}") };
    Words::error(Code::Limits, format!("matrices and rows generate {MOST_JOBS} jobs at most; these are {jobs}"))
        .at(at, "too many")
        .help("take values out, or split the jobs into several manifests, each with a lock of its own")
}

pub(super) fn too_much(at: Place, of: Texts) -> Words {
    let (message, help) = match of {
        Texts::Job => {
            ("templates are filled to more than 16 MiB of text in one job", "shorten what they are filled with")
        }
        Texts::Manifest => (
            "templates are filled to more than 1 GiB of text, the most for a manifest",
            "split the jobs into several manifests, each with a lock of its own",
        ),
        Texts::Unshared => (
            "what templates make that no two jobs share takes more than 32 MiB and 256 bytes a job",
            "shorten the URLs or what the texts are filled with, or split the jobs into several manifests, each with a lock of its own",
        ),
    };
    Words::error(Code::Limits, message).at(at, "too much").help(help)
}

pub(super) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
