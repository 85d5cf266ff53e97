//! The service's rules for a submit \[spec\], applied to the letter.

use crate::base::canonical;
use crate::base::digest::Sha256;
use crate::service::limits::{IMAGES, REFERENCES, VIDEOS};
use crate::service::mention::mentions;
use crate::service::vocabulary::{Duration, ReferenceType, Resolution, TASK_TYPE};
use serde_json::{Map, Value};
use url::Url;

/// The request of a submit.
#[derive(Debug)]
pub(super) struct Wanted<'b> {
    pub(super) prompt: &'b str,
    pub(super) resolution: Resolution,
    pub(super) duration: Duration,
    pub(super) videos: u8,
}

/// The body of a submit, as far as it is known before its rules are checked.
#[derive(Debug)]
pub(super) struct Submit {
    body: Value,
    /// The hash of its canonical JSON: the same for the same request, however it is spelled.
    pub(super) hash: Sha256,
}

impl Submit {
    /// Reads a body.
    ///
    /// # Errors
    /// Fails if it isn't JSON, with a message.
    pub(super) fn read(body: &[u8]) -> Result<Submit, String> {
        let body: Value = serde_json::from_slice(body).map_err(|e| format!("the body is not JSON: {e}"))?;
        let hash = Sha256::of(&canonical::bytes(&body));
        Ok(Submit { body, hash })
    }

    /// Returns the prompt, if there is one.
    pub(super) fn prompt(&self) -> Option<&str> {
        self.body.get("input")?.get("prompt")?.as_str()
    }

    /// Applies every rule.
    ///
    /// # Errors
    /// Returns the first rule that is broken, in a message that names the field.
    pub(super) fn check(&self) -> Result<Wanted<'_>, String> {
        let body = Fields::of(&self.body, "the body")?;
        body.only(&["selected_model", "task_type", "input", "need_expand_prompt", "async"])?;
        visible(body.text("selected_model")?, "selected_model")?;
        match body.text("task_type")? {
            TASK_TYPE => {}
            other => return Err(format!("task_type: must be {TASK_TYPE}, not {other}")),
        }
        body.flag("need_expand_prompt")?;
        if body.flag("async")? == Some(false) {
            return Err("async: only true is supported".to_owned());
        }
        input(body.required("input")?)
    }
}

fn input(value: &Value) -> Result<Wanted<'_>, String> {
    let input = Fields::of(value, "input")?;
    input.only(&[
        "prompt",
        "negative_prompt",
        "resolution",
        "aspect_ratio",
        "duration",
        "mutil_reference",
        "number_of_videos",
    ])?;
    let prompt = input.text("prompt")?;
    visible(prompt, "input.prompt")?;
    for optional in ["negative_prompt", "aspect_ratio"] {
        if input.optional(optional).is_some() {
            input.text(optional)?;
        }
    }
    let resolution: Resolution = input.word("resolution", Resolution::WORDS, Resolution::from_word)?;
    let duration = input.integer("duration")?;
    let duration =
        Duration::from_seconds(duration).ok_or_else(|| format!("input.duration: must be 5 or 8, not {duration}"))?;
    if !duration.goes_with(resolution) {
        return Err(format!("input.duration: at {resolution} only 5 is supported, not {}", duration.seconds()));
    }
    let videos = if input.optional("number_of_videos").is_some() { input.integer("number_of_videos")? } else { 1 };
    if !VIDEOS.contains(&videos) {
        return Err(format!("input.number_of_videos: must be {} to {}, not {videos}", VIDEOS.start(), VIDEOS.end()));
    }
    let names = references(input.list("mutil_reference")?)?;
    for mention in mentions(prompt, &names) {
        if mention.target.name().is_none() {
            let shown = &prompt[mention.range];
            return Err(format!("input.prompt: {shown} is none of the names in input.mutil_reference"));
        }
    }
    Ok(Wanted { prompt, resolution, duration, videos: videos as u8 })
}

