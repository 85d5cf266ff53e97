use super::*;
use crate::document::Format::{Json, Toml, Yaml};
use proptest::prelude::*;

fn text() -> impl Strategy<Value = String> {
    let awkward = [
        "",
        "no",
        "On",
        "y",
        "~",
        "null",
        "720",
        "720p",
        "1_000",
        "0x1F",
        "1e3",
        "12:30:45",
        "2026-01-01",
        ".inf",
        "=",
        "<<",
        "@dog",
        "- a",
        "a: b",
        "a #b",
        "'",
        "\"",
        "\\",
        "&a",
        "*a",
        "!a",
        "%a",
        "{",
        "]",
        "|",
        ">",
        "?",
        "\n",
        " a ",
        "\ta",
        "a\nb\n",
        "a\n\n  b",
        "a\nb\n\n",
        "a \nb",
        " a\nb",
        "a\r\nb",
        "\u{85}",
        "\u{2028}a\nb",
        "\u{7f}",
        "\u{feff}",
        "#",
        "---",
        "...\na",
        "小狗",
        "👩‍🚀",
        "\u{1b}[31m",
        "'''",
        "\"\"\"",
        "a\n'''\"\"\"\nb",
    ];
    prop_oneof![
        prop::sample::select(awkward.to_vec()).prop_map(str::to_owned),
        "[a-z狗🐶 @:#'\"\\\\\n\t,{}-]{0,16}",
        any::<String>().prop_map(|text| text.replace(['\0'], "")),
        Just("长".repeat(400)),
    ]
}

fn item() -> impl Strategy<Value = Item> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Item::Bool),
        any::<i64>().prop_map(Item::Integer),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Item::Float),
        text().prop_map(Item::Text),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Item::List),
            prop::collection::hash_map(text(), inner, 0..5).prop_map(|table| Item::Table(table.into_iter().collect())),
        ]
    })
}

fn table() -> impl Strategy<Value = Item> {
    prop::collection::hash_map(text(), item(), 0..5).prop_map(|table| Item::Table(table.into_iter().collect()))
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(item in table()) {
        for format in [Yaml, Toml, Json] {
            let written = write(&item, format).unwrap();
            let source = Source::new("t", written.clone());
            let parsed = parse(&source, format);
            prop_assert_eq!(&parsed.flaws, &vec![], "{}", written);
            prop_assert!(Item::of(parsed.tree.root()).unwrap().means(&item), "{:?}: {}", format, written);
        }
    }

    #[test]
    fn other_readers_of_yaml_agree(item in table()) {
        let written = write(&item, Yaml).unwrap();
        let read: serde_yaml::Value = serde_yaml::from_str(&written).unwrap();
        let expected = serde_yaml::to_value(&item).unwrap();
        prop_assert_eq!(read, expected, "{}", written);
    }
}

#[test]
fn yaml_is_written_as_a_person_would() {
    let source = Source::new(
        "t",
        r#"
version = 1
[references."小狗"]
type = "subject"
urls = ["https://e.com/a.png", "refs/dog.png"]
[defaults]
negative_prompt = "no"
"1_000" = "720"
[[jobs]]
id = "a"
prompt = """
@小狗 runs 🐕
  over the "grass"
"""
references = ["小狗", { name = "hill", urls = [] }]
price = 3.0
[[jobs]]
id = "y"
prompt = "one\nline\t"
"#
        .to_owned(),
    );
    let yaml = convert(&source, Toml, Yaml).unwrap().text;
    assert_eq!(
        yaml,
        r#"version: 1
references:
  小狗:
    type: subject
    urls: ["https://e.com/a.png", refs/dog.png]
defaults:
  negative_prompt: "no"
  "1_000": "720"
jobs:
  - id: a
    prompt: |
      @小狗 runs 🐕
        over the "grass"
    references:
      - 小狗
      - name: hill
        urls: []
    price: 3.0
  - id: "y"
    prompt: "one\nline\t"
"#
    );
}

#[test]
fn toml_is_written_as_a_person_would() {
    let yaml = r#"version: 1
jobs:
  - id: a
    references: [dog, { name: 小狗, urls: [x] }]
    prompt: |
      one
      "two"
    duration: 5
  - id: b
run: { concurrency: 2 }
references: { 小狗: { type: subject, urls: [a, b] } }
"#;
    let toml = convert(&Source::new("t", yaml.to_owned()), Yaml, Toml).unwrap().text;
    assert_eq!(
        toml,
        r#"version = 1

[[jobs]]
id = "a"
references = [
    "dog",
    { name = "小狗", urls = ["x"] },
]
prompt = """
one
"two"
"""
duration = 5

[[jobs]]
id = "b"

[run]
concurrency = 2

[references."小狗"]
type = "subject"
urls = [
    "a",
    "b",
]
"#
    );
}

#[test]
fn comments_are_counted_and_a_modeline_comes_along() {
    for (from, text, comments, head) in [
        (Yaml, "a: 1\n", 0, ""),
        (
            Yaml,
            "# yaml-language-server: $schema=./m.json\na: '# no' # yes\nb: |\n  # no\n# yes",
            2,
            "#:schema ./m.json\n",
        ),
        (Toml, "#:schema https://e.com/m.json\n'#a' = \"\"\"\n# no\"\"\" #yes\n", 1, "#:schema https://e.com/m.json\n"),
        (Yaml, "a: x#y\nb: [c, # yes\n  d]\n", 1, ""),
        (Yaml, "a: &x {b: '#'}\nc: *x\nd: {<<: *x}\n", 0, ""),
    ] {
        let converted = convert(&Source::new("t", text.to_owned()), from, Toml).unwrap();
        assert_eq!(converted.comments, comments, "{text}");
        assert!(converted.text.starts_with(head), "{}", converted.text);
    }
}

#[test]
fn what_not_all_formats_have_is_refused() {
    for (from, text) in [(Yaml, "a: ~"), (Toml, "a = 2026-01-01"), (Yaml, "a: .inf"), (Yaml, "a: [")] {
        assert_eq!(convert(&Source::new("t", text.to_owned()), from, Json), Err(NotConverted::Unwritable), "{text}");
    }
    assert_eq!(convert(&Source::new("t", "- a".to_owned()), Yaml, Toml), Err(NotConverted::Unwritable));
}
