//! Places in a text.

/// A range of bytes, the end exclusive. Manifests are at most 256 MiB, so 32 bits do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// Returns the span from `start` to `end`.
    ///
    /// # Panics
    /// If the text is larger than 4 GiB, which `bounds` forbids.
    pub fn new(start: usize, end: usize) -> Span {
        let small = |n: usize| u32::try_from(n).expect("a text is smaller than 4 GiB");
        Span { start: small(start), end: small(end) }
    }

    /// Returns it as a range of `usize`, for slicing.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Returns whether both share a byte or touch.
    pub fn touches(self, other: Span) -> bool {
        self.start <= other.end && other.start <= self.end
    }
}
