//! The findings in a manifest: codes, findings with labels, and the collector. Knows spans, knows no rule.

pub mod code;
pub mod collector;
pub mod finding;
pub mod fix;
pub mod levels;
