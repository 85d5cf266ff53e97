//! What the manual says is so: its manifests are valid, its codes, options and layers are the program's, its links lead somewhere.

use crate::handbook::commands;
use crate::layers::files;
use crate::support::image::{jpeg, png};
use crate::support::project::Project;
use batch::base::digest::Sha256;
use batch::diagnostic::code::Code;
use batch::manifest;
use batch::manifest::fields::{self, Block};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The pages of the manual, the README's among them, as paths in the repository.
pub(crate) fn pages() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    for folder in ["", "docs/", "examples/"] {
        let names = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| name.into_string().unwrap()).filter(|name| name.ends_with(".md"));
        pages.extend(names.map(|name| format!("{folder}{name}")));
    }
    pages.sort();
    assert!(pages.len() >= 10, "{pages:?}");
    pages
}

/// The text of a file of the repository.
pub(crate) fn page(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// What stands in the page's blocks that are fenced as `language`.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let fenced = page.split("\n```").skip(1).step_by(2);
    fenced.filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n')).collect()
}

/// The page's sections: what stands under each heading, up to the next one of any level.
fn sections(page: &str) -> BTreeMap<&str, Vec<&str>> {
    let (mut sections, mut heading, mut code) = (BTreeMap::<_, Vec<_>>::new(), "", false);
    for line in page.lines() {
        code ^= line.starts_with("```");
        match line.trim_start_matches('#').strip_prefix(' ') {
            Some(title) if !code && line.starts_with('#') => {
                heading = title;
                assert!(sections.insert(heading, Vec::new()).is_none(), "two sections are called `{heading}`");
            }
            _ => sections.entry(heading).or_default().push(line),
        }
    }
    sections
}

/// The tables of fields, in the order of the page.
const TABLES: [&Block; 7] = [
    &fields::MANIFEST,
    &fields::JOB,
    &fields::REFERENCE,
    &fields::SERVICE,
    &fields::RUN,
    &fields::OUTPUT,
    &fields::PRICES,
];

#[test]
fn every_field_has_a_row_with_its_default_in_the_table_of_its_mapping() {
    for (path, head) in [("docs/manifest.md", "| field | "), ("docs/manifest.zh-CN.md", "| 字段 | ")] {
        let page = page(path);
        let tables: Vec<&str> = page.split("\n\n").filter(|table| table.starts_with(head)).collect();
        assert_eq!(tables.len(), TABLES.len(), "{path}: the tables of fields");
        for (table, block) in tables.into_iter().zip(TABLES) {
            let rows: BTreeMap<&str, &str> = table.lines().skip(2).map(row).collect();
            let names: BTreeSet<&str> = block.fields.iter().map(|field| field.name).collect();
            assert_eq!(rows.keys().copied().collect::<BTreeSet<_>>(), names, "{path}: the fields of {}", block.title);
            for field in block.fields {
                let (told, default) = (rows[field.name], field.default.unwrap_or_default());
                assert!(told.contains(default), "{path}: the default of {} is {default}, not {told}", field.name);
            }
        }
    }
}

/// Returns the field of a row, and its default.
fn row(line: &str) -> (&str, &str) {
    let cells: Vec<&str> = line.split(" | ").collect();
    (cells[0].trim_start_matches("| ").trim_matches('`'), cells[2])
}

#[test]
fn whole_manifests_of_the_manual_are_valid() {
    let project = Project::new().with("refs/dog.png", png(64, 64, "dog")).with("refs/hill.jpg", jpeg(64, 64, "hill"));
    let mut checked = 0;
    for (language, start) in [("yaml", "version: 1\n"), ("toml", "version = 1\n")] {
        for path in ["README.md", "README.zh-CN.md", "docs/manifest.md", "docs/manifest.zh-CN.md"] {
            let page = page(path);
            for manifest in blocks(&page, language).into_iter().filter(|block| block.starts_with(start)) {
                let name = format!("jobs.{language}");
                project.write(&name, manifest);
                project.batch(["check", &name]).run().exits(0);
                checked += 1;
            }
        }
    }
    assert!(checked >= 8, "only {checked} manifests were found");
}

#[test]
fn examples_have_neither_errors_nor_warnings() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut checked = 0;
    for example in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let manifest = ["jobs.yaml", "jobs.toml"].map(|name| example.join(name)).into_iter().find(|path| path.exists());
        let loaded = manifest::load(&manifest.unwrap_or_else(|| panic!("{} has no manifest", example.display())));
        assert!(loaded.findings.is_empty(), "{}: {:?}", example.display(), loaded.findings);
        let name = example.file_name().unwrap().to_str().unwrap();
        assert!(page("examples/README.md").contains(&format!("\n| `{name}` | ")), "no word on {name}");
        checked += 1;
    }
    assert!(checked >= 5, "only {checked} examples were found");
}

#[test]
fn the_map_of_the_source_names_the_layers_of_the_source() {
    let (readme, source) = (page("README.md"), page("src/lib.rs"));
    let map = *blocks(&readme, "").last().unwrap();
    let mapped: Vec<_> = map.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    let layers = source.lines().filter_map(|line| line.strip_prefix("//! | `")?.split('`').next());
    assert_eq!(mapped, layers.collect::<Vec<_>>());
}

#[test]
fn the_manual_has_a_section_for_every_code_and_no_other() {
    let page = page("docs/manifest.md");
    let codes = page.split_once("\n## Codes\n").expect("the manual has codes").1;
    let headings: Vec<&str> = codes.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(headings, Code::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>());
}

