//! The service's calls, told apart by method and path.

use hyper::Method;
use serde::Serialize;
use std::fmt;

/// A call of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Call {
    /// A new connection; not a call of the service, but faults can hit it.
    Connect,
    /// `POST /v1/videos/generations`.
    Submit,
    /// `POST /v1/resources/upload`.
    Upload,
    /// `GET /v1/comfyui/tasks/{id}/status`.
    Status,
    /// `GET /v1/comfyui/tasks/{id}/result`.
    Result,
    /// `GET /videos/{id}/{number}.mp4`.
    Download,
}

/// A call with the parameters in its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route<'p> {
    Submit,
    Upload,
    Status(&'p str),
    Result(&'p str),
    /// A task's id and a video's number, as they are in the path.
    Download(&'p str, &'p str),
}

/// The reason why a request is not a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotACall {
    /// The path isn't one of the service's.
    Path,
    /// The path is, with this method.
    Method(&'static str),
}

impl Call {
    /// All calls.
    pub const ALL: [Call; 6] = [Call::Connect, Call::Submit, Call::Upload, Call::Status, Call::Result, Call::Download];

    /// Returns the word for it in faults and in the books.
    pub fn as_str(self) -> &'static str {
        match self {
            Call::Connect => "connect",
            Call::Submit => "submit",
            Call::Upload => "upload",
            Call::Status => "status",
            Call::Result => "result",
            Call::Download => "download",
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'p> Route<'p> {
    /// Returns the call that a request makes.
    pub(super) fn of(method: &Method, path: &'p str) -> Result<Route<'p>, NotACall> {
        let (route, wanted) = match path {
            "/v1/videos/generations" => (Route::Submit, "POST"),
            "/v1/resources/upload" => (Route::Upload, "POST"),
            _ => (Route::with_task(path).ok_or(NotACall::Path)?, "GET"),
        };
        if method.as_str() == wanted { Ok(route) } else { Err(NotACall::Method(wanted)) }
    }

    fn with_task(path: &'p str) -> Option<Route<'p>> {
        if let Some(rest) = path.strip_prefix("/v1/comfyui/tasks/") {
            return match rest.split_once('/')? {
                (task, "status") => Some(Route::Status(task)),
                (task, "result") => Some(Route::Result(task)),
                _ => None,
            };
        }
        let (task, file) = path.strip_prefix("/videos/")?.split_once('/')?;
        Some(Route::Download(task, file.strip_suffix(".mp4")?))
    }

    /// Returns the call, without the parameters in its path.
    pub(super) fn call(&self) -> Call {
        match self {
            Route::Submit => Call::Submit,
            Route::Upload => Call::Upload,
            Route::Status(_) => Call::Status,
            Route::Result(_) => Call::Result,
            Route::Download(..) => Call::Download,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_apart_by_method_and_path() {
        let route = |method: &str, path| Route::of(&method.parse().unwrap(), path);
        assert_eq!(route("POST", "/v1/videos/generations"), Ok(Route::Submit));
        assert_eq!(route("POST", "/v1/resources/upload"), Ok(Route::Upload));
        assert_eq!(route("GET", "/v1/comfyui/tasks/a1/status"), Ok(Route::Status("a1")));
        assert_eq!(route("GET", "/v1/comfyui/tasks/a1/result"), Ok(Route::Result("a1")));
        assert_eq!(route("GET", "/videos/a1/2.mp4"), Ok(Route::Download("a1", "2")));
        assert_eq!(route("GET", "/v1/videos/generations"), Err(NotACall::Method("POST")));
        assert_eq!(route("POST", "/v1/comfyui/tasks/a1/status"), Err(NotACall::Method("GET")));
        for path in
            ["/", "/v1/videos/generations/", "/v1/comfyui/tasks/status", "/videos/a1/2", "/v1/comfyui/tasks/a/b/status"]
        {
            assert_eq!(route("GET", path), Err(NotACall::Path), "{path}");
        }
    }
}
