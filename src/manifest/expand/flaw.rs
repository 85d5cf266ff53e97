//! The mistakes in templates, matrices and rows.

use super::scope::Scope;
use crate::document::bounds::Misencoded;
use crate::document::span::Span;
use crate::manifest::bound::Private;
use crate::manifest::problem::Unreadable;

/// More names than anybody reads.
pub(super) const SHOWN_NAMES: usize = 12;

/// A mistake in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TemplateFlaw {
    /// It isn't closed.
    Open,
    /// It is empty.
    Empty,
    /// It doesn't start with `matrix` or `row`.
    NoName,
    /// It contains something other than names and filters: this.
    NotAllowed(String),
    /// The engine can't parse it; its message.
    Syntax(String),
    /// No scope has this name.
    UnknownScope {
        /// The name as it is written.
        name: String,
        /// The scope that is meant.
        nearest: Option<Scope>,
    },
    /// The job has no such values.
    NoScope(Scope),
    /// `matrix` or `row` alone.
    Bare(Scope),
    /// None of the values has this name.
    Unknown {
        /// The scope.
        scope: Scope,
        /// The name as it is written.
        name: String,
        /// The similar name.
        nearest: Option<String>,
        /// All names that exist.
        known: Vec<String>,
    },
    /// Other combinations or rows have this name, but not this one.
    Unset {
        /// The name as it is written.
        name: String,
        /// The scope of the name.
        scope: Scope,
        /// The row that lacks it, if it is a row.
        row: Option<Span>,
    },
    /// No filter has this name.
    UnknownFilter {
        /// The name as it is written.
        name: String,
        /// The similar name.
        nearest: Option<&'static str>,
    },
    /// A filter doesn't accept this value or these arguments; the engine's message.
    Filter(String),
    /// A value in the middle of a text isn't text.
    NotText {
        /// The name as it is written.
        name: String,
        /// Its kind, with an article.
        what: &'static str,
    },
    /// Braces around a name aren't a template.
    Braces {
        /// The braces as they are written.
        written: String,
        /// The template that is meant.
        meant: String,
        /// `true` if the job has values to fill in.
        is_filled: bool,
    },
    /// The filled-in text exceeds the limit.
    TooLong,
    /// It is at a place where nothing is filled in.
    Outside,
}

/// A mistake in a matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MatrixFlaw {
    /// It isn't a mapping, or is empty.
    NoAxes,
    /// The values of this axis aren't a list.
    NotAList(String),
    /// This axis has no values.
    NoValues(String),
    /// `include` or `exclude` isn't a list of mappings.
    NotMappings(&'static str),
    /// A key under `exclude` isn't an axis.
    NotAnAxis {
        /// The key.
        key: String,
        /// The axis with a similar name.
        nearest: Option<String>,
        /// All axes.
        axes: Vec<String>,
    },
    /// More names, of axes and in `include`, than a job may have values; how many.
    TooManyNames(usize),
    /// An entry under `exclude` matches no combination.
    NothingExcluded,
    /// There are too many entries to compare with so many combinations.
    TooManyEntries,
    /// Everything is excluded.
    NothingLeft,
}

/// A mistake in rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowsFlaw {
    /// Neither a path nor a list.
    NotRows,
    /// An item of the list that isn't a mapping.
    NotAMapping,
    /// An empty path.
    NoPath,
    /// A path with backslashes.
    Backslash,
    /// A path that starts at the root, a drive or a home folder.
    Absolute,
    /// A path that leads out of the project, or out of the manifest's folder if there is no project.
    Escapes {
        /// `true` if the bound is a git work tree.
        project: bool,
    },
    /// A private file, of which nothing is read.
    Private(Private),
    /// A file of an unknown kind.
    Kind,
    /// A file that can't be read.
    File(Unreadable),
    /// A file that is too large.
    TooLarge,
    /// A file that isn't text in UTF-8.
    Misencoded(Misencoded),
    /// A missing header.
    NoHeader,
    /// A column that has values but no name.
    NoColumnName {
        /// `true` if it is the first: some programs number the rows so.
        is_first: bool,
    },
    /// Columns without a name and without a value.
    BlankColumns {
        /// Their number.
        count: usize,
    },
    /// Rows whose values are all empty.
    BlankRows {
        /// Their number.
        count: usize,
    },
    /// Cells that are separated by another character than the expected one.
    Separator {
        /// The separator found.
        found: char,
        /// The separator expected.
        expected: char,
        /// `true` if it was found in the header.
        in_header: bool,
    },
    /// Markers of an unfinished merge: the lines of one conflict.
    Conflict(Vec<Span>),
    /// More columns than a job may have values; how many.
    TooManyColumns(usize),
    /// Two columns with one name.
    DuplicateColumn(String),
    /// A row with more or fewer cells than the header.
    Ragged {
        /// The number of its cells.
        cells: usize,
        /// The number of columns in the header.
        columns: usize,
    },
    /// A quote that isn't closed.
    OpenQuote,
    /// Text after a closing quote.
    BehindQuote,
    /// A line or an entry of an array that isn't JSON; the reason.
    NotJson {
        /// The reason.
        why: String,
        /// The number of the entry in its array, from 1; `None` for a line.
        entry: Option<usize>,
    },
    /// A line or an entry of an array that isn't a JSON object.
    NotAnObject {
        /// The number of the entry in its array, from 1; `None` for a line.
        entry: Option<usize>,
    },
    /// A whole file that is one JSON object; the key whose value is a list of objects, if there is one.
    OneObject(Option<String>),
    /// No rows.
    NoRows,
}
