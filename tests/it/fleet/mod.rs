//! Several runs on one shared ledger, of each engine.

mod folder;
mod gate;
mod postgres;
mod server;
mod team;
