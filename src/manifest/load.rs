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

/// How long a file may take to be read, and how much longer for each MiB that it says it has.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(1));

/// How the file starts that git LFS leaves for one that was not fetched.
const LFS_POINTER: &str = "version https://git-lfs.github.com/spec/";

/// Why there is no text.
#[derive(Debug)]
pub(super) enum NoText {
    /// It can't be read.
    Unreadable(Unreadable),
    /// Nothing of it is read.
    Private(Private),
    /// It is larger than is bearable.
    TooLarge,
    /// It isn't UTF-8. The text up to where that shows, and a character that stands for what does.
    Misencoded(Misencoded, String),
}

impl NoText {
    /// As a mistake of the file `name`, and the text in which it stands.
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

/// The name of the manifest at `path` (`-`: on standard input), its text, and the folder where its relative paths start.
pub(super) fn text_at(path: &Path) -> (String, Result<(String, Folder), NoText>) {
    if path == Path::new("-") {
        ("standard input".to_owned(), standard_input())
    } else {
        (path.display().to_string(), file(path))
    }
}

/// The text of the manifest at `path`, and the folder where its relative paths start.
///
/// # Errors
/// [`NoText`] says why there is none.
pub(super) fn file(path: &Path) -> Result<(String, Folder), NoText> {
    let real = path.canonicalize().map_err(|error| unreadable(path, &error))?;
    if let Some(private) = private_manifest(path, &real) {
        return Err(NoText::Private(private));
    }
    regular(&real, decode)
}

/// The text of the table at `path`, whose links are resolved.
///
/// # Errors
/// [`NoText`] says why there is none.
pub(super) fn table(path: &Path) -> Result<String, NoText> {
    regular(path, decode_table).map(|(text, _)| text)
}

/// What makes a text of bytes.
type Decode = fn(Vec<u8>) -> Result<String, (Misencoded, String)>;

/// The text of the regular file at `path`, whose links are resolved, and its folder.
///
/// # Errors
/// [`NoText`] says why there is none.
fn regular(path: &Path, decode: Decode) -> Result<(String, Folder), NoText> {
    // Before it is opened: a pipe would block.
    let found = path.metadata().map_err(|error| unreadable(path, &error))?;
    if found.is_dir() {
        return Err(NoText::Unreadable(Unreadable::Folder));
    }
    if !found.is_file() {
        return Err(NoText::Unreadable(Unreadable::Special));
    }
    // What is read is counted all the same: the file may grow.
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

/// What `read` gives, unless that takes longer than `patience`.
fn in_time(
    patience: Duration,
    read: impl FnOnce() -> Result<String, NoText> + Send + 'static,
) -> Result<String, NoText> {
    patience::within(patience, read).unwrap_or(Err(NoText::Unreadable(Unreadable::Endless)))
}

/// The text of standard input, and the current folder.
///
/// # Errors
/// [`NoText`] says why there is none.
fn standard_input() -> Result<(String, Folder), NoText> {
    let folder = Folder::open(Path::new(".")).map_err(|error| NoText::Unreadable(Unreadable::Io(error.to_string())))?;
    Ok((text(io::stdin().lock(), 0, decode)?, folder))
}

/// All that `input` gives, as text; `expected` bytes are likely.
fn text(mut input: impl Read, expected: u64, decode: Decode) -> Result<String, NoText> {
    let most = MANIFEST_BYTES + 1;
    let mut bytes = Vec::new();
    let mut step = (expected + 1).clamp(64 * 1024, most);
    loop {
        // Room is made step by step and exactly, so that never twice as much is held as may come.
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

    /// A file of which nobody knows when it gives something.
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
