//! One variant a mistake: data, no words. The sentences are in `words`.

use super::bound::Private;
use super::expand::{MatrixFlaw, RowsFlaw, TemplateFlaw};
use super::fields::{Block, Field};
use super::rules::images::ImageFlaw;
use super::rules::output::OutputFlaw;
use super::suggest::Meant;
use crate::diagnostic::code::Severity;
use crate::document::bounds::Misencoded;
use crate::document::flaw::Flaw;
use crate::document::graft::Filled;
use crate::document::span::Span;
use crate::document::tree::Node;
use crate::spec::address::NotABaseUrl;
use crate::spec::content::Oddity;
use crate::spec::vocabulary::{Duration, Resolution};
use std::ops::Range;

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    /// Where it is written.
    pub at: Span,
    /// Where it is used, if an alias or a merge key brings it there.
    pub via: Option<Span>,
    /// What was filled in there, if it is a template.
    pub fill: Fill,
}

/// What was filled in where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fill {
    /// Nothing: the value stands there as it is.
    None,
    /// Something that doesn't matter: the template is to blame, whatever it is filled with.
    Template,
    /// A text around one value, which stands there; or around several.
    Mixed(Option<Span>),
    /// Nothing but a value, which stands there.
    Sole(Span),
}

/// What was found in place of a value of another shape.
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
    /// Something that only one of the formats has; its name.
    Other(&'static str),
}

/// A mistake.
#[derive(Clone, Debug)]
pub(super) enum Problem {
    /// The file can't be read.
    Unreadable { name: String, why: Unreadable },
    /// A file of which nothing is read.
    PrivateManifest { name: String, why: Private },
    /// The file is too large.
    TooLarge { name: String },
    /// More errors, or more warnings, than are bearable; how many are not reported.
    TooManyFindings { severity: Severity, left_out: usize },
    /// The file is no text.
    Misencoded { name: String, what: Misencoded },
    /// The text is no document.
    Flaw(Flaw),
    /// A field that the schema doesn't know.
    UnknownField { key: Place, name: String, block: &'static Block, meant: Meant, entry: StrangeEntry },
    /// A field that must be there isn't.
    MissingField { at: Place, block: &'static Block, field: &'static Field },
    /// A job has no references, and its prompt mentions none.
    MissingReferences { at: Place },
    /// A value of another shape than its field's.
    WrongType { at: Place, what: What, found: Found },
    /// A value of the right shape that is none of the field's.
    NotAllowed { at: Place, field: &'static Field, found: Found },
    /// A job's id that can't name files; the rule that it breaks.
    JobId { at: Place, id: String },
    /// Two jobs with one id, letter case aside.
    DuplicateJobId {
        later: Place,
        earlier: Place,
        id: String,
        before: String,
        /// What the later one and the earlier one are filled with, if both came out of one template.
        values: Option<Box<[Values; 2]>>,
    },
    /// A mention of what isn't declared.
    UnknownMention { at: Place, mention: String, nearest: Option<String>, among: Among, prompt: Surroundings },
    /// A reference that the prompt doesn't mention.
    UnusedReference { at: Place, name: String },
    /// Something else than white space behind a mention.
    MentionSpacing { at: Place, mention: String, behind: String, prompt: Surroundings },
    /// Too few or too many references.
    ReferenceCount { at: Place, count: usize, implied: bool },
    /// Two jobs that ask for the same.
    TwinJobs {
        later: Place,
        earlier: Place,
        take: u32,
        /// What the later one and the earlier one are filled with, if both came out of one template.
        values: Option<Box<[Values; 2]>>,
    },
    /// Two references with one name in one job.
    DuplicateReferenceName { later: Place, earlier: Place, name: String },
    /// A name that can't be mentioned.
    ReferenceName { at: Place, name: String },
    /// A name that is longer than the model's maker allows.
    LongReferenceName { at: Place, name: String },
    /// Too few or too many images.
    ImageCount { at: Place, count: usize },
    /// A text that is no image.
    ImageUrl { at: Place, text: String, flaw: ImageFlaw },
    /// An image that the model's maker advises against.
    OddImage { at: Place, text: String, oddity: Oddity },
    /// A name that isn't in the library.
    UnknownReference {
        at: Place,
        name: String,
        nearest: Option<String>,
        is_sure: bool,
        /// The names of the library that it is, parted by a comma that is none.
        several: Option<Vec<String>>,
    },
    /// A sign that looks like an `@`, before the name of a reference.
    LookAlikeMention { at: Place, sign: char, name: String, prompt: Surroundings },
    /// A text in curly quotes.
    CurlyQuotes { at: Place, quote: char },
    /// A prompt of more characters than the model's maker allows.
    LongPrompt { at: Place, characters: usize },
    /// 8 seconds at 1080p.
    DurationResolution { resolution: (Place, Resolution), duration: (Place, Duration) },
    /// A text that is no tag.
    Tag { at: Place, tag: String },
    /// A field that the service ignores.
    AspectRatio { at: Place },
    /// A base URL that is none.
    BaseUrl { at: Place, text: String, flaw: NotABaseUrl },
    /// An output folder that is none.
    OutputDir { at: Option<Place>, text: String, flaw: OutputFlaw },
    /// A template that is none; or one that this job's id makes none of.
    OutputName { at: Option<Place>, text: String, flaw: OutputFlaw, job: Option<Span> },
    /// Two jobs whose videos get the same path.
    SharedPath { text: String, later: Place, earlier: Place },
    /// Several videos of one job that get the same path.
    SharedVideoPath { at: Option<Place>, text: String, job: Place, videos: u8 },
    /// A template that is none, or that can't be filled in.
    Template { at: Place, flaw: TemplateFlaw },
    /// A matrix that makes no combinations.
    Matrix { at: Place, flaw: MatrixFlaw },
    /// Rows that make no jobs; and where the file is named, or what it is held against.
    Rows { at: Place, flaw: RowsFlaw, also: Option<Place> },
    /// More jobs than are bearable; how many.
    TooManyJobs { at: Place, jobs: u64 },
    /// More text than is bearable.
    TooMuchText { at: Place },
    /// Two prices of one thing.
    DuplicatePrice { later: Place, earlier: Place, resolution: Resolution, duration: Duration },
}

/// Values by name, as they are shown.
pub(super) type Values = Vec<(String, String)>;

/// What an edit of an entry with a strange key must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StrangeEntry {
    /// Where the value stands.
    pub value: Span,
    /// Whether the field that is meant stands beside it, or is meant by another strange key too.
    pub is_taken: bool,
    /// Whether it has a value: without one it may be the rest of a text in brackets that has a comma in it.
    pub has_value: bool,
}

/// What an edit of a mention must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Surroundings {
    /// Where the prompt stands.
    pub scalar: Span,
    /// The character behind the mention.
    pub behind: Option<char>,
    /// Whether there is no doubt of what is meant: one near name, in a prompt that no other job uses.
    pub is_sure: bool,
}

