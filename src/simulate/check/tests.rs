use super::*;
use serde_json::json;

/// Returns the service's own example.
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

/// Checks the example with `value` put at `pointer`, or with that value removed.
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
        ("/input/mutil_reference/1/urls", json!([]), "input.mutil_reference[1].urls: must have 1 to 3 items, not 0"),
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
