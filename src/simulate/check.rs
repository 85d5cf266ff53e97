//! The service's rules for a submit \[spec\], applied to the letter.

use crate::base::canonical;
use crate::base::digest::Sha256;
use crate::spec::limits::{IMAGES, REFERENCES, VIDEOS};
use crate::spec::mention::mentions;
use crate::spec::vocabulary::{Duration, ReferenceType, Resolution, TASK_TYPE};
use serde_json::{Map, Value};
use url::Url;

/// What a submit asks for.
#[derive(Debug)]
pub(super) struct Wanted<'b> {
    pub(super) prompt: &'b str,
    pub(super) resolution: Resolution,
    pub(super) duration: Duration,
    pub(super) videos: u8,
}

/// The body of a submit, as far as it can be told before its rules are checked.
#[derive(Debug)]
pub(super) struct Submit {
    body: Value,
    /// The hash of its canonical JSON: the same request has the same, however it is spelled.
    pub(super) hash: Sha256,
}

impl Submit {
    /// Reads a body.
    ///
    /// # Errors
    /// Where it isn't JSON, in words for people.
    pub(super) fn read(body: &[u8]) -> Result<Submit, String> {
        let body: Value = serde_json::from_slice(body).map_err(|e| format!("the body is not JSON: {e}"))?;
        let hash = Sha256::of(&canonical::bytes(&body));
        Ok(Submit { body, hash })
    }

    /// The prompt, if there is one.
    pub(super) fn prompt(&self) -> Option<&str> {
        self.body.get("input")?.get("prompt")?.as_str()
    }

    /// Applies every rule.
    ///
    /// # Errors
    /// The first rule that is broken, in words that name the field.
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

/// Checks the references; gives their names.
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
mod tests {
    use super::*;
    use serde_json::json;

    /// The service's own example.
    fn example() -> Value {
        json!({
            "selected_model": "PixVerse-v4.5-MR2V",
            "task_type": "multi_ref_img2video",
            "input": {
                "prompt": "@human and @dog paly on the @grass",
                "resolution": "720p",
                "duration": 5,
                "mutil_reference": [
                    {"type": "subject", "name": "human", "urls": ["https://s1.example.com/12.png"]},
                    {"type": "subject", "name": "dog", "urls": ["https://s1.example.com/13.png"]},
                    {"type": "background", "name": "grass", "urls": ["https://s1.example.com/11.png"]}
                ]
            }
        })
    }

    /// What is said of the example with `value` put at `pointer`, or taken away from there.
    fn said(pointer: &str, value: Option<Value>) -> Result<(), String> {
        let mut body = example();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        let parent = body.pointer_mut(parent).unwrap();
        match (parent, value) {
            (Value::Object(object), Some(value)) => drop(object.insert(field.to_owned(), value)),
            (Value::Object(object), None) => drop(object.remove(field)),
            (Value::Array(array), Some(value)) => array[field.parse::<usize>().unwrap()] = value,
            _ => unreachable!("nothing else is tested"),
        }
        Submit::read(body.to_string().as_bytes())?.check().map(drop)
    }

    #[test]
    fn the_services_own_example_is_fine() {
        let submit = Submit::read(example().to_string().as_bytes()).unwrap();
        let wanted = submit.check().unwrap();
        assert_eq!((wanted.resolution, wanted.duration, wanted.videos), (Resolution::P720, Duration::Five, 1));
    }

    #[test]
    fn every_field_is_named_when_it_is_missing() {
        for (pointer, path) in [
            ("/selected_model", "selected_model"),
            ("/task_type", "task_type"),
            ("/input", "input"),
            ("/input/prompt", "input.prompt"),
            ("/input/resolution", "input.resolution"),
            ("/input/duration", "input.duration"),
            ("/input/mutil_reference", "input.mutil_reference"),
            ("/input/mutil_reference/1/type", "input.mutil_reference[1].type"),
            ("/input/mutil_reference/1/name", "input.mutil_reference[1].name"),
            ("/input/mutil_reference/1/urls", "input.mutil_reference[1].urls"),
        ] {
            assert_eq!(said(pointer, None).unwrap_err(), format!("{path}: is missing"));
        }
    }

