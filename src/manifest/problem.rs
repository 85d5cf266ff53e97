//! One variant per mistake: data, no text. The sentences are in `words`.

use super::bound::Private;
use super::expand::{MatrixFlaw, RowsFlaw, TemplateFlaw};
use super::fields::{Block, Field};
use super::rules::images::ImageFlaw;
use super::rules::output::OutputFlaw;
use super::suggest::Meant;
use crate::diagnostic::code::{Code, Severity};
use crate::document::bounds::Misencoded;
use crate::document::derived::Filled;
use crate::document::flaw::Flaw;
use crate::document::span::Span;
use crate::document::tree::Node;
use crate::service::address::NotABaseUrl;
use crate::service::content::Oddity;
use crate::service::vocabulary::{Duration, Resolution};
use std::ops::Range;

/// The place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    /// The span where it is written.
    pub at: Span,
    /// The span where it is used, if an alias or a merge key brings it there.
    pub via: Option<Span>,
    /// The filling of a template at that place.
    pub fill: Fill,
}

/// The filling of the place of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Fill {
    /// Nothing: the value is written there as it is.
    #[default]
    None,
    /// Something that doesn't matter: the template is to blame, whatever it is filled with.
    Template,
    /// A text around one value, whose place this is; or around several.
    Mixed(Option<Span>),
    /// Nothing but a value, whose place this is.
    Sole(Span),
}

/// The value that was found in place of one of another shape.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// Nothing, or a null.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number, as it is written.
    Integer(String),
    /// A number that isn't whole, or is too large, as it is written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List,
    /// A mapping.
    Table,
    /// A value that only one of the formats has; its name.
    Other(&'static str),
}

/// A mistake.
#[derive(Clone, Debug)]
pub(super) enum Problem {
    /// The file can't be read.
    Unreadable { name: String, why: Unreadable },
    /// A private file, of which nothing is read.
    PrivateManifest { name: String, why: Private },
    /// The file is too large.
    TooLarge { name: String },
    /// More errors, or more warnings, than the limit; the number that is not reported.
    TooManyFindings { severity: Severity, left_out: usize },
    /// The file isn't text in UTF-8.
    Misencoded { name: String, what: Misencoded },
    /// The text isn't a well-formed document.
    Flaw(Flaw),
    /// A field that the schema doesn't know.
    UnknownField { key: Place, name: String, block: &'static Block, meant: Meant, entry: StrangeEntry },
    /// A required field that is missing.
    MissingField { at: Place, block: &'static Block, field: &'static Field },
    /// A job without references, whose prompt mentions none.
    MissingReferences { at: Place },
    /// A value of another shape than its field's.
    WrongType { at: Place, what: What, found: Found },
    /// A value of the right shape that its field does not allow.
    NotAllowed { at: Place, field: &'static Field, found: Found },
    /// A job's id that can't name files.
    JobId { at: Place, id: String },
    /// Two jobs with one id, letter case aside.
    DuplicateJobId {
        later: Place,
        earlier: Place,
        id: String,
        before: String,
        /// The numbers of the later one and the earlier one, if both came out of one template.
        jobs: Option<(usize, usize)>,
    },
    /// A mention of a name that isn't declared.
    UnknownMention { at: Place, mention: String, nearest: Option<String>, among: Among, prompt: Surroundings },
    /// A reference that the prompt doesn't mention.
    UnusedReference { at: Place, name: String },
    /// Something other than white space after a mention.
    MentionSpacing { at: Place, mention: String, behind: String, prompt: Surroundings },
    /// Too few or too many references.
    ReferenceCount { at: Place, count: usize, implied: bool },
    /// Two jobs that request the same videos.
    TwinJobs {
        later: Place,
        earlier: Place,
        take: u32,
        /// The numbers of the later one and the earlier one, if both came out of one template.
        jobs: Option<(usize, usize)>,
    },
    /// Two references with one name in one job.
    DuplicateReferenceName { later: Place, earlier: Place, name: String },
    /// A name that can't be mentioned.
    ReferenceName { at: Place, name: String },
    /// A name that is longer than the model vendor allows.
    LongReferenceName { at: Place, name: String },
    /// Too few or too many images.
    ImageCount { at: Place, count: usize },
    /// A text that isn't an image.
    ImageUrl { at: Place, text: String, flaw: ImageFlaw },
    /// An image that the model vendor advises against.
    OddImage { at: Place, text: String, oddity: Oddity },
    /// A name that isn't in the library.
    UnknownReference {
        at: Place,
        name: String,
        nearest: Option<String>,
        is_sure: bool,
        /// The names of the library that it consists of, separated by a character other than a comma.
        several: Option<Vec<String>>,
    },
    /// A character that looks like an `@`, before the name of a reference.
    LookAlikeMention { at: Place, sign: char, name: String, prompt: Surroundings },
    /// A text in curly quotes.
    CurlyQuotes { at: Place, quote: char },
    /// A prompt of more characters than the model vendor allows.
    LongPrompt { at: Place, characters: usize },
    /// 8 seconds at 1080p.
    DurationResolution { resolution: (Place, Resolution), duration: (Place, Duration) },
    /// A text that isn't a valid tag.
    Tag { at: Place, tag: String },
    /// A field that the service ignores.
    AspectRatio { at: Place },
    /// A text that isn't a base URL.
    BaseUrl { at: Place, text: String, flaw: NotABaseUrl },
    /// A text that isn't an output folder.
    OutputDir { at: Option<Place>, text: String, flaw: OutputFlaw },
    /// An invalid template of file names; or one that yields no valid name for this job's id.
    OutputName { at: Option<Place>, text: String, flaw: OutputFlaw, job: Option<Span> },
    /// Two jobs whose videos get the same path.
    SharedPath { text: String, later: Place, earlier: Place },
    /// Several videos of one job that get the same path.
    SharedVideoPath { at: Option<Place>, text: String, job: Place, videos: u8 },
    /// A template that is invalid, or that can't be filled in.
    Template { at: Place, flaw: TemplateFlaw },
    /// A matrix without combinations.
    Matrix { at: Place, flaw: MatrixFlaw },
    /// Rows that yield no jobs; also the place where the file is named, or the place to compare with.
    Rows { at: Place, flaw: RowsFlaw, also: Option<Place> },
    /// More jobs than the limit; their number.
    TooManyJobs { at: Place, jobs: u64 },
    /// More text than the limit.
    TooMuchText { at: Place, of: Texts },
    /// Two prices for one thing.
    DuplicatePrice { later: Place, earlier: Place, resolution: Resolution, duration: Duration },
}

/// Texts that templates are filled to, of which there is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Texts {
    /// All of one job.
    Job,
    /// All of the manifest.
    Manifest,
    /// A field that no two jobs may share.
    Unshared,
}

/// Values by name, as they are shown.
pub(super) type Values = Vec<(String, String)>;

/// The data that a fix of an entry with an unknown key needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StrangeEntry {
    /// The place of the value.
    pub value: Span,
    /// `true` if the field that is meant is also present, or is meant by another unknown key too.
    pub is_taken: bool,
    /// `true` if it has a value: without one it may be the rest of a text in brackets that has a comma in it.
    pub has_value: bool,
}

