//! Mistakes planted at known places in manifests that are written in every way: each is found, once, exactly there.

mod choices;
mod json;
mod page;
mod plant;
mod spoil;
mod toml;
mod toml_scalar;
mod tree;
mod yaml;
mod yaml_scalar;

use crate::base::folder::Folder;
use crate::diagnostic::code::Code;
use crate::diagnostic::finding::Finding;
use crate::document::{Format, Source, Span};
use crate::manifest::load_text;
use choices::Choices;
use page::{Finish, Page};
use plant::{Expected, plant};
use proptest::prelude::*;
use spoil::{Spoilt, spoil};
use std::collections::HashMap;
use std::path::Path;
use tree::Mark;

/// A finding as it is compared: its code, its places, its job.
type Found = (String, Vec<Span>, Option<String>);

fn found(finding: &Finding) -> Found {
    let labels = finding.labels.iter().map(|label| label.span).collect();
    (finding.code.to_string(), labels, finding.job.as_deref().map(str::to_owned))
}

fn expected(expected: &Expected, places: &HashMap<Mark, Span>) -> Found {
    let labels = expected.labels.iter().map(|mark| places[mark]).collect();
    (expected.code.to_string(), labels, expected.job.clone())
}

/// Returns the folder of a manifest that names no file.
fn here() -> Folder {
    Folder::open(Path::new(".")).expect("the current folder is there")
}

/// Compares the findings in a page with the planted mistakes.
fn compare(page: Page, finish: Finish, format: Format, planted: &[Expected]) -> Result<(), TestCaseError> {
    let (text, places) = page.finish(finish);
    let loaded = load_text("jobs", text.clone(), format, &here());
    let mut expected: Vec<Found> = planted.iter().map(|planted| expected(planted, &places)).collect();
    let mut found: Vec<Found> = loaded.findings.iter().map(found).collect();
    let starts: Vec<u32> = found.iter().map(|(_, labels, _)| labels[0].start).collect();
    prop_assert!(starts.is_sorted(), "not in the order of the source");
    expected.sort();
    found.sort();
    let shown = |found: &[Found]| -> String {
        let place = |span: &Span| format!("{:?} {:?}", span, text.get(span.range()));
        let line = |(code, labels, job): &Found| {
            format!("{code} {} {job:?}\n", labels.iter().map(place).collect::<Vec<_>>().join(" + "))
        };
        found.iter().map(line).collect()
    };
    prop_assert_eq!(&found, &expected, "\n{}\nfound\n{}expected\n{}", text, shown(&found), shown(&expected));
    positions(&loaded.source, &found)
}

/// Compares the findings in a page with wrong lines with the planted mistakes: the lines are found, and hide nothing
/// except what is in the same table.
fn compare_spoilt(
    page: Page,
    finish: Finish,
    format: Format,
    planted: &[Expected],
    spoilt: &Spoilt,
) -> Result<(), TestCaseError> {
    let (text, places) = page.finish(finish);
    let loaded = load_text("jobs", text.clone(), format, &here());
    let shown = |finding: &Finding| {
        let label = &finding.labels[0];
        format!("{} {:?} {:?} {:?}\n", finding.code, label.span, text.get(label.span.range()), finding.job)
    };
    let all: String = loaded.findings.iter().map(shown).collect();
    let mut wrong: Vec<Span> = spoilt.lines.iter().map(|mark| places[mark]).collect();
    wrong.sort();
    let is_syntax = |finding: &&Finding| finding.code == Code::Syntax;
    let syntax: Vec<Span> = loaded.findings.iter().filter(is_syntax).map(|finding| finding.labels[0].span).collect();
    prop_assert_eq!(syntax.len(), wrong.len(), "as many as there are\n{}\n{}", text, all);
    for (found, wrong) in syntax.iter().zip(&wrong) {
        let inside = wrong.start <= found.start && found.end <= wrong.end;
        prop_assert!(inside, "{:?} in {:?}\n{}\n{}", found, wrong, text, all);
    }
    let key = |code: Code, primary: Span| (code, primary);
    let found: Vec<_> = loaded.findings.iter().map(|finding| key(finding.code, finding.labels[0].span)).collect();
    for planted in planted {
        let place = places[&planted.labels[0]];
        let judged = spoilt.is_judged(planted);
        prop_assert!(
            !judged || found.contains(&key(planted.code, place)),
            "{:?} {:?} isn't found\n{}\n{}",
            planted,
            place,
            text,
            all
        );
    }
    for found in found.iter().filter(|(code, _)| *code != Code::Syntax) {
        let known = planted.iter().any(|planted| *found == key(planted.code, places[&planted.labels[0]]));
        prop_assert!(known, "{:?} is false\n{}\n{}", found, text, all);
    }
    Ok(())
}

