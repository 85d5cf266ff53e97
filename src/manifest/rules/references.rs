//! The rules on references: each one alone, the library, and those of a job.

use super::images::Images;
use crate::base::nearest::{Near, near};
use crate::document::tree::{Node, Value};
use crate::manifest::problem::{Place, Problem};
use crate::manifest::raw::{self, Home, Slot, Spot, Use};
use crate::manifest::sink::Sink;
use crate::service::limits::{IMAGES, REFERENCE_NAME_BYTES, REFERENCES};
use crate::service::names::ReferenceName;
use crate::service::request::{Image, Reference};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// How much is spent on looking for near names, in pairs of bytes that are held against each other: enough for hundreds of
/// names, and past that many the suggestions are of no use to anybody.
const SUGGESTIONS: usize = 16_000_000;

/// The library: references by name.
pub(crate) struct Library<'t> {
    entries: Vec<Entry<'t>>,
    index: HashMap<&'t str, usize>,
    /// The lengths of the names.
    lengths: BTreeSet<usize>,
    /// `true` if a name that isn't in it is unknown, rather than lost to another mistake.
    whole: bool,
    /// `true` if a prompt can mention all of them by their names.
    mentionable: bool,
    suggestions: RefCell<HashMap<String, Option<Near<'t>>>>,
    /// Bytes of all names together.
    bytes: usize,
    /// The effort spent on suggestions so far.
    spent: Cell<usize>,
}

/// A reference of the library; without content if it has a mistake.
struct Entry<'t> {
    name: &'t str,
    reference: Option<Rc<Reference>>,
}

/// The references of a job, or of `defaults`.
#[derive(Clone)]
pub(crate) struct Links<'t> {
    /// Those that could be resolved, in order.
    pub items: Vec<Link<'t>>,
    /// `true` if these are all, so that any other name is undeclared.
    pub whole: bool,
    /// The owner of the field that they are in.
    pub home: Home,
}

/// A reference of a job.
#[derive(Clone)]
pub(crate) struct Link<'t> {
    /// The name by which the prompt mentions it.
    pub name: &'t str,
    /// The place where the job lists it.
    pub place: Place,
    /// The number of its entry in the library.
    pub entry: Option<usize>,
    /// The reference, unless it has a mistake.
    pub reference: Option<Rc<Reference>>,
}

impl<'t> Library<'t> {
    /// Reads the library, and checks each reference.
    pub(crate) fn check(raw: &Slot<raw::Library<'t>>, images: &mut Images<'_>, sink: &mut Sink<'_>) -> Library<'t> {
        let mut library = Library {
            entries: Vec::new(),
            index: HashMap::new(),
            lengths: BTreeSet::new(),
            whole: match raw {
                Slot::Set(raw) => raw.whole,
                Slot::Absent => true,
                Slot::Spoilt => false,
            },
            mentionable: true,
            suggestions: RefCell::default(),
            bytes: 0,
            spent: Cell::default(),
        };
        for raw in raw.get().iter().flat_map(|raw| &raw.references) {
            let Slot::Set(name) = raw.name else { continue };
            sink.enter_entry(library.entries.len());
            library.index.insert(name.text, library.entries.len());
            library.lengths.insert(name.text.len());
            library.bytes += name.text.len();
            library.mentionable &= is_mentionable(name.text);
            let reference = reference(raw, images, sink).map(Rc::new);
            library.entries.push(Entry { name: name.text, reference });
        }
        library
    }

    /// Returns whether a name that isn't in it is unknown.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Returns whether a mention that can't be found is unknown.
    pub(crate) fn is_mentionable(&self) -> bool {
        self.whole && self.mentionable
    }

    /// Returns the number of the entry with this name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// Returns the entries whose names a text starts with.
    pub(crate) fn prefixes(&self, text: &str) -> impl Iterator<Item = usize> {
        self.lengths.iter().filter_map(|length| self.find(text.get(..*length)?))
    }

    /// Returns the entry's name.
    pub(crate) fn name(&self, entry: usize) -> &'t str {
        self.entries[entry].name
    }

    /// Returns the entry as a reference of a job, which uses it at `place`.
    pub(crate) fn link(&self, entry: usize, place: Place) -> Link<'t> {
        let Entry { name, reference } = &self.entries[entry];
        Link { name, place, entry: Some(entry), reference: reference.clone() }
    }

    /// Returns the name nearest to `word`.
    pub(crate) fn nearest(&self, word: &str) -> Option<Near<'t>> {
        let mut known = self.suggestions.borrow_mut();
        if let Some(near) = known.get(word) {
            return *near;
        }
        let spent = self.spent.get() + word.len() * self.bytes;
        if spent > SUGGESTIONS {
            return None;
        }
        self.spent.set(spent);
        let near = near(word, self.entries.iter().map(|entry| entry.name));
        known.insert(word.to_owned(), near);
        near
    }
}