/// The data that a fix of a mention needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Surroundings {
    /// The place of the prompt.
    pub scalar: Span,
    /// The character after the mention.
    pub behind: Option<char>,
    /// `true` if the meaning is certain: one near name, in a prompt that no other job uses.
    pub is_sure: bool,
}

/// The reason why a file can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It doesn't exist; the nearest name in its folder.
    Missing(Option<String>),
    /// It is a folder.
    Folder,
    /// It is a pipe, a device or a socket.
    Special,
    /// It is the pointer that git LFS leaves for a file that was not fetched.
    LfsPointer,
    /// It has no end, or yields nothing for too long.
    Endless,
    /// The operating system's reason.
    Io(String),
}

/// The names among which a mentioned name was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Among {
    /// The job's own references.
    References {
        /// Their names.
        names: Vec<String>,
        /// `true` if the library has a reference of the mentioned name.
        library: bool,
    },
    /// The library, since the job lists no references.
    Library,
}

/// The intended role of a value of the wrong shape.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// The manifest as a whole.
    Manifest,
    /// A field.
    Field(&'static Field),
    /// An item of a field's list, or a value of its mapping.
    Item(&'static Field),
}

impl Problem {
    /// Returns the numbers of two jobs that one template makes alike: what they are filled with is shown.
    pub(super) fn filled_alike(&self) -> Option<(usize, usize)> {
        match self {
            Problem::DuplicateJobId { jobs, .. } | Problem::TwinJobs { jobs, .. } => *jobs,
            _ => None,
        }
    }

    /// Returns what tells it from others before there are words for it, where a template is to blame that each job can meet: the code and
    /// the place.
    pub(super) fn of_template(&self) -> Option<(Code, Span)> {
        match self {
            Problem::DuplicateJobId { later, .. } if later.fill == Fill::Template => {
                Some((Code::DuplicateJobId, later.at))
            }
            Problem::TwinJobs { later, .. } if later.fill == Fill::Template => Some((Code::TwinJobs, later.at)),
            _ => None,
        }
    }
}

impl Place {
    /// Returns the place where `node` is written, and used.
    pub(super) fn of(node: Node<'_>) -> Place {
        Place { at: node.span(), via: node.used_at(), fill: Fill::of(node) }
    }

    /// Returns the place where `range` of the text of `node` is written, and used.
    pub(super) fn part_of(node: Node<'_>, range: Range<usize>) -> Place {
        let fill = match (Fill::of(node), node.content(range.clone())) {
            (Fill::None, _) => Fill::None,
            (_, Some(content)) => Fill::Sole(content),
            // This part is the template's own.
            (_, None) => Fill::Template,
        };
        Place { at: node.locate(range), via: node.used_at(), fill }
    }

    /// Returns the same place, whatever was filled in there.
    pub(super) fn as_whole(self) -> Place {
        let fill = if self.fill == Fill::None { Fill::None } else { Fill::Template };
        Place { fill, ..self }
    }

    /// Returns a place that is written and used here.
    pub(super) fn at(at: Span) -> Place {
        Place { at, via: None, fill: Fill::None }
    }

    /// Returns the place where `node` begins, and is used.
    pub(super) fn head(node: Node<'_>) -> Place {
        Place { at: node.head(), via: node.used_at(), fill: Fill::of(node) }
    }

    /// Returns the place where the value is used, which tells it apart from others that an alias makes the same.
    pub(super) fn as_use(self) -> Place {
        Place { at: self.via.unwrap_or(self.at), via: None, fill: self.fill }
    }
}

impl Fill {
    /// Returns the value that was filled in, if there is only one.
    pub(super) fn value(self) -> Option<Span> {
        match self {
            Fill::Sole(value) | Fill::Mixed(Some(value)) => Some(value),
            Fill::None | Fill::Template | Fill::Mixed(None) => None,
        }
    }

    fn of(node: Node<'_>) -> Fill {
        match node.filled() {
            None => Fill::None,
            Some(Filled { content: Some(content), sole: true }) => Fill::Sole(content),
            Some(Filled { content, .. }) => Fill::Mixed(content),
        }
    }
}
