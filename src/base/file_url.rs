//! Paths in URLs of folders: `file:///a%20b` is the folder `/a b`.

use percent_encoding::percent_decode_str;
use std::path::{Path, PathBuf};

/// Returns the folder that the part of a URL after `file://` names; `None` if that isn't a whole path of text, or is the root.
pub fn folder(path: &str) -> Option<PathBuf> {
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    let path = decoded.trim_end_matches('/');
    (path.starts_with('/') && !path.contains('\0')).then(|| PathBuf::from(path))
}

/// Returns the URL of a folder: the path as it is, but for a `%` that would be read as another character.
pub fn url(folder: &Path) -> String {
    let path = folder.display().to_string();
    let parts: Vec<&str> = path.split('%').collect();
    let is_code = |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    let rest = parts[1..].iter().map(|rest| format!("{}{rest}", if is_code(rest) { "%25" } else { "%" }));
    format!("file://{}{}", parts[0], rest.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_and_its_url_name_each_other() {
        for (text, path) in [
            ("/srv/ledger/", "/srv/ledger"),
            ("/a%20b", "/a b"),
            ("/a b", "/a b"),
            ("/%E5%B0%8F%E7%8B%97", "/小狗"),
            ("/100%", "/100%"),
            ("/a%2520b", "/a%20b"),
            ("/%25", "/%"),
        ] {
            assert_eq!(folder(text), Some(PathBuf::from(path)), "{text}");
            let url = url(Path::new(path));
            assert_eq!(folder(url.strip_prefix("file://").unwrap()), Some(PathBuf::from(path)), "{url}");
        }
        assert_eq!(url(Path::new("/a b/小狗")), "file:///a b/小狗");
        for none in ["", "/", "//", "srv", "/%ff", "/%00a", "/%2f"] {
            assert_eq!(folder(none), None, "{none}");
        }
    }
}
