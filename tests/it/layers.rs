//! The order of the layers: an import that points up fails here, since one package has no crate walls.

use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up; each may use only those above it in this list, which is the one of `src/lib.rs`.
const LAYERS: [&str; 15] = [
    "base",
    "service",
    "document",
    "diagnostic",
    "manifest",
    "ledger",
    "client",
    "plan",
    "event",
    "mirror",
    "engine",
    "run",
    "report",
    "simulate",
    "cli",
];

/// Layers that may use less than all that is above them.
const ONLY: [(&str, &[&str]); 3] =
    [("client", &["base", "service"]), ("simulate", &["base", "service"]), ("ledger", &["base", "service"])];

#[test]
fn imports_point_one_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut imports = 0;
    let mut wrong = Vec::new();
    for (layer, path) in LAYERS.iter().flat_map(|layer| files(&source.join(layer)).into_iter().map(move |f| (layer, f)))
    {
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            for used in uses(line) {
                imports += 1;
                assert!(LAYERS.contains(&used), "{}: `crate::{used}` is no layer", path.display());
                if !allowed(layer, used) {
                    wrong.push(format!("{}:{}: {layer} uses {used}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(imports > 200, "the imports were not found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lib_rs_lists_the_layers_in_their_order() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let told: Vec<&str> = lib.lines().filter_map(|line| line.strip_prefix("//! | `")?.split('`').next()).collect();
    assert_eq!(told, LAYERS);
    for layer in LAYERS {
        assert!(lib.lines().any(|line| line == format!("pub mod {layer};")), "{layer} is not declared");
    }
}

fn allowed(layer: &str, used: &str) -> bool {
    let place = |layer| LAYERS.iter().position(|l| *l == layer);
    let only = ONLY.iter().find(|(name, _)| *name == layer).map(|(_, only)| only);
    layer == used || (place(used) < place(layer) && only.is_none_or(|only| only.contains(&used)))
}

/// The layers that a line names, by `crate::LAYER` or within `use crate::{…}`.
fn uses(line: &str) -> Vec<&str> {
    if line.trim_start().starts_with("//") {
        return Vec::new();
    }
    let names = line.match_indices("crate::").filter_map(|(at, found)| {
        let rest = &line[at + found.len()..];
        let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c == '_')).unwrap_or(rest.len());
        (end > 0).then_some(&rest[..end])
    });
    names.collect()
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
