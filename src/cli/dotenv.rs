//! The `.env` next to the manifest: it may contain the key, and nothing else in it is used.
//!
//! Its lines are `NAME=VALUE`, as shells and other tools write them: with `export` before the name, in single or double
//! quotes (also over several lines), with a comment after `#`. Nothing is substituted: a `${OTHER}` in a key would send
//! another secret of the machine to wherever the key goes.

use crate::base::{look_alike, patience};
use secrecy::zeroize::Zeroizing;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

/// The key's name in the environment.
pub(super) const KEY: &str = "BAICAI_API_KEY";

/// The base URL's name in the environment.
pub(super) const BASE_URL: &str = "BAICAI_BASE_URL";

/// Maximum size of a `.env` in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// Time limit for reading it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The content of a `.env` that `batch` uses.
#[derive(Debug, Default)]
pub(super) struct DotEnv {
    /// The key; `None` if it is missing or empty.
    pub(super) key: Option<Zeroizing<String>>,
    /// The number of the line that names a base URL.
    pub(super) base_url: Option<usize>,
}

/// The reason why a `.env` can't be used. It contains no text of the file, which may be the key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoDotEnv {
    /// The file can't be read; with the system's reason.
    #[error("it can't be read: {0}")]
    Io(String),
    /// Reading takes too long.
    #[error("it has no end")]
    Endless,
    /// A device or a pipe.
    #[error("it is no regular file")]
    Special,
    /// Larger than any plausible file.
    #[error("it has more than 1 MiB")]
    TooLarge,
    /// Neither UTF-8 nor, by its byte order mark, UTF-16.
    #[error("it is no text in UTF-8")]
    NotText,
    /// This line, counted from 1, is neither NAME=VALUE nor a comment.
    #[error("line {0} is no NAME=VALUE")]
    Line(usize),
    /// A quote opened in this line is never closed.
    #[error("the quote that line {0} opens isn't closed")]
    OpenQuote(usize),
    /// A character in this line looks like one of the syntax; its name, and the character that is meant.
    #[error("line {line} has {name} (`{found}`, {code}) where `{meant}` belongs", code = look_alike::code_point(*found), name = look_alike::name(*found))]
    LookAlike {
        /// The number of the line.
        line: usize,
        /// The character.
        found: char,
        /// The one that is meant.
        meant: char,
    },
    /// The key is set in both lines.
    #[error("{KEY} is set twice, in line {0} and in line {1}")]
    Twice(usize, usize),
}

/// An assignment, and the number of the line in which it starts.
struct Assignment<'t> {
    line: usize,
    name: &'t str,
    value: Zeroizing<String>,
}

impl DotEnv {
    /// Reads the `.env` in `folder`; the result is empty if there is none.
    ///
    /// # Errors
    /// Fails if it can't be read, or a line of it isn't an assignment.
    pub(super) fn read(folder: &Path) -> Result<DotEnv, NoDotEnv> {
        let path = folder.join(".env");
        let found = match path.metadata() {
            Ok(found) if found.is_dir() => return Ok(DotEnv::default()),
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(DotEnv::default()),
            Err(error) => return Err(NoDotEnv::Io(error.to_string())),
        };
        // Before it is opened: a pipe would block.
        if !found.is_file() {
            return Err(NoDotEnv::Special);
        }
        let read = patience::within(PATIENCE, move || {
            let mut bytes = Zeroizing::new(Vec::new());
            File::open(&path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
            Ok::<_, io::Error>(bytes)
        });
        let bytes = read.ok_or(NoDotEnv::Endless)?.map_err(|error| NoDotEnv::Io(error.to_string()))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(NoDotEnv::TooLarge);
        }
        DotEnv::parse(&text(&bytes).ok_or(NoDotEnv::NotText)?)
    }

    fn parse(text: &str) -> Result<DotEnv, NoDotEnv> {
        let (mut own, mut key_line) = (DotEnv::default(), None);
        let mut lines = Lines { rest: text, number: 0 };
        while let Some(assignment) = lines.assignment()? {
            match assignment.name {
                KEY => {
                    if let Some(first) = key_line.replace(assignment.line) {
                        return Err(NoDotEnv::Twice(first, assignment.line));
                    }
                    own.key = Some(assignment.value).filter(|value| !value.trim().is_empty());
                }
                BASE_URL => own.base_url = own.base_url.or(Some(assignment.line)),
                _ => {}
            }
        }
        Ok(own)
    }
}

