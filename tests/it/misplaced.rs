//! Videos that lie under another name than the lock knows, as after a pull: they are renamed, and nothing is lost or bought again.

use crate::support::setup::{LOCK, MANIFEST, Setup, manifest};
use batch::simulate::Call;
use serde_json::Value;
use std::fs;

/// The content of a video.
fn video(setup: &Setup, name: &str) -> Vec<u8> {
    fs::read(setup.project.path(&format!("out/{name}.mp4"))).unwrap()
}

/// The names in the folder of videos.
fn names(setup: &Setup) -> Vec<String> {
    let entries = fs::read_dir(setup.project.path("out")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).filter(|n| n.ends_with("mp4")).collect();
    names.sort();
    names
}

/// What a plan says of jobs: what is done, and why.
fn planned(setup: &Setup) -> Vec<(String, String, String)> {
    let plan = setup.batch(["plan", "--format", "json"]).exits(0).json();
    let word = |job: &Value, field: &str| job[field].as_str().unwrap().to_owned();
    plan["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| (word(job, "id"), word(job, "action"), word(job, "reason")))
        .collect()
}

/// Job `a` was bought by two branches whose locks were joined; the video here is that of the earlier purchase, which isn't shown.
fn bought_twice() -> (Setup, Vec<u8>) {
    let setup = Setup::new(&manifest(&[("a", "@dog runs")]), &[]);
    setup.run([]).exits(0);
    let first = video(&setup, "a-1");
    fs::rename(setup.project.path(LOCK), setup.project.path("one.lock")).unwrap();
    fs::remove_dir_all(setup.project.path("out")).unwrap();
    setup.run([]).exits(0);
    assert_ne!(video(&setup, "a-1"), first);
    fs::rename(setup.project.path(LOCK), setup.project.path("two.lock")).unwrap();
    setup.batch(["lock", "merge", "one.lock", "two.lock", "-o", LOCK]).exits(0);
    fs::write(setup.project.path("out/a-1.mp4"), &first).unwrap();
    (setup, first)
}

#[test]
fn what_an_edit_of_another_clone_superseded_gets_its_name() {
    let setup = Setup::new(&manifest(&[("a", "@dog runs"), ("b", "@dog sits")]), &[]);
    setup.run([]).exits(0);
    let old = video(&setup, "a-1");
    setup.project.write(MANIFEST, manifest(&[("a", "@dog jumps"), ("b", "@dog sits")]));
    setup.run([]).exits(0);
    let aside = names(&setup).into_iter().find(|name| name.contains('~')).unwrap();
    // As it is in a clone that pulls the edit and its lock.
    fs::remove_file(setup.project.path(&format!("out/{aside}"))).unwrap();
    fs::write(setup.project.path("out/a-1.mp4"), &old).unwrap();

    let kept = ("b".to_owned(), "keep".to_owned(), "succeeded".to_owned());
    assert_eq!(planned(&setup), [("a".into(), "download".into(), "missing-file".into()), kept]);
    let told = setup.batch(["verify"]).exits(1);
    assert!(told.stdout.contains("its video lies under another name, out/a-1.mp4"), "{told:?}");
    assert!(!told.stdout.contains("altered-file"), "{told:?}");
    setup.run(["--frozen"]).exits(1);
    assert_eq!(video(&setup, "a-1"), old, "nothing was changed");
    setup.run([]).exits(0);
    assert_eq!(names(&setup), ["a-1.mp4".to_owned(), aside.clone(), "b-1.mp4".to_owned()]);
    assert_eq!(video(&setup, aside.strip_suffix(".mp4").unwrap()), old);
    setup.batch(["verify"]).exits(0);
    assert_eq!(setup.charges(), 3);

    // The copy of a video that has its name elsewhere is no obstacle; neither for `fetch`.
    fs::write(setup.project.path("out/a-1.mp4"), &old).unwrap();
    setup.project.batch(["fetch"]).against(&setup.service.base_url()).run().exits(0);
    setup.batch(["verify"]).exits(0);
}

#[test]
fn videos_whose_ids_another_clone_swapped_change_their_names() {
    let setup = Setup::new(&manifest(&[("a", "@dog runs"), ("b", "@dog sits")]), &[]);
    setup.run([]).exits(0);
    let (a, b) = (video(&setup, "a-1"), video(&setup, "b-1"));
    setup.project.write(MANIFEST, manifest(&[("a", "@dog sits"), ("b", "@dog runs")]));
    setup.run([]).exits(0);
    assert_eq!((video(&setup, "a-1"), video(&setup, "b-1")), (b.clone(), a.clone()));
    fs::write(setup.project.path("out/a-1.mp4"), &a).unwrap();
    fs::write(setup.project.path("out/b-1.mp4"), &b).unwrap();

    let downloads = setup.requests(Call::Download).len();
    assert!(planned(&setup).iter().all(|(_, action, _)| action == "keep"));
    let told = setup.batch(["verify"]).exits(1);
    assert_eq!(told.stdout.matches("its video lies under another name").count(), 2, "{told:?}");
    setup.run(["--frozen"]).exits(1);
    setup.run([]).exits(0);
    assert_eq!((video(&setup, "a-1"), video(&setup, "b-1")), (b.clone(), a.clone()));
    assert_eq!(names(&setup).len(), 2);
    setup.batch(["verify"]).exits(0);
    assert_eq!((setup.charges(), setup.requests(Call::Download).len()), (2, downloads));

    // Neither do their times hide it: both have the size, and perhaps the second, of the other.
    let path = |name: &str| setup.project.path(&format!("out/{name}.mp4"));
    for (from, to) in [("a-1", "aside"), ("b-1", "a-1"), ("aside", "b-1")] {
        fs::rename(path(from), path(to)).unwrap();
    }
    setup.run(["--frozen"]).exits(1);
    setup.run([]).exits(0);
    assert_eq!((video(&setup, "a-1"), video(&setup, "b-1")), (b, a));
}

#[test]
fn what_was_bought_twice_takes_its_new_name() {
    let (setup, first) = bought_twice();
    setup.project.write(MANIFEST, manifest(&[("n", "@dog runs")]));
    setup.run([]).exits(0);
    assert_eq!(names(&setup), ["n-1.mp4"]);
    assert_eq!(video(&setup, "n-1"), first);
    let told = setup.batch(["verify"]).exits(1);
    assert!(!told.stdout.contains("-file"), "only that it was bought twice: {told:?}");
    assert_eq!(setup.charges(), 2);
}

#[test]
fn what_was_bought_twice_can_be_edited() {
    let (setup, first) = bought_twice();
    setup.project.write(MANIFEST, manifest(&[("a", "@dog jumps")]));
    setup.run([]).exits(0);
    let aside = names(&setup).into_iter().find(|name| name.contains('~')).unwrap();
    assert_eq!(video(&setup, aside.strip_suffix(".mp4").unwrap()), first);
    assert_eq!(setup.charges(), 3);
}

#[test]
fn what_no_lock_knows_is_not_to_be_deleted() {
    let setup = Setup::new(&manifest(&[("a", "@dog runs")]), &[]);
    setup.project.write("out/a-1.mp4", "a video of a lock that was lost");
    let ended = setup.run([]).exits(5);
    assert!(ended.stderr.contains("a paid video of another version of the lock: move it away"), "{ended:?}");
    assert!(!ended.stderr.contains("delete"), "{ended:?}");
}

#[test]
fn both_videos_of_what_was_bought_twice_are_kept_when_the_job_is_edited() {
    let setup = Setup::new(&manifest(&[("a", "@dog runs")]), &[]);
    let at = |name: &str| setup.project.path(name);
    setup.run([]).exits(0);
    let first = video(&setup, "a-1");
    // One branch edits the job, the other one buys it as it was.
    let edited = manifest(&[("a", "@dog jumps")]);
    setup.project.write(MANIFEST, &edited);
    setup.run([]).exits(0);
    fs::rename(at(LOCK), at("one.lock")).unwrap();
    fs::rename(at("out"), at("out of one")).unwrap();
    setup.project.write(MANIFEST, manifest(&[("a", "@dog runs")]));
    setup.run([]).exits(0);
    let second = video(&setup, "a-1");
    fs::rename(at(LOCK), at("two.lock")).unwrap();
    setup.batch(["lock", "merge", "one.lock", "two.lock", "-o", LOCK]).exits(0);
    let aside = fs::read_dir(at("out of one")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let aside = aside.into_iter().find(|name| name.contains('~')).unwrap();
    fs::copy(at("out of one").join(&aside), at("out").join(&aside)).unwrap();

    let contents = || -> Vec<Vec<u8>> {
        names(&setup).iter().map(|name| video(&setup, name.strip_suffix(".mp4").unwrap())).collect()
    };
    let settled = || {
        assert_eq!((names(&setup).len(), setup.charges()), (3, 3));
        assert!([&first, &second].iter().all(|video| contents().contains(video)), "{:?}", names(&setup));
        setup.run(["--frozen"]).exits(0);
        let told = setup.batch(["verify"]).exits(1);
        assert!(told.stdout.contains("bought-twice") && !told.stdout.contains("-file"), "{told:?}");
    };
    setup.project.write(MANIFEST, &edited);
    setup.run([]).exits(0);
    assert!(![&first, &second].contains(&&video(&setup, "a-1")));
    settled();
    // And back again.
    setup.project.write(MANIFEST, manifest(&[("a", "@dog runs")]));
    setup.run([]).exits(0);
    assert!([&first, &second].contains(&&video(&setup, "a-1")));
    settled();
    setup.project.write(MANIFEST, manifest(&[("z", "@dog runs"), ("a", "@dog jumps")]));
    setup.run([]).exits(0);
    assert!([&first, &second].contains(&&video(&setup, "z-1")));
    settled();
}