/// Why a file can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It isn't there; the nearest name in its folder.
    Missing(Option<String>),
    /// A folder.
    Folder,
    /// A pipe, a device or a socket.
    Special,
    /// What git LFS leaves for a file that was not fetched.
    LfsPointer,
    /// It goes on without an end, or gives nothing for too long.
    Endless,
    /// The system's reason.
    Io(String),
}

/// Where a mentioned name was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Among {
    /// The job's own references, of these names; `library`: the library has one of the mentioned name.
    References {
        /// Their names.
        names: Vec<String>,
        /// Whether the library has one of the mentioned name.
        library: bool,
    },
    /// The library, since the job lists no references.
    Library,
}

/// What a value of the wrong shape was meant to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// The manifest as a whole.
    Manifest,
    /// A field.
    Field(&'static Field),
    /// An item of a field's list, or a value of its mapping.
    Item(&'static Field),
}

impl Place {
    /// Where `node` is written, and used.
    pub(super) fn of(node: Node<'_>) -> Place {
        Place { at: node.span(), via: node.used_at(), fill: Fill::of(node) }
    }

    /// Where `range` of the text of `node` is written, and used.
    pub(super) fn part_of(node: Node<'_>, range: Range<usize>) -> Place {
        let fill = match (Fill::of(node), node.content(range.clone())) {
            (Fill::None, _) => Fill::None,
            (_, Some(content)) => Fill::Sole(content),
            // This part is the template's own.
            (_, None) => Fill::Template,
        };
        Place { at: node.locate(range), via: node.used_at(), fill }
    }

    /// The same place, whatever was filled in there.
    pub(super) fn as_whole(self) -> Place {
        let fill = if self.fill == Fill::None { Fill::None } else { Fill::Template };
        Place { fill, ..self }
    }

    /// A place that is written and used here.
    pub(super) fn at(at: Span) -> Place {
        Place { at, via: None, fill: Fill::None }
    }

    /// Where `node` begins, and is used.
    pub(super) fn head(node: Node<'_>) -> Place {
        Place { at: node.head(), via: node.used_at(), fill: Fill::of(node) }
    }

    /// Where the value is used, which tells it apart from others that an alias makes the same.
    pub(super) fn as_use(self) -> Place {
        Place { at: self.via.unwrap_or(self.at), via: None, fill: self.fill }
    }
}

impl Fill {
    /// The value that was filled in, if it is just one.
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
