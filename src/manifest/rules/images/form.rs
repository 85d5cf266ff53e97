//! What the text of an image is by its form: a URL, a path, or something like either.

use super::ImageFlaw;
use url::Url;

/// The separators that users write between several images in one cell.
pub(super) const SEPARATORS: [char; 7] = ['|', ',', ';', '\n', ' ', '，', '；'];

/// Returns the separator of several URLs in one text: the character before the second one.
pub(super) fn separator(text: &str) -> Option<char> {
    let colons = memchr::memchr_iter(b':', text.as_bytes());
    let ends = colons.filter(|at| text[*at..].starts_with("://")).skip(1);
    let mut starts = ends.filter_map(|at| {
        let before = &text[..at];
        let scheme = ["https", "http"].into_iter().find(|scheme| {
            before.len() >= scheme.len()
                && before.is_char_boundary(before.len() - scheme.len())
                && before[before.len() - scheme.len()..].eq_ignore_ascii_case(scheme)
        })?;
        let before = &before[..before.len() - scheme.len()];
        let parted = before.trim_end();
        let last = parted.chars().next_back().filter(|c| SEPARATORS.contains(c));
        last.or_else(|| before[parted.len()..].chars().next().map(|c| if c == '\r' { '\n' } else { c }))
    });
    starts.next()
}

/// Returns the scheme of a URL. A drive (`C:`) is not a scheme.
pub(super) fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let mut letters = scheme.bytes();
    let fits = letters.next()?.is_ascii_alphabetic()
        && scheme.len() > 1
        && letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    fits.then_some(scheme)
}

/// Returns the position where the path of a URL starts, with `://` after its scheme: all that can be wrong with a URL
/// is before it.
pub(super) fn path_start(text: &str, scheme: &str) -> Option<usize> {
    let behind = text[scheme.len()..].strip_prefix("://").filter(|rest| !rest.starts_with(['/', '\\']))?;
    let host = behind.bytes().position(|b| matches!(b, b'/' | b'\\' | b'?' | b'#')).unwrap_or(behind.len());
    Some(text.len() - behind.len() + host)
}

/// Checks that a URL of scheme and host alone is valid, with a host and without credentials.
pub(super) fn origin(text: &str) -> Result<(), ImageFlaw> {
    let url = Url::parse(text).map_err(|_| ImageFlaw::NotAUrl)?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(ImageFlaw::NotAUrl);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ImageFlaw::Credentials);
    }
    Ok(())
}

/// Returns whether a path looks like a URL without its scheme: a host with dots, and something after it.
pub(super) fn is_like_url(text: &str) -> bool {
    let Some((host, _)) = text.split_once('/') else { return false };
    let mut labels = host.rsplit('.');
    let ends_like_a_host =
        labels.next().is_some_and(|end| end.len() > 1 && end.bytes().all(|b| b.is_ascii_alphabetic()));
    ends_like_a_host && labels.next().is_some_and(|label| !label.is_empty())
}
