use super::*;
use crate::base::digest::Sha256;
use crate::event::summary::Summary;
use crate::event::{Cause, JobError};
use crate::ledger::PurchaseId;
use crate::ledger::entry::Step;
use crate::ledger::record::{Key, Output, ServiceError};
use crate::manifest;
use crate::manifest::model::Job;
use crate::report::commands::Service;
use crate::service::image::Picture;
use crate::service::names::{Digest, JobId, ReferenceName, TaskId};
use crate::service::request::Image;
use jiff::Timestamp;
use proptest::prelude::*;
use std::fs;
use tempfile::TempDir;

const JOBS: &str = r#"
version: 1
references:
  dog: { type: subject, urls: [refs/dog.png] }
  beach: { type: background, urls: ["https://images.example.com/a/beach.jpg?size=1"] }
defaults: { resolution: 720p, duration: 5 }
jobs:
  - { id: done, prompt: "@dog runs along the @beach", number_of_videos: 2 }
  - { id: failed, prompt: "@dog jumps" }
  - { id: unsure, prompt: "@dog sleeps", negative_prompt: "noise" }
  - { id: new, prompt: "@dog barks" }
"#;

/// A checked manifest and what is known of its jobs.
struct Project {
    folder: TempDir,
    manifest: Manifest,
    book: Book,
}

impl Project {
    /// One job of each kind: with videos, failed with this message, uncertain, and new; and an earlier one.
    fn new(message: &str) -> Project {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("refs")).unwrap();
        // A header is enough for a kind and a size.
        let png = crate::service::content::samples::png(64, 64);
        fs::write(folder.path().join("refs/dog.png"), png).unwrap();
        fs::write(folder.path().join("jobs.yaml"), JOBS).unwrap();
        let loaded = manifest::load(&folder.path().join("jobs.yaml"));
        let manifest = loaded.manifest.unwrap_or_else(|| panic!("{:?}", loaded.findings));
        let mut project = Project { folder, manifest, book: Book::default() };
        project.book.set_service("https://cloud.baicaiinfer.com");
        let ids = |n: usize| project.manifest.jobs[n].clone();
        let (done, failed, unsure) = (ids(0), ids(1), ids(2));
        let earlier = Key { job: done.id.clone(), digest: Digest(Sha256::of(b"earlier")) };
        for key in [earlier, Key { job: done.id, digest: done.digest }] {
            project.submitted(&key);
            let id = PurchaseId::for_test(&key, 1);
            project.book.record(id, [Step::Generated { at: Timestamp::from_second(136).unwrap() }]);
            for number in 1..=2 {
                let path = format!("out/小 狗#{}-{number}.mp4", key.digest.short());
                let output = Output {
                    number,
                    path,
                    sha256: Sha256::of(b"video"),
                    bytes: 1000,
                    source: None,
                    published: Default::default(),
                };
                project.book.record(id, [Step::Downloaded { output }]);
            }
            project.book.record(id, [Step::Succeeded]);
        }
        let key = Key { job: failed.id, digest: failed.digest };
        project.submitted(&key);
        let error = ServiceError { code: "FAILED".to_owned(), message: message.to_owned() };
        let at = Timestamp::UNIX_EPOCH;
        project.book.record(PurchaseId::for_test(&key, 1), [Step::Failed { error, at }]);
        let key = Key { job: unsure.id, digest: unsure.digest };
        project.submitting(&key);
        let reason = "the connection broke".to_owned();
        project.book.record(PurchaseId::for_test(&key, 1), [Step::Uncertain { task: None, reason, at }]);
        project
    }

    fn submitting(&mut self, key: &Key) {
        let submitting = Step::Submitting {
            job: key.job.clone(),
            digest: key.digest,
            parts: Default::default(),
            videos: 2,
            name: crate::service::output::VideoName::new(&format!("out/小 狗#{}-{{n}}.mp4", key.digest.short())),
            service: "https://cloud.baicaiinfer.com".to_owned(),
            manifest: None,
            at: Timestamp::UNIX_EPOCH,
        };
        self.book.record(PurchaseId::for_test(key, 1), [submitting]);
    }

    fn submitted(&mut self, key: &Key) {
        self.submitting(key);
        let task = TaskId::new(&key.digest.short()).unwrap();
        self.book.record(PurchaseId::for_test(key, 1), [Step::Submitted { task, at: Timestamp::UNIX_EPOCH }]);
    }

    fn page(&self) -> String {
        self.page_in(self.manifest.folder.path(), None)
    }

    fn page_in(&self, folder: &Path, receipt: Option<&Receipt>) -> String {
        let target = Target::new("a/jobs.yaml", "a/jobs.lock", Service::Real);
        let (manifest, book, held_by) = (&self.manifest, &self.book, None);
        page(
            &Source {
                manifest,
                book,
                elsewhere: &HashSet::new(),
                published: None,
                name: "jobs.yaml",
                target: &target,
                held_by,
                receipt,
                selection: &Default::default(),
                statuses: &JobStatus::ALL,
            },
            folder,
        )
    }
}

