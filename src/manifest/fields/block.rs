//! What a field is, and a mapping of known fields.

use crate::diagnostic::code::Code;

/// A mapping with known fields.
#[derive(Debug)]
pub struct Block {
    /// Its name in a sentence, as ``a job`` or `` `run` ``.
    pub title: &'static str,
    /// Its fields, in the order of the manual.
    pub fields: &'static [&'static Field],
    /// The required ones. Those of a job may be in `defaults`.
    pub required: &'static [&'static Field],
}

/// A field.
#[derive(Debug)]
pub struct Field {
    /// Its key.
    pub name: &'static str,
    /// The kind of its value.
    pub kind: Kind,
    /// The rule that a value breaks if it has the right type but is not allowed.
    pub code: Code,
    /// The value that applies if the field is absent, as text.
    pub default: Option<&'static str>,
    /// Its purpose; the first line is one short sentence.
    pub doc: &'static str,
    /// Values to start from: words as they are, everything else as JSON.
    pub examples: &'static [&'static str],
    /// The meaning of each of its words or numbers, in their order.
    pub meanings: &'static [&'static str],
}

/// The kind of a field's value.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any text.
    Text,
    /// A text that isn't empty.
    Filled,
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these numbers.
    Choice(&'static [i64]),
    /// A whole number from the first to the second.
    Integer(i64, i64),
    /// An amount of money: a number from 0 on, with at most nine digits after the decimal point.
    Amount,
    /// `true` or `false`.
    Boolean,
    /// `true`, the only choice.
    True,
    /// A time span such as `30m`: from the first to the second, in milliseconds.
    Period(u64, u64),
    /// A rate per second, minute or hour, as `60/min`.
    Rate,
    /// The URL of a shared ledger.
    Ledger,
    /// The URL of the place where videos are published.
    Publish,
    /// A list of values of this kind.
    List(&'static Kind),
    /// A mapping with known fields.
    Table(&'static Block),
    /// A mapping from names that the user chooses to values of this kind.
    Named(&'static Kind),
    /// The name of a reference in the library, or a reference written out.
    Use(&'static Block),
    /// Axes by name, with `include` and `exclude`.
    Matrix,
    /// The path of a table, or a list of mappings.
    Rows,
}

/// The shape that a value must have before any other rule applies: the border between `wrong-type` and the other rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// A whole number.
    Integer,
    /// A number, whole or not.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list.
    List,
    /// A mapping.
    Table,
    /// A text or a mapping.
    TextOrTable,
    /// A text or a list.
    TextOrList,
}

impl Kind {
    /// Returns the shape of a value of this kind.
    pub fn shape(self) -> Shape {
        match self {
            Kind::Text | Kind::Filled | Kind::Word(_) | Kind::Period(..) | Kind::Rate => Shape::Text,
            Kind::Ledger | Kind::Publish => Shape::Text,
            Kind::Choice(_) | Kind::Integer(..) => Shape::Integer,
            Kind::Amount => Shape::Number,
            Kind::Boolean | Kind::True => Shape::Boolean,
            Kind::List(_) => Shape::List,
            Kind::Table(_) | Kind::Named(_) | Kind::Matrix => Shape::Table,
            Kind::Rows => Shape::TextOrList,
            Kind::Use(_) => Shape::TextOrTable,
        }
    }

    /// Returns the kind of a list's items or of a mapping's values.
    pub fn item(self) -> Kind {
        match self {
            Kind::List(item) | Kind::Named(item) => *item,
            other => other,
        }
    }
}

impl Block {
    /// Returns the position of `field` among the fields; `None` if it is not one of them.
    pub fn position(&self, field: &Field) -> Option<usize> {
        self.fields.iter().position(|own| own.name == field.name)
    }

    /// Returns the field with this key.
    pub fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().copied().find(|field| field.name == key)
    }
}

impl Field {
    pub(super) const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Field {
        Field { name, kind, code: Code::Setting, default: None, doc, examples: &[], meanings: &[] }
    }

    pub(super) const fn code(self, code: Code) -> Field {
        Field { code, ..self }
    }

    pub(super) const fn default(self, default: &'static str) -> Field {
        Field { default: Some(default), ..self }
    }

    pub(super) const fn examples(self, examples: &'static [&'static str]) -> Field {
        Field { examples, ..self }
    }

    pub(super) const fn meanings(self, meanings: &'static [&'static str]) -> Field {
        Field { meanings, ..self }
    }
}
