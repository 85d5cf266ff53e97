//! The rules on images: URLs by their form, local files by their content, each file looked at once.

mod form;

use crate::base::digest::Sha256;
use crate::base::folder::{Folder, Outside};
use crate::base::nearest::nearest_in_folder;
use crate::manifest::bound::{Bound, Private};
use crate::service::content::{self, NoImage, Oddity};
use crate::service::image::LocalImage;
use crate::service::limits::IMAGE_BYTES;
use crate::service::request::Image;
use form::{SEPARATORS, is_like_url, origin, path_start, scheme, separator};
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The reason why a text isn't an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ImageFlaw {
    /// It is empty.
    Empty,
    /// It starts like a URL, but isn't one.
    NotAUrl,
    /// It contains several URLs or paths.
    Several {
        /// The character between them.
        separator: char,
    },
    /// It is a URL with a name or password in it.
    Credentials,
    /// It is a URL of another scheme than http and https; the scheme.
    Scheme(String),
    /// It is a URL with white space or control characters.
    Blank,
    /// It is a path that starts at the root, a drive or a home folder.
    Absolute,
    /// It is a path with backslashes.
    Backslash {
        /// `true` if a file exists at the path with slashes.
        is_there: bool,
    },
    /// It is a path that leads out of the project, or out of the manifest's folder if there is no project.
    Escapes {
        /// `true` if the bound is a git work tree.
        project: bool,
    },
    /// It is a private file, of which nothing is read.
    Private(Private),
    /// The file doesn't exist.
    Missing {
        /// The path with the nearest existing name instead.
        nearest: Option<String>,
        /// `true` if it looks like a URL without its scheme.
        like_url: bool,
    },
    /// It is a folder.
    Folder,
    /// It is a pipe, a device or a socket.
    Special,
    /// It can't be read; the operating system's reason.
    Unreadable(String),
    /// Its content isn't an image.
    Content(NoImage),
}

/// An image that can be used.
#[derive(Clone, Debug)]
pub(crate) struct Looked {
    /// The identity of the image.
    pub image: Image,
    /// The properties that the model vendor advises against.
    pub oddities: Vec<Oddity>,
}

impl ImageFlaw {
    /// Converts the result of inspecting the content.
    fn of(flaw: NoImage) -> ImageFlaw {
        match flaw {
            NoImage::Unreadable(reason) => ImageFlaw::Unreadable(reason),
            flaw => ImageFlaw::Content(flaw),
        }
    }
}

/// The maximum number of missing files for which a similar name is looked for: the folder is read each time, and nobody
/// reads that many suggestions.
const SUGGESTIONS: usize = 1000;

/// The images of a manifest.
pub(crate) struct Images<'f> {
    folder: &'f Folder,
    bound: Bound,
    /// The beginning of the last URL that was right: those of a manifest are mostly on one host.
    origin: String,
    /// Local ones only: looking at a URL again is cheaper than keeping all of them.
    by_text: HashMap<String, Result<Looked, ImageFlaw>>,
    by_path: HashMap<PathBuf, Result<Looked, ImageFlaw>>,
    local: BTreeMap<Sha256, LocalImage>,
    /// The number of similar names looked for.
    suggestions: Cell<usize>,
}

