//! The codes: one for each rule of a manifest.

use serde::{Serialize, Serializer};

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is sent before it is fixed.
    Error,
    /// Shown, and no hindrance (unless `--deny warnings`).
    Warning,
}

/// Declares the codes with their spelling and their one-line title.
macro_rules! codes {
    ($($variant:ident $code:literal $title:literal,)+) => {
        /// The rule that a finding is about. Its spelling is stable, and the name of a section of the manual.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $variant,)+
        }

        impl Code {
            /// All codes, in the order of the manual.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            /// Returns the code as it is shown.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $code),+ }
            }

            /// Returns the rule in one line.
            pub fn title(self) -> &'static str {
                match self { $(Code::$variant => $title),+ }
            }
        }
    };
}

codes! {
    Syntax "syntax" "The manifest is well-formed YAML, TOML or JSON in UTF-8",
    DuplicateKey "duplicate-key" "No key occurs twice in one mapping",
    UnknownField "unknown-field" "Every field is one that the schema knows",
    MissingField "missing-field" "Every required field exists",
    WrongType "wrong-type" "Every value is of its field's type",
    Version "version" "The manifest's version is 1",
    JobId "job-id" "A job's id can name files",
    DuplicateJobId "duplicate-job-id" "Job ids are unique, letter case aside",
    EmptyPrompt "empty-prompt" "A prompt has a visible character",
    UnknownMention "unknown-mention" "Every mention is the name of one of the job's references",
    UnusedReference "unused-reference" "Every reference is mentioned in the prompt",
    MentionSpacing "mention-spacing" "White space follows a mention",
    ReferenceCount "reference-count" "A job has 1 to 3 references",
    TwinJobs "twin-jobs" "No two jobs ask for the same videos",
    DuplicateReferenceName "duplicate-reference-name" "Reference names are unique within a job",
    ReferenceName "reference-name" "A reference's name can be mentioned",
    ReferenceType "reference-type" "A reference is a subject or a background",
    ImageCount "image-count" "A reference has 1 to 3 images",
    ImageUrl "image-url" "An image is a URL, or a readable image file in the project",
    UnknownReference "unknown-reference" "A reference used by name is in the library",
    Resolution "resolution" "The resolution is one that the service makes",
    Duration "duration" "The duration is one that the service makes",
    DurationResolution "duration-resolution" "1080p videos last 5 seconds",
    NumberOfVideos "number-of-videos" "A generation makes 1 to 4 videos",
    Async "async" "The service works asynchronously only",
    TaskType "task-type" "The task type is the one of this kind of generation",
    AspectRatio "aspect-ratio" "The service ignores aspect_ratio",
    Limits "limits" "The manifest stays within the limits of size, depth and aliases",
    Matrix "matrix" "A matrix has combinations, and each of its keys a meaning",
    Rows "rows" "Rows can be read, and each has a value for every column",
    Template "template" "A template names values that exist, and filters that are known",
    OutputPath "output-path" "Every video gets a path of its own inside the output folder",
    Setting "setting" "Every setting is well-formed and in range",
    BaseUrl "base-url" "The service's base URL is https, or http on loopback",
    MergeConflict "merge-conflict" "No marks of a merge are left in the manifest or a table",
    LookAlike "look-alike" "No character only looks like the one that is meant",
    BlankRow "blank-row" "A table has no rows and no columns without a value",
    PromptLength "prompt-length" "A prompt has 2048 characters at most",
    PrivateFile "private-file" "Nothing leads to a .env, into .git or out of the project",
    Unreadable "unreadable" "The manifest can be read",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Code;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_kebab_case() {
        let codes: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        assert!(codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
    }
}
