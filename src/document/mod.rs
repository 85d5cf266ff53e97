//! Text, spans, one neutral tree.

pub mod span;
pub mod tree;
