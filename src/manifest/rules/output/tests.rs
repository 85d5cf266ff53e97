//! Folders and names of videos: what is accepted, and why not.

use super::*;

fn folder() -> (tempfile::TempDir, Folder) {
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(temp.path().join("file"), "").unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    (temp, folder)
}

#[test]
fn the_folder_lies_inside_the_manifests() {
    let (_temp, folder) = folder();
    for (text, expected) in [("out", "out"), ("./out/", "out"), (".", ""), ("a/./b", "a/b"), ("视频", "视频")] {
        assert_eq!(dir(text, &folder), Ok(expected.to_owned()), "{text}");
    }
    for (text, expected) in [
        ("", OutputFlaw::Empty),
        ("/tmp", OutputFlaw::Absolute),
        ("~/out", OutputFlaw::Absolute),
        ("C:out", OutputFlaw::Absolute),
        ("a\\b", OutputFlaw::Backslash),
        ("a\nb", OutputFlaw::Control),
        ("../out", OutputFlaw::Upwards),
        ("a/../b", OutputFlaw::Upwards),
        ("a//b", OutputFlaw::EmptyPart),
        ("a./b", OutputFlaw::Unsafe("a.".into())),
        ("jobs.lock", OutputFlaw::Reserved("jobs.lock".into())),
        ("file", OutputFlaw::NotAFolder),
        ("file/out", OutputFlaw::NotAFolder),
        ("{id}", OutputFlaw::Placeholder { range: 0..1, nearest: None }),
    ] {
        assert_eq!(dir(text, &folder), Err(expected), "{text}");
    }
}

#[test]
fn names_are_templates_of_relative_paths() {
    let (_temp, folder) = folder();
    for good in ["{id}-{n}.mp4", "{id}/{n}.mp4", "video.mp4", "a/b/{n}{id}"] {
        assert_eq!(name(good, "out", &folder), Ok(()), "{good}");
    }
    let long = format!("{}.mp4", "x".repeat(240));
    for (text, expected) in [
        ("", OutputFlaw::Empty),
        ("{id}/", OutputFlaw::EmptyPart),
        ("/{id}", OutputFlaw::Absolute),
        ("../{id}", OutputFlaw::Upwards),
        ("./{id}", OutputFlaw::Unsafe(".".into())),
        ("{id}.", OutputFlaw::Unsafe("{id}.".into())),
        ("{job}.mp4", OutputFlaw::Placeholder { range: 0..5, nearest: None }),
        ("a{N}.mp4", OutputFlaw::Placeholder { range: 1..4, nearest: Some("{n}") }),
        ("{{id}}", OutputFlaw::Placeholder { range: 0..6, nearest: Some("{id}") }),
        ("{id", OutputFlaw::Placeholder { range: 0..1, nearest: None }),
        ("{x}", OutputFlaw::Placeholder { range: 0..3, nearest: None }),
        ("id}", OutputFlaw::Placeholder { range: 2..3, nearest: None }),
        (&long, OutputFlaw::Long(long.clone())),
        ("jobs.lock", OutputFlaw::Reserved("jobs.lock".into())),
        ("{id}.lock.journal", OutputFlaw::Reserved("{id}.lock.journal".into())),
        ("a.LOCK/{id}", OutputFlaw::Reserved("a.LOCK".into())),
        ("{id}.yaml", OutputFlaw::Reserved("{id}.yaml".into())),
        (".batch-{id}.part", OutputFlaw::Reserved(".batch-{id}.part".into())),
        ("file/{id}", OutputFlaw::NotAFolder),
    ] {
        let dir = if text.starts_with("file") { "" } else { "out" };
        assert_eq!(name(text, dir, &folder), Err(expected), "{text}");
    }
}

#[test]
fn all_braces_that_stand_for_nothing_are_found() {
    for (template, expected) in [
        ("{id}-{n}", &[][..]),
        ("{job}/{id}-{N}.{x", &[(0..5, None), (11..14, Some("{n}")), (15..16, None)]),
        ("}{{id}}{{ {n}", &[(0..1, None), (1..7, Some("{id}")), (7..8, None), (8..9, None)]),
    ] {
        let flaw = |(range, nearest): &(Range<usize>, Option<&'static str>)| OutputFlaw::Placeholder {
            range: range.clone(),
            nearest: *nearest,
        };
        let expected: Vec<_> = expected.iter().map(flaw).collect();
        assert_eq!(strange_braces(template), expected, "{template}");
    }
}

#[test]
fn a_template_expands_to_the_jobs_name() {
    let (_temp, folder) = folder();
    let expand = |dir: &str, name: &str, id: &str| {
        Template::new(dir.to_owned(), name).expand(id, &folder).map(|name| name.pattern().to_owned())
    };
    assert_eq!(expand("out", "{id}-{n}.mp4", "a"), Ok("out/a-{n}.mp4".to_owned()));
    assert_eq!(expand("", "{id}/{n}.mp4", "a"), Ok("a/{n}.mp4".to_owned()));
    assert_eq!(expand("out", "{id}/{n}.mp4", "a."), Err(OutputFlaw::Unsafe("a.".into())));
    assert_eq!(expand("", "{id}", "jobs.lock"), Err(OutputFlaw::Reserved("jobs.lock".into())));
    assert_eq!(expand("", "{id}/{n}.mp4", "file"), Err(OutputFlaw::NotAFolder));
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out() {
    let (_temp, folder) = folder();
    std::os::unix::fs::symlink("/", folder.join("root")).unwrap();
    assert_eq!(dir("root/x", &folder), Err(OutputFlaw::Escapes));
    assert_eq!(name("root/x/{id}", "", &folder), Err(OutputFlaw::Escapes));
    let template = Template::new(String::new(), "{id}/{n}.mp4");
    assert_eq!(template.expand("root", &folder), Err(OutputFlaw::Escapes));
}
