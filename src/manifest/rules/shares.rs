//! What jobs share, kept once: a million jobs that a few lines stand for take the room of what they differ in.

use super::references::Links;
use crate::manifest::raw::Spot;
use crate::service::names::Tag;
use crate::service::request::{Image, Reference};
use crate::service::text::{Text, Weaving};
use crate::service::vocabulary::MODEL;
use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// Texts of fewer bytes are kept where they are: to share them would take as much.
const SHARED: usize = 64;

/// The parts that the jobs so far may have in common with the next one.
#[derive(Default)]
pub(crate) struct Shares {
    pub prompt: Weaver,
    pub negative_prompt: Weaver,
    pub model: Weaver,
    default_model: Option<Text>,
    references: Arc<Vec<Reference>>,
    tags: Arc<BTreeSet<Tag>>,
    /// Bytes that only one job has, but for those of texts.
    bytes: usize,
}

/// Makes the texts of one field, each of what the ones before have and of what is its own.
#[derive(Default)]
pub(crate) struct Weaver {
    /// The last text, and where its pieces end.
    last: String,
    ends: Vec<usize>,
    /// The pieces that have changed from job to job.
    varies: Vec<bool>,
    /// Runs of pieces that haven't changed, where they are long, by the first piece of each.
    runs: Vec<Option<Arc<str>>>,
    /// The last text as it was kept.
    woven: Text,
    /// Long pieces that have changed, and may come again.
    known: HashSet<Arc<str>>,
    /// Bytes that only one job has.
    bytes: usize,
}

impl Shares {
    /// Returns the usual model.
    pub(crate) fn default_model(&mut self) -> Text {
        self.default_model.get_or_insert_with(|| Text::from(MODEL)).clone()
    }

    /// Returns the tags, kept once where the job before has the same.
    pub(crate) fn tags(&mut self, tags: BTreeSet<Tag>) -> Arc<BTreeSet<Tag>> {
        if *self.tags != tags {
            self.bytes += tags.iter().map(|tag| tag.as_str().len()).sum::<usize>();
            self.tags = Arc::new(tags);
        }
        Arc::clone(&self.tags)
    }

    /// Returns what is linked, kept once if the job before has the same; `None` if one of them can't be used.
    pub(crate) fn references(&mut self, links: Rc<Links<'_>>) -> Option<Arc<Vec<Reference>>> {
        if !links.items.iter().map(|link| link.reference.as_deref()).eq(self.references.iter().map(Some)) {
            let linked = Rc::unwrap_or_clone(links).items.into_iter();
            self.references =
                Arc::new(linked.map(|link| link.reference.map(Rc::unwrap_or_clone)).collect::<Option<_>>()?);
            self.bytes += self.references.iter().map(size).sum::<usize>();
        }
        Some(Arc::clone(&self.references))
    }

    /// Returns how many bytes of text and of references only one job has.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes + self.prompt.bytes + self.negative_prompt.bytes + self.model.bytes
    }
}

/// Returns about how many bytes a reference takes.
fn size(reference: &Reference) -> usize {
    let images = reference.images.iter().map(|image| match image {
        Image::Url(url) => size_of::<Image>() + url.len(),
        Image::Content(_) => size_of::<Image>(),
    });
    size_of::<Reference>() + reference.name.as_str().len() + images.sum::<usize>()
}

impl Weaver {
    /// Returns the text at this place.
    pub(crate) fn of(&mut self, spot: &Spot<'_, &str>) -> Text {
        let text = spot.value;
        if text == self.last {
            return self.woven.clone();
        }
        let ends = spot.node.pieces().filter(|_| text.len() > SHARED);
        self.woven = match ends {
            Some(ends) => self.weave(text, ends.collect()),
            None => {
                self.ends.clear();
                Text::from(text)
            }
        };
        text.clone_into(&mut self.last);
        self.bytes += self.woven.own_bytes();
        self.woven.clone()
    }

    /// Returns the text in `text`, whose pieces end there.
    fn weave(&mut self, text: &str, ends: Vec<usize>) -> Text {
        if ends.len() == self.ends.len() {
            let (mut from, mut start) = (0, 0);
            for (piece, (end, before)) in ends.iter().zip(&self.ends).enumerate() {
                if !self.varies[piece] && text[start..*end] != self.last[from..*before] {
                    self.varies[piece] = true;
                    self.runs.fill(None);
                }
                (from, start) = (*before, *end);
            }
        } else {
            self.varies = vec![false; ends.len()];
            self.runs = vec![None; ends.len()];
        }
        let mut woven = Weaving::default();
        let (mut piece, mut start) = (0, 0);
        while piece < ends.len() {
            let first = piece;
            let varies = self.varies[first];
            piece += 1;
            while !varies && piece < ends.len() && !self.varies[piece] {
                piece += 1;
            }
            let part = &text[start..ends[piece - 1]];
            start = ends[piece - 1];
            if part.len() < SHARED {
                woven.push(part);
            } else if varies {
                let known = self.known.get(part).cloned().unwrap_or_else(|| {
                    let new: Arc<str> = part.into();
                    self.bytes += part.len();
                    self.known.insert(Arc::clone(&new));
                    new
                });
                woven.push_shared(known);
            } else {
                woven.push_shared(Arc::clone(self.runs[first].get_or_insert_with(|| part.into())));
            }
        }
        self.ends = ends;
        woven.finish()
    }
}
