//! Videos that are published, to a folder and to the stand-in of S3, and fetched from there by who lacks them.

use super::double::{BUCKET, Double};
use super::server::free_port;
use super::team::Team;
use crate::formats::conforms;
use crate::support::program::{Ended, Program};
use crate::support::service::options;
use batch::simulate::Call;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// Where a team publishes, and what it takes to get there.
struct Published {
    team: Team,
    url: String,
    _double: Option<Double>,
}

impl Published {
    /// A team that publishes to a folder.
    fn in_a_folder(jobs: usize) -> Published {
        let team = Team::fast(jobs, 2);
        let folder = team.ledger.path().join("published");
        fs::create_dir(&folder).unwrap();
        let url = format!("file://{}", folder.display());
        Published::at(url, team, None)
    }

    /// A team that publishes to S3; none where its stand-in isn't installed.
    fn on_s3(jobs: usize) -> Option<Published> {
        Published::on_s3_with(jobs, &[])
    }

    /// The same at a service with these faults.
    fn on_s3_with(jobs: usize, faults: &[&str]) -> Option<Published> {
        let double = Double::s3()?;
        let team = Double::environment_of_s3(double.port)
            .iter()
            .fold(Team::new(jobs, 2, options(faults)), |team, (name, value)| team.with(name, value));
        Some(Published::at(format!("s3://{BUCKET}/films/out"), team, Some(double)))
    }

    fn at(url: String, team: Team, double: Option<Double>) -> Published {
        for clone in &team.clones {
            let manifest = clone.read("jobs.yaml");
            let output = format!("output: {{ publish: \"{url}\", name: \"场/{{id}}-{{n}}.mp4\" }}\nreferences:");
            clone.write("jobs.yaml", manifest.replace("references:", &output));
        }
        Published { team, url, _double: double }
    }

    /// A command of a clone that has no key of the service.
    fn without_key(&self, clone: usize, arguments: &[&str]) -> Program {
        self.team.batch(clone, arguments.iter().copied()).env("BAICAI_API_KEY", "")
    }

    /// The URLs of the published videos, as `status` knows them.
    fn urls(&self, clone: usize) -> Vec<String> {
        let status = self.without_key(clone, &["status", "--format", "json"]).run().exits(0).json();
        let outputs = status["jobs"].as_array().unwrap().iter().flat_map(|job| job["outputs"].as_array().unwrap());
        let urls = outputs.flat_map(|output| output["published"].as_array().cloned().unwrap_or_default());
        urls.map(|url| url.as_str().unwrap().to_owned()).collect()
    }

    fn requests(&self) -> usize {
        self.team.service.account().requests().len()
    }

    /// The published files of a folder; what a killed run was writing has a hidden name.
    fn files(&self) -> Vec<PathBuf> {
        let folder = PathBuf::from(self.url.strip_prefix("file://").unwrap()).join("场");
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let is_hidden = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().starts_with('.');
        let mut files: Vec<_> = files.filter(|file| !is_hidden(file)).collect();
        files.sort();
        files
    }
}

/// The summary of a run with `--progress json`.
fn summary(ended: &Ended) -> Value {
    ended.json_lines().last().unwrap()["summary"].clone()
}

