//! A mapping read by the table of fields: unknown keys, wrong types and values that a field doesn't allow are found here.

use super::fields::{Block, DEFAULTS, Field, JOB, Kind, MANIFEST, MOST_FIELDS, Shape};
use super::problem::{Found, Place, Problem, StrangeEntry, What};
use super::raw::{Home, Slot, Spot};
use super::rules::setting;
use super::sink::Sink;
use super::suggest::{Meant, meant};
use crate::base::decimal::Decimal;
use crate::document::Span;
use crate::document::tree::{Entry, List, Node, Value};
use std::time::Duration;

/// A mapping whose fields are known.
#[derive(Clone)]
pub(super) struct Mapping<'t> {
    node: Node<'t>,
    block: &'static Block,
    /// The content of the fields, in the order of the block.
    slots: [Slot<Node<'t>>; MOST_FIELDS],
    /// Fields of jobs that are at the top level.
    strays: Vec<&'static Field>,
}

impl<'t> Mapping<'t> {
    /// Reads the mapping in `node`, with a finding for each key that `block` doesn't know; returns `None` if it isn't a
    /// mapping.
    pub(super) fn read(node: Node<'t>, what: What, block: &'static Block, sink: &mut Sink<'_>) -> Option<Mapping<'t>> {
        let Value::Table(table) = fits(node, Shape::Table, what, sink)? else { return None };
        // What seems to be absent may have been swallowed by a syntax error.
        let mut mapping = Mapping::blank(node, block, !table.is_whole());
        let mut strange = Vec::new();
        for entry in table.iter() {
            match block.fields.iter().position(|field| field.name == entry.key) {
                Some(position) => mapping.slots[position] = Slot::Set(entry.value),
                None => strange.push((entry, meant(block, entry.key))),
            }
        }
        if !strange.is_empty() {
            mapping.blame(&strange, sink);
        }
        Some(mapping)
    }

    /// Returns a mapping in which every field is absent, or spoilt.
    pub(super) fn blank(node: Node<'t>, block: &'static Block, spoilt: bool) -> Mapping<'t> {
        let slot = if spoilt { Slot::Spoilt } else { Slot::Absent };
        Mapping { node, block, slots: [slot; MOST_FIELDS], strays: Vec::new() }
    }

