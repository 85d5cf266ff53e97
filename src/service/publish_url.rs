//! The URL of the place where videos are published.

use crate::base::bucket::url::{BucketUrl, NoBucketUrl};
use crate::base::digest::Sha256;
use crate::base::file_url;
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The place where videos are published. Its URL holds no credentials, so it may be printed and written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishUrl {
    /// A folder in a bucket.
    Bucket(BucketUrl),
    /// A folder on this machine, or on a disk that it shares with others.
    Folder(PathBuf),
}

/// The reason why a text isn't the URL of such a place. It never repeats the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoPublishUrl(String);

/// The number of digits of a video's hash in the name of its published file.
const DIGITS: usize = 12;

impl PublishUrl {
    /// Returns the URL of the published file with this `name`.
    pub fn url_of(&self, name: &str) -> String {
        format!("{self}/{name}")
    }

    /// Returns the name of the published file with this `url`; `None` if it isn't at this place.
    pub fn name_of<'u>(&self, url: &'u str) -> Option<&'u str> {
        let name = url.strip_prefix(&self.to_string())?.strip_prefix('/')?;
        let is_part = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
        name.split('/').all(is_part).then_some(name)
    }

    /// Returns the one of these URLs that is at this place.
    pub fn find<'u>(&self, published: &'u BTreeSet<String>) -> Option<&'u str> {
        published.iter().map(String::as_str).find(|url| self.name_of(url).is_some())
    }
}

/// Returns the name under which the video at `path`, relative to the folder of all videos, is published: with digits of its
/// hash before the extension, so that no published file is ever replaced by another content.
pub fn published_name(path: &str, sha256: &Sha256) -> String {
    let hash = &sha256.to_string()[..DIGITS];
    let file = path.rfind('/').map_or(0, |slash| slash + 1);
    match path[file..].rfind('.') {
        Some(dot) if dot > 0 => {
            let (stem, extension) = path.split_at(file + dot);
            format!("{stem}.{hash}{extension}")
        }
        _ => format!("{path}.{hash}"),
    }
}

impl FromStr for PublishUrl {
    type Err = NoPublishUrl;

    fn from_str(text: &str) -> Result<PublishUrl, NoPublishUrl> {
        let allowed = "s3://bucket/folder, gs://bucket/folder, az://container/folder, or file:///folder";
        match text.split_once("://") {
            Some(("file", path)) => file_url::folder(path)
                .map(PublishUrl::Folder)
                .ok_or_else(|| NoPublishUrl("a folder is named by its whole path: file:///path".to_owned())),
            Some(("s3" | "gs" | "az", _)) => {
                text.parse().map(PublishUrl::Bucket).map_err(|error: NoBucketUrl| NoPublishUrl(error.to_string()))
            }
            Some(_) => Err(NoPublishUrl(format!("nothing can be published there; allowed are {allowed}"))),
            None => Err(NoPublishUrl(format!("not a URL; allowed are {allowed}"))),
        }
    }
}

impl fmt::Display for PublishUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PublishUrl::Bucket(bucket) => fmt::Display::fmt(bucket, f),
            PublishUrl::Folder(folder) => f.write_str(&file_url::url(folder)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PublishUrl {
        text.parse().unwrap()
    }

    #[test]
    fn a_place_and_the_files_there() {
        for (text, shown) in [
            ("s3://team/out/", "s3://team/out"),
            ("file:///srv/out/", "file:///srv/out"),
            ("file:///a%20b", "file:///a b"),
        ] {
            assert_eq!(url(text).to_string(), shown);
            let file = url(text).url_of("小狗-1.mp4");
            assert_eq!(file, format!("{shown}/小狗-1.mp4"));
            assert_eq!(url(text).name_of(&file), Some("小狗-1.mp4"));
        }
        for elsewhere in
            ["s3://team/output/a", "s3://team/out", "s3://team/out/../a", "s3://team/out//a", "gs://team/out/a"]
        {
            assert_eq!(url("s3://team/out").name_of(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn other_places_are_refused_and_no_password_is_repeated() {
        for (text, word) in [
            ("https://cdn.example.com/x", "allowed are s3://"),
            ("postgres://db/x", "allowed are s3://"),
            ("out", "not a URL"),
            ("file://out", "file:///path"),
            ("file:///", "file:///path"),
            ("s3://me:hunter2@bucket/a", "no credentials"),
        ] {
            let refused = text.parse::<PublishUrl>().unwrap_err().to_string();
            assert!(refused.contains(word) && !refused.contains("hunter2"), "{text}: {refused}");
        }
    }

    #[test]
    fn the_name_of_a_published_file_has_its_hash() {
        let hash = Sha256::of(b"");
        assert_eq!(published_name("a/b.c-1.mp4", &hash), "a/b.c-1.e3b0c44298fc.mp4");
        assert_eq!(published_name("a.d/b", &hash), "a.d/b.e3b0c44298fc");
    }
}
