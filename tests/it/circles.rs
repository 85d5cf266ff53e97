//! Circles inside of a layer: files that use each other, directly or by way of others, are one thing to a reader. The few that are
//! meant are listed here.

use crate::layers::files;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

type Module = Vec<String>;
type Uses = BTreeMap<Module, BTreeSet<Module>>;

/// The circles that are meant, each with the reason.
const MEANT: [(&[&str], &str); 10] = [
    (
        &["cli::completing", "cli::fleet", "cli::options", "cli::project", "cli::settings"],
        "an option names its completions, which read the manifest that the options name",
    ),
    (&["client::download", "client::length"], "a download asks for the length as it asks for the rest"),
    (&["client::failure", "client::verdict"], "a failure holds a verdict, and a verdict is a failure's"),
    (
        &["document::arena", "document::derived", "document::locate", "document::slots", "document::tree"],
        "one tree: its slots, what is filled in, places and views",
    ),
    (&["document::toml::events", "document::toml::reader"], "one reader, in two files"),
    (&["ledger::oracle::script", "ledger::oracle::world"], "a script is played by the world that it is drawn for"),
    (&["manifest::expand", "manifest::problem"], "a flaw of a template is a problem, and expanding reports problems"),
    (&["manifest::expand::jsonl", "manifest::expand::rows"], "rows choose the reader, which makes rows"),
    (&["manifest::schema::hover", "manifest::schema::value"], "a value's schema explains its fields by their values"),
    (&["simulate::exchange", "simulate::line"], "a line serves exchanges, and an exchange may cut its line"),
];

#[test]
fn only_the_meant_files_use_each_other_in_a_circle() {
    let found: Vec<Vec<String>> = circles(&uses());
    let meant: Vec<Vec<String>> =
        MEANT.iter().map(|(files, _)| files.iter().map(ToString::to_string).collect()).collect();
    assert_eq!(found, meant, "left: what there is; right: what is meant");
}

#[test]
fn a_circle_is_found() {
    let module = |name: &str| vec![name.to_owned()];
    let uses = |pairs: &[(&str, &[&str])]| -> Uses {
        pairs.iter().map(|(from, to)| (module(from), to.iter().map(|to| module(to)).collect())).collect()
    };
    assert_eq!(circles(&uses(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"]), ("d", &["a"])])), [["b", "c"]]);
    assert!(circles(&uses(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])])).is_empty());
    let read = |text: &str| named(text, &["cli".to_owned(), "a".to_owned()]);
    assert_eq!(read("use super::b::{C, d::{self, E}};"), ["cli::b::C", "cli::b::d", "cli::b::d::E"]);
    assert_eq!(read("use crate::event::stop::Stop as Halt;"), ["event::stop::Stop"]);
}

/// Returns the sets of files that reach each other.
fn circles(uses: &Uses) -> Vec<Vec<String>> {
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = uses.keys().map(|from| (from, reach(uses, from))).collect();
    let mut found: BTreeSet<Vec<String>> = BTreeSet::new();
    for (from, to) in &reached {
        let circle: Vec<String> =
            to.iter().filter(|other| reached[*other].contains(from)).map(|module| module.join("::")).collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

fn reach<'u>(uses: &'u Uses, from: &Module) -> BTreeSet<&'u Module> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        for (to, _) in uses[module].iter().filter_map(|used| uses.get_key_value(used)) {
            if reached.insert(to) {
                next.push(to);
            }
        }
    }
    reached
}

/// Returns which files import from which others. A folder's `mod.rs` and the files below it may know each other.
fn uses() -> Uses {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut texts: BTreeMap<Module, String> = BTreeMap::new();
    for path in files(&source) {
        let inside = path.strip_prefix(&source).unwrap().with_extension("");
        let mut module: Module = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if module.iter().any(|part| part == "tests") || ["lib", "main"].contains(&module[0].as_str()) {
            continue;
        }
        if module.last().is_some_and(|last| last == "mod") {
            module.pop();
        }
        texts.insert(module, fs::read_to_string(path).unwrap());
    }
    let file = |name: &String| {
        let mut module: Module = name.split("::").map(str::to_owned).collect();
        while !module.is_empty() && !texts.contains_key(&module) {
            module.pop();
        }
        module
    };
    let of = |(module, text): (&Module, &String)| {
        let used = named(text.split("#[cfg(test)]\nmod tests {").next().unwrap(), module);
        let used = used.iter().map(file).filter(|used| !used.starts_with(module) && !module.starts_with(used));
        (module.clone(), used.collect())
    };
    let uses: Uses = texts.iter().map(of).collect();
    assert!(uses.values().map(BTreeSet::len).sum::<usize>() > 500, "the imports were not found");
    uses
}

/// Returns the paths that a text of `module` imports, from the crate's root on.
fn named(text: &str, module: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("use ") {
        let starts = rest[..at].rfind('\n').map_or(&rest[..at], |line| &rest[line + 1..at]);
        rest = &rest[at + 4..];
        let is_import = starts.trim().is_empty() || starts.trim().starts_with("pub");
        let Some(end) = rest.find(';').filter(|_| is_import) else { continue };
        let path = &rest[..end];
        if let Some(path) = path.strip_prefix("crate::") {
            spread(&mut found, Vec::new(), path);
        } else if path.starts_with("super::") {
            spread(&mut found, module.to_vec(), path);
        }
    }
    found
}

/// Adds each path of an import below `prefix`.
fn spread(found: &mut Vec<String>, mut prefix: Vec<String>, path: &str) {
    let path = path.trim();
    if let Some(list) = path.strip_prefix('{') {
        let (mut depth, mut start) = (0, 0);
        let list = &list[..list.rfind('}').unwrap()];
        for (at, c) in list.char_indices().chain([(list.len(), ',')]) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    if !list[start..at].trim().is_empty() {
                        spread(found, prefix.clone(), &list[start..at]);
                    }
                    start = at + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let (first, rest) = path.split_once("::").map_or((path, None), |(first, rest)| (first, Some(rest)));
    match first.split(" as ").next().unwrap() {
        "self" => {}
        "super" => _ = prefix.pop(),
        name => prefix.push(name.to_owned()),
    }
    match rest {
        Some(rest) => spread(found, prefix, rest),
        None => found.push(prefix.join("::")),
    }
}
