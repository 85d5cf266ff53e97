use super::*;
use crate::diagnostic::finding::Label;
use crate::document::source::Source;
use crate::document::span::Span;
use crate::report::look::columns_of;
use insta::assert_snapshot;

const WIDE: Look = Look { color: Color::None, drawing: Drawing::Unicode, width: Some(80) };
const NARROW: Look = Look { width: Some(40), ..WIDE };

/// Returns an error at the parts of `marked` between `⟦` and `⟧`, the first of them the primary one; together with the
/// text without the marks.
fn finding(marked: &str, texts: &[&str]) -> (Source, Finding) {
    let (mut text, mut labels, mut start) = (String::new(), Vec::new(), 0);
    for c in marked.chars() {
        match c {
            '⟦' => start = text.len(),
            '⟧' => {
                labels.push(Label { span: Span::new(start, text.len()), text: texts[labels.len()].into() });
            }
            _ => text.push(c),
        }
    }
    assert_eq!(labels.len(), texts.len());
    let finding = Finding {
        code: Code::DurationResolution,
        severity: Severity::Error,
        message: "1080p videos last 5 s, not 8 s".into(),
        help: Some("write `duration: 5`, or another resolution".into()),
        fix: None,
        job: Some("close-up".into()),
        jobs: 1,
        labels,
    };
    (Source::new("jobs.yaml", text), finding)
}

fn show(marked: &str, texts: &[&str], look: Look) -> String {
    let (source, finding) = finding(marked, texts);
    let text = rendered(&source, &finding, look);
    // The help is the same in all of them.
    match look.color {
        Color::None => text.split("  help:").next().unwrap().to_owned(),
        Color::Ansi => text.replace('\x1b', "␛"),
    }
}