/// Checks the references; returns their names.
fn references(items: &[Value]) -> Result<Vec<&str>, String> {
    if !REFERENCES.contains(&items.len()) {
        let (least, most) = (REFERENCES.start(), REFERENCES.end());
        return Err(format!("input.mutil_reference: must have {least} to {most} items, not {}", items.len()));
    }
    let mut names: Vec<&str> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let reference = Fields::of(item, &format!("input.mutil_reference[{index}]"))?;
        reference.only(&["type", "name", "urls"])?;
        reference.word("type", ReferenceType::WORDS, ReferenceType::from_word)?;
        let name = reference.text("name")?;
        visible(name, &reference.path("name"))?;
        if names.contains(&name) {
            return Err(format!("{}: {name} is not unique", reference.path("name")));
        }
        names.push(name);
        let urls = reference.list("urls")?;
        if !IMAGES.contains(&urls.len()) {
            let (least, most) = (IMAGES.start(), IMAGES.end());
            return Err(format!("{}: must have {least} to {most} items, not {}", reference.path("urls"), urls.len()));
        }
        for (number, url) in urls.iter().enumerate() {
            let path = format!("{}[{number}]", reference.path("urls"));
            let text = url.as_str().ok_or_else(|| wrong_type(&path, "a string", url))?;
            let absolute = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            if !absolute {
                return Err(format!("{path}: must be an absolute http or https URL, not {text}"));
            }
        }
    }
    Ok(names)
}

/// The fields of an object, which knows its own path.
struct Fields<'v> {
    object: &'v Map<String, Value>,
    path: String,
}

impl<'v> Fields<'v> {
    fn of(value: &'v Value, path: &str) -> Result<Fields<'v>, String> {
        let object = value.as_object().ok_or_else(|| wrong_type(path, "an object", value))?;
        Ok(Fields { object, path: if path == "the body" { String::new() } else { format!("{path}.") } })
    }

    fn path(&self, field: &str) -> String {
        format!("{}{field}", self.path)
    }

    fn only(&self, known: &[&str]) -> Result<(), String> {
        match self.object.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => Err(format!("{}: is not a known field", self.path(key))),
        }
    }

    fn optional(&self, field: &str) -> Option<&'v Value> {
        self.object.get(field)
    }

    fn required(&self, field: &str) -> Result<&'v Value, String> {
        self.optional(field).ok_or_else(|| format!("{}: is missing", self.path(field)))
    }

    fn text(&self, field: &str) -> Result<&'v str, String> {
        let value = self.required(field)?;
        value.as_str().ok_or_else(|| wrong_type(&self.path(field), "a string", value))
    }

    fn integer(&self, field: &str) -> Result<i64, String> {
        let value = self.required(field)?;
        value.as_i64().ok_or_else(|| wrong_type(&self.path(field), "an integer", value))
    }

    fn list(&self, field: &str) -> Result<&'v [Value], String> {
        let value = self.required(field)?;
        value.as_array().map(Vec::as_slice).ok_or_else(|| wrong_type(&self.path(field), "an array", value))
    }

    fn flag(&self, field: &str) -> Result<Option<bool>, String> {
        let Some(value) = self.optional(field) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| wrong_type(&self.path(field), "true or false", value))
    }

    fn word<T>(&self, field: &str, words: &[&str], read: fn(&str) -> Option<T>) -> Result<T, String> {
        let text = self.text(field)?;
        read(text).ok_or_else(|| format!("{}: must be one of {}, not {text}", self.path(field), words.join(", ")))
    }
}

fn visible(text: &str, path: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err(format!("{path}: is empty")) } else { Ok(()) }
}

fn wrong_type(path: &str, wanted: &str, found: &Value) -> String {
    let found = match found {
        Value::Null => "null".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => found.to_string(),
    };
    format!("{path}: must be {wanted}, not {found}")
}

#[cfg(test)]
mod tests;
