//! The body of a submit, its digest, and its parts.

use super::*;
use serde_json::json;

/// Returns the service's own example.
fn example() -> Generation {
    let reference = |kind, name: &str, image: &str| Reference {
        kind,
        name: ReferenceName::new(name).unwrap(),
        images: vec![Image::Url(format!("https://s1.example.com/{image}.png"))],
    };
    Generation {
        model: "PixVerse-v4.5-MR2V".into(),
        prompt: "@human and @dog paly on the @grass".into(),
        negative_prompt: None,
        resolution: Resolution::P720,
        duration: Duration::Five,
        references: Arc::new(vec![
            reference(ReferenceType::Subject, "human", "12"),
            reference(ReferenceType::Subject, "dog", "13"),
            reference(ReferenceType::Background, "grass", "11"),
        ]),
        number_of_videos: 1,
        need_expand_prompt: false,
    }
}

#[test]
fn the_body_is_the_one_of_the_services_page() {
    let expected = json!({
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
    });
    assert_eq!(example().body(|_| unreachable!()), expected);
    // The digest is SHA-256 of exactly these bytes: the manual's test vector.
    let canonical = canonical::bytes(&expected);
    assert_eq!(example().digest(1), Digest(Sha256::of(&canonical)));
}

#[test]
fn what_differs_from_the_default_is_sent() {
    let generation =
        Generation { number_of_videos: 2, need_expand_prompt: true, negative_prompt: Some("blur".into()), ..example() };
    let body = generation.body(|_| unreachable!());
    assert_eq!(body["input"]["number_of_videos"], 2);
    assert_eq!(body["input"]["negative_prompt"], "blur");
    assert_eq!(body["need_expand_prompt"], true);
}

#[test]
fn a_local_image_is_sent_as_its_upload_and_digested_as_its_content() {
    let mut generation = example();
    let hash = Sha256::of(b"pixels");
    Arc::make_mut(&mut generation.references)[1].images = vec![Image::Content(hash)];
    let body = generation.body(|h| format!("https://up.example.com/{}", h.short()));
    assert_eq!(body["input"]["mutil_reference"][1]["urls"][0], format!("https://up.example.com/{}", hash.short()));
    let mut twin = body;
    twin["input"]["mutil_reference"][1]["urls"][0] = json!(format!("sha256:{hash}"));
    assert_eq!(generation.digest(1), Digest(Sha256::of(&canonical::bytes(&twin))));
}

#[test]
fn a_second_take_is_another_digest_and_the_same_body() {
    assert_ne!(example().digest(1), example().digest(2));
    assert_ne!(example().parts(1)["settings"], example().parts(2)["settings"]);
    assert_eq!(example().parts(1)["prompt"], example().parts(2)["prompt"]);
}

/// Returns generations that differ from the example in one field each; a new field doesn't compile until it is here.
fn with_one_change_each() -> Vec<(&'static str, Generation)> {
    let Generation {
        model: _,
        prompt: _,
        negative_prompt: _,
        resolution: _,
        duration: _,
        references: _,
        number_of_videos: _,
        need_expand_prompt: _,
    } = example();
    let mut fewer = example();
    Arc::make_mut(&mut fewer.references).pop();
    vec![
        ("model", Generation { model: "another".into(), ..example() }),
        ("prompt", Generation { prompt: "@human".into(), ..example() }),
        ("negative_prompt", Generation { negative_prompt: Some("blur".into()), ..example() }),
        ("resolution", Generation { resolution: Resolution::P540, ..example() }),
        ("duration", Generation { duration: Duration::Eight, ..example() }),
        ("references", fewer),
        ("number_of_videos", Generation { number_of_videos: 2, ..example() }),
        ("need_expand_prompt", Generation { need_expand_prompt: true, ..example() }),
    ]
}

#[test]
fn every_field_is_sent_and_digested_and_among_the_parts() {
    let url = |_: &Sha256| unreachable!();
    for (field, changed) in with_one_change_each() {
        assert_ne!(changed.body(url), example().body(url), "{field} isn't sent");
        assert_ne!(changed.digest(1), example().digest(1), "{field} isn't digested");
        assert_ne!(changed.parts(1), example().parts(1), "{field} is in no part");
    }
}

#[test]
fn parts_tell_what_changed() {
    let mut changed = example();
    Arc::make_mut(&mut changed.references)[1].images = vec![Image::Url("https://s1.example.com/14.png".into())];
    let (old, new) = (example().parts(1), changed.parts(1));
    let differing: Vec<_> = new.iter().filter(|(part, hash)| old[*part] != **hash).map(|(part, _)| part).collect();
    assert_eq!(differing, ["reference.dog"]);
}