/// The tags of a document, each with the names of its attributes; and their values.
fn tags(page: &str) -> (Vec<String>, Vec<(String, String)>) {
    let (mut tags, mut values) = (Vec::new(), Vec::new());
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = rest.find(|c: char| c.is_whitespace() || c == '>').unwrap();
        let mut tag = rest[..end].to_owned();
        rest = &rest[end..];
        loop {
            rest = rest.trim_start();
            if let Some(behind) = rest.strip_prefix('>') {
                rest = behind;
                break;
            }
            let end = rest.find(|c: char| c.is_whitespace() || c == '=' || c == '>').unwrap();
            let name = &rest[..end];
            tag = format!("{tag} {name}");
            rest = &rest[end..];
            if let Some(quoted) = rest.strip_prefix("=\"") {
                let (value, behind) = quoted.split_once('"').unwrap();
                values.push((name.to_owned(), value.to_owned()));
                rest = behind;
            }
        }
        // What is in these is no markup.
        for raw in ["script", "style"].iter().filter(|raw| **raw == tag) {
            rest = &rest[rest.find(&format!("</{raw}>")).unwrap()..];
        }
        tags.push(tag);
    }
    (tags, values)
}

fn addresses(page: &str) -> Vec<String> {
    let (_, values) = tags(page);
    values.into_iter().filter(|(name, _)| matches!(name.as_str(), "src" | "href")).map(|(_, value)| value).collect()
}

#[test]
fn every_video_stands_in_the_page_by_its_path_from_there() {
    let project = Project::new("no");
    let (page, below) = (project.page(), project.folder.path().canonicalize().unwrap().join("pages"));
    assert_eq!(
        page.matches("<video controls playsinline preload=\"none\"").count(),
        4,
        "two, and two of an earlier digest"
    );
    let digest = project.manifest.jobs[0].digest.short();
    let video = format!("./out/%E5%B0%8F%20%E7%8B%97%23{digest}-2.mp4");
    assert!(page.contains(&format!("src=\"{video}\" aria-label=\"done, video 2 of 2\"")), "{page}");
    assert!(page.contains("<img src=\"./refs/dog.png\" alt=\"dog, image 1\""));
    let page = project.page_in(&below, None);
    assert!(page.contains(&format!("src=\".{video}\"")) && page.contains("src=\"../refs/dog.png\""));
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let page = Project::new("no").page();
    let (_, values) = tags(&page);
    let loaded = values.iter().filter(|(name, _)| matches!(name.as_str(), "src" | "srcset" | "poster" | "data"));
    let loaded: Vec<_> = loaded.map(|(_, value)| value).collect();
    assert_eq!(loaded.len(), 8);
    assert!(loaded.iter().all(|value| value.starts_with("./")), "{loaded:?}");
    let links: Vec<_> = addresses(&page).into_iter().filter(|address| address.starts_with("http")).collect();
    assert_eq!(links, ["https://images.example.com/a/beach.jpg?size=1"], "a link, no picture");
}

#[test]
fn the_policy_names_the_script_and_the_style_of_the_page() {
    use base64::Engine as _;
    let page = Project::new("no").page();
    for tag in ["script", "style"] {
        let (_, text) = page.split_once(&format!("<{tag}>")).unwrap();
        let (text, _) = text.split_once(&format!("</{tag}>")).unwrap();
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::of(text.as_bytes()).bytes());
        assert!(page.contains(&format!("{tag}-src 'sha256-{hash}';")), "{tag}");
    }
    assert!(page.starts_with(BEGINNING) && page.contains("content=\"default-src 'none'; "));
}

