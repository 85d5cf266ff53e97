//! Points at which a test kills this program, or makes its disk appear full.
//!
//! The promise about money is about what happens when the program dies between two steps, so every durable step and
//! every request reports that it is reached, and a test names one of them in the environment:
//!
//! | `BATCH_FAULT` | effect |
//! | --- | --- |
//! | `kill journal.synced 3` | at the third time that `journal.synced` is reached, the process gets SIGKILL |
//! | `stop journal.synced 3` | the same with SIGSTOP: it goes on when somebody lets it |
//! | `full journal.write 3` | from the third time that `journal.write` is reached on, every write fails as on a full disk |
//! | `fail journal.write 3` | the same, but only for the writes at this point |
//! | `trace FILE` | each point that is reached is a line of the file |
//!
//! Only builds with debug assertions have them: in a release build every function here is empty, and the variable is not read.

#[cfg(debug_assertions)]
pub use armed::{reach, write};

/// Does nothing: this build has no fault points.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn reach(_subject: &str, _step: &str) {}

/// Does nothing: this build has no fault points.
///
/// # Errors
/// Never.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn write(_subject: &str, _step: &str) -> std::io::Result<()> {
    Ok(())
}

#[cfg(debug_assertions)]
mod armed {
    use std::fs::File;
    use std::io::{self, Write as _};
    use std::process::Command;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Reports that a step is reached: a test may kill the process here.
    pub fn reach(subject: &str, step: &str) {
        if let Some(fault) = &*FAULT {
            fault.at(&format!("{subject}.{step}"));
        }
    }

    /// Reports that a write is about to be made: a test may kill the process here, or make the disk appear full from
    /// here on.
    ///
    /// # Errors
    /// Fails if a test wants the disk to be full.
    pub fn write(subject: &str, step: &str) -> io::Result<()> {
        reach(subject, step);
        let Some(Fault { effect, point, time, seen }) = &*FAULT else { return Ok(()) };
        let due = seen.load(Ordering::SeqCst) >= *time;
        let here = || *point == format!("{subject}.{step}");
        match effect {
            Effect::Full if due => Err(io::ErrorKind::StorageFull.into()),
            Effect::Fail if due && here() => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }

    static FAULT: LazyLock<Option<Fault>> = LazyLock::new(|| {
        let text = std::env::var("BATCH_FAULT").ok()?;
        Some(Fault::read(&text).expect(
            "BATCH_FAULT is `kill POINT TIME`, `stop POINT TIME`, `full POINT TIME`, `fail POINT TIME` or `trace FILE`",
        ))
    });

    struct Fault {
        effect: Effect,
        point: String,
        time: u32,
        seen: AtomicU32,
    }

    enum Effect {
        Kill,
        Stop,
        Full,
        Fail,
        Trace(File),
    }

    impl Fault {
        fn read(text: &str) -> Option<Fault> {
            let seen = AtomicU32::new(0);
            if let Some(path) = text.strip_prefix("trace ") {
                let file = File::options().create(true).append(true).open(path).ok()?;
                return Some(Fault { effect: Effect::Trace(file), point: String::new(), time: 0, seen });
            }
            let mut words = text.split(' ');
            let effect = match words.next()? {
                "kill" => Effect::Kill,
                "stop" => Effect::Stop,
                "full" => Effect::Full,
                "fail" => Effect::Fail,
                _ => return None,
            };
            Some(Fault { effect, point: words.next()?.to_owned(), time: words.next()?.parse().ok()?, seen })
        }

        fn at(&self, point: &str) {
            if let Effect::Trace(file) = &self.effect {
                let mut file = file;
                file.write_all(format!("{point}\n").as_bytes()).expect("a trace can be written");
            } else if point == self.point {
                let time = self.seen.fetch_add(1, Ordering::SeqCst) + 1;
                match self.effect {
                    Effect::Kill if time == self.time => kill(),
                    Effect::Stop if time == self.time => stop(),
                    _ => {}
                }
            }
        }
    }

    /// Sends SIGSTOP: nothing of this process goes on until it gets SIGCONT.
    fn stop() {
        let _ = Command::new("kill").args(["-STOP", &std::process::id().to_string()]).status();
    }

    /// Sends SIGKILL, which nothing can catch: no destructor runs, nothing is flushed.
    fn kill() -> ! {
        let pid = std::process::id().to_string();
        let _ = Command::new("kill").args(["-KILL", &pid]).status();
        // The signal may take a moment; this thread goes no further.
        loop {
            std::thread::park();
        }
    }
}
