//! Reports: findings, plans and runs, shown to people and to machines.

pub mod commands;
pub mod documents;
pub mod findings;
pub mod look;
pub mod schemas;
pub mod tables;
pub mod terminal_safe;