    #[test]
    fn every_rule_is_applied() {
        let url = "https://s1.example.com/1.png";
        let many = json!([url, url, url, url]);
        let reference = |name: &str| json!({"type": "subject", "name": name, "urls": [url]});
        for (pointer, value, message) in [
            ("/x", json!(1), "x: is not a known field"),
            ("/input/multi_reference", json!([]), "input.multi_reference: is not a known field"),
            ("/input/mutil_reference/0/url", json!(""), "input.mutil_reference[0].url: is not a known field"),
            ("/input", json!([]), "input: must be an object, not an array"),
            ("/selected_model", json!(" "), "selected_model: is empty"),
            ("/task_type", json!("img2video"), "task_type: must be multi_ref_img2video, not img2video"),
            ("/async", json!(false), "async: only true is supported"),
            ("/async", json!("true"), "async: must be true or false, not \"true\""),
            ("/need_expand_prompt", json!(1), "need_expand_prompt: must be true or false, not 1"),
            ("/input/prompt", json!("\n "), "input.prompt: is empty"),
            ("/input/prompt", json!(7), "input.prompt: must be a string, not 7"),
            ("/input/prompt", json!("@cat plays"), "input.prompt: @cat is none of the names in input.mutil_reference"),
            ("/input/prompt", json!("@dogs play"), "input.prompt: @dogs is none of the names in input.mutil_reference"),
            ("/input/negative_prompt", json!(null), "input.negative_prompt: must be a string, not null"),
            ("/input/resolution", json!("4k"), "input.resolution: must be one of 360p, 540p, 720p, 1080p, not 4k"),
            ("/input/duration", json!("5"), "input.duration: must be an integer, not \"5\""),
            ("/input/duration", json!(5.0), "input.duration: must be an integer, not 5.0"),
            ("/input/duration", json!(6), "input.duration: must be 5 or 8, not 6"),
            ("/input/number_of_videos", json!(0), "input.number_of_videos: must be 1 to 4, not 0"),
            ("/input/number_of_videos", json!(5), "input.number_of_videos: must be 1 to 4, not 5"),
            ("/input/mutil_reference", json!({}), "input.mutil_reference: must be an array, not an object"),
            ("/input/mutil_reference", json!([]), "input.mutil_reference: must have 1 to 3 items, not 0"),
            (
                "/input/mutil_reference",
                json!([reference("a"), reference("b"), reference("c"), reference("d")]),
                "input.mutil_reference: must have 1 to 3 items, not 4",
            ),
            (
                "/input/mutil_reference/0/type",
                json!("object"),
                "input.mutil_reference[0].type: must be one of subject, background, not object",
            ),
            ("/input/mutil_reference/1/name", json!("human"), "input.mutil_reference[1].name: human is not unique"),
            ("/input/mutil_reference/1/name", json!(""), "input.mutil_reference[1].name: is empty"),
            (
                "/input/mutil_reference/1/urls",
                json!([]),
                "input.mutil_reference[1].urls: must have 1 to 3 items, not 0",
            ),
            ("/input/mutil_reference/1/urls", many, "input.mutil_reference[1].urls: must have 1 to 3 items, not 4"),
            (
                "/input/mutil_reference/1/urls/0",
                json!("refs/dog.png"),
                "input.mutil_reference[1].urls[0]: must be an absolute http or https URL, not refs/dog.png",
            ),
            (
                "/input/mutil_reference/1/urls/0",
                json!("file:///refs/dog.png"),
                "input.mutil_reference[1].urls[0]: must be an absolute http or https URL, not file:///refs/dog.png",
            ),
        ] {
            assert_eq!(said(pointer, Some(value)).unwrap_err(), message);
        }
    }

    #[test]
    fn the_longest_videos_are_not_made_at_the_highest_resolution() {
        let mut body = example();
        body["input"]["resolution"] = json!("1080p");
        assert!(Submit::read(body.to_string().as_bytes()).unwrap().check().is_ok());
        body["input"]["duration"] = json!(8);
        let message = Submit::read(body.to_string().as_bytes()).unwrap().check().unwrap_err();
        assert_eq!(message, "input.duration: at 1080p only 5 is supported, not 8");
    }

    #[test]
    fn all_that_is_optional_may_be_there() {
        for (pointer, value) in [
            ("/async", json!(true)),
            ("/need_expand_prompt", json!(true)),
            ("/input/negative_prompt", json!("blur")),
            ("/input/aspect_ratio", json!("16:9")),
            ("/input/number_of_videos", json!(4)),
            ("/input/prompt", json!("@human, mail me@example.com")),
        ] {
            assert!(said(pointer, Some(value)).is_ok(), "{pointer}");
        }
    }

    #[test]
    fn the_same_request_has_the_same_hash_however_it_is_spelled() {
        let pretty = serde_json::to_vec_pretty(&example()).unwrap();
        let compact = example().to_string();
        assert_eq!(Submit::read(&pretty).unwrap().hash, Submit::read(compact.as_bytes()).unwrap().hash);
    }
}
