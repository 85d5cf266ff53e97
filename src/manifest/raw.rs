//! The manifest as it is written: every value of its type, each with its place; nothing joined, no rule applied.
//!
//! There is only ever one job of it: the next one is read when the rules are done with this one.

use super::fields::{DURATION, Field, PROMPT, REFERENCES, RESOLUTION};
use super::model::{Prices, RunSettings};
use super::problem::Place;
use crate::document::tree::{List, Node};
use crate::spec::address::BaseUrl;
use crate::spec::names::Tag;
use crate::spec::vocabulary::{Duration, ReferenceType, Resolution};
use std::collections::BTreeSet;

/// What stands in a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot<T> {
    /// Nothing: the field isn't there.
    Absent,
    /// Something that can't be used; it was said why.
    Spoilt,
    /// A value.
    Set(T),
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot<'t, T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub node: Node<'t>,
    /// In whose field it stands.
    pub home: Home,
}

/// In whose field a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// In one job's own, or in one that is nobody's else.
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
    /// The jobs as they stand there.
    pub jobs: Option<List<'t>>,
}

/// `output:`
#[derive(Debug)]
pub(super) struct Output<'t> {
    pub dir: Slot<Spot<'t, &'t str>>,
    pub name: Slot<Spot<'t, &'t str>>,
}

/// The library.
#[derive(Debug)]
pub(super) struct Library<'t> {
    pub references: Vec<Reference<'t>>,
    /// Whether no entry was lost to a syntax error.
    pub whole: bool,
}

/// A job.
#[derive(Debug)]
pub(super) struct Job<'t> {
    /// Which of the jobs it is, from 0.
    pub number: usize,
    pub node: Node<'t>,
    pub id: Slot<Spot<'t, &'t str>>,
    pub input: Input<'t>,
}

/// What a job and `defaults` have in common: what is asked for. Fields that can have one value only are not kept.
#[derive(Debug)]
pub(super) struct Input<'t> {
    pub prompt: Slot<Spot<'t, &'t str>>,
    pub negative_prompt: Slot<Spot<'t, &'t str>>,
    pub resolution: Slot<Spot<'t, Resolution>>,
    pub duration: Slot<Spot<'t, Duration>>,
    pub references: Slot<Spot<'t, Vec<Use<'t>>>>,
    pub number_of_videos: Slot<Spot<'t, u8>>,
    pub take: Slot<Spot<'t, u32>>,
    pub tags: Slot<BTreeSet<Tag>>,
    pub need_expand_prompt: Slot<Spot<'t, bool>>,
    pub selected_model: Slot<Spot<'t, &'t str>>,
}

/// An item of a job's `references`.
#[derive(Debug)]
pub(super) enum Use<'t> {
    /// The name of a reference in the library.
    Name(Name<'t>),
    /// A reference written out.
    Written(Reference<'t>),
    /// Something that is neither; it was said why.
    Spoilt,
}

/// A reference, in the library or in a job.
#[derive(Debug)]
pub(super) struct Reference<'t> {
    /// Its name: in the library the key.
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
    /// Each with its place; none for what is no text, as was said.
    pub items: Vec<Option<(&'t str, Place)>>,
}

impl<T> Slot<T> {
    /// The value.
    pub(super) fn get(&self) -> Option<&T> {
        match self {
            Slot::Set(value) => Some(value),
            Slot::Absent | Slot::Spoilt => None,
        }
    }

    /// Whether the field isn't there.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Slot::Absent)
    }

    /// The same about a borrowed value.
    pub(super) fn as_ref(&self) -> Slot<&T> {
        match self {
            Slot::Absent => Slot::Absent,
            Slot::Spoilt => Slot::Spoilt,
            Slot::Set(value) => Slot::Set(value),
        }
    }

    /// The same about another value.
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Slot<U> {
        match self {
            Slot::Absent => Slot::Absent,
            Slot::Spoilt => Slot::Spoilt,
            Slot::Set(value) => Slot::Set(change(value)),
        }
    }
}

impl<T: Copy> Slot<Spot<'_, T>> {
    /// The value, without its place.
    pub(super) fn value(&self) -> Option<T> {
        self.get().map(|spot| spot.value)
    }

    /// The value, or that there is none; none at all where it can't be used.
    pub(super) fn optional(&self) -> Option<Option<T>> {
        if self.is_absent() { Some(None) } else { self.value().map(Some) }
    }

    /// The value; `absent` where the field isn't there, and none where it can't be used.
    pub(super) fn value_or(&self, absent: T) -> Option<T> {
        if self.is_absent() { Some(absent) } else { self.value() }
    }
}

impl<'t, T> Spot<'t, T> {
    /// Another value in the same place.
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Spot<'t, U> {
        Spot { value: change(self.value), node: self.node, home: self.home }
    }
}

impl Input<'_> {
    /// An input of which every field is `slot`: absent, or spoilt.
    pub(super) fn blank(spoilt: bool) -> Self {
        fn slot<T>(spoilt: bool) -> Slot<T> {
            if spoilt { Slot::Spoilt } else { Slot::Absent }
        }
        Input {
            prompt: slot(spoilt),
            negative_prompt: slot(spoilt),
            resolution: slot(spoilt),
            duration: slot(spoilt),
            references: slot(spoilt),
            number_of_videos: slot(spoilt),
            take: slot(spoilt),
            tags: slot(spoilt),
            need_expand_prompt: slot(spoilt),
            selected_model: slot(spoilt),
        }
    }

    /// Says of a field that jobs need that it is there, and can't be used.
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
