//! A book as text.

use super::{VERSION, name_of};
use crate::ledger::book::Book;
use crate::ledger::history::Beside;
use crate::ledger::record::{Key, Output, Place, Record, Stage, Word};
use crate::spec::elsewhere::{Address, Pin};
use crate::spec::names::TaskId;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

/// The lock of a book.
pub(in crate::ledger) fn write(book: &Book) -> String {
    let mut text = String::new();
    put(&mut text, book).expect("a string takes all that is written into it");
    text
}

fn put(text: &mut String, book: &Book) -> fmt::Result {
    text.push_str("# Written by batch. Commit it together with the manifest.\n");
    writeln!(text, "version = {VERSION}")?;
    if let Some(service) = book.service() {
        writeln!(text, "service = {}", Quoted(service))?;
    }
    for place in [Place::Current, Place::Superseded] {
        for record in book.records().filter(|record| record.place == place) {
            put_record(text, book, record)?;
        }
    }
    for (key, beside) in book.released() {
        put_released(text, &key, &beside)?;
    }
    for (sha256, upload) in book.uploads() {
        writeln!(text, "\n[[upload]]\nsha256 = \"{sha256}\"")?;
        writeln!(text, "url = {}\nuploaded_at = {}", Quoted(&upload.url), upload.at)?;
    }
    for (address, pin) in book.pins() {
        put_pin(text, address, pin)?;
    }
    Ok(())
}

fn put_record(text: &mut String, book: &Book, record: &Record) -> fmt::Result {
    let table = match record.place {
        Place::Current => "job",
        Place::Superseded => "superseded",
    };
    let Record { key, parts, place: _, attempt, videos, name, submitted_at, finished_at, stage } = record;
    writeln!(text, "\n[[{table}]]\nid = \"{}\"\ndigest = \"{}\"", key.job, key.digest)?;
    if !parts.is_empty() {
        text.push_str("parts = {");
        for (i, (part, hash)) in parts.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(text, "{comma} {} = {}", Name(part), Quoted(hash))?;
        }
        text.push_str(" }\n");
    }
    writeln!(text, "status = \"{}\"\nattempt = {attempt}", stage.status().as_str())?;
    if *videos != 1 {
        writeln!(text, "videos = {videos}")?;
    }
    if name_of(stage.outputs()).as_ref() != Some(name) {
        writeln!(text, "name = {}", Quoted(name.pattern()))?;
    }
    if let Some(task) = stage.task() {
        writeln!(text, "task_id = {}", Quoted(task.as_str()))?;
    }
    let Beside { tasks, let_go, unanswered, released: _ } = book.beside(key);
    put_tasks(text, "other_task_ids", &tasks)?;
    put_tasks(text, "released_task_ids", &let_go)?;
    put_unanswered(text, &unanswered)?;
    if let Some(at) = submitted_at {
        writeln!(text, "submitted_at = {at}")?;
    }
    if let Some(at) = finished_at {
        writeln!(text, "finished_at = {at}")?;
    }
    if let Stage::Uncertain { reason, .. } = stage {
        writeln!(text, "reason = {}", Quoted(reason))?;
    }
    if let Some(error) = stage.error() {
        writeln!(text, "error = {{ code = {}, message = {} }}", Quoted(&error.code), Quoted(&error.message))?;
    }
    if matches!(stage, Stage::Failed { word: Word::Person, .. }) {
        text.push_str("word = \"person\"\n");
    }
    for (i, output) in stage.outputs().iter().enumerate() {
        put_output(text, table, i, output)?;
    }
    Ok(())
}

fn put_released(text: &mut String, key: &Key, beside: &Beside) -> fmt::Result {
    let Beside { tasks, let_go, unanswered, released } = beside;
    writeln!(text, "\n[[released]]\nid = \"{}\"\ndigest = \"{}\"\nattempt = {released}", key.job, key.digest)?;
    put_tasks(text, "other_task_ids", tasks)?;
    put_tasks(text, "released_task_ids", let_go)?;
    put_unanswered(text, unanswered)
}

fn put_tasks(text: &mut String, field: &str, tasks: &BTreeSet<TaskId>) -> fmt::Result {
    if tasks.is_empty() {
        return Ok(());
    }
    let tasks: Vec<String> = tasks.iter().map(|task| Quoted(task.as_str()).to_string()).collect();
    writeln!(text, "{field} = [{}]", tasks.join(", "))
}

fn put_unanswered(text: &mut String, submits: &BTreeSet<(u32, Timestamp)>) -> fmt::Result {
    if submits.is_empty() {
        return Ok(());
    }
    let submits: Vec<String> =
        submits.iter().map(|(attempt, at)| format!("{{ attempt = {attempt}, submitted_at = {at} }}")).collect();
    writeln!(text, "unanswered = [{}]", submits.join(", "))
}

fn put_output(text: &mut String, table: &str, place: usize, output: &Output) -> fmt::Result {
    let Output { number, path, sha256, bytes, source } = output;
    writeln!(text, "\n[[{table}.output]]")?;
    if *number != place + 1 {
        writeln!(text, "number = {number}")?;
    }
    writeln!(text, "path = {}\nsha256 = \"{sha256}\"\nbytes = {bytes}", Quoted(path))?;
    if let Some(source) = source {
        writeln!(text, "source = {}", Quoted(source))?;
    }
    Ok(())
}

fn put_pin(text: &mut String, address: &Address, pin: &Pin) -> fmt::Result {
    let Address { url, query } = address;
    let Pin { sha256, bytes, validator, at, former } = pin;
    writeln!(text, "\n[[mirror]]\nurl = {}", Quoted(url))?;
    if let Some(query) = query {
        writeln!(text, "query = {}", Quoted(query))?;
    }
    writeln!(text, "sha256 = \"{sha256}\"\nbytes = {bytes}")?;
    if let Some(validator) = validator {
        writeln!(text, "validator = {}", Quoted(validator.as_str()))?;
    }
    writeln!(text, "fetched_at = {at}")?;
    if !former.is_empty() {
        let former: Vec<String> = former.iter().map(|content| format!("\"{content}\"")).collect();
        writeln!(text, "former = [{}]", former.join(", "))?;
    }
    Ok(())
}

/// A text as a TOML basic string.
struct Quoted<'t>(&'t str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        let mut plain = 0;
        for (at, c) in self.0.char_indices().filter(|(_, c)| matches!(c, '"' | '\\') || c.is_control()) {
            f.write_str(&self.0[plain..at])?;
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                c => write!(f, "\\u{:04X}", u32::from(c))?,
            }
            plain = at + c.len_utf8();
        }
        f.write_str(&self.0[plain..])?;
        f.write_char('"')
    }
}

/// A text as a TOML key: bare where it can be.
struct Name<'t>(&'t str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if !self.0.is_empty() && self.0.bytes().all(bare) { f.write_str(self.0) } else { Quoted(self.0).fmt(f) }
    }
}
