//! The bottom of a terminal, where the live view is redrawn again and again, and the messages above it.
//!
//! The cursor always rests at the view's upper left corner. So the view can be removed without remembering anything (it
//! is everything below the cursor), and a terminal that is resized moves the cursor along: if lines wrap anew, the next
//! frame is drawn from where the previous one begins now. The cursor is never hidden, so that a process that dies can't
//! leave a terminal without one.

use super::echo::Echo;
use super::picture::Room;
use super::standard_error;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// Number of tries to lock: a frame is drawn quickly, unless the terminal is stopped.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(1);

/// A terminal that shows a live view, or a file that gets only the messages. Its clones share the same state.
#[derive(Clone)]
pub struct Screen(Arc<Shared>);

struct Shared {
    /// Messages waiting to be printed above the live view; `None` if there is no view, and they are written at once.
    waiting: Mutex<Option<String>>,
    drawn: Mutex<Drawn>,
}

/// The current content of the terminal.
struct Drawn {
    terminal: Box<dyn Terminal>,
    lines: Vec<String>,
    room: Option<Room>,
}

/// The terminal that a screen draws on.
pub trait Terminal: Write + Send {
    /// Returns columns and rows; `None` if it isn't a terminal.
    fn size(&self) -> Option<(usize, usize)>;

    /// Lets keys leave no trace in what is drawn; what is typed goes to whoever reads next, and signals come as ever.
    fn hush(&mut self) {}

    /// Shows keys again as before.
    fn unhush(&mut self) {}
}

/// Standard error, if it is a terminal.
#[derive(Debug)]
pub struct StandardError {
    term: console::Term,
    echo: Echo,
}

impl Default for StandardError {
    fn default() -> StandardError {
        StandardError { term: console::Term::stderr(), echo: Echo::default() }
    }
}

impl Terminal for StandardError {
    fn size(&self) -> Option<(usize, usize)> {
        let (rows, columns) = self.term.size_checked().filter(|_| self.term.is_term())?;
        Some((usize::from(columns), usize::from(rows)))
    }

    fn hush(&mut self) {
        self.echo.off();
    }

    fn unhush(&mut self) {
        self.echo.on();
    }
}

impl Write for StandardError {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stderr().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl Screen {
    /// Creates an empty screen on `terminal`.
    pub fn new(terminal: impl Terminal + 'static) -> Screen {
        let drawn = Drawn { terminal: Box::new(terminal), lines: Vec::new(), room: None };
        Screen(Arc::new(Shared { waiting: Mutex::new(None), drawn: Mutex::new(drawn) }))
    }

    /// Prints a message above the live view: with the next frame, so that nobody waits for a stopped terminal. Without
    /// a live view, it is written at once, and without waiting for a reader that has stopped.
    pub fn say(&self, lines: &str) {
        match &mut *lock(&self.0.waiting) {
            Some(waiting) => waiting.push_str(lines),
            None => standard_error::say(lines),
        }
    }

    /// Draws the frame that `lines` returns for the terminal's size, unless it is shown already.
    pub(super) fn draw(&self, lines: impl FnOnce(Room) -> Vec<String>) {
        let mut drawn = lock(&self.0.drawn);
        let above = std::mem::take(lock(&self.0.waiting).get_or_insert_default());
        let Some((width, height)) = drawn.terminal.size() else {
            drawn.write(&above);
            return;
        };
        drawn.terminal.hush();
        let room = Room { width, height };
        let lines = lines(room);
        let anew = drawn.room != Some(room) || lines.len() != drawn.lines.len();
        if above.is_empty() && !anew && lines == drawn.lines {
            return;
        }
        let clear = if anew || !above.is_empty() { drawn.clearing() } else { String::new() };
        let before = if clear.is_empty() { drawn.lines.as_slice() } else { &[] };
        let frame = frame(before, &clear, &above, &lines);
        drawn.write(&frame);
        drawn.lines = lines;
        drawn.room = Some(room);
    }

    /// Removes the live view for good; waiting messages are printed.
    pub fn leave(&self) {
        let mut drawn = lock(&self.0.drawn);
        let above = lock(&self.0.waiting).take().unwrap_or_default();
        drawn.clear(&above);
    }

    /// Removes the live view if that can be done at once: for a process that exits immediately.
    pub fn leave_at_once(&self) {
        if let Some(mut drawn) = self.unless_stuck() {
            drawn.clear("");
        }
    }

    /// Removes the live view while `elsewhere` runs and uses the terminal.
    pub fn without<T>(&self, elsewhere: impl FnOnce() -> T) -> T {
        let mut drawn = self.unless_stuck();
        if let Some(drawn) = &mut drawn {
            drawn.clear("");
        }
        elsewhere()
    }

    /// Returns the terminal's content, unless the terminal is stopped in the middle of a frame: nobody waits for that.
    fn unless_stuck(&self) -> Option<MutexGuard<'_, Drawn>> {
        for _ in 0..TRIES {
            match self.0.drawn.try_lock() {
                Ok(drawn) => return Some(drawn),
                Err(TryLockError::Poisoned(drawn)) => return Some(drawn.into_inner()),
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            }
        }
        None
    }
}

impl Drawn {
    /// Returns the sequence that removes the view, row by row: some terminals keep what `ED` clears in their history.
    fn clearing(&self) -> String {
        let rows = match self.room {
            None => 0,
            // It may have been wrapped anew.
            Some(room) if self.terminal.size() != Some((room.width, room.height)) => room.height,
            Some(_) => self.lines.len(),
        };
        format!("\r\x1b7{}\x1b8", "\x1b[2K\x1b[B".repeat(rows))
    }

    fn clear(&mut self, above: &str) {
        if !self.lines.is_empty() {
            self.write(&self.clearing());
        }
        self.write(above);
        self.terminal.unhush();
        self.lines.clear();
        self.room = None;
    }

    /// Writes in one piece. Errors of a terminal that has gone are ignored.
    fn write(&mut self, text: &str) {
        if !text.is_empty() {
            let _ = self.terminal.write_all(text.as_bytes()).and_then(|()| self.terminal.flush());
        }
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Screen")
    }
}

/// Returns the text that turns the frame `before` into `lines`, with `above` printed above: one write, which terminals
/// with `?2026` show at once. Unchanged lines aren't written again.
fn frame(before: &[String], clear: &str, above: &str, lines: &[String]) -> String {
    // Without wrapping: if a terminal draws a character wider than counted, it is cut.
    let mut frame = format!("\x1b[?2026h\r{clear}{above}\x1b[?7l");
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            frame += "\r\n";
        }
        if before.get(at) != Some(line) {
            frame += line;
            frame += "\x1b[K";
        }
    }
    if lines.len() > 1 {
        frame += &format!("\x1b[{}A", lines.len() - 1);
    }
    frame + "\r\x1b[?7h\x1b[?2026l"
}

/// Locks a mutex: a panic elsewhere can't leave its state half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Receives log lines, so that they don't break up the live view.
impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.say(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
