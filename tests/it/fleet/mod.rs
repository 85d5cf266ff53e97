//! Several runs on one shared ledger, of each engine.

mod bucket;
mod double;
mod folder;
mod gate;
mod limits;
mod measure;
mod postgres;
mod server;
mod team;
