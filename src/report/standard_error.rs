//! Standard error, for messages besides a reporter's: a reader that doesn't read blocks neither run nor process.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

/// Maximum time to wait for a write: an active reader takes it in a moment.
const PATIENCE: Duration = Duration::from_millis(500);

/// Maximum number of texts that wait for a stopped reader before further ones are left out.
const WAITING: usize = 1024;

/// Writes to standard error, and returns when it is written or its reader doesn't read.
pub fn say(text: impl Into<Vec<u8>>) {
    static WRITER: OnceLock<Option<Writer>> = OnceLock::new();
    if let Some(writer) = WRITER.get_or_init(|| Writer::start(io::stderr()).ok()) {
        writer.say(text.into());
    }
}

/// A thread that writes. Only it waits for the reader.
struct Writer {
    feed: Sender<(Vec<u8>, Sender<()>)>,
    waiting: Arc<AtomicUsize>,
}

impl Writer {
    fn start(mut out: impl Write + Send + 'static) -> io::Result<Writer> {
        let (feed, texts) = mpsc::channel::<(Vec<u8>, Sender<()>)>();
        let waiting = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&waiting);
        thread::Builder::new().name("standard error".to_owned()).spawn(move || {
            for (text, written) in texts {
                // Errors of a reader that has gone are ignored.
                let _ = out.write_all(&text).and_then(|()| out.flush());
                left.fetch_sub(1, Ordering::Relaxed);
                drop(written);
            }
        })?;
        Ok(Writer { feed, waiting })
    }

    fn say(&self, text: Vec<u8>) {
        let before = self.waiting.load(Ordering::Relaxed);
        if before >= WAITING {
            return;
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let (written, done) = mpsc::channel();
        if self.feed.send((text, written)).is_err() {
            return;
        }
        // If an earlier text is still waiting, another caller already waits for the reader or has given up on it.
        if before == 0 {
            let _ = done.recv_timeout(PATIENCE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::time::Instant;

    /// A writer that blocks until it is released.
    struct Stopped(mpsc::Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Stopped {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_does_not_read_is_waited_for_once_and_fills_no_memory() {
        let ((let_go, held), taken) = (mpsc::channel(), Arc::default());
        let writer = Writer::start(Stopped(held, Arc::clone(&taken))).unwrap();
        let started = Instant::now();
        for n in 0..2 * WAITING {
            writer.say(format!("{n}\n").into_bytes());
        }
        assert!(started.elapsed() < 20 * PATIENCE, "{:?}", started.elapsed());
        drop(let_go);
        while writer.waiting.load(Ordering::Relaxed) > 0 {
            thread::yield_now();
        }
        assert_eq!(taken.lock().unwrap().split(|byte| *byte == b'\n').count(), WAITING + 1);
        writer.say(b"last".to_vec());
        assert!(taken.lock().unwrap().ends_with(b"last"), "written when it returns, once the reader reads again");
    }
}
