//! The findings in a manifest: codes, findings with labels, and their order. Knows spans, knows no rule.

pub mod code;

pub mod finding;
pub mod fix;
pub mod levels;
pub mod order;
