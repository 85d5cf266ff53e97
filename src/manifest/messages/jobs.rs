//! Messages about jobs: their ids, their prompts, their requests.

use super::{Words, all, code_points, quoted, written};
use crate::base::look_alike;
use crate::diagnostic::code::Code;
use crate::document::Format;
use crate::manifest::problem::{Among, Place, Values};
use crate::manifest::suggest;
use crate::service::limits::{JOB_ID_BYTES, JOB_ID_CHARACTERS, PROMPT_CHARACTERS};
use crate::service::names::fits_job_id;
use crate::service::vocabulary::{Duration, Resolution};

pub(super) fn id(at: Place, id: &str) -> Words {
    let (message, label) = if id.is_empty() {
        ("a job's id is empty, and it has 1 to 128 characters".to_owned(), "empty")
    } else if let Some(strange) = id.chars().find(|c| !fits_job_id(*c)) {
        let strange = quoted(strange.encode_utf8(&mut [0; 4]));
        (
            format!(
                "a job's id is made of letters and digits of any script and of `. _ -`, since it names files: {strange} is none of these"
            ),
            "can't name files",
        )
    } else if id.chars().count() > JOB_ID_CHARACTERS {
        (format!("a job's id has 1 to {JOB_ID_CHARACTERS} characters, not {}", id.chars().count()), "too long")
    } else if id.len() > JOB_ID_BYTES {
        (
            format!("a job's id has at most {JOB_ID_BYTES} bytes, since it names files: this one has {}", id.len()),
            "too long",
        )
    } else if let Some(parted) = code_points::parted(id) {
        (format!("a job's id is written in NFC, and {parted}"), "in parts")
    } else {
        ("a job's id doesn't start with a dot or a dash, since it names files".to_owned(), "starts so")
    };
    let words = Words::error(Code::JobId, message).at(at, label);
    let fixed = suggest::job_id(id).unwrap_or_else(|| "park-walk".to_owned());
    words.help(format!("write something like `{fixed}`"))
}

pub(super) fn duplicate_id(
    later: Place,
    earlier: Place,
    id: &str,
    before: &str,
    values: Option<&[Values; 2]>,
) -> Words {
    let message = if id == before {
        format!("two jobs have the id {}", quoted(id))
    } else {
        format!(
            "the ids {} and {} differ in case only, and some file systems don't tell them apart",
            quoted(before),
            quoted(id)
        )
    };
    let words = Words::error(Code::DuplicateJobId, message);
    match values {
        // One text yields both.
        Some([again, first]) => {
            let words = words.at(later, "gives several jobs one id");
            let words = if later.fill == earlier.fill { words } else { words.at(earlier, "first here") };
            words.help(match are_alike(first, again) {
                true => format!(
                    "both have {}: take one of them out; to have both, number them, as `{}`",
                    shown(first, again),
                    "${{ job.number }}"
                ),
                false => format!(
                    "add a value that differs to the id: the first job has {}, the second {}",
                    shown(first, again),
                    shown(again, first)
                ),
            })
        }
        None => words
            .at(later, "again here")
            .at(earlier, "first here")
            .help("give every job an id of its own: its videos are named after it"),
    }
}

/// Returns whether two jobs are made of the same values.
fn are_alike(first: &Values, again: &Values) -> bool {
    first.len() == again.len() && first.iter().all(|value| again.contains(value))
}

/// Returns the values that `other` doesn't have, too; all of them if there are none.
fn shown(values: &Values, other: &Values) -> String {
    /// The maximum number of values shown.
    const SHOWN: usize = 4;
    let differing: Vec<_> = values.iter().filter(|value| !other.contains(value)).collect();
    let values = if differing.is_empty() { values.iter().collect() } else { differing };
    let shown: Vec<String> =
        values.iter().take(SHOWN).map(|(name, value)| quoted(&format!("{name}: {value}"))).collect();
    all(&shown)
}

pub(super) fn twins(later: Place, earlier: Place, take: u32, values: Option<&[Values; 2]>, format: Format) -> Words {
    let words =
        Words::warning(Code::TwinJobs, "two jobs ask for the same videos, which are then made and paid for twice");
    match values {
        // One text yields both.
        Some([again, first]) => words.at(later, "asks for the same twice").help(match are_alike(first, again) {
            true => format!(
                "both have {}: take one of them out; for another take, fill `take` with a number that differs",
                shown(first, again)
            ),
            false => format!(
                "use a value that differs in the prompt or the references: the first job has {}, the second {}",
                shown(first, again),
                shown(again, first)
            ),
        }),
        None => {
            let another = written(format, "take", &take.to_string());
            words
                .at(later, "asks for the same")
                .at(earlier, "as this one")
                .help(format!("take one of them out; if another take is wanted, write {another} in this one"))
        }
    }
}

