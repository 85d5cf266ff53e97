//! What can be wrong with a text before any rule of a manifest is asked: data, no sentences.

use super::span::Span;

/// A mistake in the writing of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is not well-formed. What the mistake spoils is [`Value::Broken`](super::tree::Value::Broken).
    Syntax {
        /// Where.
        span: Span,
        /// What kind of mistake.
        kind: SyntaxKind,
    },
    /// A key stands twice in one table; the first one's value counts.
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stands first.
        first: Span,
        /// Where it stands again.
        second: Span,
    },
    /// An alias (`*name`) whose anchor (`&name`) does not stand before it.
    UnknownAlias {
        /// The name, without `*`.
        name: String,
        /// Where the alias stands.
        span: Span,
        /// The anchor that was probably meant.
        nearest: Option<String>,
    },
    /// An alias inside the value that its anchor names.
    RecursiveAlias {
        /// Where the alias stands.
        span: Span,
    },
    /// A merge key (`<<`) whose value is neither a table nor a list of tables.
    BadMerge {
        /// Where that value stands.
        span: Span,
    },
    /// A key that is itself a list or a table; the entry is left out.
    ComplexKey {
        /// Where the key stands.
        span: Span,
    },
    /// A tag (`!name`) that this program doesn't know, or that the value doesn't fit.
    UnknownTag {
        /// Where the tag stands.
        span: Span,
    },
    /// A value nested more than [`DEPTH`](super::bounds::DEPTH) deep, aliases included.
    TooDeep {
        /// Where the first list or table beyond the limit starts.
        span: Span,
    },
    /// Marks of a merge that nobody has finished: the lines of one conflict.
    Conflict {
        /// Where they stand, in order.
        marks: Vec<Span>,
    },
    /// TOML: headers in one bracket (`[jobs]`) and in two (`[[jobs]]`) for the same name; what stands under each is an
    /// item of one list.
    MixedHeaders {
        /// The name.
        name: String,
        /// The first header in one bracket.
        table: Span,
        /// The first one in two.
        list: Span,
    },
    /// Aliases make the text stand for more values than [`expansion`](super::bounds::expansion) allows.
    TooManyAliases {
        /// The alias that went too far.
        span: Span,
    },
}

/// In what a value of YAML stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// In lines: its line ends it, and a line that is further in goes on with it.
    Lines,
    /// In brackets: a comma or a bracket ends it.
    Brackets,
}

/// What kind of mistake a syntax error is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyntaxKind {
    /// YAML: a value that starts with an `@` outside quotes.
    PlainAt(Around),
    /// YAML: a value that starts with another character that must be quoted: `` ` `` or `%`.
    PlainOther(char, Around),
    /// YAML: a text without quotes in brackets that has a `${{` in it.
    PlainTemplate,
    /// A character that texts can't hold as it is.
    Control(char),
    /// YAML: no comma between two items in brackets, or no colon behind a key.
    NoComma,
    /// YAML: nothing between two commas in brackets, or before the first.
    EmptyItem,
    /// YAML: a key in brackets whose colon a bracket follows without a space.
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
    /// YAML: a line that stands too far in or out to belong to what is around it.
    Indentation,
    /// YAML: a line that is neither a `key: value` nor an item.
    NoColon,
    /// YAML: a tab where the depth of a line is counted.
    Tab,
    /// YAML: a second document.
    ManyDocuments,
    /// A backslash that starts no escape in a double-quoted string. Of one string each is told.
    BadEscape,
    /// An escape that is one half of a character: the other doesn't stand beside it.
    HalfCharacter,
    /// A character that looks like one of the syntax, where that one is meant; with what is meant.
    LookAlike(char, &'static str),
    /// TOML: a text without quotes.
    Unquoted,
    /// TOML: a colon behind a key, where an equals sign is meant.
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
    /// Where it stands; of two places the later.
    pub fn span(&self) -> Span {
        match *self {
            Flaw::Conflict { ref marks } => marks.first().copied().unwrap_or_default(),
            Flaw::Syntax { span, .. }
            | Flaw::DuplicateKey { second: span, .. }
            | Flaw::UnknownAlias { span, .. }
            | Flaw::RecursiveAlias { span }
            | Flaw::BadMerge { span }
            | Flaw::ComplexKey { span }
            | Flaw::UnknownTag { span }
            | Flaw::TooDeep { span }
            | Flaw::MixedHeaders { table: span, .. }
            | Flaw::TooManyAliases { span } => span,
        }
    }
}
