//! Anchors and aliases by name, and the limit on what aliases may expand to.

use crate::base::nearest::nearest;
use crate::document::bounds;
use crate::document::flaw::Flaw;
use crate::document::span::Span;
use std::borrow::Cow;
use std::collections::HashMap;

/// The number of unknown aliases for which the nearest anchor is looked up: nobody reads that many suggestions.
const SUGGESTIONS: usize = 100;

/// The size of a value, with its aliases counted as often as they are used.
#[derive(Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) values: u64,
    /// The depth of nested lists and tables, itself included.
    pub(super) depth: usize,
}

impl Size {
    pub(super) const SCALAR: Size = Size { values: 1, depth: 0 };
}

/// The target of an anchor.
#[derive(Clone, Copy)]
enum Anchor {
    /// A list or table that isn't finished.
    Open(u32),
    Done(u32, Size),
    /// A value that was lost to a mistake, and reported there.
    Broken,
}

/// The anchors so far. They are known by name, as one may outlive its fragment of the text.
pub(super) struct Anchors<'s> {
    names: HashMap<Cow<'s, str>, Anchor>,
    /// The number of values that aliases may still expand to.
    budget: u64,
    /// `true` if the flaw of a spent budget was already reported.
    spent: bool,
    suggestions: usize,
}

impl<'s> Anchors<'s> {
    /// Creates an empty collection, for a text of this many bytes.
    pub(super) fn new(bytes: usize) -> Anchors<'s> {
        Anchors { names: HashMap::new(), budget: bounds::expansion(bytes), spent: false, suggestions: 0 }
    }

    /// Names a value.
    pub(super) fn define(&mut self, name: Cow<'s, str>, slot: u32, size: Size) {
        self.names.insert(name, Anchor::Done(slot, size));
    }

    /// Names a list or table that has just started.
    pub(super) fn open(&mut self, name: Cow<'s, str>, slot: u32) {
        self.names.insert(name, Anchor::Open(slot));
    }

    /// Finishes a list or table that has a name.
    pub(super) fn finish(&mut self, name: &str, slot: u32, size: Size) {
        // Unless a value inside it uses the name.
        if let Some(anchor @ Anchor::Open(_)) = self.names.get_mut(name)
            && matches!(anchor, Anchor::Open(open) if *open == slot)
        {
            *anchor = Anchor::Done(slot, size);
        }
    }

    /// Records that the value with this name was lost.
    pub(super) fn lose(&mut self, name: Cow<'s, str>) {
        self.names.insert(name, Anchor::Broken);
    }

    /// Records that a value that may have this name was lost, unless another one has it.
    pub(super) fn lose_unless_known(&mut self, name: &'s str) {
        self.names.entry(Cow::Borrowed(name)).or_insert(Anchor::Broken);
    }

    /// Resolves the alias at `span`, if it is allowed there: nested this deep inside lists and tables, into the
    /// innermost `merging` of which its content is merged rather than added.
    ///
    /// # Errors
    /// Returns the flaw to report, unless it was reported before.
    pub(super) fn resolve(
        &mut self,
        name: &str,
        span: Span,
        depth: usize,
        merging: usize,
    ) -> Result<(u32, Size), Option<Flaw>> {
        let (target, size) = match self.names.get(name) {
            Some(&Anchor::Done(target, size)) => (target, size),
            Some(Anchor::Open(_)) => return Err(Some(Flaw::RecursiveAlias { span })),
            Some(Anchor::Broken) => return Err(None),
            None => {
                let nearest = self.nearest(name);
                return Err(Some(Flaw::UnknownAlias { name: name.to_owned(), span, nearest }));
            }
        };
        if depth + size.depth > bounds::DEPTH + merging {
            return Err(Some(Flaw::TooDeep { span }));
        }
        // Merged values are counted once it is known which of them are used.
        let values = if merging > 0 { 1 } else { size.values };
        if !self.spend(values) {
            return Err(self.too_many(span));
        }
        Ok((target, Size { values, ..size }))
    }

    /// Returns the number of values that aliases may still expand to.
    pub(super) fn budget(&self) -> u64 {
        self.budget
    }

    /// Reduces the budget; returns `false` if it isn't enough.
    pub(super) fn spend(&mut self, values: u64) -> bool {
        let left = self.budget.checked_sub(values);
        self.budget = left.unwrap_or(0);
        left.is_some()
    }

    /// Returns the flaw of a spent budget, the first time.
    pub(super) fn too_many(&mut self, span: Span) -> Option<Flaw> {
        (!std::mem::replace(&mut self.spent, true)).then_some(Flaw::TooManyAliases { span })
    }

    /// Returns the anchor that was probably meant.
    fn nearest(&mut self, name: &str) -> Option<String> {
        self.suggestions += 1;
        if self.suggestions > SUGGESTIONS {
            return None;
        }
        let mut names: Vec<&str> = self.names.keys().map(Cow::as_ref).collect();
        names.sort_unstable();
        nearest(name, names).map(str::to_owned)
    }
}