impl<'f> Images<'f> {
    /// Creates an empty collection for a manifest in `folder`.
    pub(crate) fn new(folder: &'f Folder) -> Images<'f> {
        Images {
            folder,
            bound: Bound::of(folder),
            origin: String::new(),
            by_text: HashMap::new(),
            by_path: HashMap::new(),
            local: BTreeMap::new(),
            suggestions: Cell::new(0),
        }
    }

    /// Returns the image that `text` names; a path that was seen before is not looked at again.
    pub(crate) fn look(&mut self, text: &str) -> Result<Looked, ImageFlaw> {
        if let Some(scheme) = scheme(text) {
            return self.web(text, scheme);
        }
        if let Some(known) = self.by_text.get(text) {
            return known.clone();
        }
        let looked = self.file(text);
        self.by_text.insert(text.to_owned(), looked.clone());
        looked
    }

    /// Returns the local image with this content.
    pub(crate) fn local(&self, content: &Sha256) -> Option<&LocalImage> {
        self.local.get(content)
    }

    /// Checks an image on the web.
    fn web(&mut self, text: &str, scheme: &str) -> Result<Looked, ImageFlaw> {
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return Err(ImageFlaw::Scheme(scheme.to_owned()));
        }
        if let Some(separator) = separator(text) {
            return Err(ImageFlaw::Several { separator });
        }
        // A parser that repairs such URLs would send another one than is written.
        if !text.bytes().all(|b| b.is_ascii_graphic()) && text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(ImageFlaw::Blank);
        }
        let start = &text[..path_start(text, scheme).ok_or(ImageFlaw::NotAUrl)?];
        if start != self.origin {
            origin(start)?;
            start.clone_into(&mut self.origin);
        }
        Ok(Looked { image: Image::Url(text.to_owned()), oddities: Vec::new() })
    }

    fn file(&mut self, text: &str) -> Result<Looked, ImageFlaw> {
        let path = self.resolve(text)?;
        if let Some(known) = self.by_path.get(&path) {
            return known.clone();
        }
        let looked = self.open(text, &path);
        self.by_path.insert(path, looked.clone());
        looked
    }

    /// Returns the real path of `text`, inside the bound.
    fn resolve(&self, text: &str) -> Result<PathBuf, ImageFlaw> {
        if text.trim().is_empty() {
            return Err(ImageFlaw::Empty);
        }
        if text.contains('\\') {
            let fixed = self.folder.resolve(&text.replace('\\', "/"), self.bound.path());
            return Err(ImageFlaw::Backslash { is_there: fixed.is_ok_and(|path| path.is_file()) });
        }
        if text.starts_with(['/', '~']) {
            return Err(ImageFlaw::Absolute);
        }
        match self.folder.resolve(text, self.bound.path()) {
            Ok(path) => self.bound.private(&path).map_or(Ok(path), |private| Err(ImageFlaw::Private(private))),
            Err(Outside::Absolute) => Err(ImageFlaw::Absolute),
            Err(Outside::Escapes) if self.bound.is_left_by_link(self.folder, text) => {
                // Other things than files have no content to protect.
                let is_device = self.folder.join(text).metadata().is_ok_and(|it| !it.is_file() && !it.is_dir());
                Err(if is_device { ImageFlaw::Special } else { ImageFlaw::Private(Private::Outside) })
            }
            Err(Outside::Escapes) => Err(ImageFlaw::Escapes { project: self.bound.is_project() }),
            Err(Outside::Io(error)) => Err(self.io(text, &self.folder.join(text), &error)),
        }
    }

    /// Inspects the content of a file.
    fn open(&mut self, text: &str, path: &Path) -> Result<Looked, ImageFlaw> {
        let metadata = path.metadata().map_err(|error| self.io(text, path, &error))?;
        if metadata.is_dir() {
            return Err(ImageFlaw::Folder);
        }
        if !metadata.is_file() {
            // Checked before the file is opened: a pipe would block.
            return Err(ImageFlaw::Special);
        }
        let file = File::open(path).map_err(|error| self.io(text, path, &error))?;
        let (kind, mut oddities) = content::look(file).map_err(ImageFlaw::of)?;
        if metadata.len() >= IMAGE_BYTES {
            oddities.push(Oddity::Bytes(metadata.len()));
        }
        let sha256 = Sha256::of_file(path).map_err(|error| self.io(text, path, &error))?;
        self.local.entry(sha256).or_insert_with(|| LocalImage {
            path: path.to_owned(),
            shown: text.to_owned(),
            sha256,
            bytes: metadata.len(),
            media_type: kind.media_type(),
        });
        Ok(Looked { image: Image::Content(sha256), oddities })
    }

    /// Returns the character between the paths of several files in one text.
    fn several(&self, text: &str) -> Option<char> {
        let is_there = |part: &str| {
            scheme(part.trim()).is_some()
                || self.folder.resolve(part.trim(), self.bound.path()).is_ok_and(|path| path.is_file())
        };
        SEPARATORS.into_iter().find(|separator| text.contains(*separator) && text.split(*separator).all(is_there))
    }

    /// Converts an error of the operating system.
    fn io(&self, text: &str, path: &Path, error: &io::Error) -> ImageFlaw {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                if let Some(separator) = self.several(text) {
                    return ImageFlaw::Several { separator };
                }
                let is_helped = self.suggestions.replace(self.suggestions.get() + 1) < SUGGESTIONS;
                let nearest = if is_helped { neighbour(text, path) } else { None };
                ImageFlaw::Missing { nearest, like_url: is_like_url(text) }
            }
            _ => ImageFlaw::Unreadable(error.to_string()),
        }
    }
}

/// Returns `text` with the nearest existing file name of its folder.
fn neighbour(text: &str, path: &Path) -> Option<String> {
    let near = nearest_in_folder(path)?;
    let folder = text.trim_end_matches('/').rfind('/').map_or("", |slash| &text[..=slash]);
    Some(format!("{folder}{near}"))
}

#[cfg(test)]
mod tests;