    /// Adds a finding for each of these keys, which the block doesn't know.
    fn blame(&mut self, strange: &[(Entry<'t>, Meant)], sink: &mut Sink<'_>) {
        let block = self.block;
        let position = |meant: &Meant| if let Meant::Field(field) = meant { block.position(field) } else { None };
        let mut claims = self.slots.map(|slot| usize::from(slot.get().is_some()));
        strange.iter().filter_map(|(_, meant)| position(meant)).for_each(|field| claims[field] += 1);
        for (entry, meant) in strange {
            let is_taken = position(meant).is_some_and(|field| {
                claims[field] > 1 || std::ptr::eq(block, &JOB) && sink.is_made_by(block.fields[field])
            });
            self.strange(entry, *meant, is_taken, sink);
        }
    }

    /// Handles a key that the block doesn't know. A field that was probably meant counts as present.
    fn strange(&mut self, entry: &Entry<'t>, meant: Meant, is_taken: bool, sink: &mut Sink<'_>) {
        match meant {
            Meant::Field(field) => self.spoil(|own| own.name == field.name),
            Meant::Input => self.spoil(|_| true),
            Meant::Elsewhere(other) if std::ptr::eq(self.block, &MANIFEST) && std::ptr::eq(other, &DEFAULTS) => {
                self.strays.extend(DEFAULTS.field(entry.key));
            }
            _ => {}
        }
        let key = Place { via: entry.merged_at.or(self.node.used_at()), ..Place::at(entry.key_span) };
        let has_value = !matches!(entry.value.value(), Value::Null);
        let (name, entry) = (entry.key.to_owned(), StrangeEntry { value: extent(entry.value), is_taken, has_value });
        sink.push(Problem::UnknownField { key, name, block: self.block, meant, entry });
    }

    /// Makes the absent ones of these fields count as present.
    fn spoil(&mut self, these: impl Fn(&Field) -> bool) {
        for (field, slot) in self.block.fields.iter().zip(&mut self.slots) {
            if slot.is_absent() && these(field) {
                *slot = Slot::Spoilt;
            }
        }
    }

    /// Returns the block that the mapping belongs to.
    pub(super) fn block(&self) -> &'static Block {
        self.block
    }

    /// Returns the fields of jobs that are at the top level.
    pub(super) fn strays(&self) -> &[&'static Field] {
        &self.strays
    }

    /// Returns the place where it begins. A manifest in TOML begins with its first key, not with a header or a brace.
    fn head(&self, sink: &Sink<'_>) -> Place {
        match self.node.value() {
            Value::Table(table) if std::ptr::eq(self.block, &MANIFEST) => match table.iter().next() {
                Some(first) => Place { via: first.merged_at, ..Place::at(first.key_span) },
                None => sink.head(self.node),
            },
            _ => sink.head(self.node),
        }
    }

    /// Returns the place of the field's key.
    pub(super) fn key(&self, field: &Field) -> Option<Place> {
        let Value::Table(table) = self.node.value() else { return None };
        table.get(field.name).map(|entry| Place { via: entry.merged_at, ..Place::at(entry.key_span) })
    }

    /// Returns the positions of absent fields.
    pub(super) fn absent(&self) -> impl Iterator<Item = usize> {
        (0..self.block.fields.len()).filter(|position| self.slots[*position].is_absent())
    }

    /// Adds a finding for each required field that is absent.
    pub(super) fn require(&self, sink: &mut Sink<'_>) {
        for field in self.block.required {
            if self.slot(field).is_absent() {
                let (at, block) = (self.head(sink), self.block);
                sink.miss(Problem::MissingField { at, block, field });
            }
        }
    }

    /// Returns the field's value, if `read` accepts it.
    pub(super) fn value<T>(
        &self,
        field: &'static Field,
        sink: &mut Sink<'_>,
        read: impl FnOnce(Value<'t>) -> Option<T>,
    ) -> Slot<Spot<'t, T>> {
        let is_default = std::ptr::eq(self.block, &DEFAULTS);
        if is_default {
            sink.enter_default(field);
        }
        let node = match self.slot(field) {
            Slot::Set(node) => node,
            Slot::Absent => return Slot::Absent,
            Slot::Spoilt => return Slot::Spoilt,
        };
        let Some(value) = fits(node, field.kind.shape(), What::Field(field), sink) else { return Slot::Spoilt };
        match read(value) {
            Some(value) => Slot::Set(Spot { value, node, home: if is_default { Home::Defaults } else { Home::Own } }),
            None => {
                let found = found(node, sink);
                sink.push(Problem::NotAllowed { at: Place::of(node), field, found });
                Slot::Spoilt
            }
        }
    }

    /// Returns the field's whole number, within the field's bounds.
    pub(super) fn integer<T>(
        &self,
        field: &'static Field,
        sink: &mut Sink<'_>,
        read: impl FnOnce(i64) -> Option<T>,
    ) -> Slot<Spot<'t, T>> {
        self.value(field, sink, |value| {
            let Kind::Integer(least, most) = field.kind else { return None };
            integer(value).filter(|number| (least..=most).contains(number)).and_then(read)
        })
    }

    /// Returns the field's time span, within the field's bounds.
    pub(super) fn period(&self, field: &'static Field, sink: &mut Sink<'_>) -> Slot<Spot<'t, Duration>> {
        self.value(field, sink, |value| {
            let Kind::Period(least, most) = field.kind else { return None };
            let bounds = Duration::from_millis(least)..=Duration::from_millis(most);
            setting::period(text(value)?).filter(|period| bounds.contains(period))
        })
    }

    /// Returns the field's mapping.
    pub(super) fn mapping(
        &self,
        field: &'static Field,
        block: &'static Block,
        sink: &mut Sink<'_>,
    ) -> Slot<Mapping<'t>> {
        match self.slot(field) {
            Slot::Set(node) => Mapping::read(node, What::Field(field), block, sink).map_or(Slot::Spoilt, Slot::Set),
            Slot::Absent => Slot::Absent,
            Slot::Spoilt => Slot::Spoilt,
        }
    }

    /// Returns the content of a field of the block.
    fn slot(&self, field: &Field) -> Slot<Node<'t>> {
        let position = self.block.fields.iter().position(|own| std::ptr::eq(*own, field));
        position.map_or(Slot::Absent, |position| self.slots[position])
    }
}

