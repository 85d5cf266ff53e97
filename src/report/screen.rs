//! The bottom of a terminal, where a picture is drawn over and over, and what is said above it.
//!
//! The cursor always rests at the picture's upper left corner. So nothing has to be remembered to take the picture away
//! (what is below the cursor), and a terminal that is made wider, narrower or shorter takes the cursor along: where
//! lines wrap anew, the next picture is drawn from where the one before begins now. The cursor is never hidden, so that no
//! death of the process leaves a terminal without one.

use super::echo::Echo;
use super::picture::Room;
use super::standard_error;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// A picture is drawn in a moment, unless the terminal is stopped.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(1);

/// A terminal that shows a picture, or a file that gets the lines alone. Its clones are the same.
#[derive(Clone)]
pub struct Screen(Arc<Shared>);

struct Shared {
    /// Lines that wait to be said above the picture; none where there is no picture, and they are written at once.
    waiting: Mutex<Option<String>>,
    drawn: Mutex<Drawn>,
}

/// What is on the terminal.
struct Drawn {
    terminal: Box<dyn Terminal>,
    lines: Vec<String>,
    room: Option<Room>,
}

/// Where a screen draws.
pub trait Terminal: Write + Send {
    /// Columns and rows; none where it isn't a terminal.
    fn size(&self) -> Option<(usize, usize)>;

    /// Lets keys leave no trace in what is drawn; what is typed goes to whoever reads next, and signals come as ever.
    fn hush(&mut self) {}

    /// Shows keys again as before.
    fn unhush(&mut self) {}
}

/// The terminal that standard error is, if it is one.
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
    /// A screen on `terminal`, with nothing on it.
    pub fn new(terminal: impl Terminal + 'static) -> Screen {
        let drawn = Drawn { terminal: Box::new(terminal), lines: Vec::new(), room: None };
        Screen(Arc::new(Shared { waiting: Mutex::new(None), drawn: Mutex::new(drawn) }))
    }

    /// Says something above the picture: with the next one, so that nobody waits for a terminal that is stopped. Where no
    /// picture is shown, at once, and without waiting for a reader that has stopped.
    pub fn say(&self, lines: &str) {
        match &mut *lock(&self.0.waiting) {
            Some(waiting) => waiting.push_str(lines),
            None => standard_error::say(lines),
        }
    }

    /// Draws the picture that `lines` makes for the terminal's size, unless it is there already.
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

    /// Takes the picture away for good; what waits to be said stays.
    pub fn leave(&self) {
        let mut drawn = lock(&self.0.drawn);
        let above = lock(&self.0.waiting).take().unwrap_or_default();
        drawn.clear(&above);
    }

    /// Takes the picture away if that can be done at once: for a process that ends on the spot.
    pub fn leave_at_once(&self) {
        if let Some(mut drawn) = self.unless_stuck() {
            drawn.clear("");
        }
    }

    /// Takes the picture away while `elsewhere` goes on: the terminal is somebody else's meanwhile.
    pub fn without<T>(&self, elsewhere: impl FnOnce() -> T) -> T {
        let mut drawn = self.unless_stuck();
        if let Some(drawn) = &mut drawn {
            drawn.clear("");
        }
        elsewhere()
    }

    /// What is on the terminal, unless the terminal is stopped in the middle of a picture: nobody waits for that.
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
    /// What takes the picture away. Row by row: some terminals keep what `ED` clears in their history.
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

    /// Writes in one piece. A terminal that has gone ends nothing.
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

/// What turns the picture `before` into `lines`, with `above` said above: one write, which terminals that can show at once
/// (`?2026`). What is there already isn't written again.
fn frame(before: &[String], clear: &str, above: &str, lines: &[String]) -> String {
    // Without wrapping: where a terminal takes a character to be wider than it was counted, it is cut.
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

/// A panic elsewhere leaves nothing here half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes log lines, so that they don't tear the picture.
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