pub(super) fn pair(
    (resolution_at, resolution): (Place, Resolution),
    (duration_at, duration): (Place, Duration),
) -> Words {
    let seconds = duration.seconds();
    Words::error(Code::DurationResolution, format!("{resolution} videos last 5 s, not {seconds} s"))
        .at(duration_at, format!("{seconds} s asked for here"))
        .together_with(resolution_at, format!("{resolution} asked for here"))
        .help("write 5 for the duration, or 720p or less for the resolution")
}

pub(super) fn tag(at: Place, tag: &str) -> Words {
    let words: Vec<String> = tag.split(|c: char| c.is_whitespace() || c.is_control()).map(str::to_owned).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
    match words[..] {
        [] => {
            Words::error(Code::Setting, "a tag is empty").at(at, "nothing here").help("write a word, or leave it out")
        }
        _ => Words::error(Code::Setting, format!("a tag is a word, and there is white space in {}", quoted(tag)))
            .at(at, "not a word")
            .help(format!("write `{}`, or several tags", words.join("-"))),
    }
}

pub(super) fn aspect_ratio(at: Place) -> Words {
    Words::warning(Code::AspectRatio, "the service ignores `aspect_ratio`: a video takes the ratio of the first image")
        .at(at, "without effect")
        .help("leave it out, and put an image of the wanted ratio first")
}

pub(super) fn missing_references(at: Place) -> Words {
    Words::error(Code::MissingField, "a job has no `references`, and its prompt mentions none")
        .at(at, "`references` is missing")
        .help("mention 1 to 3 references of the library in the prompt, as `@name`; or list them in `references` and mention them")
}

pub(super) fn unknown_mention(at: Place, mention: &str, nearest: Option<&str>, among: &Among) -> Words {
    let name = mention.strip_prefix('@').unwrap_or(mention);
    // The same for all jobs with this prompt, wherever their references are.
    let message = if name.is_empty() {
        "an `@` without a name after it mentions nothing".to_owned()
    } else {
        format!("{} mentions none of the job's references", quoted(mention))
    };
    let label = match nearest {
        Some(near) => format!("did you mean `@{near}`?"),
        None => "not declared".to_owned(),
    };
    Words::error(Code::UnknownMention, message).at(at, label).help(match (nearest, among) {
        (Some(near), _) => match code_points::difference(name, near) {
            Some(difference) => format!("write `@{near}`, with a space after it; {difference}"),
            None => format!("write `@{near}`, with a space after it"),
        },
        (None, _) if name.is_empty() => "write the name of a reference after it, or leave it out".to_owned(),
        (None, Among::References { library: true, .. }) => format!("add {} to the job's `references`", quoted(name)),
        (None, Among::References { names, .. }) => {
            let names: Vec<String> = names.iter().map(|name| format!("`@{name}`")).collect();
            format!("the job's references are mentioned as {}", all(&names))
        }
        (None, Among::Library) => {
            format!(
                "declare {} in the library (`references`, outermost), or in the job's own `references`",
                quoted(name)
            )
        }
    })
}

pub(super) fn look_alike_mention(at: Place, sign: char, name: &str) -> Words {
    let (shown, called, point) = (quoted(name), look_alike::name(sign), look_alike::code_point(sign));
    Words::error(Code::LookAlike, format!("{called} precedes {shown} (`{sign}`, {point}), and mentions nothing"))
        .at(at, "no mention")
        .help(format!("write `@{name}`, with the `@` of ASCII"))
}

pub(super) fn curly_quotes(at: Place, quote: char) -> Words {
    let (called, point) = (look_alike::name(quote), look_alike::code_point(quote));
    Words::warning(
        Code::LookAlike,
        format!("the text is in curly quotes, which are sent with it: `{quote}` is {called} ({point}), not a quote of the format"),
    )
    .at(at, "sent as they are")
    .help("take them out, or write `\"` for the quotes around a text")
}

pub(super) fn long_prompt(at: Place, characters: usize) -> Words {
    Words::warning(
        Code::PromptLength,
        format!("the model takes prompts of at most {PROMPT_CHARACTERS} characters, and this one has {characters}"),
    )
    .at(at, "may be too long")
    .help("shorten it, or the service may refuse the job")
}

pub(super) fn mention_spacing(at: Place, mention: &str, behind: &str) -> Words {
    let spaced = quoted(&format!("{mention} {behind}"));
    Words::warning(Code::MentionSpacing, format!("no white space follows {}", quoted(mention)))
        .at(at, "ends without a space")
        .help(format!("write {spaced}: without the space the model may not see the reference"))
}

pub(super) fn unused_reference(at: Place, name: &str) -> Words {
    Words::warning(Code::UnusedReference, format!("the prompt never mentions the reference {}", quoted(name)))
        .at(at, "never mentioned")
        .help(format!("mention it in the prompt as `@{name}`, or take it out"))
}
