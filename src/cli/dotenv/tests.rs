//! Lines of a `.env`, as people write them.

use super::*;

fn key(text: &str) -> Result<Option<String>, NoDotEnv> {
    DotEnv::parse(text).map(|own| own.key.map(|key| key.to_string()))
}

#[test]
fn the_key_is_found_however_its_line_is_written() {
    for (text, expected) in [
        ("BAICAI_API_KEY=sk-1", "sk-1"),
        ("BAICAI_API_KEY=sk-1\r\nOTHER=2\r\n", "sk-1"),
        ("OTHER=2\rBAICAI_API_KEY=sk-1\r", "sk-1"),
        ("\n# a comment\n  export\tBAICAI_API_KEY = sk-1 # mine\n", "sk-1"),
        ("BAICAI_API_KEY='sk-1' # mine", "sk-1"),
        ("BAICAI_API_KEY=\"sk-1\"", "sk-1"),
        ("BAICAI_API_KEY=sk#1", "sk#1"),
        ("BAICAI_API_KEY=a=b==", "a=b=="),
        ("BAICAI_API_KEY=sk'1\"", "sk'1\""),
        ("PEM=\"-----BEGIN\nnot a line\n-----END\"\nBAICAI_API_KEY=sk-1", "sk-1"),
        ("JSON='{\n  \"a\": 1\n}'\nBAICAI_API_KEY=sk-1", "sk-1"),
        // Nothing is substituted.
        ("BAICAI_API_KEY=${HOME}", "${HOME}"),
        ("BAICAI_API_KEY=\"$HOME-${PATH:-x}$(id)`id`\"", "$HOME-${PATH:-x}$(id)`id`"),
        ("BAICAI_API_KEY='$HOME'", "$HOME"),
        ("BAICAI_API_KEY=\"a\\\"b\\\\c\\$d\"", "a\"b\\c$d"),
    ] {
        assert_eq!(key(text).unwrap().as_deref(), Some(expected), "{text:?}");
    }
    for text in
        ["", "\n", "OTHER=1", "#BAICAI_API_KEY=sk-1", "BAICAI_API_KEY=", "BAICAI_API_KEY=''", "BAICAI_API_KEY= # none"]
    {
        assert_eq!(key(text).unwrap(), None, "{text:?}");
    }
}

#[test]
fn what_is_no_assignment_is_named_by_its_line() {
    for (text, expected) in [
        ("sk-1", NoDotEnv::Line(1)),
        ("A=1\n\nBAICAI_API_KEY sk-1\n", NoDotEnv::Line(3)),
        ("BAICAI_API_KEY: sk-1", NoDotEnv::Line(1)),
        ("A=1\r\n=2", NoDotEnv::Line(2)),
        ("A B=2", NoDotEnv::Line(1)),
        ("export BAICAI_API_KEY", NoDotEnv::Line(1)),
        ("A='1'2", NoDotEnv::Line(1)),
        ("A=\"1\n2\"3", NoDotEnv::Line(2)),
        ("A=1\nB='2\nC=3\n", NoDotEnv::OpenQuote(2)),
        ("BAICAI_API_KEY=1\nA=2\nBAICAI_API_KEY=1", NoDotEnv::Twice(1, 3)),
        ("BAICAI_API_KEY=\nexport BAICAI_API_KEY='1'", NoDotEnv::Twice(1, 2)),
        ("A=\"1\n2\"\nBAICAI_API_KEY=1\nBAICAI_API_KEY=2", NoDotEnv::Twice(3, 4)),
    ] {
        assert_eq!(key(text).unwrap_err(), expected, "{text:?}");
    }
}

#[test]
fn characters_of_input_methods_are_named_with_their_line() {
    for (text, line, found, meant) in [
        ("BAICAI_API_KEY=“sk-1”", 1, '“', '"'),
        ("A=1\nexport BAICAI_API_KEY = ‘sk-1’\n", 2, '‘', '\''),
        ("BAICAI_API_KEY=「sk-1」", 1, '「', '"'),
        ("BAICAI_API_KEY=”sk-1\"\n", 1, '”', '"'),
        ("BAICAI_API_KEY=\"sk-1”\n", 1, '”', '"'),
        ("\nBAICAI_API_KEY＝sk-1", 2, '＝', '='),
        ("“A”=1\nBAICAI_API_KEY=sk-1", 1, '“', '"'),
    ] {
        let error = key(text).unwrap_err();
        assert_eq!(error, NoDotEnv::LookAlike { line, found, meant }, "{text:?}");
        assert!(!error.to_string().contains("sk-1"));
    }
    // Quotes of other variables are theirs.
    assert_eq!(key("TITLE=“a”\nBAICAI_API_KEY=sk-1").unwrap().as_deref(), Some("sk-1"));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_name() {
    let (little, big): (Vec<u8>, Vec<u8>) = (
        "\u{feff}BAICAI_API_KEY=sk-1\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "\u{feff}BAICAI_API_KEY=sk-1\n".encode_utf16().flat_map(u16::to_be_bytes).collect(),
    );
    for bytes in ["\u{feff}BAICAI_API_KEY=sk-1".as_bytes(), &little, &big] {
        let own = DotEnv::parse(&text(bytes).unwrap()).unwrap();
        assert_eq!(own.key.unwrap().as_str(), "sk-1", "{bytes:?}");
    }
    for bytes in [&b"A=\xff"[..], b"\xff\xfeA", b"\xff\xfe\x00\xd8"] {
        assert!(text(bytes).is_none(), "{bytes:?}");
    }
}

#[test]
fn a_base_url_is_noticed_at_its_line() {
    assert_eq!(DotEnv::parse("A=1\nBAICAI_BASE_URL=http://127.0.0.1:1\n").unwrap().base_url, Some(2));
    assert_eq!(DotEnv::parse("#BAICAI_BASE_URL=x").unwrap().base_url, None);
}
