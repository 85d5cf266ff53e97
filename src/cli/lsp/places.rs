//! Places as editors count them: lines and UTF-16 code units from 0.

use crate::document::{Source, Span};
use lsp_types::{Position, Range, Uri};
use std::path::{Path, PathBuf};
use url::Url;

/// Returns the range of `span` in its text.
pub(super) fn range(source: &Source, span: Span) -> Range {
    Range { start: position(source, span.start as usize), end: position(source, span.end as usize) }
}

fn position(source: &Source, offset: usize) -> Position {
    let place = source.position(offset);
    let line = place.line - 1;
    let before = &source.text()[source.line_span(line).start as usize..place.offset];
    Position { line: small(line), character: small(before.encode_utf16().count()) }
}

/// Returns the first of all places, for what is about a file as a whole.
pub(super) fn start() -> Range {
    Range::default()
}

/// Says whether two ranges have a place in common; one may be empty.
pub(super) fn touch(a: Range, b: Range) -> bool {
    a.start <= b.end && b.start <= a.end
}

/// Returns the path of a file by its URI.
pub(super) fn path(uri: &Uri) -> Option<PathBuf> {
    Url::parse(uri.as_str()).ok()?.to_file_path().ok()
}

/// Returns the URI of a file.
pub(super) fn uri(path: &Path) -> Option<Uri> {
    let absolute = std::path::absolute(path).ok()?;
    Url::from_file_path(absolute).ok()?.as_str().parse().ok()
}

/// Texts are smaller than 4 GiB.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_code_units() {
        let source = Source::new("jobs.yaml", "\u{feff}a\r\n小🐕狗x\n".to_owned());
        let at = |needle: &str| {
            let start = source.text().find(needle).unwrap();
            range(&source, Span::new(start, start + needle.len()))
        };
        let place = |line, character| Position { line, character };
        assert_eq!(at("a"), Range { start: place(0, 1), end: place(0, 2) });
        assert_eq!(at("🐕"), Range { start: place(1, 1), end: place(1, 3) });
        assert_eq!(at("x"), Range { start: place(1, 4), end: place(1, 5) });
        let end = source.text().len();
        assert_eq!(range(&source, Span::new(end, end)).start, place(2, 0));
    }

    #[test]
    fn a_path_comes_back_from_its_uri() {
        let path = Path::new("/videos/小 狗/jobs.yaml");
        assert_eq!(super::path(&uri(path).unwrap()).as_deref(), Some(path));
        assert_eq!(super::path(&"untitled:Untitled-1".parse().unwrap()), None);
    }
}