/// Checks lines and columns by counting anew.
fn positions(source: &Source, found: &[Found]) -> Result<(), TestCaseError> {
    let text = source.text();
    for span in found.iter().flat_map(|(_, labels, _)| labels) {
        for offset in [span.start as usize, span.end as usize] {
            let before = text[..offset].trim_start_matches('\u{feff}');
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let position = source.position(offset);
            prop_assert_eq!((position.offset, position.line, position.column), (offset, line, column));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn planted_in_yaml(
        what in prop::collection::vec(any::<u8>(), 0..300),
        how in prop::collection::vec(any::<u8>(), 0..2000),
        (byte_order_mark, carriage_returns) in any::<(bool, bool)>(),
    ) {
        let (tree, planted) = plant(&mut Choices::new(what), true);
        let page = yaml::write(&tree, &mut Choices::new(how));
        compare(page, Finish { byte_order_mark, carriage_returns }, Format::Yaml, &planted)?;
    }

    #[test]
    fn planted_in_toml(
        what in prop::collection::vec(any::<u8>(), 0..300),
        how in prop::collection::vec(any::<u8>(), 0..2000),
        (byte_order_mark, carriage_returns) in any::<(bool, bool)>(),
    ) {
        let (tree, planted) = plant(&mut Choices::new(what), false);
        let page = toml::write(&tree, &mut Choices::new(how));
        compare(page, Finish { byte_order_mark, carriage_returns }, Format::Toml, &planted)?;
    }

    #[test]
    fn planted_in_json(
        what in prop::collection::vec(any::<u8>(), 0..300),
        how in prop::collection::vec(any::<u8>(), 0..2000),
        (byte_order_mark, carriage_returns) in any::<(bool, bool)>(),
    ) {
        let (tree, planted) = plant(&mut Choices::new(what), false);
        let page = json::write(&tree, &mut Choices::new(how));
        compare(page, Finish { byte_order_mark, carriage_returns }, Format::Json, &planted)?;
    }

    #[test]
    fn wrong_lines_in_yaml_hide_nothing_else(
        what in prop::collection::vec(any::<u8>(), 0..300),
        how in prop::collection::vec(any::<u8>(), 0..2000),
        wrong in prop::collection::vec(any::<u8>(), 0..10),
        (byte_order_mark, carriage_returns) in any::<(bool, bool)>(),
    ) {
        let (mut tree, planted) = plant(&mut Choices::new(what), false);
        let spoilt = spoil(&mut tree, spoil::YAML, &mut Choices::new(wrong));
        let page = yaml::write(&tree, &mut Choices::new(how));
        compare_spoilt(page, Finish { byte_order_mark, carriage_returns }, Format::Yaml, &planted, &spoilt)?;
    }

    #[test]
    fn wrong_lines_in_toml_hide_nothing_else(
        what in prop::collection::vec(any::<u8>(), 0..300),
        how in prop::collection::vec(any::<u8>(), 0..2000),
        wrong in prop::collection::vec(any::<u8>(), 0..10),
        (byte_order_mark, carriage_returns) in any::<(bool, bool)>(),
    ) {
        let (mut tree, planted) = plant(&mut Choices::new(what), false);
        let spoilt = spoil(&mut tree, spoil::TOML, &mut Choices::new(wrong));
        let page = toml::write(&tree, &mut Choices::new(how));
        compare_spoilt(page, Finish { byte_order_mark, carriage_returns }, Format::Toml, &planted, &spoilt)?;
    }
}
