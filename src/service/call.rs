//! The calls of a run.

use serde::Serialize;
use std::fmt;

/// A call of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// A local image goes up.
    Upload,
    /// A generation is asked for.
    Submit,
    /// The query of a task's status.
    Status,
    /// The query of a finished task's videos.
    Result,
    /// A video comes down.
    Download,
    /// A remote image is fetched; this call doesn't go to the service.
    Image,
}

impl Call {
    /// Returns its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Call::Upload => "upload",
            Call::Submit => "submit",
            Call::Status => "status",
            Call::Result => "result",
            Call::Download => "download",
            Call::Image => "image",
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
