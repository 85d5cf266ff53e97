//! Messages about the paths of videos.

use super::{Words, quoted};
use crate::diagnostic::code::Code;
use crate::document::span::Span;
use crate::manifest::problem::Place;
use crate::manifest::rules::output::OutputFlaw;

pub(super) fn dir(at: Option<Place>, text: &str, flaw: &OutputFlaw) -> Words {
    let help = match flaw {
        OutputFlaw::Placeholder { .. } => "put `{id}` and `{n}` into `name`, where they are known",
        OutputFlaw::NotAFolder => "move the file away, or name another folder",
        OutputFlaw::Empty => "write a folder such as `out`; the manifest's own is `.`",
        OutputFlaw::Backslash => "write slashes",
        _ => "write a folder inside the manifest's, such as `out`",
    };
    words(at, &format!("{} can't be the folder of the videos", quoted(text)), flaw).help(help)
}

pub(super) fn name(at: Option<Place>, text: &str, flaw: &OutputFlaw, job: Option<Span>) -> Words {
    let help = match flaw {
        OutputFlaw::Placeholder { nearest: Some(near), .. } => format!("did you mean `{near}`?"),
        OutputFlaw::Placeholder { .. } => {
            "write `{id}` for the job's id and `{n}` for the video's number; there are no other placeholders".to_owned()
        }
        OutputFlaw::Backslash => format!("write {}", quoted(&text.replace('\\', "/"))),
        OutputFlaw::NotAFolder => "move the file away, or choose other names".to_owned(),
        _ => "write a path inside `dir`, such as `{id}-{n}.mp4`".to_owned(),
    };
    let words = words(at, &format!("{} can't be the path of a video", quoted(text)), flaw).help(help);
    match job {
        Some(job) => words.at_span(job, "with this id"),
        None => words,
    }
}

fn words(at: Option<Place>, what: &str, flaw: &OutputFlaw) -> Words {
    let (why, label) = match flaw {
        OutputFlaw::Empty => ("it is empty".to_owned(), "empty"),
        OutputFlaw::Absolute => ("it is absolute".to_owned(), "absolute"),
        OutputFlaw::Backslash => ("there is a backslash in it".to_owned(), "has a backslash"),
        OutputFlaw::Control => ("there are control characters in it".to_owned(), "has control characters"),
        OutputFlaw::Upwards => ("it leads upwards with `..`".to_owned(), "leads upwards"),
        OutputFlaw::EmptyPart => ("there is nothing before or after a slash".to_owned(), "has an empty part"),
        OutputFlaw::Unsafe(part) => (
            format!("{} starts or ends with a space or ends with a dot, which some file systems drop", quoted(part)),
            "not safe everywhere",
        ),
        OutputFlaw::Long(part) => (format!("{} is longer than file names can be", quoted(part)), "too long"),
        OutputFlaw::Reserved(part) => (
            format!(
                "{} is the name of a manifest, a lock or another file of batch, whose place it would take",
                quoted(part)
            ),
            "a name of batch's own files",
        ),
        OutputFlaw::Escapes => ("a link leads out of the manifest's folder".to_owned(), "leads out"),
        OutputFlaw::NotAFolder => ("there is a file where a folder should be".to_owned(), "not a folder"),
        OutputFlaw::Unreadable(reason) => (reason.clone(), "can't be looked at"),
        OutputFlaw::Placeholder { .. } => ("there are braces in it that mean nothing".to_owned(), "refers to nothing"),
    };
    let code = match flaw {
        OutputFlaw::Placeholder { .. } => Code::Setting,
        _ => Code::OutputPath,
    };
    Words::error(code, format!("{what}: {why}")).at_known(at, label)
}

pub(super) fn shared(text: &str, later: Place, earlier: Place) -> Words {
    Words::error(
        Code::OutputPath,
        format!("two jobs have the same path for their videos, by the name {}", quoted(text)),
    )
    .at(later, "same path as")
    .at(earlier, "this job's")
    .help("put `{id}` into the name, as in `{id}-{n}.mp4`")
}

pub(super) fn shared_by_videos(at: Option<Place>, text: &str, job: Place, videos: u8) -> Words {
    Words::error(Code::OutputPath, format!("{} gives all videos of a job the same path", quoted(text)))
        .at_known(at, "no `{n}` in it")
        .at(job, format!("{videos} videos asked for here"))
        .help("put `{n}` into it, as in `{id}-{n}.mp4`")
}
