//! A text that shares long parts with others.

use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A text, of which parts may be kept once for many.
#[derive(Clone)]
pub struct Text(Form);

#[derive(Clone)]
enum Form {
    /// In one piece.
    Whole(Arc<str>),
    /// Parts that are shared, between others that are not.
    Woven(Arc<Woven>),
}

struct Woven {
    /// The pieces that aren't shared, joined.
    own: Box<str>,
    /// The shared pieces, each before this byte of the rest.
    shared: Box<[(usize, Arc<str>)]>,
}

impl Text {
    /// Returns how many of its bytes are not shared.
    pub fn own_bytes(&self) -> usize {
        match &self.0 {
            Form::Whole(text) => text.len(),
            Form::Woven(woven) => woven.own.len() + woven.shared.len() * size_of::<(usize, Arc<str>)>(),
        }
    }

    /// Returns how many bytes it has.
    pub fn len(&self) -> usize {
        self.parts().map(str::len).sum()
    }

    /// Returns whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns all of it in one piece.
    pub fn text(&self) -> Cow<'_, str> {
        match &self.0 {
            Form::Whole(text) => Cow::Borrowed(text),
            Form::Woven(_) => Cow::Owned(self.parts().collect()),
        }
    }

    /// Returns its parts in order.
    fn parts(&self) -> impl Iterator<Item = &str> {
        let (own, shared) = match &self.0 {
            Form::Whole(text) => (text.as_ref(), &[][..]),
            Form::Woven(woven) => (&*woven.own, &*woven.shared),
        };
        let mut from = 0;
        let mut parts = shared.iter();
        let between = std::iter::from_fn(move || {
            let (at, part) = parts.next()?;
            let before = &own[std::mem::replace(&mut from, *at)..*at];
            Some([before, part.as_ref()])
        });
        let rest = &own[shared.last().map_or(0, |(at, _)| *at)..];
        between.flatten().chain([rest])
    }
}

/// A text that is being put together.
#[derive(Default)]
pub struct Weaving {
    own: String,
    shared: Vec<(usize, Arc<str>)>,
}

impl Weaving {
    /// Adds a part.
    pub fn push(&mut self, part: &str) {
        self.own.push_str(part);
    }

    /// Adds a part that is kept once for all that have it.
    pub fn push_shared(&mut self, part: Arc<str>) {
        self.shared.push((self.own.len(), part));
    }

    /// Returns the text, which takes no more room than it needs.
    pub fn finish(self) -> Text {
        let Weaving { own, shared } = self;
        Text(match shared.is_empty() {
            true => Form::Whole(own.into()),
            false => Form::Woven(Arc::new(Woven { own: own.into(), shared: shared.into() })),
        })
    }
}

impl Default for Text {
    fn default() -> Text {
        Text(Form::Whole("".into()))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text(Form::Whole(text.into()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text(Form::Whole(text.into()))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().try_for_each(|part| f.write_str(part))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text(), f)
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Text {}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Whole(text) => serializer.serialize_str(text),
            Form::Woven(_) => serializer.collect_str(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_stands_where_it_was_put() {
        let shared: Arc<str> = "shared".into();
        let mut text = Weaving::default();
        text.push("a ");
        text.push_shared(Arc::clone(&shared));
        text.push(" \"b\" ");
        text.push_shared(Arc::clone(&shared));
        text.push_shared(Arc::clone(&shared));
        let text = text.finish();
        let whole = "a shared \"b\" sharedshared";
        assert_eq!((text.to_string().as_str(), text.text().as_ref(), text.len()), (whole, whole, whole.len()));
        assert_eq!(text, Text::from(whole));
        assert_ne!(text, Text::from("a shared"));
        let written = [serde_json::to_string(&text).unwrap(), serde_json::to_string(whole).unwrap()];
        assert_eq!(written[0], written[1]);
    }
}
