//! `batch report` and `run --report`: where the page goes, and what it never takes the place of.

use crate::support::project::Project;
use crate::support::setup::{Setup, manifest, manifest_of};

const BEGINNING: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta name=\"generator\" content=\"batch\">";

fn a_trial() -> Project {
    let project = Project::new().with("jobs.yaml", manifest(&[("walk", "@dog walks"), ("swim", "@cat swims")]));
    project.batch(["run", "--simulate", "--sim-latency", "0s"]).run().exits(0);
    project
}

#[test]
fn the_page_lies_beside_the_manifest_and_names_its_videos_from_there() {
    let project = a_trial();
    let said = project.batch(["report", "--simulate"]).run().exits(0);
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("", "wrote jobs.sim.report.html\n"));
    let page = project.read("jobs.sim.report.html");
    assert!(page.starts_with(BEGINNING) && page.contains("src=\"./out/sim/walk-1.mp4\""), "{page}");
    // Again, and from elsewhere: the same state, the same bytes.
    project.batch(["report", "--simulate"]).run().exits(0);
    assert_eq!(project.read("jobs.sim.report.html"), page);
    assert_eq!(project.batch(["report", "--simulate", "-o", "-"]).run().exits(0).stdout, page);
}

#[test]
fn a_page_elsewhere_finds_its_way() {
    let project = a_trial().with("pages/小 狗#/.keep", "");
    project.batch(["report", "--simulate", "--output", "pages/小 狗#/a.html"]).run().exits(0);
    assert!(project.read("pages/小 狗#/a.html").contains("src=\"../../out/sim/walk-1.mp4\""));
}

#[test]
fn nothing_but_a_page_is_replaced() {
    let project = a_trial().with("empty.html", "").with("other.html", "<!DOCTYPE html><html>");
    for taken in ["jobs.yaml", "jobs.sim.lock", "out/sim/walk-1.mp4", "other.html", "out", "/dev/null"] {
        let before = std::fs::read(project.path(taken)).ok();
        let refused = project.batch(["report", "--simulate", "-o", taken]).run().exits(2);
        assert!(refused.stderr.contains("exists, and is no page of batch"), "{taken}: {}", refused.stderr);
        assert_eq!(std::fs::read(project.path(taken)).ok(), before, "{taken}");
    }
    project.batch(["report", "--simulate", "-o", "empty.html"]).run().exits(0);
    assert!(project.read("empty.html").starts_with(BEGINNING));
}

#[test]
fn the_name_of_a_lock_or_its_journal_is_taken_though_no_file_has_it() {
    let setup = Setup::new(&manifest_of(1), &[]);
    for option in ["--report", "--junit"] {
        for name in ["jobs.lock", "jobs.lock.journal", "jobs.sim.lock", "jobs.sim.lock.journal", "own.state"] {
            let refused = setup.run(["--lock", "own.state", option, name]).exits(2);
            assert!(refused.stderr.contains("is the name of a lock or its journal"), "{}", refused.stderr);
            assert!(!setup.project.path(name).exists());
        }
    }
    assert_eq!(setup.charges(), 0);
}

#[test]
fn a_run_that_fails_writes_its_page_too() {
    let setup = Setup::new(&manifest(&[("walk", "@dog walks"), ("swim", "@cat swims")]), &["submit:fail~@cat"]);
    setup.run(["--report", "page.html"]).exits(1);
    let page = setup.project.read("page.html");
    assert!(page.contains("with exit code 1: 1 succeeded, 1 without a result; 2 submits"), "{page}");
    assert!(page.contains("src=\"./out/walk-1.mp4\"") && page.contains("the generation failed (simulated)"));
    // A run with nothing to do has a page, too.
    setup.run(["--report", "page.html", "--keep-failed"]).exits(1);
    assert!(setup.project.read("page.html").contains("1 had their videos already"));
}

#[test]
fn a_page_that_cannot_be_written_is_said_before_anything_is_sent() {
    let setup = Setup::new(&manifest(&[("walk", "@dog walks")]), &[]);
    for nowhere in ["no/such/folder/page.html", "jobs.yaml"] {
        let refused = setup.run(["--report", nowhere]).exits(2);
        assert!(refused.stderr.contains(nowhere), "{}", refused.stderr);
    }
    assert_eq!(setup.calls(), 0, "nothing was sent");
    assert!(!setup.project.path("jobs.lock").exists());
}

#[test]
fn a_video_that_takes_the_name_of_the_page_is_kept() {
    let setup = Setup::new(&manifest(&[("walk", "@dog walks")]), &[]);
    std::fs::create_dir(setup.project.path("out")).unwrap();
    let ended = setup.run(["--report", "out/walk-1.mp4"]).exits(5);
    assert!(ended.stderr.contains("out/walk-1.mp4 exists, and is no page of batch"), "{}", ended.stderr);
    setup.batch(["verify"]).exits(0);
}