fn rendered(source: &Source, finding: &Finding, look: Look) -> String {
    let manifest = Checked { path: "jobs.yaml", source: Some(source), jobs: 1, findings: &[] };
    let mut out = String::new();
    render(&mut out, &manifest, finding, look).unwrap();
    // miette pads some lines with blanks.
    out.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn written(manifests: &[Checked<'_>], look: Look) -> String {
    let mut out = Vec::new();
    write(&mut out, manifests, Extent::Summary, look).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn each_label_is_shown_in_its_own_file() {
    let (mut source, mut found) =
        finding("jobs:\n  - id: close-up\n    duration: ⟦${{ row.s }}⟧\n", &["filled in here"]);
    let cell = source.end() + 11;
    source.attach(Source::new("rows.csv", "s,b\n小狗,6\n8,9\n".into()));
    found.labels.insert(0, Label { span: Span::new(cell, cell + 1), text: "6 s asked for here".into() });
    found.labels.push(Label { span: Span::new(10, 12), text: "of this job".into() });
    assert_snapshot!(rendered(&source, &found, WIDE), @"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[rows.csv:2:4]
     1 │ s,b
     2 │ 小狗,6
       ·      ┬
       ·      ╰── 6 s asked for here
     3 │ 8,9
       ╰────
       ╭─[jobs.yaml:2:5]
     1 │ jobs:
     2 │   - id: close-up
       ·     ─┬
       ·      ╰── of this job
     3 │     duration: ${{ row.s }}
       ·               ──────┬─────
       ·                     ╰── filled in here
       ╰────
      help: write `duration: 5`, or another resolution
    ");
}

#[test]
fn a_finding_is_shown_with_both_of_its_places() {
    let (source, finding) = finding(
        "jobs:\n  - id: close-up\n    resolution: 1080p\n    duration: ⟦8⟧\n    prompt: x\n",
        &["8 s asked for here"],
    );
    let mut two = finding;
    two.labels.push(Label { span: Span::new(39, 44), text: "only with 5 s".into() });
    assert_snapshot!(rendered(&source, &two, WIDE), @"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[jobs.yaml:4:15]
     2 │   - id: close-up
     3 │     resolution: 1080p
       ·                 ──┬──
       ·                   ╰── only with 5 s
     4 │     duration: 8
       ·               ┬
       ·               ╰── 8 s asked for here
     5 │     prompt: x
       ╰────
      help: write `duration: 5`, or another resolution
    ");
}

#[test]
fn places_far_apart_are_shown_one_by_one() {
    let text = "defaults:\n  duration: ⟦8⟧\njobs:\n  - id: a\n  - id: b\n  - id: c\n    resolution: ⟦1080p⟧\n";
    assert_snapshot!(show(text, &["8 s asked for here", "this job"], WIDE), @"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[jobs.yaml:2:13]
     1 │ defaults:
     2 │   duration: 8
       ·             ┬
       ·             ╰── 8 s asked for here
     3 │ jobs:
       ╰────
       ╭─[jobs.yaml:7:17]
     6 │   - id: c
     7 │     resolution: 1080p
       ·                 ──┬──
       ·                   ╰── this job
       ╰────
    ");
}

#[test]
fn chinese_text_and_emoji_are_underlined_where_they_are() {
    let text = "prompt: 小狗👋在草地上 ⟦@小猫⟧ 看着镜头\n";
    assert_snapshot!(show(text, &["no reference has this name"], WIDE), @"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[jobs.yaml:1:17]
     1 │ prompt: 小狗👋在草地上 @小猫 看着镜头
       ·                        ──┬──
       ·                          ╰── no reference has this name
       ╰────
    ");
}

#[test]
fn tabs_are_spread() {
    assert_snapshot!(show("a:\t\"x\ty\"\t⟦tab⟧\there\n", &["here"], WIDE), @r#"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[jobs.yaml:1:10]
     1 │ a:  "x  y"  tab here
       ·             ─┬─
       ·              ╰── here
       ╰────
    "#);
}

#[test]
fn carriage_returns_at_line_ends_are_not_shown() {
    assert_snapshot!(show("a: one\r\nb: ⟦two⟧\r\nc: three\r\n", &["here"], WIDE), @"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[jobs.yaml:2:4]
     1 │ a: one
     2 │ b: two
       ·    ─┬─
       ·     ╰── here
     3 │ c: three
       ╰────
    ");
}

#[test]
fn a_place_behind_the_last_line_is_shown() {
    assert_snapshot!(show("a: one\nb: two\n⟦⟧", &["something must follow"], WIDE), @"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[jobs.yaml:3:1]
     2 │ b: two
     3 │
       · ▲
       · ╰── something must follow
       ╰────
    ");
}

#[test]
fn a_place_behind_the_last_character_is_shown() {
    assert_snapshot!(show("a: one\nb: two⟦⟧", &["something must follow"], WIDE), @"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[jobs.yaml:2:7]
     1 │ a: one
     2 │ b: two
       ·       ▲
       ·       ╰── something must follow
       ╰────
    ");
}

#[test]
fn a_place_in_an_empty_file_is_shown() {
    assert_snapshot!(show("⟦⟧", &["nothing is here"], WIDE), @"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[jobs.yaml:1:1]
     1 │
       · ▲
       · ╰── nothing is here
       ╰────
    ");
}

#[test]
fn a_byte_order_mark_is_not_shown() {
    assert_snapshot!(show("\u{feff}⟦a⟧: 1", &["here"], WIDE), @"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[jobs.yaml:1:1]
     1 │ a: 1
       · ┬
       · ╰── here
       ╰────
    ");
}

#[test]
fn a_place_over_a_few_lines_is_shown_whole() {
    assert_snapshot!(show("a: ⟦\"one\ntwo\nthree\"⟧\nb: 2\n", &["this text"], WIDE), @r#"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[jobs.yaml:1:4]
     1 │ ╭─▶ a: "one
     2 │ │   two
     3 │ ├─▶ three"
       · ╰──── this text
     4 │     b: 2
       ╰────
    "#);
}

#[test]
fn of_a_place_over_many_lines_the_first_is_shown() {
    let text = format!("a: ⟦\"one\n{}\"⟧\nb: 2\n", "more\n".repeat(1000));
    assert_snapshot!(show(&text, &["this text"], WIDE), @r#"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[jobs.yaml:1:4]
     1 │ a: "one
       ·    ──┬─
       ·      ╰── this text
     2 │ more
       ╰────
    "#);
}

#[test]
fn what_a_terminal_would_obey_is_shown_and_not_sent() {
    let text = "a: \u{1b}[31m⟦red\u{7}⟧ \u{202e}x\n";
    assert_snapshot!(show(text, &["\u{1b}[2J"], WIDE), @"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[jobs.yaml:1:9]
     1 │ a: ␛[31mred␇ <U+202E>x
       ·         ──┬─
       ·           ╰── ␛[2J
       ╰────
    ");
}

#[test]
fn narrow_terminals_get_narrow_text() {
    let text = "jobs:\n  - id: close-up\n    resolution: ⟦1080p⟧ # the sharpest that there is\n";
    let label = "videos of this resolution last 5 s, never 8 s";
    let shown = show(text, &[label], NARROW);
    assert!(shown.lines().all(|line| columns_of(line) <= 40), "{shown}");
    assert_snapshot!(shown, @"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[jobs.yaml:3:17]
     2 │   - id: close-up
     3 │     resolution: 1080p # the s…
       ·                 ──┬──
       ·                   ╰─┤ videos of
       ·                     │ this
       ·                     │ resolution
       ·                     │ last 5 s,
       ·                     │ never 8 s
       ╰────
    ");
}

#[test]
fn of_long_lines_only_the_places_are_shown() {
    let text = format!("{{{}⟦\"a\": 1⟧, {} ⟦\"a\": 2⟧{}}}", "x".repeat(5000), "y".repeat(50_000), "z".repeat(5000));
    let shown = show(&text, &["first", "second"], WIDE);
    assert!(shown.lines().all(|line| columns_of(line) <= 80), "{shown}");
    assert_snapshot!(shown, @r#"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[jobs.yaml:1:5002]
     1 │ …xxxxxxxxxxx"a": 1, yyyyyyyyyyyyyyy…yyyyyyyyyy "a": 2zzzzzzzzzzzzzzzzz…
       ·             ───┬──                             ───┬──
       ·                │                                  ╰── second
       ·                ╰── first
       ╰────
    "#);
}

#[test]
fn a_place_wider_than_the_terminal_is_cut() {
    let text = format!("a: 1\nb: ⟦\"{}\"⟧\nc: 3\n", "小".repeat(1000));
    let shown = show(&text, &["too long"], NARROW);
    assert!(shown.lines().all(|line| columns_of(line) <= 40), "{shown}");
    assert_snapshot!(shown, @r#"
    duration-resolution

      × 1080p videos last 5 s, not 8 s
       ╭─[jobs.yaml:2:4]
     1 │ a: 1
     2 │ b: "小小小小小小小小小小小小…
       ·    ─────────────┬─────────────
       ·                 ╰── too long
     3 │ c: 3
       ╰────
    "#);
}

#[test]
fn ascii_is_enough() {
    let text = "jobs:\n  - { id: close-up, ⟦resolution: 1080p⟧, ⟦duration: 8⟧ }\n";
    assert_snapshot!(show(text, &["5 s", "8 s"], Look { drawing: Drawing::Ascii, ..WIDE }), @"
    duration-resolution

      x 1080p videos last 5 s, not 8 s
       ,-[jobs.yaml:2:21]
     1 | jobs:
     2 |   - { id: close-up, resolution: 1080p, duration: 8 }
       :                     ^^^^^^^^|^^^^^^^^  ^^^^^|^^^^^
       :                             |               `-- 8 s
       :                             `-- 5 s
       `----
    ");
}

#[test]
fn errors_are_red_and_warnings_yellow() {
    let (source, mut finding) = finding("a: ⟦b⟧", &["here"]);
    finding.help = None;
    let color = Look { color: Color::Ansi, ..WIDE };
    assert_snapshot!(rendered(&source, &finding, color).replace('\x1b', "␛"), @"
    ␛[31mduration-resolution␛[0m

      ␛[31m×␛[0m 1080p videos last 5 s, not 8 s
       ╭─[␛[36;1;4mjobs.yaml:1:4␛[0m]
     ␛[2m1␛[0m │ a: b
       · ␛[31m   ┬␛[0m
       ·    ␛[31m╰── ␛[31mhere␛[0m␛[0m
       ╰────
    ");
    finding.severity = Severity::Warning;
    assert_snapshot!(rendered(&source, &finding, color).replace('\x1b', "␛"), @"
    ␛[33mduration-resolution␛[0m

      ␛[33m⚠␛[0m 1080p videos last 5 s, not 8 s
       ╭─[␛[36;1;4mjobs.yaml:1:4␛[0m]
     ␛[2m1␛[0m │ a: b
       · ␛[33m   ┬␛[0m
       ·    ␛[33m╰── ␛[33mhere␛[0m␛[0m
       ╰────
    ");
}

#[test]
fn a_finding_without_a_place_is_shown() {
    let finding = Finding {
        code: Code::Unreadable,
        severity: Severity::Error,
        message: "jobs.yaml can't be read: no such file".into(),
        help: None,
        fix: None,
        job: None,
        jobs: 1,
        labels: vec![],
    };
    let manifest = Checked { path: "jobs.yaml", source: None, jobs: 0, findings: &[finding] };
    assert_snapshot!(written(&[manifest], WIDE), @"
    unreadable

      × jobs.yaml can't be read: no such file

    1 error in jobs.yaml
    ");
}

#[test]
fn the_last_line_sums_up() {
    let (_, error) = finding("", &[]);
    let warning = Finding { severity: Severity::Warning, ..error.clone() };
    let last = |findings: &[Finding], path: &str| {
        let manifest = Checked { path, source: None, jobs: 3, findings };
        written(&[manifest], WIDE).lines().last().unwrap().to_owned()
    };
    assert_eq!(last(&[], "jobs.yaml"), "nothing wrong in jobs.yaml (3 jobs)");
    assert_eq!(last(&[error.clone(), warning.clone(), error.clone()], "a\x1b.yaml"), "2 errors, 1 warning in a␛.yaml");
    assert_eq!(last(&[warning], "jobs.yaml"), "1 warning in jobs.yaml");
    let one = Checked { path: "a", source: None, jobs: 1, findings: &[error] };
    assert!(written(&[one, one], WIDE).ends_with("2 errors in 2 manifests\n"));
}

#[test]
fn up_to_twenty_findings_are_all_shown() {
    let (source, finding) = finding("a: ⟦b⟧\n", &["here"]);
    let shown = |n: usize, extent: Extent| {
        let findings = vec![finding.clone(); n];
        let manifest = Checked { path: "jobs.yaml", source: Some(&source), jobs: 1, findings: &findings };
        let mut out = Vec::new();
        write(&mut out, &[manifest], extent, WIDE).unwrap();
        String::from_utf8(out).unwrap().matches("[jobs.yaml:1:4]").count()
    };
    assert_eq!((shown(20, Extent::Summary), shown(21, Extent::Summary)), (20, 1));
    assert_eq!(shown(1_000, Extent::All), 1_000);
}

#[test]
fn of_many_findings_the_first_of_each_code_is_shown_and_the_others_are_counted() {
    let (source, finding) = finding("a: ⟦b⟧\n", &["here"]);
    let mut findings = vec![finding; 30_000];
    for (at, code) in [(20_000, Code::EmptyPrompt), (20_001, Code::TwinJobs), (20_002, Code::TwinJobs)] {
        findings[at].code = code;
    }
    findings[20_003].severity = Severity::Warning;
    let manifest = Checked { path: "jobs.yaml", source: Some(&source), jobs: 1, findings: &findings };
    let text = written(&[manifest], WIDE);
    assert_eq!(text.matches("[jobs.yaml:1:4]").count(), 4);
    let end = &text[text.find("and ").unwrap()..];
    assert_snapshot!(end, @"
    and 29,996 more (`batch check --all` shows them all):
           1 twin-jobs            next: jobs.yaml:1:4
      29,995 duration-resolution  next: jobs.yaml:1:4

    29,999 errors, 1 warning in jobs.yaml
    ");
}

#[test]
fn the_next_finding_is_named_in_the_file_where_it_is() {
    let (mut source, mut finding) = finding("a: ⟦b⟧\n", &["here"]);
    let base = source.end();
    source.attach(Source::new("rows.csv", "s,b\n小狗,6\n".into()));
    let own = finding.clone();
    finding.labels[0].span = Span::new(base + 11, base + 12);
    let findings: Vec<_> = std::iter::once(own).chain(vec![finding; 30]).collect();
    let text = written(&[Checked { path: "jobs.yaml", source: Some(&source), jobs: 1, findings: &findings }], WIDE);
    assert!(text.contains("next: rows.csv:2:4"), "{text}");
}

#[test]
fn a_huge_line_is_never_written_whole() {
    let (_, mut finding) = finding("⟦⟧", &["here"]);
    finding.labels[0].span = Span::new(4_000_000, 4_999_999);
    let source = Source::new("jobs.json", "x".repeat(5_000_000));
    assert!(rendered(&source, &finding, Look::PLAIN).len() < 2000);
}

proptest::proptest! {
    /// Whatever the text and the places: something is shown, within its width, and nothing panics.
    #[test]
    fn any_place_in_any_text_can_be_shown(
        text in "([ -~]|小|\t|\r|\n|\r\n|\u{1b}|\u{301}|\u{feff}|👋){0,120}",
        places in proptest::collection::vec((0.0..=1.0, 0.0..=1.0), 1..4),
        width in 20..100usize,
    ) {
        // Also inside characters and after the end: a wrong place is no reason to show nothing.
        let at = |part: f64| (part * (text.len() + 3) as f64) as usize;
        let (_, mut finding) = finding("", &[]);
        for (one, other) in places {
            let (one, other) = (at(one), at(other));
            finding.labels.push(Label { span: Span::new(one.min(other), one.max(other)), text: "here".into() });
        }
        let source = Source::new("jobs.yaml", text);
        let shown = rendered(&source, &finding, Look { width: Some(width), ..WIDE });
        proptest::prop_assert!(shown.contains("jobs.yaml:"));
        proptest::prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
    }
}
