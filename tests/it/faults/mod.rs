//! The wire at its worst: the real program against a service that misbehaves on command.
//!
//! What a case comes to is read where it counts: the exit code from the process, the job's state from `batch status`, and
//! what was paid from the *server's* books, never from what the client believes.

mod bench;
mod chance;
mod downloads;
mod limits;
mod outages;
mod polls;
mod uploads;
mod verdicts;
