//! The paths of videos: a folder inside the manifest's, and a template for paths inside it.

use crate::base::folder::{Folder, Outside};
use crate::base::nearest::nearest;
use crate::service::output::VideoName;
use std::ops::Range;

/// The placeholders of a template.
pub(crate) const PLACEHOLDERS: [&str; 2] = ["{id}", "{n}"];

/// The maximum number of bytes of a file name: file systems allow 255, and a superseded video's name is a little longer.
const FILE_NAME_BYTES: usize = 240;

/// The extensions of the program's own files: locks, their journals, manifests.
const RESERVED_EXTENSIONS: [&str; 6] = ["lock", "journal", "yaml", "yml", "toml", "json"];

/// The beginnings of the names of other files that the program reads, writes or removes next to its videos.
const RESERVED_BEGINNINGS: [&str; 3] = [".batch-", ".env", ".gitignore"];

/// The reason why a text isn't a folder or path for videos.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OutputFlaw {
    /// It is empty.
    Empty,
    /// It starts at the root, a drive or a home folder.
    Absolute,
    /// It contains backslashes.
    Backslash,
    /// It contains control characters.
    Control,
    /// A part of it leads upwards: `..`.
    Upwards,
    /// A part of it is empty, as in `a//b`, or it ends with a slash.
    EmptyPart,
    /// A part of it is not accepted by every file system, since it starts or ends with a space or ends with a dot.
    Unsafe(String),
    /// A part of it has more bytes than file systems allow.
    Long(String),
    /// A part of it is the name of a lock, a manifest or another file of this program, which a video would overwrite.
    Reserved(String),
    /// A link leads out of the manifest's folder.
    Escapes,
    /// A file exists where the folder should be.
    NotAFolder,
    /// It can't be inspected; the operating system's reason.
    Unreadable(String),
    /// Braces are around something other than a placeholder.
    Placeholder {
        /// The bytes in the template.
        range: Range<usize>,
        /// The nearest placeholder.
        nearest: Option<&'static str>,
    },
}

/// The folder and the name of videos.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    /// The folder, without `.` and a slash at the end; empty for the manifest's own.
    dir: String,
    name: String,
    /// The parts of the name, between which the id stands.
    around_id: Vec<String>,
}

impl Template {
    /// Creates the template from a checked folder and a checked name.
    pub(crate) fn new(dir: String, name: &str) -> Template {
        Template { dir, name: name.to_owned(), around_id: name.split("{id}").map(str::to_owned).collect() }
    }

    /// Returns the folder that contains all of its paths.
    pub(crate) fn dir(&self) -> &str {
        &self.dir
    }

    /// Returns whether each job gets its own paths.
    pub(crate) fn tells_jobs_apart(&self) -> bool {
        self.around_id.len() > 1
    }

    /// Returns whether each video of a job gets its own path.
    pub(crate) fn tells_videos_apart(&self) -> bool {
        self.name.contains("{n}")
    }

    /// Returns the name of the videos of the job `id`.
    ///
    /// # Errors
    /// Fails if the id makes the path unsafe, or if a link leads out of the manifest's folder.
    pub(crate) fn expand(&self, id: &str, folder: &Folder) -> Result<VideoName, OutputFlaw> {
        let name = self.around_id.join(id);
        for part in name.split('/') {
            safe(part)?;
        }
        let pattern = if self.dir.is_empty() { name } else { format!("{}/{name}", self.dir) };
        // Only folders can be links that matter, and without the id in them all jobs have the same.
        if let Some((parents, _)) = self.name.rsplit_once('/')
            && parents.contains('{')
        {
            let parents = &pattern[..pattern.rfind('/').unwrap_or(0)];
            inside(&parents.replace("{n}", "1"), folder)?;
        }
        Ok(VideoName::new(&pattern))
    }
}

/// Reads the folder for videos in `text`, and returns it without `.` and a slash at the end.
///
/// # Errors
/// [`OutputFlaw`] is the reason why it isn't one.
pub(crate) fn dir(text: &str, folder: &Folder) -> Result<String, OutputFlaw> {
    relative(text)?;
    if let Some(brace) = text.find(['{', '}']) {
        return Err(OutputFlaw::Placeholder { range: brace..brace + 1, nearest: None });
    }
    let text = text.strip_suffix('/').unwrap_or(text);
    let parts: Vec<&str> = text.split('/').filter(|part| *part != ".").collect();
    for part in &parts {
        safe(part)?;
    }
    let dir = parts.join("/");
    inside(&dir, folder)?;
    Ok(dir)
}