#[test]
fn digests_of_the_manual_are_those_of_its_bytes_and_of_the_examples() {
    let page = page("docs/manifest.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (example, job) in [("service-example", "service-example"), ("local-images", "portrait-again")] {
        let loaded = manifest::load(&root.join("examples").join(example).join("jobs.yaml")).manifest.unwrap();
        let digest = loaded.jobs.iter().find(|found| found.id.as_str() == job).unwrap().digest.to_string();
        assert!(page.contains(&digest), "{job}: {digest}");
        let mut requests = page.lines().filter(|line| line.starts_with("{\"input\":"));
        assert!(requests.any(|line| format!("sha256:{}", Sha256::of(line.as_bytes())) == digest), "{job}");
    }
}

#[test]
fn options_and_commands_of_the_manual_are_those_of_the_help() {
    let page = page("docs/command-line.md");
    let sections = sections(&page);
    let project = Project::new();
    let commands = commands(&project);
    let listed = blocks(&page, "text")[0].lines().map(|line| line.split_whitespace().nth(1).unwrap());
    assert_eq!(listed.collect::<Vec<_>>(), commands);

    let general = options_of_tables(&sections["Options of all commands"]);
    let used = commands.iter().flat_map(|command| options_of_help(&help_of(&project, command)));
    assert!(general.is_subset(&used.collect()), "{general:?}");
    for command in &commands {
        let title = format!("`batch {command}`");
        let section = sections.get(title.as_str()).unwrap_or_else(|| panic!("no section is called {title}"));
        let help = options_of_help(&help_of(&project, command));
        let of_command: BTreeSet<_> = help.difference(&general).cloned().collect();
        assert_eq!(options_of_tables(section), of_command, "the options of {title}");
    }
}

/// The help of a command, with that of its own commands behind it.
pub(crate) fn help_of(project: &Project, command: &str) -> String {
    let help = project.batch([command, "--help"]).run().exits(0).stdout;
    let own = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let own = own.map_while(|line| line.split_whitespace().next()).filter(|own| *own != "help");
    let of_own = own.map(|own| project.batch([command, own, "--help"]).run().exits(0).stdout);
    of_own.fold(help.clone(), |all, help| all + "\n" + &help)
}

/// The long options that the first cells of a section's tables name.
fn options_of_tables(section: &[&str]) -> BTreeSet<String> {
    let cells = section.iter().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let names = cells.flat_map(|cell| cell.split(['`', ' ', ',']));
    names.filter(|name| name.starts_with("--") && name.len() > 3).map(str::to_owned).collect()
}

/// The long options that a help lists: each starts a line, behind its short form where it has one.
fn options_of_help(help: &str) -> BTreeSet<String> {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let names = lines.flat_map(|line| line.split_whitespace().take(2));
    names.filter(|name| name.starts_with("--")).map(|name| name.trim_end_matches('.').to_owned()).collect()
}

#[test]
fn what_the_manual_offers_to_ci_is_yaml_with_commands_that_there_are() {
    let page = page("docs/ci.md");
    let workflows = blocks(&page, "yaml");
    assert_eq!(workflows.len(), 7);
    let project = Project::new();
    let mut commands = 0;
    for text in workflows.into_iter().chain([self::page(".pre-commit-hooks.yaml").as_str()]) {
        serde_yaml::from_str::<serde_yaml::Value>(text).unwrap_or_else(|e| panic!("{e}:\n{text}"));
        let lines = text.lines().map(|line| line.trim_start().trim_start_matches("- "));
        let lines = lines.map(|line| line.trim_start_matches("run: ").trim_start_matches("entry: "));
        for command in lines.filter_map(|line| line.strip_prefix("batch ")) {
            let words: Vec<_> = command.split_whitespace().take_while(|word| !word.starts_with('>')).collect();
            let options = options_of_help(&project.batch([words[0], "--help"]).run().exits(0).stdout);
            for option in words.iter().filter(|word| word.starts_with("--")) {
                assert!(options.contains(*option), "`batch {command}`: there is no {option}");
            }
            commands += 1;
        }
    }
    assert!(commands >= 9, "only {commands} commands were found");
}

#[test]
fn links_of_the_manual_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut followed = 0;
    for path in pages() {
        let text = page(&path);
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.starts_with("https://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { root.join(&path) } else { root.join(&path).parent().unwrap().join(file) };
            assert!(target.exists(), "{path}: {link} leads nowhere");
            if !anchor.is_empty() {
                let target = fs::read_to_string(target).unwrap();
                let found = sections(&target).keys().any(|heading| slug(heading) == anchor);
                assert!(found, "{path}: {link}: there is no such section");
            }
            followed += 1;
        }
    }
    assert!(followed > 50, "only {followed} links were found");
}

/// Who adds a field, a code or a format follows these lists: each place exists, and so does each test that is named.
#[test]
fn places_and_tests_that_contributors_are_sent_to_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests = ["tests/it", "src"].iter().flat_map(|folder| files(&root.join(folder)));
    let tests = tests.map(|file| fs::read_to_string(file).unwrap());
    let tests = tests.collect::<String>();
    let page = page("CONTRIBUTING.md");
    let (mut places, mut named) = (0, 0);
    for term in page.split('`').skip(1).step_by(2) {
        if ["src/", "docs/", "schemas/", "tests/", ".ci/"].iter().any(|folder| term.starts_with(folder)) {
            assert!(root.join(term).exists(), "there is no {term}");
            places += 1;
        } else if term.contains('_') && term.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            assert!(tests.contains(&format!("fn {term}()")), "there is no test {term}");
            named += 1;
        } else if let Some(module) = term.strip_prefix("cargo test --test it ") {
            assert!(root.join(format!("tests/it/{module}.rs")).exists(), "there are no tests of {module}");
            named += 1;
        }
    }
    assert!(places > 20 && named > 4, "only {places} places and {named} tests were found");
}

/// The name by which a link reaches a heading.
pub(crate) fn slug(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}