/// Returns the value of `node` if it has this shape; adds a finding if not.
pub(super) fn fits<'t>(node: Node<'t>, shape: Shape, what: What, sink: &mut Sink<'_>) -> Option<Value<'t>> {
    let value = node.value();
    let fits = match value {
        // The mistake there was already reported.
        Value::Broken => return None,
        Value::String(_) => matches!(shape, Shape::Text | Shape::TextOrTable | Shape::TextOrList),
        Value::Integer(_) => matches!(shape, Shape::Integer | Shape::Number),
        Value::Float(_) => shape == Shape::Number,
        Value::Bool(_) => shape == Shape::Boolean,
        Value::List(_) => matches!(shape, Shape::List | Shape::TextOrList),
        Value::Table(_) => matches!(shape, Shape::Table | Shape::TextOrTable),
        Value::Null | Value::Other(_) => false,
    };
    if !fits && !sink.is_mixed(node) && !sink.is_braces(node) {
        let (at, found) = (sink.whole(node), found(node, sink));
        sink.push(Problem::WrongType { at, what, found });
    }
    fits.then_some(value)
}

/// Returns the place of a value, up to the last key in it: TOML headers may add to a table further down. The recursion
/// is as deep as values are nested, which is bounded.
fn extent(node: Node<'_>) -> Span {
    let span = node.span();
    let end = match node.value() {
        Value::List(list) => list.iter().map(|item| extent(item).end).max(),
        Value::Table(table) => {
            let own = table.iter().filter(|entry| entry.merged_at.is_none() && entry.value.used_at().is_none());
            own.map(|entry| entry.key_span.end.max(extent(entry.value).end)).max()
        }
        _ => None,
    };
    Span { start: span.start, end: span.end.max(end.unwrap_or_default()) }
}

/// Returns what was found in `node`.
pub(super) fn found(node: Node<'_>, sink: &Sink<'_>) -> Found {
    let written = || match node.value() {
        // The text there is the template.
        Value::Integer(number) if node.filled().is_some() => number.to_string(),
        // With its decimal point, without which it would look like a whole number.
        Value::Float(number) if node.filled().is_some() => format!("{number:?}"),
        _ => sink.written(node.span()).to_owned(),
    };
    match node.value() {
        Value::Null | Value::Broken => Found::Null,
        Value::Bool(value) => Found::Boolean(value),
        Value::Integer(_) => Found::Integer(written()),
        Value::Float(_) => Found::Number(written()),
        Value::String(text) => Found::Text(text.to_owned()),
        Value::List(_) => Found::List,
        Value::Table(_) => Found::Table,
        Value::Other(name) => Found::Other(name),
    }
}

/// Returns the text of a value.
pub(super) fn text(value: Value<'_>) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// Returns the text of a value, if it isn't blank.
pub(super) fn filled(value: Value<'_>) -> Option<&str> {
    text(value).filter(|text| !text.trim().is_empty())
}

/// Returns the whole number of a value.
pub(super) fn integer(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(number),
        _ => None,
    }
}

/// Returns the amount of money of a value.
pub(super) fn amount(value: Value<'_>) -> Option<Decimal> {
    match value {
        Value::Integer(number) => number.to_string().parse().ok(),
        Value::Float(number) => Decimal::from_number(number).ok(),
        _ => None,
    }
}

/// Returns the `true` or `false` of a value.
pub(super) fn boolean(value: Value<'_>) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(value),
        _ => None,
    }
}

/// Returns the list of a value.
pub(super) fn list(value: Value<'_>) -> Option<List<'_>> {
    match value {
        Value::List(list) => Some(list),
        _ => None,
    }
}
