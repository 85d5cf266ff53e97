//! Images that the runs of a shared ledger upload.

use super::team::Team;
use crate::support::image::png;
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