/// One clone publishes, the other fetches; nobody asks the service for a video twice.
fn goes_round(published: &Published) {
    let team = &published.team;
    let first = team.batch(0, ["run", "--progress", "json"]).run().exits(0);
    assert_eq!(summary(&first)["published"], 4, "{first:?}");
    let urls = published.urls(0);
    assert_eq!(urls.len(), 4);
    assert!(urls.iter().all(|url| url.starts_with(&format!("{}/场/j", published.url))), "{urls:?}");
    let lock = team.clones[0].read("jobs.lock");
    assert!(urls.iter().all(|url| lock.contains(&format!("published = [\"{url}\"]\n"))), "{lock}");

    let before = published.requests();
    let second = team.batch(1, ["run", "--progress", "json"]).run().exits(0);
    assert_eq!((published.requests(), team.charges()), (before, 4), "{second:?}");
    assert_eq!(summary(&second)["videos"], 4);
    assert_eq!(team.clones[1].files("out").len(), 4);
    team.batch(1, ["verify"]).run().exits(0);
    // What is there isn't published again, by either.
    for clone in 0..2 {
        let again = published.without_key(clone, &["run", "--progress", "json"]).run().exits(0);
        assert_eq!(summary(&again)["published"], Value::Null, "{again:?}");
        published.without_key(clone, &["run", "--frozen"]).run().exits(0);
    }
    // `fetch` does the same.
    fs::remove_file(team.clones[1].path(&team.clones[1].files("out")[2])).unwrap();
    team.batch(1, ["fetch"]).run().exits(0);
    assert_eq!((published.requests(), team.clones[1].files("out").len()), (before, 4));
}

#[test]
fn who_lacks_a_video_fetches_it_from_where_it_was_published() {
    goes_round(&Published::in_a_folder(4));
    if let Some(published) = Published::on_s3(4) {
        goes_round(&published);
    }
}

#[test]
fn large_videos_are_published_and_fetched_in_parts() {
    let Some(published) = Published::on_s3_with(4, &["download:pad(12000000)"]) else { return };
    goes_round(&published);
    let clone = &published.team.clones[1];
    assert!(clone.files("out").iter().all(|file| clone.path(file).metadata().unwrap().len() > 12_000_000));
}

#[test]
fn it_needs_no_shared_ledger() {
    let published = Published::in_a_folder(2);
    let team = &published.team;
    for clone in &team.clones {
        let manifest = clone.read("jobs.yaml");
        let (before, ledger) = manifest.split_once(", ledger: \"").unwrap();
        clone.write("jobs.yaml", format!("{before}{}", ledger.split_once('"').unwrap().1));
    }
    team.run(0).exits(0);
    // As git brings it.
    team.clones[1].write("jobs.lock", team.clones[0].read("jobs.lock"));
    let before = published.requests();
    team.run(1).exits(0);
    assert_eq!((published.requests(), team.clones[1].files("out").len()), (before, 2));
    team.batch(1, ["verify"]).run().exits(0);
}

#[test]
fn what_could_not_be_published_is_published_by_the_next_run() {
    let mut all = vec![(Published::in_a_folder(3), Vec::new())];
    if let Some(published) = Published::on_s3(3) {
        all.push((published, vec![("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", free_port()))]));
    }
    for (published, away) in all {
        let team = &published.team;
        let blocked = team.ledger.path().join("published");
        let is_folder = away.is_empty();
        // As a disk that isn't mounted leaves it: it isn't made anew.
        if is_folder {
            fs::remove_dir(&blocked).unwrap();
        }
        let run = |command: &str| {
            let run = team.batch(0, [command, "--progress", "json"]);
            away.iter().fold(run, |run, (name, value)| run.env(name, value)).run()
        };
        for command in ["run", "fetch", "run"] {
            let without = run(command).exits(0);
            assert!(without.stderr.contains("3 videos are stored here and not published"), "{without:?}");
            assert_eq!(summary(&without)["unpublished"], 3, "{without:?}");
            assert!(!is_folder || without.stderr.contains("doesn't exist: mount its disk, or make it"), "{without:?}");
            let verified = team.batch(0, ["verify", "--format", "json"]).run().exits(1).json();
            let kinds: Vec<_> = verified["problems"].as_array().unwrap().iter().map(|it| it["kind"].clone()).collect();
            assert_eq!(kinds, ["not-published"; 3], "{verified}");
            conforms(&team.clones[0], "verify", &verified);
        }
        team.batch(0, ["verify", "--no-files", "--only", "j2"]).run().exits(1);
        assert!(!is_folder || !blocked.exists());
        let frozen = team.batch(0, ["run", "--frozen"]).run().exits(1);
        assert!(frozen.stderr.contains("3 videos to publish"), "{frozen:?}");
        if is_folder {
            fs::create_dir(&blocked).unwrap();
        }
        // Only what is chosen, and without a key: nothing goes to the service.
        let one = published.without_key(0, &["run", "--only", "j2", "--progress", "json"]).run().exits(0);
        assert_eq!(summary(&one)["published"], 1, "{one:?}");
        let rest = published.without_key(0, &["fetch", "--progress", "json"]).run().exits(0);
        assert_eq!(summary(&rest)["published"], 2, "{rest:?}");
        assert_eq!((published.urls(0).len(), team.charges()), (3, 3));
        team.batch(0, ["verify"]).run().exits(0);
        let before = published.requests();
        team.run(1).exits(0);
        assert_eq!((published.requests(), team.clones[1].files("out").len()), (before, 3));
    }
}

