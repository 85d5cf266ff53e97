//! The URL of a place in a bucket.

use std::fmt;
use std::str::FromStr;

/// A place in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketUrl {
    /// The provider.
    pub provider: Provider,
    /// The bucket's name; the container's at Azure.
    pub bucket: String,
    /// The folder in it, without slashes at its ends; empty for the whole bucket.
    pub folder: String,
}

/// The reason why a text isn't the URL of a place in a bucket. It never repeats the text, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoBucketUrl(&'static str);

/// The provider of an object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Amazon S3, and all that speaks as it does.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage.
    Azure,
}

impl Provider {
    const ALL: [Provider; 3] = [Provider::S3, Provider::Google, Provider::Azure];

    /// Returns the scheme of its URLs.
    pub fn scheme(self) -> &'static str {
        match self {
            Provider::S3 => "s3",
            Provider::Google => "gs",
            Provider::Azure => "az",
        }
    }
}

impl BucketUrl {
    /// Returns the key under which a name stands in this folder.
    pub fn key(&self, name: &str) -> String {
        if self.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", self.folder) }
    }
}

impl FromStr for BucketUrl {
    type Err = NoBucketUrl;

    fn from_str(text: &str) -> Result<BucketUrl, NoBucketUrl> {
        let wrong = NoBucketUrl;
        let known = text.split_once("://").and_then(|(scheme, rest)| {
            Some((Provider::ALL.into_iter().find(|provider| provider.scheme() == scheme)?, rest))
        });
        let (provider, rest) = known
            .ok_or_else(|| wrong("not in a bucket: s3://bucket/folder, gs://bucket/folder or az://container/folder"))?;
        let (bucket, folder) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.contains(['@', ':']) {
            return Err(wrong("a URL holds no credentials: they come from the environment"));
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if bucket.is_empty() || !bucket.chars().all(is_name) {
            return Err(wrong("no bucket is named: s3://bucket/folder"));
        }
        let folder = folder.trim_end_matches('/');
        let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
        let is_plain = |c: char| is_name(c) || matches!(c, '/' | '=' | '+');
        let is_path = folder.split('/').all(is_part) && folder.chars().all(is_plain);
        if !is_path && !folder.is_empty() {
            return Err(wrong("the folder in a bucket is letters, digits and `-_.=+`, parted by `/`"));
        }
        Ok(BucketUrl { provider, bucket: bucket.to_owned(), folder: folder.to_owned() })
    }
}

impl fmt::Display for BucketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.provider.scheme(), self.bucket)?;
        if self.folder.is_empty() { Ok(()) } else { write!(f, "/{}", self.folder) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_and_a_folder_in_it() {
        for (text, provider, bucket, folder) in [
            ("s3://team-videos/trailer/", Provider::S3, "team-videos", "trailer"),
            ("gs://a/b/c", Provider::Google, "a", "b/c"),
            ("az://a", Provider::Azure, "a", ""),
        ] {
            let url: BucketUrl = text.parse().unwrap();
            assert_eq!((url.provider, &*url.bucket, &*url.folder), (provider, bucket, folder));
            assert_eq!(url.to_string(), text.trim_end_matches('/'));
        }
        assert_eq!("s3://a/b".parse::<BucketUrl>().unwrap().key("p/x"), "b/p/x");
    }

    #[test]
    fn what_could_be_meant_otherwise_is_refused() {
        for text in
            ["s3://", "s3:///a", "s3://a//b", "s3://a/../b", "s3://a/b?c=d", "s3://a/b c", "s3://a:b@c/d", "x://a/b"]
        {
            assert!(text.parse::<BucketUrl>().is_err(), "{text}");
        }
    }
}
