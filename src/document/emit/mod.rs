//! Writing documents.

pub mod plain;