/// Returns the text in `bytes`, without its byte order mark.
fn text(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let units = |from: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes[2..].as_chunks::<2>();
        let units: Zeroizing<Vec<u16>> = Zeroizing::new(pairs.iter().map(|pair| from(*pair)).collect());
        String::from_utf16(&units).ok().filter(|_| rest.is_empty())
    };
    let text = match bytes {
        // As the shell of Windows writes it.
        [0xff, 0xfe, ..] => units(u16::from_le_bytes)?,
        [0xfe, 0xff, ..] => units(u16::from_be_bytes)?,
        _ => str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).ok()?.to_owned(),
    };
    Some(Zeroizing::new(text))
}

/// The remaining lines.
struct Lines<'t> {
    rest: &'t str,
    /// The number of the last line read.
    number: usize,
}

impl<'t> Lines<'t> {
    /// Returns the next assignment.
    fn assignment(&mut self) -> Result<Option<Assignment<'t>>, NoDotEnv> {
        while let Some(line) = self.line() {
            let number = self.number;
            let written = line.trim();
            if written.is_empty() || written.starts_with('#') {
                continue;
            }
            let (name, value) = written.split_once('=').ok_or_else(|| no_assignment(written, number))?;
            let name = name.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(name).trim();
            if !is_name(name) {
                return Err(no_assignment(written, number));
            }
            let value = match value.trim_start().chars().next() {
                Some(quote @ ('"' | '\'')) => self.quoted(value.trim_start(), quote, number)?,
                Some(quote) if name == KEY && look_alike_quote(quote).is_some() => {
                    let meant = look_alike_quote(quote).unwrap_or('"');
                    return Err(NoDotEnv::LookAlike { line: number, found: quote, meant });
                }
                _ => Zeroizing::new(without_comment(value).trim().to_owned()),
            };
            return Ok(Some(Assignment { line: number, name, value }));
        }
        Ok(None)
    }

    /// Returns the next line, without its line break.
    fn line(&mut self) -> Option<&'t str> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.find(['\n', '\r']).unwrap_or(self.rest.len());
        let (line, behind) = self.rest.split_at(end);
        self.rest = behind.strip_prefix("\r\n").or_else(|| behind.strip_prefix(['\n', '\r'])).unwrap_or(behind);
        self.number += 1;
        Some(line)
    }

    /// Returns the quoted value that starts in line `first`; it may continue over the next lines.
    fn quoted(&mut self, start: &'t str, quote: char, first: usize) -> Result<Zeroizing<String>, NoDotEnv> {
        let mut value = Zeroizing::new(String::new());
        let mut line = &start[1..];
        loop {
            let mut chars = line.char_indices();
            while let Some((at, c)) = chars.next() {
                match c {
                    c if c == quote => {
                        let behind = line[at + 1..].trim_start();
                        let is_end = behind.is_empty() || behind.starts_with('#');
                        return if is_end { Ok(value) } else { Err(NoDotEnv::Line(self.number)) };
                    }
                    // A quote that an input method made closes nothing.
                    c if self.rest.is_empty() && line[at + c.len_utf8()..].trim().is_empty() => {
                        let Some(meant) = look_alike_quote(c) else {
                            value.push(c);
                            continue;
                        };
                        return Err(NoDotEnv::LookAlike { line: self.number, found: c, meant });
                    }
                    '\\' if quote == '"' => match chars.next() {
                        Some((_, 'n')) => value.push('\n'),
                        Some((_, escaped @ ('"' | '\\' | '$' | '\''))) => value.push(escaped),
                        Some((_, other)) => value.extend(['\\', other]),
                        None => value.push('\\'),
                    },
                    c => value.push(c),
                }
            }
            value.push('\n');
            line = self.line().ok_or(NoDotEnv::OpenQuote(first))?;
        }
    }
}

/// Returns the quote that a character looks like, those of East Asian texts included.
fn look_alike_quote(c: char) -> Option<char> {
    if matches!(c, '「' | '」' | '『' | '』') {
        Some('"')
    } else {
        look_alike::quote(c).filter(|quote| *quote != c)
    }
}

/// Returns the mistake in a line that is no assignment.
fn no_assignment(written: &str, line: usize) -> NoDotEnv {
    let found = written.chars().find(|c| !c.is_ascii() && matches!(look_alike::ascii(*c), Some('=' | '"' | '\'')));
    match found.and_then(|found| Some((found, look_alike::ascii(found)?))) {
        Some((found, meant)) => NoDotEnv::LookAlike { line, found, meant },
        None => NoDotEnv::Line(line),
    }
}

/// Returns whether `text` is a valid name of a variable.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// Returns a value without quotes, without the comment after it.
fn without_comment(value: &str) -> &str {
    let is_comment = |(at, _): &(usize, &str)| *at == 0 || value[..*at].ends_with([' ', '\t']);
    value.match_indices('#').find(is_comment).map_or(value, |(at, _)| &value[..at])
}

#[cfg(test)]
mod tests;
