//! The one binary of integration tests: one program to link, and one place to see what is tested from the outside.

// A test that can't go on fails, and says where.
#![allow(clippy::unwrap_used)]

mod bounds;
mod check;
mod ci;
mod circles;
mod confirm;
mod convert;
mod crash;
mod expand;
mod faults;
mod fetch;
mod fix;
mod fixtures;
mod fleet;
mod formats;
mod handbook;
mod hostile;
mod init;
mod interrupt;
mod junit;
mod keeping;
mod layers;
mod lsp;
mod manifest_schema;
mod manners;
mod manual;
mod manual_chinese;
mod manual_commands;
mod merging;
mod mirror;
mod misplaced;
mod money;
mod picture;
mod plan;
mod progress;
mod records;
mod report;
mod resume;
mod reviews;
mod run;
mod saved_plan;
mod schemas;
mod security;
mod show;
mod simulate;
mod status;
mod stopped;
mod support;
mod tables;
mod verify;
mod workflows;

use std::fs;
use std::path::Path;

/// A file that no `mod` line names would never be compiled, and its tests never missed.
#[test]
fn no_file_of_this_folder_is_forgotten() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let found = declared_in(&folder, "main.rs");
    assert!(found > 5, "{found} files are not all");
}

/// Fails unless everything in `folder` is declared by its file `root`; gives the number of files.
fn declared_in(folder: &Path, root: &str) -> usize {
    let declarations = fs::read_to_string(folder.join(root)).unwrap();
    let mut found = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name == root {
            continue;
        }
        let module = if path.is_dir() { Some(name) } else { name.strip_suffix(".rs") };
        let module = module.unwrap_or_else(|| panic!("{} is no test", path.display()));
        let mut lines = declarations.lines().map(|line| line.trim_start_matches("pub(crate) "));
        assert!(lines.any(|line| line == format!("mod {module};")), "{} is not declared in {root}", path.display());
        found += if path.is_dir() { declared_in(&path, "mod.rs") } else { 1 };
    }
    found
}