impl<'t> Links<'t> {
    /// Returns the references that are listed in `references`.
    ///
    /// `prompt` is that of the job that lists them, if it has one.
    pub(crate) fn listed(
        listed: &Spot<'t, Vec<Use<'t>>>,
        prompt: Option<&str>,
        library: &'t Library<'_>,
        images: &mut Images<'_>,
        sink: &mut Sink<'_>,
    ) -> Links<'t> {
        let mut links = Links { items: Vec::new(), whole: true, home: listed.home };
        for item in &listed.value {
            let link = match item {
                Use::Name(name) => named(name, &listed.value, prompt, library, sink),
                Use::Written(raw) => {
                    let reference = reference(raw, images, sink).map(Rc::new);
                    raw.name.get().map(|name| Link { name: name.text, place: name.place, entry: None, reference })
                }
                Use::Spoilt => None,
            };
            // A reference that can't be mentioned may be the one that the prompt tries to mention.
            links.whole &= link.as_ref().is_some_and(|link| is_mentionable(link.name));
            links.items.extend(link);
        }
        if !REFERENCES.contains(&listed.value.len()) {
            let at = surplus(listed.node, *REFERENCES.end(), sink);
            let count = listed.value.len();
            sink.push(Problem::ReferenceCount { at, count, implied: false });
        }
        links.blame_duplicates(sink);
        links
    }

    fn blame_duplicates(&self, sink: &mut Sink<'_>) {
        let mut seen: HashMap<&str, Place> = HashMap::new();
        for link in &self.items {
            // Through an alias two may be one and the same text.
            let later = link.place.as_use();
            let earlier = *seen.entry(link.name).or_insert(later);
            if earlier != later {
                sink.push(Problem::DuplicateReferenceName { later, earlier, name: link.name.to_owned() });
            }
        }
    }
}

/// Returns the reference of the library that `name` uses, which is one of `all`.
fn named<'t>(
    name: &raw::Name<'t>,
    all: &[Use<'t>],
    prompt: Option<&str>,
    library: &'t Library<'_>,
    sink: &mut Sink<'_>,
) -> Option<Link<'t>> {
    let entry = library.find(name.text);
    if entry.is_none() && library.is_whole() {
        let several = several(name.text, library);
        let near = library.nearest(name.text).filter(|_| several.is_none());
        // A name that the prompt has too isn't misspelt but undeclared.
        let is_meant = || prompt.is_some_and(|prompt| prompt.contains(&format!("@{}", name.text)));
        sink.push(Problem::UnknownReference {
            at: name.place,
            name: name.text.to_owned(),
            nearest: near.map(|near| near.name.to_owned()),
            several,
            is_sure: near.is_some_and(|near| near.is_sure && !is_meant() && !is_used(near.name, name, all, library)),
        });
    }
    entry.map(|entry| library.link(entry, name.place))
}

/// Returns the names of the library in a text that separates them by semicolons or other kinds of commas.
fn several(text: &str, library: &Library<'_>) -> Option<Vec<String>> {
    let parts: Vec<&str> = text.split([',', '，', '、', ';', '；', '،']).map(str::trim).collect();
    let are_known = parts.len() > 1 && parts.iter().all(|part| library.find(part).is_some());
    are_known.then(|| parts.into_iter().map(str::to_owned).collect())
}

/// Returns whether another one of `all` has the name `near`, or is a misspelling of it too.
fn is_used(near: &str, name: &raw::Name<'_>, all: &[Use<'_>], library: &Library<'_>) -> bool {
    /// More than anybody lists by mistake.
    const MANY: usize = 100;
    all.len() > MANY
        || all.iter().any(|other| match other {
            Use::Name(other) if other.place == name.place => false,
            Use::Name(other) => {
                other.text == near
                    || library.find(other.text).is_none()
                        && library.nearest(other.text).is_some_and(|other| other.name == near)
            }
            Use::Written(other) => other.name.get().is_some_and(|other| other.text == near),
            Use::Spoilt => false,
        })
}

/// Returns whether a prompt can mention a reference by this name.
fn is_mentionable(name: &str) -> bool {
    ReferenceName::check(name).is_ok()
}

/// Returns the reference that is written in `raw`, if it has no mistake.
fn reference<'t>(raw: &raw::Reference<'t>, images: &mut Images<'_>, sink: &mut Sink<'_>) -> Option<Reference> {
    let name = raw.name.get().and_then(|name| reference_name(name, sink));
    let images = raw.images.get().and_then(|urls| images_of(urls, images, sink));
    Some(Reference { kind: *raw.kind.get()?, name: name?, images: images? })
}

fn reference_name<'t>(name: &raw::Name<'t>, sink: &mut Sink<'_>) -> Option<ReferenceName> {
    let checked = ReferenceName::new(name.text);
    if checked.is_err() {
        sink.push(Problem::ReferenceName { at: name.place, name: name.text.to_owned() });
    } else if name.text.len() > REFERENCE_NAME_BYTES {
        sink.push(Problem::LongReferenceName { at: name.place, name: name.text.to_owned() });
    }
    checked.ok()
}

/// Returns the place of the first item of a list after `most`; that of the list, if it has no more than these.
fn surplus<'t>(list: Node<'t>, most: usize, sink: &Sink<'_>) -> Place {
    match list.value() {
        Value::List(items) => items.iter().nth(most).map_or(Place::of(list), |item| sink.whole(item)),
        _ => Place::of(list),
    }
}

fn images_of<'t>(urls: &raw::Images<'t>, images: &mut Images<'_>, sink: &mut Sink<'_>) -> Option<Vec<Image>> {
    if !IMAGES.contains(&urls.items.len()) {
        let at = surplus(urls.node, *IMAGES.end(), sink);
        sink.push(Problem::ImageCount { at, count: urls.items.len() });
    }
    let mut usable = Vec::with_capacity(urls.items.len());
    for (text, at) in urls.items.iter().flatten().copied() {
        match images.look(text) {
            Ok(looked) => {
                for oddity in looked.oddities {
                    sink.push(Problem::OddImage { at, text: text.to_owned(), oddity });
                }
                usable.push(looked.image);
            }
            Err(flaw) => sink.push(Problem::ImageUrl { at, text: text.to_owned(), flaw }),
        }
    }
    (usable.len() == urls.items.len()).then_some(usable)
}
