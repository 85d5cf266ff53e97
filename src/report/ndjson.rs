//! `--progress json`: one event a line.

use super::outlet::Outlet;
use super::{Reporter, json};
use crate::event::Stamped;
use std::io::Write;

/// Writes each event as a line of JSON, at once.
#[derive(Debug)]
pub struct Ndjson<W>(Outlet<W>);

impl<W: Write> Ndjson<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Ndjson<W> {
        Ndjson(Outlet::new(out))
    }
}

impl<W: Write + Send> Reporter for Ndjson<W> {
    fn event(&mut self, event: &Stamped) {
        let mut line = Vec::new();
        json::write(&mut line, event).expect("an event has string keys and finite numbers");
        line.push(b'\n');
        self.0.write(&line);
    }
}
