//! Images, shards and records of jobs that left, on a shared ledger.

use super::team::Team;
use crate::support::image::png;
use crate::support::service::options;
use batch::simulate::Call;

/// A team whose jobs use a local image, the same in each clone.
fn with_an_image(clones: usize) -> Team {
    let team = Team::fast(2, clones);
    for clone in &team.clones {
        clone.write("dog.png", png(300, 300, "dog"));
        let manifest = clone.read("jobs.yaml");
        clone.write("jobs.yaml", manifest.replace("https://images.example.com/dog.png", "dog.png"));
    }
    team
}

fn calls(team: &Team, call: Call) -> usize {
    team.service.account().requests().iter().filter(|request| request.call == Some(call)).count()
}

#[test]
fn an_image_that_one_run_uploaded_is_used_by_the_others() {
    let team = with_an_image(3);
    team.batch(0, ["run", "--limit", "1"]).run().exits(0);
    assert_eq!((calls(&team, Call::Upload), team.charges()), (1, 1));
    team.run(1).exits(0);
    assert_eq!((calls(&team, Call::Upload), team.charges()), (1, 2));
    let upload = |clone: usize| {
        let lock = team.clones[clone].read("jobs.lock");
        lock.split_once("[[upload]]").unwrap().1.to_owned()
    };
    assert_eq!(upload(0), upload(1));
    // What the service forgot is uploaded anew, for all.
    let third = &team.clones[2];
    third.write("jobs.yaml", third.read("jobs.yaml").replace("runs 1 times", "rests").replace("runs 2 times", "eats"));
    team.batch(2, ["run", "--reupload", "--limit", "1"]).run().exits(0);
    assert_eq!(calls(&team, Call::Upload), 2);
    std::fs::remove_file(third.path("jobs.lock")).unwrap();
    team.run(2).exits(0);
    assert_eq!((calls(&team, Call::Upload), team.charges()), (2, 4));
}

#[test]
fn an_image_that_was_uploaded_anew_is_used_by_clones_with_the_old_one_in_their_lock() {
    let team = with_an_image(2);
    for clone in 0..2 {
        team.batch(clone, ["run", "--limit", "1"]).run().exits(0);
    }
    assert_eq!((calls(&team, Call::Upload), team.charges()), (1, 2));
    let prompts = |clone: usize, with: &str| {
        let project = &team.clones[clone];
        let manifest = project.read("jobs.yaml");
        project.write("jobs.yaml", manifest.replace("runs 1 times", with).replace("runs 2 times", with));
    };
    // Uploads are dated by the second.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    prompts(0, "sleeps");
    team.batch(0, ["run", "--reupload", "--limit", "1"]).run().exits(0);
    prompts(1, "barks");
    team.batch(1, ["run", "--limit", "1"]).run().exits(0);
    assert_eq!((calls(&team, Call::Upload), team.charges()), (2, 4));
    let urls = |clone: usize| {
        let lock = team.clones[clone].read("jobs.lock");
        lock.lines().filter(|line| line.starts_with("url = ")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!((urls(0), urls(0).len()), (urls(1), 1));
    // What a lock alone knows is known to the ledger then, and is not uploaded again.
    let uploads = team.folder().join("u");
    std::fs::remove_dir_all(&uploads).unwrap();
    prompts(1, "never");
    let manifest = team.clones[1].read("jobs.yaml").replace("barks", "eats");
    team.clones[1].write("jobs.yaml", manifest);
    team.batch(1, ["run", "--limit", "1"]).run().exits(0);
    assert_eq!(calls(&team, Call::Upload), 2);
    assert!(uploads.exists());
}

#[test]
fn who_is_refused_for_an_image_that_the_service_forgot_is_told_the_command() {
    let team = Team::new(1, 1, options(&["submit:400(envelope,message=failed to download image)@1"]));
    team.clones[0].write("dog.png", png(300, 300, "dog"));
    let manifest = team.clones[0].read("jobs.yaml").replace("https://images.example.com/dog.png", "dog.png");
    team.clones[0].write("jobs.yaml", manifest);
    let refused = team.run(0).exits(1);
    assert!(refused.stderr.contains("--retry-failed --reupload uploads it anew"), "{refused:?}");
    team.batch(0, ["run", "--retry-failed", "--reupload"]).run().exits(0);
    assert_eq!((calls(&team, Call::Upload), team.charges()), (2, 1));
}

#[test]
fn what_is_pruned_stays_in_the_ledger() {
    let team = Team::fast(2, 1);
    team.run(0).exits(0);
    let project = &team.clones[0];
    let both = project.read("jobs.yaml");
    let one: String = both.lines().filter(|line| !line.contains("id: j2")).map(|line| format!("{line}\n")).collect();
    project.write("jobs.yaml", one);
    let pruned = team.batch(0, ["run", "--prune"]).run().exits(0);
    assert!(pruned.stderr.contains("the shared ledger keeps them"), "{pruned:?}");
    assert!(!project.read("jobs.lock").contains("job = \"j2\""));
    // It is no concern of this lock any more, and neither are its videos.
    std::fs::remove_file(project.path("out/j2-1.mp4")).unwrap();
    team.batch(0, ["verify"]).run().exits(0);
    team.batch(0, ["run"]).run().exits(0);
    let verified = team.batch(0, ["verify"]).run().exits(1);
    assert!(verified.stdout.contains("orphan"), "{verified:?}");
    project.write("jobs.yaml", both);
    team.run(0).exits(0);
    assert_eq!(team.charges(), 2);
    assert!(project.read("jobs.lock").contains("job = \"j2\""));
}

#[test]
fn shards_of_fetch_share_what_is_paid() {
    let team = Team::fast(9, 3);
    team.run(0).exits(0);
    let parts: Vec<usize> = (1..3)
        .map(|clone| {
            team.batch(clone, ["fetch", "--shard", &format!("{clone}/2")]).run().exits(0);
            team.clones[clone].files("out").len()
        })
        .collect();
    assert!(parts[0] > 0 && parts[1] > 0 && parts[0] + parts[1] == 9, "{parts:?}");
    assert_eq!(team.charges(), 9);
    let refused = team.batch(1, ["fetch", "--shard", "3/2"]).run().exits(2);
    assert!(refused.stderr.contains("with I from 1 to N"), "{refused:?}");
}
