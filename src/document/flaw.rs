//! The mistakes in a text that are found before any rule of a manifest: data, no sentences.

use super::span::Span;

/// A mistake in the syntax of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is not well-formed. The part that the mistake spoils is [`Value::Broken`](super::tree::Value::Broken).
    Syntax {
        /// The place.
        span: Span,
        /// The kind of mistake.
        kind: SyntaxKind,
    },
    /// A key is repeated in one table; the first one's value counts.
    DuplicateKey {
        /// The key.
        key: String,
        /// Its first place.
        first: Span,
        /// Its second place.
        second: Span,
    },
    /// An alias (`*name`) without an anchor (`&name`) before it.
    UnknownAlias {
        /// The name, without `*`.
        name: String,
        /// The place of the alias.
        span: Span,
        /// The anchor that was probably meant.
        nearest: Option<String>,
    },
    /// An alias inside the value that its anchor names.
    RecursiveAlias {
        /// The place of the alias.
        span: Span,
    },
    /// A merge key (`<<`) whose value is neither a table nor a list of tables.
    BadMerge {
        /// The place of that value.
        span: Span,
    },
    /// A key that is itself a list or a table; the entry is left out.
    ComplexKey {
        /// The place of the key.
        span: Span,
    },
    /// A tag (`!name`) that this program doesn't know, or that the value doesn't fit.
    UnknownTag {
        /// The place of the tag.
        span: Span,
        /// The name of the tag.
        name: String,
    },
    /// A value nested more than [`DEPTH`](super::bounds::DEPTH) deep, aliases included.
    TooDeep {
        /// The start of the first list or table beyond the limit.
        span: Span,
    },
    /// Markers of an unfinished merge: the lines of one conflict.
    Conflict {
        /// Their places, in order.
        marks: Vec<Span>,
    },
    /// TOML: headers in single brackets (`[jobs]`) and in double brackets (`[[jobs]]`) for the same name; the content
    /// under each is an item of one list.
    MixedHeaders {
        /// The name.
        name: String,
        /// The first header in single brackets.
        table: Span,
        /// The first header in double brackets.
        list: Span,
    },
    /// Aliases expand the text to more values than [`expansion`](super::bounds::expansion) allows.
    TooManyAliases {
        /// The alias that exceeds the limit.
        span: Span,
    },
}

/// The surroundings of a value of YAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// Lines: the end of its line ends it, and a line that is indented deeper continues it.
    Lines,
    /// Brackets: a comma or a bracket ends it.
    Brackets,
}

/// The kind of a syntax error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyntaxKind {
    /// YAML: a value that starts with an `@` outside quotes.
    PlainAt(Around),
    /// YAML: a value that starts with another character that must be quoted: `` ` `` or `%`.
    PlainOther(char, Around),
    /// YAML: a text without quotes in brackets that contains a `${{`.
    PlainTemplate,
    /// A character that texts can't contain unescaped.
    Control(char),
    /// YAML: no comma between two items in brackets, or no colon after a key.
    NoComma,
    /// YAML: nothing between two commas in brackets, or before the first.
    EmptyItem,
    /// YAML: a key in brackets whose colon is followed by a bracket without a space.
    TightColon,
    /// YAML: an unquoted value with `: ` inside.
    ColonInPlain,
    /// A quote that is never closed, or only by the next value's.
    UnclosedQuote {
        /// The opening quote.
        opened: Span,
    },
    /// A bracket that is never closed.
    UnclosedBracket {
        /// The opening bracket.
        opened: Span,
    },
    /// More text right after a closing quote.
    AfterQuote,
    /// YAML: a line that is indented too far or not far enough to belong to the lines around it.
    Indentation,
    /// YAML: a line that is neither a `key: value` nor an item.
    NoColon,
    /// YAML: a tab in the indentation of a line.
    Tab,
    /// YAML: a second document.
    ManyDocuments,
    /// A backslash that starts no valid escape in a double-quoted string. Each of one string is reported.
    BadEscape,
    /// An escape that is one half of a character, without the other half next to it.
    HalfCharacter,
    /// A character that looks like one of the syntax, which is meant; with the one that is meant.
    LookAlike(char, &'static str),
    /// TOML: a text without quotes.
    Unquoted,
    /// TOML: a colon after a key, where an equals sign is meant.
    ColonForEquals,
    /// JSON: a comment.
    Comment,
    /// JSON: a text without double quotes.
    NoQuotes,
    /// JSON: a line break in a text.
    RawBreak,
    /// Anything else, in the parser's words: lower-case, without a full stop.
    Other(String),
}

impl Flaw {
    /// Returns its place; of two places the later.
    pub fn span(&self) -> Span {
        match *self {
            Flaw::Conflict { ref marks } => marks.first().copied().unwrap_or_default(),
            Flaw::Syntax { span, .. }
            | Flaw::DuplicateKey { second: span, .. }
            | Flaw::UnknownAlias { span, .. }
            | Flaw::RecursiveAlias { span }
            | Flaw::BadMerge { span }
            | Flaw::ComplexKey { span }
            | Flaw::UnknownTag { span, .. }
            | Flaw::TooDeep { span }
            | Flaw::MixedHeaders { table: span, .. }
            | Flaw::TooManyAliases { span } => span,
        }
    }
}