#[test]
fn a_card_says_what_was_asked_and_what_came_of_it() {
    let page = Project::new("the generation failed (code 500)").page();
    for said in [
        "<mark>@dog</mark> runs along the <mark>@beach</mark></p>",
        "the generation failed (code 500)</p>",
        "batch resolve a/jobs.yaml unsure <b>--task-id ID</b>",
        "id=\"job-new\"",
        "data-status=\"uncertain\"",
        "took 2m 16s",
        "≈ 120 credits",
        "; without 1 earlier purchase",
        "<dt>Negative prompt</dt><dd dir=\"auto\">noise</dd>",
        "Asked for earlier",
        "1 failed",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
}

#[test]
fn a_receipt_adds_what_only_the_run_knows() {
    let project = Project::new("no");
    let problem = JobError { code: Cause::Upload, message: "HTTP 413".to_owned() };
    let receipt = Receipt {
        started: Timestamp::UNIX_EPOCH,
        ended: Timestamp::from_second(151).unwrap(),
        summary: Summary { succeeded: 1, left: 2, not_submitted: 1, at_service: 1, submits: 3, ..Summary::default() },
        exit_code: 3,
        problems: [(JobId::new("new").unwrap(), problem)].into(),
    };
    let page = project.page_in(project.manifest.folder.path(), Some(&receipt));
    for said in [
        "after 2m 31s with exit code 3: 1 succeeded, 1 paid and still at the service, 1 not submitted; 3 submits",
        ">HTTP 413</p>",
        "<code>upload</code>",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
}

#[test]
fn the_same_state_gives_the_same_bytes() {
    let (one, other) = (Project::new("no"), Project::new("no"));
    assert!(one.page() == other.page());
    assert!(one.page() != Project::new("yes").page());
}

#[test]
fn only_addresses_of_the_web_become_links() {
    let mut project = Project::new("no");
    for hostile in [
        "javascript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//x",
        "\u{1}javascript:x",
        "https://",
    ] {
        std::sync::Arc::make_mut(&mut project.manifest.jobs[0].generation.references)[1].images =
            vec![Image::Url(hostile.to_owned())];
        let page = project.page();
        let fine = |address: &String| {
            address.starts_with("./") || address.starts_with('#') || address.starts_with("data:image/svg+xml,%3C")
        };
        assert!(addresses(&page).iter().all(fine), "{hostile}: {:?}", addresses(&page));
        assert!(page.contains("<span class=\"remote\">"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_becomes_markup(text in prop_oneof![".{0,40}", r#"[<>"'&/= a-z;!\-\u{202e}\x00]{0,40}"#, Just("</script><script>alert(1)</script>".to_owned())]) {
        // Where a mention begins is another matter.
        let text = text.replace('@', " ");
        let with = |text: &str| {
            let mut project = Project::new(text);
            let name: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            for job in &mut project.manifest.jobs {
                job.generation.prompt = text.into();
                job.generation.negative_prompt = Some(text.into());
                job.generation.model = text.into();
                std::sync::Arc::make_mut(&mut job.generation.references)[0].name = ReferenceName::new(&format!("x{name}")).unwrap();
            }
            project.manifest.prices.unit = text.to_owned();
            for image in project.manifest.images.values_mut() {
                let Picture::Local(image) = image else { panic!("{image:?}") };
                image.shown = text.to_owned();
            }
            project.book.set_service(text);
            project.page()
        };
        prop_assert_eq!(tags(&with(&text)).0, tags(&with("x")).0);
    }
}

#[test]
fn of_very_many_jobs_the_first_are_drawn_and_the_others_wait_in_a_text() {
    let mut project = Project::new("no");
    let model = project.manifest.jobs[0].clone();
    let job = |n: usize| Job { id: JobId::new(&format!("j{n}")).unwrap(), ..model.clone() };
    project.manifest.jobs = (0..DRAWN + 5).map(job).collect();
    project.manifest.jobs[DRAWN].generation.prompt = "@dog </noscript></script><!-- runs".into();
    let page = project.page();
    let (before, rest) = page.split_once("<script id=\"jobs-rest\" type=\"application/gzip\">").unwrap();
    let (packed, after) = rest.split_once("</script>").unwrap();
    let packed = base64::engine::general_purpose::STANDARD.decode(packed).unwrap();
    let mut cards = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed[..]), &mut cards).unwrap();
    assert_eq!((before.matches("<article ").count(), cards.matches("<article ").count()), (DRAWN, 5));
    let (_, index) = after.split_once("<script id=\"jobs-index\" type=\"application/json\">").unwrap();
    let (index, _) = index.split_once("</script>").unwrap();
    assert!(!index.contains('<'), "{index}");
    let known: Vec<serde_json::Value> = serde_json::from_str(index).unwrap();
    assert_eq!((known.len(), &known[0][0], &known[0][2]), (5, &"job-j240".into(), &"new".into()));
    assert!(known[0][8].as_str().unwrap().contains("</noscript></script><!-- runs"));
}

#[test]
fn only_jobs_of_the_statuses_asked_for_are_shown() {
    let project = Project::new("no");
    let target = Target::new("a/jobs.yaml", "a/jobs.lock", Service::Real);
    let source = Source {
        manifest: &project.manifest,
        book: &project.book,
        elsewhere: &HashSet::new(),
        published: None,
        name: "jobs.yaml",
        target: &target,
        held_by: None,
        receipt: None,
        selection: &Default::default(),
        statuses: &[JobStatus::Failed],
    };
    let page = page(&source, project.manifest.folder.path());
    let all = project.page();
    let failed = all.matches("data-status=\"failed\"").count();
    assert!((1..all.matches("<article class=").count()).contains(&failed));
    assert_eq!(page.matches("<article class=").count(), failed);
    assert!(page.contains(" succeeded"), "the numbers are of all");
}
