use super::*;

fn refused(manifest: &Value) -> bool {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    !validator.is_valid(manifest)
}

fn with_job(job: &Value) -> Value {
    json!({"version": 1, "jobs": [job]})
}

#[test]
fn what_the_manual_shows_is_valid() {
    let manifest = json!({
        "version": 1,
        "run": {"concurrency": 8, "submit_rate": "60/min", "job_timeout": "1h30m", "on_uncertain": "hold"},
        "prices": {"unit": "CNY", "table": [{"resolution": "720p", "duration": 5, "price": 3.5}]},
        "references": {"dog": {"type": "subject", "urls": ["refs/dog.png"]}},
        "defaults": {"resolution": "720p", "duration": 8},
        "jobs": [
            {"id": "a", "prompt": "@dog runs"},
            {"id": "b", "prompt": "@dog @hill", "resolution": "1080p", "duration": 5,
             "references": ["dog", {"name": "hill", "type": "background", "urls": ["https://example.com/h.png"]}]},
        ],
    });
    assert!(!refused(&manifest));
}

#[test]
fn what_a_schema_can_say_is_refused() {
    for job in [
        json!({"prompt": "no id"}),
        json!({"id": "a", "promt": "x"}),
        json!({"id": "a", "resolution": "4k"}),
        json!({"id": "a", "duration": 6}),
        json!({"id": "a", "duration": "5"}),
        json!({"id": "a", "resolution": "1080p", "duration": 8}),
        json!({"id": "a", "number_of_videos": 5}),
        json!({"id": "a", "references": []}),
        json!({"id": "a", "references": ["a", "b", "c", "d"]}),
        json!({"id": "a", "references": [{"name": "a", "type": "thing", "urls": ["u"]}]}),
        json!({"id": "a", "references": [{"name": "a", "type": "subject", "urls": []}]}),
        json!({"id": "a", "async": false}),
    ] {
        assert!(refused(&with_job(&job)), "{job}");
    }
    assert!(refused(&json!({"jobs": []})));
    assert!(refused(&json!({"version": 1, "jobs": [], "run": {"patience": "10"}})));
}
