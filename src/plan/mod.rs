//! What to do with each job, and why: deciding is pure, files are looked at first.

pub mod action;
