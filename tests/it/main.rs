//! The one binary of integration tests: one program to link, and one place to see what is tested from the outside.

mod simulate;
mod support;

/// A file that isn't declared above would never be compiled, and its tests never missed.
#[test]
fn no_file_of_this_folder_is_forgotten() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let declared = include_str!("main.rs");
    let mut found = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let module = if entry.path().is_dir() { Some(name.as_str()) } else { name.strip_suffix(".rs") };
        match module {
            None => panic!("{name} is no test"),
            Some("main") => {}
            Some(module) => {
                found += 1;
                assert!(
                    declared.lines().any(|line| line == format!("mod {module};")),
                    "{name} is not declared in main.rs"
                );
            }
        }
    }
    assert!(found > 1);
}
