//! A document's content without a text: the input of emitters.

use crate::document::tree::{Node, Value};
use serde::ser::{SerializeMap, Serializer};
use serde::{Serialize, ser::SerializeSeq};
use std::collections::HashMap;

/// A value, with all aliases and merge keys resolved.
#[derive(Clone, Debug)]
pub enum Item {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A finite number with a decimal point.
    Float(f64),
    /// A text.
    Text(String),
    /// Values in order.
    List(Vec<Item>),
    /// Values by key, in order, no key twice.
    Table(Vec<(String, Item)>),
}

impl Item {
    /// Returns the content of `node`; `None` if it contains something that not all formats have: nothing at all, a
    /// date, a number out of range.
    pub fn of(node: Node<'_>) -> Option<Item> {
        Some(match node.value() {
            Value::Bool(value) => Item::Bool(value),
            Value::Integer(value) => Item::Integer(value),
            Value::Float(value) if value.is_finite() => Item::Float(value),
            Value::String(text) => Item::Text(text.to_owned()),
            Value::List(list) => Item::List(list.iter().map(Item::of).collect::<Option<_>>()?),
            Value::Table(table) => {
                let entry = |entry: crate::document::Entry<'_>| Some((entry.key.to_owned(), Item::of(entry.value)?));
                Item::Table(table.iter().map(entry).collect::<Option<_>>()?)
            }
            Value::Float(_) | Value::Null | Value::Other(_) | Value::Broken => return None,
        })
    }

    /// Returns whether both mean the same: the order of a table's keys has no meaning.
    pub fn means(&self, other: &Item) -> bool {
        match (self, other) {
            (Item::Bool(one), Item::Bool(two)) => one == two,
            (Item::Integer(one), Item::Integer(two)) => one == two,
            (Item::Float(one), Item::Float(two)) => one == two,
            (Item::Text(one), Item::Text(two)) => one == two,
            (Item::List(one), Item::List(two)) => {
                one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.means(two))
            }
            (Item::Table(one), Item::Table(two)) => {
                let known: HashMap<&str, &Item> = two.iter().map(|(key, value)| (key.as_str(), value)).collect();
                let same =
                    |(key, value): &(String, Item)| known.get(key.as_str()).is_some_and(|other| value.means(other));
                one.len() == two.len() && one.iter().all(same)
            }
            _ => false,
        }
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Item::Bool(value) => serializer.serialize_bool(*value),
            Item::Integer(value) => serializer.serialize_i64(*value),
            Item::Float(value) => serializer.serialize_f64(*value),
            Item::Text(text) => serializer.serialize_str(text),
            Item::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Item::Table(entries) => {
                let mut table = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| table.serialize_entry(key, value))?;
                table.end()
            }
        }
    }
}
