//! The schemas that are committed are those that the program prints.

use crate::support::project::Project;
use std::fs;
use std::path::Path;

#[test]
fn committed_schemas_are_what_the_program_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.strip_suffix(".schema.json").expect("every schema is named so").to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["check", "events", "manifest", "plan", "status", "verify"]);
    for name in names {
        let committed = fs::read_to_string(folder.join(format!("{name}.schema.json"))).unwrap();
        let printed = Project::new().batch(["schema", &name]).run().exits(0);
        assert!(printed.stdout == committed, "schemas/{name}.schema.json: `batch schema {name}` prints something else");
    }
}
