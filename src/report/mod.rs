//! Reports: findings, plans and runs, shown to people and to machines.

pub mod documents;
pub mod look;
pub mod terminal_safe;
