//! Reading a manifest from a file or standard input: whatever is wrong with it is a finding, never an error.

use super::bound::{Private, private_manifest};
use super::problem::{Problem, Unreadable};
use crate::base::durable::folder_of;
use crate::base::folder::Folder;
use crate::base::nearest::nearest_in_folder;
use crate::base::patience;
use crate::document::bounds::{MANIFEST_BYTES, Misencoded, decode, decode_table};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

/// The time allowed for reading a file, and the extra time for each MiB of its reported size.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(1));

/// The beginning of the pointer that git LFS leaves for a file that was not fetched.
const LFS_POINTER: &str = "version https://git-lfs.github.com/spec/";

/// The reason why there is no text.
#[derive(Debug)]
pub(super) enum NoText {
    /// The file can't be read.
    Unreadable(Unreadable),
    /// The file is private; nothing of it is read.
    Private(Private),
    /// The file exceeds the size limit.
    TooLarge,
    /// The file isn't UTF-8. Holds the text up to the first invalid byte, and a replacement character for that byte.
    Misencoded(Misencoded, String),
}

impl NoText {
    /// Converts the reason to a mistake of the file `name`, and returns the text in which the mistake is.
    pub(super) fn into_problem(self, name: &str) -> (Problem, String) {
        let name = name.to_owned();
        match self {
            NoText::Unreadable(why) => (Problem::Unreadable { name, why }, String::new()),
            NoText::Private(why) => (Problem::PrivateManifest { name, why }, String::new()),
            NoText::TooLarge => (Problem::TooLarge { name }, String::new()),
            NoText::Misencoded(what, text) => (Problem::Misencoded { name, what }, text),
        }
    }
}

/// Returns the name of the manifest at `path` (`-`: on standard input), its text, and the folder where its relative
/// paths start.
pub(super) fn text_at(path: &Path) -> (String, Result<(String, Folder), NoText>) {
    if path == Path::new("-") {
        ("standard input".to_owned(), standard_input())
    } else {
        (path.display().to_string(), file(path))
    }
}

/// Reads the text of the manifest at `path`, and returns the folder where its relative paths start.
///
/// # Errors
/// [`NoText`] is the reason why there is no text.
pub(super) fn file(path: &Path) -> Result<(String, Folder), NoText> {
    let real = path.canonicalize().map_err(|error| unreadable(path, &error))?;
    if let Some(private) = private_manifest(path, &real) {
        return Err(NoText::Private(private));
    }
    regular(&real, decode)
}

/// Reads the text of the table at `path`, whose links are resolved.
///
/// # Errors
/// [`NoText`] is the reason why there is no text.
pub(super) fn table(path: &Path) -> Result<String, NoText> {
    regular(path, decode_table).map(|(text, _)| text)
}

/// A function that decodes bytes to a text.
type Decode = fn(Vec<u8>) -> Result<String, (Misencoded, String)>;

/// Reads the text of the regular file at `path`, whose links are resolved, and returns its folder.
///
/// # Errors
/// [`NoText`] is the reason why there is no text.
fn regular(path: &Path, decode: Decode) -> Result<(String, Folder), NoText> {
    // Checked before the file is opened: a pipe would block.
    let found = path.metadata().map_err(|error| unreadable(path, &error))?;
    if found.is_dir() {
        return Err(NoText::Unreadable(Unreadable::Folder));
    }
    if !found.is_file() {
        return Err(NoText::Unreadable(Unreadable::Special));
    }
    // The bytes are counted while reading all the same: the file may grow.
    if found.len() > MANIFEST_BYTES {
        return Err(NoText::TooLarge);
    }
    let folder = Folder::open(folder_of(path)).map_err(|error| unreadable(path, &error))?;
    let length = found.len();
    let patience = PATIENCE.0 + PATIENCE.1 * u32::try_from(length >> 20).unwrap_or(u32::MAX);
    let path = path.to_owned();
    let read = move || text(File::open(&path).map_err(|error| unreadable(&path, &error))?, length, decode);
    Ok((in_time(patience, read)?, folder))
}

/// Returns the result of `read`, unless it takes longer than `patience`.
fn in_time(
    patience: Duration,
    read: impl FnOnce() -> Result<String, NoText> + Send + 'static,
) -> Result<String, NoText> {
    patience::within(patience, read).unwrap_or(Err(NoText::Unreadable(Unreadable::Endless)))
}

/// Reads the text of standard input, and returns the current folder.
///
/// # Errors
/// [`NoText`] is the reason why there is no text.
fn standard_input() -> Result<(String, Folder), NoText> {
    let folder = Folder::open(Path::new(".")).map_err(|error| NoText::Unreadable(Unreadable::Io(error.to_string())))?;
    Ok((text(io::stdin().lock(), 0, decode)?, folder))
}

/// Reads all of `input` as text; `expected` is the likely number of bytes.
fn text(mut input: impl Read, expected: u64, decode: Decode) -> Result<String, NoText> {
    let most = MANIFEST_BYTES + 1;
    let mut bytes = Vec::new();
    let mut step = (expected + 1).clamp(64 * 1024, most);
    loop {
        // Memory is reserved step by step and exactly, so that it never exceeds twice the bytes that may come.
        bytes.reserve_exact(step as usize);
        let read = input.by_ref().take(step).read_to_end(&mut bytes);
        let read = read.map_err(|error| NoText::Unreadable(Unreadable::Io(error.to_string())))? as u64;
        let room = most - bytes.len() as u64;
        if room == 0 {
            return Err(NoText::TooLarge);
        }
        if read < step {
            break;
        }
        step = room.min(bytes.len() as u64);
    }
    let text = decode(bytes).map_err(|(what, mut sound)| {
        sound.push(char::REPLACEMENT_CHARACTER);
        NoText::Misencoded(what, sound)
    })?;
    match text.starts_with(LFS_POINTER) {
        true => Err(NoText::Unreadable(Unreadable::LfsPointer)),
        false => Ok(text),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> NoText {
    NoText::Unreadable(match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            let near = nearest_in_folder(path);
            Unreadable::Missing(near.map(|near| path.with_file_name(near).display().to_string()))
        }
        _ => Unreadable::Io(error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that may never yield a byte.
    struct Silent(std::sync::mpsc::Receiver<()>);

    impl Read for Silent {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            self.0.recv().map(|()| 0).map_err(io::Error::other)
        }
    }

    #[test]
    fn a_file_that_gives_nothing_is_given_up() {
        let (never, silent) = std::sync::mpsc::channel();
        let read = in_time(Duration::from_millis(1), move || text(Silent(silent), 0, decode));
        assert!(matches!(read, Err(NoText::Unreadable(Unreadable::Endless))), "{read:?}");
        drop(never);
        let read = in_time(Duration::from_secs(60), || text(&b"version: 1"[..], 10, decode));
        assert_eq!(read.unwrap(), "version: 1");
    }
}