/// Checks that `text` is a template for a path inside the folder `dir`, which is checked already.
///
/// # Errors
/// [`OutputFlaw`] is the reason why it isn't one.
pub(crate) fn name(text: &str, dir: &str, folder: &Folder) -> Result<(), OutputFlaw> {
    relative(text)?;
    if let Some(flaw) = strange_braces(text).into_iter().next() {
        return Err(flaw);
    }
    for part in text.split('/') {
        safe(part)?;
    }
    let fixed = text.find('{').unwrap_or(text.len());
    match text[..fixed].rfind('/') {
        Some(slash) => inside(&format!("{dir}/{}", &text[..slash]), folder),
        None => Ok(()),
    }
}

/// Checks that `text` is a relative path, without looking at its parts.
fn relative(text: &str) -> Result<(), OutputFlaw> {
    let drive = text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && text.as_bytes().get(1) == Some(&b':');
    if text.trim().is_empty() {
        Err(OutputFlaw::Empty)
    } else if text.contains(char::is_control) {
        Err(OutputFlaw::Control)
    } else if text.starts_with(['/', '~']) || drive {
        Err(OutputFlaw::Absolute)
    } else if text.contains('\\') {
        Err(OutputFlaw::Backslash)
    } else {
        Ok(())
    }
}

/// Checks that `part` is a file name that every file system accepts.
fn safe(part: &str) -> Result<(), OutputFlaw> {
    if part.is_empty() {
        Err(OutputFlaw::EmptyPart)
    } else if part == ".." {
        Err(OutputFlaw::Upwards)
    } else if part.starts_with(' ') || part.ends_with([' ', '.']) {
        Err(OutputFlaw::Unsafe(part.to_owned()))
    } else if part.len() > FILE_NAME_BYTES {
        Err(OutputFlaw::Long(part.to_owned()))
    } else if is_reserved(part) {
        Err(OutputFlaw::Reserved(part.to_owned()))
    } else {
        Ok(())
    }
}

/// Returns whether this name is reserved for files of this program, of any manifest; compared without case, as some
/// file systems do.
fn is_reserved(part: &str) -> bool {
    let starts_with =
        |beginning: &&str| part.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning));
    part.rsplit_once('.')
        .is_some_and(|(_, end)| RESERVED_EXTENSIONS.iter().any(|known| end.eq_ignore_ascii_case(known)))
        || RESERVED_BEGINNINGS.iter().any(starts_with)
}

/// Returns the braces of `template` that do not belong to a placeholder, each with the nearest one.
pub(crate) fn strange_braces(template: &str) -> Vec<OutputFlaw> {
    let mut strange = Vec::new();
    let mut from = 0;
    while let Some(at) = template[from..].find(['{', '}']).map(|i| from + i) {
        let rest = &template[at..];
        from = match PLACEHOLDERS.iter().find(|known| rest.starts_with(**known)) {
            Some(known) => at + known.len(),
            None => {
                let end = at + brace_group(rest);
                let inner = |placeholder: &'static str| &placeholder[1..placeholder.len() - 1];
                let meant = nearest(template[at..end].trim_matches(['{', '}']), PLACEHOLDERS.map(inner));
                let nearest = PLACEHOLDERS.into_iter().find(|placeholder| Some(inner(placeholder)) == meant);
                strange.push(OutputFlaw::Placeholder { range: at..end, nearest });
                end
            }
        };
    }
    strange
}

/// Returns the length of the text that starts with a brace, up to the braces that close it; an unclosed one is alone.
fn brace_group(text: &str) -> usize {
    let inner = text.trim_start_matches('{');
    let opening = text.len() - inner.len();
    match inner.find(['{', '}']).map(|end| (end, &inner[end..])) {
        Some((end, closing)) if opening > 0 && closing.starts_with('}') => {
            let closing = closing.len() - closing.trim_start_matches('}').len();
            opening + end + closing.min(opening)
        }
        _ => 1,
    }
}

/// Checks that the folder `path` stays inside `folder` with links resolved, and isn't a file.
fn inside(path: &str, folder: &Folder) -> Result<(), OutputFlaw> {
    let real = folder.inside(path.trim_start_matches('/')).map_err(|outside| match outside {
        Outside::Absolute => OutputFlaw::Absolute,
        Outside::Escapes => OutputFlaw::Escapes,
        Outside::Io(error) if error.kind() == std::io::ErrorKind::NotADirectory => OutputFlaw::NotAFolder,
        Outside::Io(error) => OutputFlaw::Unreadable(error.to_string()),
    })?;
    match real.metadata() {
        Ok(found) if !found.is_dir() => Err(OutputFlaw::NotAFolder),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