#[test]
fn a_published_video_that_was_altered_is_fetched_from_the_service() {
    let published = Published::in_a_folder(3);
    let team = &published.team;
    team.run(0).exits(0);
    let files = published.files();
    fs::write(&files[0], "altered").unwrap();
    fs::remove_file(&files[1]).unwrap();
    let second = team.batch(1, ["run", "-v"]).run().exits(0);
    assert!(second.stderr.contains("has other content than the recorded video; the service is asked instead"));
    assert!(second.stderr.contains("doesn't exist; the service is asked instead"), "{second:?}");
    assert!(!second.stderr.contains("again in 0"), "{second:?}");
    team.batch(1, ["verify"]).run().exits(0);
    let asked = team.service.account().requests().iter().filter(|request| request.call == Some(Call::Result)).count();
    assert_eq!((asked, team.charges()), (3 + 2, 3));
    // It is published anew.
    let content = |clone: usize| {
        let clone = &team.clones[clone];
        clone.files("out").iter().map(|file| fs::read(clone.path(file)).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(published.files().iter().map(|file| fs::read(file).unwrap()).collect::<Vec<_>>(), content(0));
    assert_eq!(content(0), content(1));
}

#[test]
fn a_run_that_is_killed_while_it_publishes_loses_nothing() {
    for point in ["publish.send 2", "publish.sent 1", "publish.sent 3"] {
        let published = Published::in_a_folder(3);
        let team = &published.team;
        let killed = team.batch(0, ["run"]).env("BATCH_FAULT", &format!("kill {point}")).run();
        assert_eq!(killed.killed_by(), Some(9), "{killed:?}");
        team.run(0).exits(0);
        assert_eq!((published.urls(0).len(), published.files().len(), team.charges()), (3, 3, 3), "{point}");
        team.batch(0, ["verify"]).run().exits(0);
    }
}

#[test]
fn the_page_links_to_published_videos_where_asked() {
    let published = Published::in_a_folder(1);
    let team = &published.team;
    team.run(0).exits(0);
    let web = "https://videos.example.com/trailer/";
    let page = published.without_key(0, &["report", "--published", web, "--output", "-"]).run().exits(0).stdout;
    let name = published.files()[0].file_name().unwrap().to_str().unwrap().to_owned();
    assert!(page.contains(&format!("src=\"https://videos.example.com/trailer/%E5%9C%BA/{name}\"")), "{page}");
    assert!(page.contains("media-src 'self' file: https://videos.example.com;"), "{page}");
    let page = published.without_key(0, &["report", "--output", "-"]).run().exits(0).stdout;
    assert!(!page.contains("videos.example.com"));
    for (address, word) in [("ftp://a/b", "not the address"), ("https://me:hunter2@a/b", "no credentials")] {
        let refused = published.without_key(0, &["report", "--published", address]).run().exits(2);
        assert!(refused.stderr.contains(word), "{refused:?}");
    }
    let nowhere = Team::fast(1, 1);
    let refused = nowhere.batch(0, ["report", "--published", web]).run().exits(2);
    assert!(refused.stderr.contains("output.publish"), "{refused:?}");
}
