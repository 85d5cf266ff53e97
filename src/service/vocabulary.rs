//! The words that the service knows.

use serde::{Deserialize, Serialize};

/// The service's address \[spec\].
pub const BASE_URL: &str = "https://cloud.baicaiinfer.com";

/// The model for a manifest that names none \[spec\]; frozen for `version: 1`.
pub const MODEL: &str = "PixVerse-v4.5-MR2V";

/// The only task type \[spec\]; frozen for `version: 1`.
pub const TASK_TYPE: &str = "multi_ref_img2video";

/// Declares an enum of words with its list, its spelling and its parser.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All variants, in the order of the documentation.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// All words.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// Returns the word as the service spells it.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// Returns the variant spelled `word`, exactly.
            pub fn from_word(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// A video's resolution \[spec\].
    Resolution {
        /// 360 lines.
        P360 = "360p",
        /// 540 lines.
        P540 = "540p",
        /// 720 lines.
        P720 = "720p",
        /// 1080 lines; 5 seconds only.
        P1080 = "1080p",
    }
}

words! {
    /// The role of a reference \[spec\].
    ReferenceType {
        /// A person or thing that acts.
        Subject = "subject",
        /// The place of the action.
        Background = "background",
    }
}

/// A video's duration \[spec\].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duration {
    /// 5 seconds.
    Five,
    /// 8 seconds; not at 1080p.
    Eight,
}

impl Duration {
    /// Both durations, in seconds.
    pub const SECONDS: [i64; 2] = [5, 8];

    /// Returns the duration in seconds.
    pub fn seconds(self) -> u8 {
        match self {
            Duration::Five => 5,
            Duration::Eight => 8,
        }
    }

    /// Returns the duration of this many seconds.
    pub fn from_seconds(seconds: i64) -> Option<Duration> {
        match seconds {
            5 => Some(Duration::Five),
            8 => Some(Duration::Eight),
            _ => None,
        }
    }

    /// Returns whether the service makes videos of this duration at `resolution`.
    pub fn goes_with(self, resolution: Resolution) -> bool {
        !(self == Duration::Eight && resolution == Resolution::P1080)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for (resolution, word) in Resolution::ALL.iter().zip(Resolution::WORDS) {
            assert_eq!(resolution.as_str(), *word);
            assert_eq!(Resolution::from_word(word), Some(*resolution));
        }
        assert_eq!(ReferenceType::from_word("Subject"), None);
    }

    #[test]
    fn the_longest_videos_are_not_made_at_the_highest_resolution() {
        let forbidden: Vec<_> = Resolution::ALL.iter().filter(|r| !Duration::Eight.goes_with(**r)).collect();
        assert_eq!(forbidden, [&Resolution::P1080]);
        assert!(Resolution::ALL.iter().all(|r| Duration::Five.goes_with(*r)));
    }
}
