//! `batch` runs multi-reference video generations from a manifest that is kept in version control.
//!
//! The program's promise: it checks everything before anything is spent, it never pays for the same input twice without
//! explicit consent, and it never loses a video that is paid for. The binary only calls [`cli::main`]; everything is here.
//!
//! Data goes one way:
//!
//! ```text
//! jobs.yaml ─ document ─ manifest ─┐                    ┌─ report (bar, lines, NDJSON, JUnit, page)
//!                                  plan ─ engine ─ event ┤
//! jobs.lock + journal ─ ledger ────┘        │           └─ exit code
//!                                           client ─ the service
//! ```
//!
//! The layers, from the ground up. Each may use only those above it in this list; a test holds them to it:
//!
//! | layer | what it is |
//! | --- | --- |
//! | `base` | no word of the domain: durable files, hashes, canonical JSON, secrets, the nearest name, the clock |
//! | `service` | the service's vocabulary and rules, as values and pure functions |
//! | `document` | text, spans, and one neutral tree out of YAML, TOML and JSON |
//! | `diagnostic` | codes, findings with labels, their levels and order; knows spans, knows no rule |
//! | `manifest` | tree → raw → resolved → checked manifest |
//! | `ledger` | the set of purchases: lockfile, journal, recovery, union, the shared ledger |
//! | `client` | HTTP: the five calls and the one for remote images, what failures mean, retry, throttle |
//! | `plan` | manifest and ledger → what to do with each job, and why |
//! | `event` | what happened, as data; the run's summary; the switch that ends a run |
//! | `mirror` | remote images: fetched, pinned, obtained for their upload |
//! | `engine` | plan → running jobs → ledger and events |
//! | `run` | one run from its beginning to its end: what is opened, made durable, sent and said, and in which order |
//! | `report` | events and ledger → bar, lines, NDJSON, tables, JUnit, page; findings → people and machines |
//! | `simulate` | the simulated service: a trial without an account, and the double that tests run against |
//! | `cli` | arguments, environment, commands, exit codes |
//!
//! Where to start reading: [`manifest`] turns a text into a checked manifest, [`ledger`] keeps the promise about money,
//! [`engine`] does the work.

pub mod base;
pub mod cli;
pub mod client;
pub mod diagnostic;
pub mod document;
pub mod engine;
pub mod event;
pub mod ledger;
pub mod manifest;
pub mod mirror;
pub mod plan;
pub mod report;
pub mod run;
pub mod service;
pub mod simulate;
