//! Anchors and aliases by name, and how much aliases may stand for.

use crate::base::nearest::nearest;
use crate::document::bounds;
use crate::document::flaw::Flaw;
use crate::document::span::Span;
use std::borrow::Cow;
use std::collections::HashMap;

/// For how many unknown aliases the nearest anchor is looked up: after that many, no person reads on.
const SUGGESTIONS: usize = 100;

/// How much a value stands for, its aliases counted as often as they are used.
#[derive(Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) values: u64,
    /// How many lists and tables are inside each other, itself included.
    pub(super) depth: usize,
}

impl Size {
    pub(super) const SCALAR: Size = Size { values: 1, depth: 0 };
}

/// What an anchor names.
#[derive(Clone, Copy)]
enum Anchor {
    /// A list or table that isn't finished.
    Open(u32),
    Done(u32, Size),
    /// Something that was lost to a mistake, and reported there.
    Broken,
}

/// The anchors so far. They are known by name, as one may outlive the fragment of the text that it was read in.
pub(super) struct Anchors<'s> {
    names: HashMap<Cow<'s, str>, Anchor>,
    /// How many values aliases may still stand for.
    budget: u64,
    /// It was said that this is spent.
    spent: bool,
    suggestions: usize,
}

impl<'s> Anchors<'s> {
    /// None yet, in a text of so many bytes.
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

    /// A list or table that has a name is finished.
    pub(super) fn finish(&mut self, name: &str, slot: u32, size: Size) {
        // Unless something inside it took the name.
        if let Some(anchor @ Anchor::Open(_)) = self.names.get_mut(name)
            && matches!(anchor, Anchor::Open(open) if *open == slot)
        {
            *anchor = Anchor::Done(slot, size);
        }
    }

    /// What has this name was lost.
    pub(super) fn lose(&mut self, name: Cow<'s, str>) {
        self.names.insert(name, Anchor::Broken);
    }

    /// What may have this name was lost, unless there is something else that has it.
    pub(super) fn lose_unless_known(&mut self, name: &'s str) {
        self.names.entry(Cow::Borrowed(name)).or_insert(Anchor::Broken);
    }

    /// What the alias at `span` stands for, if it may stand there: so deep inside lists and tables, of which it doesn't
    /// add to the innermost `merging` but is merged into them.
    ///
    /// # Errors
    /// A flaw to report, if there is one that hasn't been.
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
        // What a merge key brings in is counted once it is known which of it is used.
        let values = if merging > 0 { 1 } else { size.values };
        if !self.spend(values) {
            return Err(self.too_many(span));
        }
        Ok((target, Size { values, ..size }))
    }

    /// How many values aliases may still stand for.
    pub(super) fn budget(&self) -> u64 {
        self.budget
    }

    /// Takes from the budget; false if it isn't enough.
    pub(super) fn spend(&mut self, values: u64) -> bool {
        let left = self.budget.checked_sub(values);
        self.budget = left.unwrap_or(0);
        left.is_some()
    }

    /// The budget is spent: says so the first time.
    pub(super) fn too_many(&mut self, span: Span) -> Option<Flaw> {
        (!std::mem::replace(&mut self.spent, true)).then_some(Flaw::TooManyAliases { span })
    }

    /// The anchor that was probably meant.
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
