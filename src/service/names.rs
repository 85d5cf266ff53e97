//! Names that can't be mistaken for one another.

use super::limits::{JOB_ID_BYTES, JOB_ID_CHARACTERS};
use crate::base::digest::Sha256;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::is_nfc;

/// The form of a job id, as a regular expression that all of its readers understand: beyond ASCII it excludes white
/// space and invisible characters, and leaves letters to the rule.
pub const JOB_ID_PATTERN: &str = concat!(
    r"^[^\u0000-\u002f\u003a-\u0040\u005b-\u005e\u0060\u007b-\u00a0\u2000-\u206f\u3000-\u3003\ufeff]",
    r"[^\u0000-\u002c\u002f\u003a-\u0040\u005b-\u005e\u0060\u007b-\u00a0\u2000-\u206f\u3000-\u3003\ufeff]{0,127}$"
);

/// Returns whether a character is allowed in a job's id, if not at its start: a letter, a digit or a mark of a letter,
/// of any script.
pub fn fits_job_id(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '-') || is_combining_mark(c)
}

/// The error for a text that is not a name of the required kind.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotAName(&'static str);

/// Declares a name: a shared string with a check at the border.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Parses the name in `text`.
            ///
            /// # Errors
            /// Fails if `text` breaks the rule of this kind of name; the error states the rule.
            pub fn new(text: &str) -> Result<$name, NotAName> {
                Self::check(text)?;
                Ok($name(text.into()))
            }

            /// Checks that `text` is such a name.
            ///
            /// # Errors
            /// The same as those of [`Self::new`].
            pub fn check(text: &str) -> Result<(), NotAName> {
                let check: fn(&str) -> Result<(), NotAName> = $check;
                check(text)
            }

            /// Returns the name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.as_ref().to_owned()
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAName;

            fn try_from(text: String) -> Result<$name, NotAName> {
                $name::new(&text)
            }
        }
    };
}

name! {
    /// A job's id: 1 to 128 letters and digits of any script (NFC) and `. _ -`, 200 bytes at most, not starting with a dot or a dash,
    /// since it names files.
    JobId, |text| {
        let characters = if text.len() > JOB_ID_CHARACTERS { text.chars().count() } else { text.len() };
        if text.is_empty() || characters > JOB_ID_CHARACTERS {
            Err(NotAName("a job id has 1 to 128 characters"))
        } else if text.len() > JOB_ID_BYTES {
            Err(NotAName("a job id has at most 200 bytes"))
        } else if text.starts_with(['.', '-']) {
            Err(NotAName("a job id doesn't start with a dot or a dash"))
        } else if text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
            Ok(())
        } else if text.starts_with(is_combining_mark) || !text.chars().all(fits_job_id) {
            Err(NotAName("a job id is made of letters and digits of any script, and of . _ -"))
        } else if !is_nfc(text) {
            Err(NotAName("a job id is written in NFC: each letter as one character where there is one"))
        } else {
            Ok(())
        }
    }
}

name! {
    /// A reference's name, mentioned in prompts as `@name`: not empty, without white space or `@`.
    ReferenceName, |text| {
        if text.is_empty() {
            Err(NotAName("a reference's name is not empty"))
        } else if text.contains(char::is_whitespace) {
            Err(NotAName("a reference's name has no white space"))
        } else if text.contains('@') {
            Err(NotAName("a reference's name has no @"))
        } else {
            Ok(())
        }
    }
}

name! {
    /// A tag by which jobs are selected: not empty, without white space and control characters.
    Tag, |text| {
        if text.is_empty() {
            Err(NotAName("a tag is not empty"))
        } else if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            Err(NotAName("a tag has no white space"))
        } else {
            Ok(())
        }
    }
}

name! {
    /// The service's id of a task: 1 to 512 visible ASCII characters that are allowed in a URL's path.
    TaskId, |text| {
        let fits = |b: u8| b.is_ascii_graphic() && !matches!(b, b'/' | b'?' | b'#' | b'%' | b'\\' | b'"' | b'<' | b'>');
        if text.is_empty() || text.len() > 512 || !text.bytes().all(fits) || text.bytes().all(|b| b == b'.') {
            Err(NotAName("a task id is 1 to 512 visible ASCII characters without / ? # % \\ \" < >"))
        } else {
            Ok(())
        }
    }
}

/// The identity of a generation's input; written as `sha256:` and 64 hexadecimal digits.
///
/// The prefix is the version of the definition: a later one would be written with another prefix, so that an upgrade
/// never makes a paid job stale.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Digest(pub Sha256);

impl Digest {
    /// Returns the first 8 hexadecimal digits, for messages and file names.
    pub fn short(&self) -> String {
        self.0.short()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Digest, NotAName> {
        let hash = text.strip_prefix("sha256:").and_then(|hash| hash.parse().ok());
        hash.map(Digest).ok_or(NotAName("a digest is `sha256:` and 64 digits of 0-9 a-f"))
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Digest, NotAName> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_ids_can_name_files() {
        for good in [
            "a",
            "park-walk",
            "A.1_b",
            "0",
            &"x".repeat(128),
            "小狗跑",
            "café",
            "हिन्दी",
            "ภาษาไทย",
            "٣",
            &"é".repeat(100),
            "_小",
        ] {
            assert_eq!(JobId::new(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            ".",
            "..",
            ".a",
            "-a",
            "a b",
            "a/b",
            "a\n",
            &"x".repeat(129),
            "小狗！",
            "小　狗",
            "cafe\u{301}",
            "\u{301}a",
            "🐶",
            &"é".repeat(101),
            &"狗".repeat(67),
        ] {
            assert!(JobId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn reference_names_may_be_chinese() {
        assert!(ReferenceName::new("小狗").is_ok());
        for bad in ["", "a b", "a\u{3000}b", "a@b"] {
            assert!(ReferenceName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn task_ids_cannot_change_the_url_they_are_put_into() {
        assert!(TaskId::new("3524e0b3ba014b12ab1faf29f9f00000").is_ok());
        for bad in ["", "a/b", "..", "a?b", "a b", "a%2f", "a\u{7f}"] {
            assert!(TaskId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn digests_carry_their_version() {
        let digest = Digest(Sha256::of(b""));
        assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        assert!(digest.0.to_string().parse::<Digest>().is_err());
    }
}
