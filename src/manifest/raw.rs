//! The manifest as it is written: every value has its type and its place; nothing joined, no rule applied.
//!
//! It never holds more than one job: the next one is read when the rules are done with this one.

use super::fields::{DURATION, Field, PROMPT, REFERENCES, RESOLUTION};
use super::model::{Prices, RunSettings};
use super::problem::Place;
use crate::document::tree::{List, Node};
use crate::service::address::BaseUrl;
use crate::service::names::Tag;
use crate::service::publish_url::PublishUrl;
use crate::service::vocabulary::{Duration, ReferenceType, Resolution};
use std::collections::BTreeSet;

/// The content of a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot<T> {
    /// Nothing: the field is missing.
    Absent,
    /// Something that can't be used; the reason was already reported.
    Spoilt,
    /// A value.
    Set(T),
}

/// A value and its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot<'t, T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub node: Node<'t>,
    /// The owner of the field that it is in.
    pub home: Home,
}

/// The owner of the field that a value is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// The job itself, or another place that only one job uses.
    Own,
    /// In `defaults`.
    Defaults,
}

/// A manifest.
#[derive(Debug)]
pub(super) struct Manifest<'t> {
    pub base_url: Option<BaseUrl>,
    pub turned_away: Option<BTreeSet<u16>>,
    pub run: RunSettings,
    pub prices: Prices,
    pub output: Output<'t>,
    pub library: Slot<Library<'t>>,
    pub defaults: Input<'t>,
    /// The jobs as they are written.
    pub jobs: Option<List<'t>>,
}

/// `output:`
#[derive(Debug)]
pub(super) struct Output<'t> {
    pub dir: Slot<Spot<'t, &'t str>>,
    pub name: Slot<Spot<'t, &'t str>>,
    pub publish: Option<PublishUrl>,
}

/// The library.
#[derive(Debug)]
pub(super) struct Library<'t> {
    pub references: Vec<Reference<'t>>,
    /// `true` if no entry was lost to a syntax error.
    pub whole: bool,
}

/// A job.
#[derive(Debug)]
pub(super) struct Job<'t> {
    /// The index of the job, from 0.
    pub number: usize,
    pub node: Node<'t>,
    pub id: Slot<Spot<'t, &'t str>>,
    pub input: Input<'t>,
}

/// Declares the fields that a job and `defaults` have in common, each once: their type, and what joins them.
macro_rules! input {
    ($($field:ident: $value:ty,)*) => {
        /// The fields that a job and `defaults` have in common: the content of the request. Fields that can have one value
        /// only are not kept. References are listed as they are written, or as `R`.
        #[derive(Debug)]
        pub(super) struct Input<'t, R = Spot<'t, Vec<Use<'t>>>> {
            $(pub $field: Slot<$value>,)*
            pub references: Slot<R>,
        }

        impl<'t> Input<'t> {
            /// Returns an input whose every field is absent, or spoilt.
            pub(super) fn blank(spoilt: bool) -> Input<'t> {
                Input { $($field: Slot::blank(spoilt),)* references: Slot::blank(spoilt) }
            }

            /// Returns a job's own fields, or else those of `defaults`, with these references.
            pub(super) fn joined<R>(&self, defaults: &Input<'t>, references: Slot<R>) -> Input<'t, R> {
                Input { $($field: self.$field.or(&defaults.$field),)* references }
            }
        }
    };
}

input! {
    prompt: Spot<'t, &'t str>,
    negative_prompt: Spot<'t, &'t str>,
    resolution: Spot<'t, Resolution>,
    duration: Spot<'t, Duration>,
    number_of_videos: Spot<'t, u8>,
    take: Spot<'t, u32>,
    tags: BTreeSet<Tag>,
    need_expand_prompt: Spot<'t, bool>,
    selected_model: Spot<'t, &'t str>,
}

/// An item of a job's `references`.
#[derive(Debug)]
pub(super) enum Use<'t> {
    /// The name of a reference in the library.
    Name(Name<'t>),
    /// A reference written out.
    Written(Reference<'t>),
    /// Something that is neither; the reason was already reported.
    Spoilt,
}

/// A reference, in the library or in a job.
#[derive(Debug)]
pub(super) struct Reference<'t> {
    /// Its name; in the library, the key.
    pub name: Slot<Name<'t>>,
    pub kind: Slot<ReferenceType>,
    pub images: Slot<Images<'t>>,
}

/// A reference's name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name<'t> {
    pub text: &'t str,
    pub place: Place,
}

/// A reference's `urls`.
#[derive(Debug)]
pub(super) struct Images<'t> {
    pub node: Node<'t>,
    /// The images, each with its place; `None` for an item that isn't text, which was already reported.
    pub items: Vec<Option<(&'t str, Place)>>,
}

impl<T> Slot<T> {
    /// Returns an absent field, or a spoilt one.
    fn blank(spoilt: bool) -> Slot<T> {
        if spoilt { Slot::Spoilt } else { Slot::Absent }
    }

    /// Returns a job's own field, or else that of `defaults`.
    pub(super) fn or(&self, default: &Slot<T>) -> Slot<T>
    where
        T: Clone,
    {
        if self.is_absent() { default.clone() } else { self.clone() }
    }

    /// Returns the value.
    pub(super) fn get(&self) -> Option<&T> {
        match self {
            Slot::Set(value) => Some(value),
            Slot::Absent | Slot::Spoilt => None,
        }
    }

    /// Returns whether the field is missing.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Slot::Absent)
    }

    /// Borrows the value.
    pub(super) fn as_ref(&self) -> Slot<&T> {
        match self {
            Slot::Absent => Slot::Absent,
            Slot::Spoilt => Slot::Spoilt,
            Slot::Set(value) => Slot::Set(value),
        }
    }

    /// Converts the value.
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Slot<U> {
        match self {
            Slot::Absent => Slot::Absent,
            Slot::Spoilt => Slot::Spoilt,
            Slot::Set(value) => Slot::Set(change(value)),
        }
    }
}

impl<T: Copy> Slot<Spot<'_, T>> {
    /// Returns the value, without its place.
    pub(super) fn value(&self) -> Option<T> {
        self.get().map(|spot| spot.value)
    }

    /// Returns `Some(None)` if the field is missing, and `None` if its value can't be used.
    pub(super) fn optional(&self) -> Option<Option<T>> {
        if self.is_absent() { Some(None) } else { self.value().map(Some) }
    }

    /// Returns the value, or `absent` if the field is missing; `None` if the value can't be used.
    pub(super) fn value_or(&self, absent: T) -> Option<T> {
        if self.is_absent() { Some(absent) } else { self.value() }
    }
}

impl<'t, T> Spot<'t, T> {
    /// Converts the value and keeps its place.
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Spot<'t, U> {
        Spot { value: change(self.value), node: self.node, home: self.home }
    }
}

impl Input<'_> {
    /// Marks a field that jobs need as present but unusable.
    pub(super) fn spoil(&mut self, field: &Field) {
        match field.name {
            name if name == PROMPT.name => self.prompt = Slot::Spoilt,
            name if name == RESOLUTION.name => self.resolution = Slot::Spoilt,
            name if name == DURATION.name => self.duration = Slot::Spoilt,
            name if name == REFERENCES.name => self.references = Slot::Spoilt,
            _ => {}
        }
    }
}
