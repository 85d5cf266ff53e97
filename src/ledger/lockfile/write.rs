//! A book as text, in a layout that git's line merge can't break.
//!
//! Each rule was tried with real git: the first and the last line of a block are its own; no more than three lines in a
//! row can be alike in two blocks, since unique lines separate them; no line within a block is blank.

use super::tables::{MirrorTable, PurchaseTable, UploadTable};
use super::{VERSION, processors};
use crate::base::digest::Sha256;
use crate::ledger::book::{Book, Projection};
use crate::ledger::purchase::Purchase;
use serde_json::{Map, Value, json};
use std::fmt::{self, Write as _};

/// The fields of a table in their order; those of the list within it come last.
const PURCHASE: &str = "job digest id videos name manifest check used_by parts status task_id submitted_at renamed_at said_at finished_at \
                        reason error word output";
const OUTPUT: &str = "number path sha256 bytes source published revision";
const UPLOAD: &str = "sha256 uploaded_at url";
const MIRROR: &str = "url query sha256 bytes validator fetched_at former";

/// Number of purchases that are worth a thread.
const SHARE: usize = 512;

/// Returns the text of a book's lock.
pub(in crate::ledger) fn write(book: &Book) -> String {
    let mut text = format!("# Written by batch. Commit it together with the manifest.\nversion = {VERSION}\n");
    put(&mut text, book).expect("a string takes all that is written into it");
    text
}

fn put(text: &mut String, book: &Book) -> fmt::Result {
    if let Some(service) = book.service() {
        writeln!(text, "service = {}", Quoted(service))?;
    }
    if let Some(Projection { url, id }) = book.projection() {
        writeln!(text, "ledger = {}\nledger_id = {}", Quoted(url), Quoted(id))?;
    }
    put_purchases(text, &book.kept().collect::<Vec<_>>())?;
    for (sha256, upload) in book.uploads() {
        let url = Sha256::of(upload.url.as_bytes()).short();
        writeln!(text, "\n# image {sha256} {url}")?;
        let table = UploadTable { sha256: *sha256, uploaded_at: upload.at, url: upload.url.clone() };
        put_table(text, "upload", UPLOAD, json!(table))?;
        writeln!(text, "# end {sha256} {url}")?;
    }
    for (address, pin) in book.pins() {
        let place = Sha256::of(format!("{} {:?}", address.url, address.query).as_bytes()).short();
        let content = Sha256::of(format!("{} {}", pin.sha256, pin.at).as_bytes()).short();
        writeln!(text, "\n# remote {place} {content}")?;
        put_table(text, "mirror", MIRROR, json!(MirrorTable::of(address, pin)))?;
        writeln!(text, "# end {place} {content}")?;
    }
    Ok(())
}

/// Writes purchases; of many, each processor writes a share, again and again: never is much of the text held twice.
fn put_purchases(text: &mut String, kept: &[&Purchase]) -> fmt::Result {
    let write = |share: &[&Purchase]| {
        let mut text = String::new();
        share.iter().try_for_each(|purchase| put_purchase(&mut text, purchase)).map(|()| text)
    };
    kept.chunks(SHARE * processors()).try_for_each(|round| {
        std::thread::scope(|scope| {
            let shares = round.chunks(SHARE).skip(1);
            let writers: Vec<_> = shares.map(|share| scope.spawn(move || write(share))).collect();
            let first = &round[..round.len().min(SHARE)];
            first.iter().try_for_each(|purchase| put_purchase(text, purchase))?;
            writers.into_iter().try_for_each(|writer| text.write_str(&writer.join().expect("writing doesn't panic")?))
        })
    })
}

fn put_purchase(text: &mut String, purchase: &Purchase) -> fmt::Result {
    let (job, id) = (&purchase.record.key.job, purchase.record.id.short());
    writeln!(text, "\n# {job} {id}")?;
    put_table(text, "purchase", PURCHASE, json!(PurchaseTable::of(purchase)))?;
    writeln!(text, "# end {id}")
}

/// Writes a table, its fields in this `order`.
fn put_table(text: &mut String, name: &str, order: &str, table: Value) -> fmt::Result {
    writeln!(text, "[[{name}]]")?;
    let Value::Object(mut fields) = table else { return Err(fmt::Error) };
    for field in order.split_whitespace() {
        match fields.remove(field) {
            None => {}
            Some(Value::Array(tables)) if field == "output" => {
                for table in tables {
                    put_table(text, &format!("{name}.{field}"), OUTPUT, table)?;
                }
            }
            // TOML has its own times.
            Some(Value::String(time)) if field.ends_with("_at") => writeln!(text, "{field} = {time}")?,
            Some(value) => writeln!(text, "{field} = {}", Written(&value))?,
        }
    }
    debug_assert!(fields.is_empty(), "fields without a place: {fields:?}");
    Ok(())
}

/// A value on one line.
struct Written<'v>(&'v Value);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::String(text) => Quoted(text).fmt(f),
            Value::Array(values) => {
                let values: Vec<String> = values.iter().map(|value| Written(value).to_string()).collect();
                write!(f, "[{}]", values.join(", "))
            }
            Value::Object(fields) if fields.is_empty() => f.write_str("{}"),
            Value::Object(fields) => write!(f, "{{ {} }}", inline(fields)),
            other => fmt::Display::fmt(other, f),
        }
    }
}

fn inline(fields: &Map<String, Value>) -> String {
    let fields = fields.iter().map(|(name, value)| format!("{} = {}", Name(name), Written(value)));
    fields.collect::<Vec<_>>().join(", ")
}

/// A string as a TOML basic string.
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

/// A string as a TOML key: bare if possible.
struct Name<'t>(&'t str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if !self.0.is_empty() && self.0.bytes().all(bare) { f.write_str(self.0) } else { Quoted(self.0).fmt(f) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::id::PurchaseId;
    use crate::ledger::record::Key;
    use crate::service::names::{Digest, JobId};
    use crate::service::output::VideoName;
    use jiff::Timestamp;

    #[test]
    fn many_purchases_written_in_shares_are_the_same_text() {
        let purchase = |number: usize| {
            let job = JobId::new(&format!("scene-{number:04}")).unwrap();
            let key = Key { job, digest: Digest(Sha256::of(&number.to_le_bytes())) };
            let id = PurchaseId::new(Timestamp::UNIX_EPOCH, (number as u64) << 2, None);
            Purchase::intended(id, key, VideoName::new(&format!("out/scene-{number:04}-{{n}}.mp4")), None)
        };
        let purchases: Vec<Purchase> = (0..3 * SHARE + 7).map(purchase).collect();
        let kept: Vec<&Purchase> = purchases.iter().collect();
        let (mut shared, mut alone) = (String::new(), String::new());
        put_purchases(&mut shared, &kept).unwrap();
        kept.iter().try_for_each(|purchase| put_purchase(&mut alone, purchase)).unwrap();
        assert_eq!(alone.matches("[[purchase]]").count(), 3 * SHARE + 7);
        assert_eq!(shared, alone);
    }
}
