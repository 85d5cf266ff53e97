//! The names of a job's videos.

use super::names::Digest;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The pattern of a job's video paths: relative to the manifest's folder, with `/` between its parts and `{n}` for the
/// video's number, as `out/park-walk-{n}.mp4`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VideoName(Arc<str>);

impl VideoName {
    /// Creates the name with this pattern.
    pub fn new(pattern: &str) -> VideoName {
        VideoName(pattern.into())
    }

    /// Returns the pattern.
    pub fn pattern(&self) -> &str {
        &self.0
    }

    /// Returns the path of the `number`th video, counted from 1.
    ///
    /// A pattern without `{n}` names one video; should the service deliver more, their number is added after the stem.
    pub fn path(&self, number: usize) -> String {
        if self.0.contains("{n}") {
            self.0.replace("{n}", &number.to_string())
        } else if number == 1 {
            self.0.as_ref().to_owned()
        } else {
            behind_stem(&self.0, &format!("-{number}"))
        }
    }

    /// Returns the name for videos whose digest is no longer in the manifest: with `~` and 8 digits of the digest after
    /// the stem, once.
    pub fn superseded(&self, digest: &Digest) -> VideoName {
        if self.is_superseded(digest) {
            return self.clone();
        }
        VideoName(behind_stem(&self.0, &format!("~{}", digest.short())).into())
    }

    /// Returns the name for videos of a second purchase of the same input, while those of another one have this name: with
    /// `~` and the short form of its id after the stem, once.
    pub fn beside(&self, id: &str) -> VideoName {
        if self.0.contains(&format!("~{id}")) {
            return self.clone();
        }
        VideoName(behind_stem(&self.0, &format!("~{id}")).into())
    }

    /// Returns whether it is the name of videos whose digest is no longer in the manifest.
    pub fn is_superseded(&self, digest: &Digest) -> bool {
        self.0.contains(&format!("~{}", digest.short()))
    }
}

impl fmt::Debug for VideoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// Returns `path` with `addition` between its stem and its extension.
fn behind_stem(path: &str, addition: &str) -> String {
    let file = path.rfind('/').map_or(0, |slash| slash + 1);
    match path[file..].rfind('.') {
        Some(dot) if dot > 0 => {
            let (stem, extension) = path.split_at(file + dot);
            format!("{stem}{addition}{extension}")
        }
        _ => format!("{path}{addition}"),
    }
}

/// The suffix of a file that was delivered in place of a video and may not be one.
pub const DOUBTFUL: &str = ".doubtful";

/// Returns the path of a file that was delivered in place of the video at `path` and may not be one.
pub fn doubtful(path: &str) -> String {
    format!("{path}{DOUBTFUL}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::digest::Sha256;

    #[test]
    fn videos_are_numbered() {
        assert_eq!(VideoName::new("out/a-{n}.mp4").path(2), "out/a-2.mp4");
        assert_eq!(VideoName::new("out.d/a.mp4").path(1), "out.d/a.mp4");
        assert_eq!(VideoName::new("out.d/a").path(2), "out.d/a-2");
    }

    #[test]
    fn superseded_videos_carry_their_digest() {
        let digest = Digest(Sha256::of(b""));
        let name = VideoName::new("out/a.b-{n}.mp4").superseded(&digest);
        assert_eq!(name.path(1), "out/a.b-1~e3b0c442.mp4");
        assert_eq!(name.superseded(&digest), name, "once is enough");
    }
}
