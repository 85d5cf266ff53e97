//! `--progress json`: one event per line.

use super::outlet::Outlet;
use super::{Reporter, json};
use crate::event::Stamped;
use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, Sender};

/// Writes each event as a line of JSON, immediately.
#[derive(Debug)]
pub struct Ndjson<W> {
    out: Outlet<W>,
    /// Receives the error of a line that can't be written.
    broken: Sender<io::Error>,
}

impl<W: Write> Ndjson<W> {
    /// Writes to `out`; if that fails, the receiver gets the error, and no further line is written.
    pub fn new(out: W) -> (Ndjson<W>, Receiver<io::Error>) {
        let (broken, errors) = mpsc::channel();
        (Ndjson { out: Outlet::new(out), broken }, errors)
    }
}

impl<W: Write + Send> Reporter for Ndjson<W> {
    fn event(&mut self, event: &Stamped) {
        let mut line = Vec::new();
        json::write(&mut line, event).expect("an event has string keys and finite numbers");
        line.push(b'\n');
        if let Err(error) = self.out.write(&line) {
            // The receiver may be gone.
            let _ = self.broken.send(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{Closed, a_run};
    use std::sync::{Arc, Mutex};

    #[test]
    fn the_first_line_that_cannot_be_written_is_told_and_the_last_that_is_tried() {
        let tries = Arc::new(Mutex::new(0));
        let (mut ndjson, errors) = Ndjson::new(Closed { room: 400, tries: Arc::clone(&tries) });
        a_run().iter().for_each(|event| ndjson.event(event));
        drop(ndjson);
        let kinds: Vec<_> = errors.iter().map(|error| error.kind()).collect();
        assert_eq!(kinds, [io::ErrorKind::BrokenPipe]);
        assert!(*tries.lock().unwrap() < a_run().len(), "it goes on trying");
    }
}
