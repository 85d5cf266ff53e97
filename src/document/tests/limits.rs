//! Limits: reaching one is fine, exceeding it is a flaw, and nothing ever crashes or is slow.

use super::*;

fn flaws(text: &str, format: Format) -> Vec<Flaw> {
    let source = Source::new("t", text.to_owned());
    parse(&source, format).flaws
}

fn too_deep(text: &str, format: Format) -> bool {
    let flaws = flaws(text, format);
    assert!(flaws.len() <= 1, "{flaws:?}");
    matches!(flaws.first(), Some(Flaw::TooDeep { .. }))
}

#[test]
fn depth_is_bounded_at_the_same_place_in_all_formats() {
    let limit = bounds::DEPTH;
    for (inside, over) in [(limit, false), (limit + 1, true)] {
        // The root counts as one.
        let n = inside - 1;
        let nested = |open: &str, close: &str, n: usize| format!("{}{}", open.repeat(n), close.repeat(n));
        let yaml = [
            format!("a: {}", nested("[", "]", n)),
            format!("a: {}1{}", "{b: ".repeat(n), "}".repeat(n)),
            format!("a:\n  {}x", "- ".repeat(n)),
            (0..inside).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
            format!("a:\n- b: {}", nested("[", "]", n - 2)),
            format!("a: {}\nb: 1", nested("[", "]", n)),
        ];
        let toml = [
            format!("a = {}", nested("[", "]", n)),
            format!("a = {}", "{ b = ".repeat(n) + "1" + &" }".repeat(n)),
            format!("{}a = 1", "a.".repeat(n)),
            format!("[{}a]", "a.".repeat(n - 1)),
            format!("[[{}a]]", "a.".repeat(n - 2)),
            format!("[[a]]\nb = {}", nested("[", "]", n - 2)),
            format!("[a]\n{}a = 1", "a.".repeat(n - 1)),
            format!("a = {}\nb = 1", nested("[", "]", n)),
        ];
        for text in yaml {
            assert_eq!(too_deep(&text, Format::Yaml), over, "{text}");
        }
        for text in toml {
            assert_eq!(too_deep(&text, Format::Toml), over, "{text}");
        }
        assert_eq!(too_deep(&format!("{{\"a\": {}}}", nested("[", "]", n)), Format::Json), over);
    }
}

#[test]
fn what_is_too_deep_costs_only_itself() {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    for (text, format) in [
        (format!("a: {deep}\nb: {{c: {deep}, d: 1}}\ne: 2"), Format::Yaml),
        (format!("a = {deep}\nb = {{c = {deep}, d = 1}}\ne = 2"), Format::Toml),
    ] {
        let (value, flaws) = shown(&text, format);
        assert_eq!((&value["b"]["d"], &value["e"], flaws.len()), (&1.into(), &2.into(), 2), "{value}");
    }
}

#[test]
fn bombs_of_depth_are_flaws() {
    let n = 100_000;
    let blocks: String = (0..300).map(|depth| format!("{}- \n", " ".repeat(depth))).collect();
    for text in ["[".repeat(n), "- ".repeat(n), "? ".repeat(n), "{a: ".repeat(n), "[{".repeat(n), blocks] {
        let flaws = flaws(&text, Format::Yaml);
        assert!(flaws.iter().any(|flaw| matches!(flaw, Flaw::TooDeep { .. })), "{flaws:?}");
        assert!(flaws.len() < 5, "{flaws:?}");
    }
    for text in [
        format!("a = {}", "[".repeat(n)),
        format!("a = {}", "{a=".repeat(n)),
        format!("{}a = 1", "a.".repeat(n)),
        format!("[{}a]", "a.".repeat(n)),
        format!("[[{}a]]\nb = 1", "a.".repeat(n)),
        format!("a = {{ {}a = 1 }}", "a.".repeat(n)),
    ] {
        let flaws = flaws(&text, Format::Toml);
        assert!(matches!(flaws[..], [Flaw::TooDeep { .. }]), "{flaws:?}");
    }
    // Whatever the result, it ends.
    for unit in [
        "{a:",
        "]",
        "}",
        "&a ",
        "*a ",
        "!a ",
        "%",
        "@\n",
        "\"",
        "'",
        ": ",
        "a: b: ",
        "- a: @x\n",
        "|\n",
        "---\n",
        "? a\n",
        "a = [\n",
        "[[a]]\n",
        "a = \"\"\"\n",
        ".",
        "=",
        "[a",
        "a = {",
    ] {
        let text = unit.repeat(20_000);
        let _ = (flaws(&text, Format::Yaml), flaws(&text, Format::Toml));
    }
}

#[test]
fn an_alias_bomb_costs_nothing_and_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..30 {
        let alias = format!("*a{}", n - 1);
        text.push_str(&format!("a{n}: &a{n} [{}]\n", [alias.as_str(); 10].join(", ")));
    }
    let flaws = flaws(&text, Format::Yaml);
    assert!(matches!(flaws[..], [Flaw::TooManyAliases { .. }]), "{flaws:?}");
}

#[test]
fn many_jobs_may_share_one_anchor() {
    let mut text =
        "shared: &shared [a, b, {c: [d, e]}]\ndefaults: &d {resolution: 720p, duration: 5}\njobs:\n".to_owned();
    for n in 0..100_000 {
        text.push_str(&format!("- {{<<: *d, id: j{n}, references: *shared}}\n"));
    }
    assert_eq!(flaws(&text, Format::Yaml), []);
}

#[test]
fn depth_counts_through_aliases() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for n in 1..80 {
        text.push_str(&format!("a{n}: &a{n} [*a{}]\n", n - 1));
    }
    let flaws = flaws(&text, Format::Yaml);
    // a63 would be the root, sixty-three lists around a0's, and a0's.
    assert!(matches!(flaws[..], [Flaw::TooDeep { span }] if text[span.range()] == *"*a62"), "{flaws:?}");
}

#[test]
fn chains_of_merges_do_not_multiply() {
    let mut text = "- &m0 {a: 1, b: 2, c: {d: 3}}\n".to_owned();
    for n in 1..10_000 {
        text.push_str(&format!("- &m{n} {{<<: [*m{}, *m{}], k: 1}}\n", n - 1, n / 2));
    }
    let (value, found) = shown(&text, Format::Yaml);
    assert_eq!((&value[9_999], found), (&serde_json::json!({"a": 1, "b": 2, "c": {"d": 3}, "k": 1}), vec![]));
}

#[test]
fn what_merges_bring_in_is_bounded() {
    let keys: String = (0..2_000).map(|n| format!("k{n}: 1, ")).collect();
    let merges = "- <<: *m\n".repeat(2_000);
    let found = flaws(&format!("- &m {{{keys}}}\n{merges}"), Format::Yaml);
    assert!(matches!(found[..], [Flaw::TooManyAliases { .. }]), "{found:?}");
}
