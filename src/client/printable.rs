//! The service's texts, made safe to print.
//!
//! A reply is untrusted text: it may hold terminal escapes, characters that change the writing direction, or a megabyte
//! of HTML.

/// Maximum number of characters of a message.
pub(super) const MESSAGE: usize = 500;

/// Maximum number of characters of an excerpt or a word.
pub(super) const EXCERPT: usize = 120;

/// Returns `text` on one line, without control characters and without queries of URLs, and at most `most` characters long.
pub(super) fn printable(text: &str, most: usize) -> String {
    let seen: String = text.chars().filter(|c| !steers(*c)).collect();
    let words = seen.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.map(without_queries).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// Returns a word without the queries of its URLs: they may be signed.
fn without_queries(mut word: &str) -> String {
    let ends = |c: char| matches!(c, '"' | '\'' | '`' | '<' | '>') || !c.is_ascii();
    let mut kept = String::new();
    while let Some(start) = word.find("://") {
        let end = word[start..].find(ends).map_or(word.len(), |end| start + end);
        match word[start..end].find('?') {
            Some(query) => kept.extend([&word[..start + query], "?…"]),
            None => kept.push_str(&word[..end]),
        }
        word = &word[end..];
    }
    kept + word
}

/// Returns whether a character is invisible and changes how the rest is displayed.
fn steers(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Returns host and path of a URL. Its query may be signed, its user part a password.
pub(super) fn shown_url(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or("?");
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    printable(&format!("{host}{port}{}", url.path()), EXCERPT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_steers_the_terminal() {
        for (text, shown) in [
            ("参数错误", "参数错误"),
            ("\u{1b}[2Jgone\u{7}", "[2Jgone"),
            (" two\r\n lines\t", "two lines"),
            ("a\u{9b}31mb", "a 31mb"),
            ("abc\u{202e}fed", "abcfed"),
            ("\u{feff}{}", "{}"),
            ("", ""),
        ] {
            assert_eq!(printable(text, MESSAGE), shown);
        }
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(printable("abcdef", 6), "abcdef");
        assert_eq!(printable("abcdefg", 6), "abcdef…");
        assert_eq!(printable("abcde f", 6), "abcde…");
    }

    #[test]
    fn queries_of_urls_are_cut_out() {
        for (text, shown) in [
            ("no https://a.example/1.png?sign=x here", "no https://a.example/1.png?… here"),
            (r#"{"urls":["http://a/1?b","http://c/2?d=,e"]}?"#, r#"{"urls":["http://a/1?…","http://c/2?…"]}?"#),
            ("无法访问https://a/1?b，请重试", "无法访问https://a/1?…，请重试"),
            ("what? a://", "what? a://"),
            (r#"a://"://?"#, r#"a://"://?…"#),
        ] {
            assert_eq!(printable(text, MESSAGE), shown);
        }
    }

    #[test]
    fn urls_are_shown_without_query_and_password() {
        let url = "https://me:pw@s1.example.com:8443/a/1.mp4?sign=secret#x".parse().unwrap();
        assert_eq!(shown_url(&url), "s1.example.com:8443/a/1.mp4");
    }

    proptest! {
        #[test]
        fn what_is_shown_is_bounded_and_on_one_line(text in any::<String>(), most in 0usize..50) {
            let shown = printable(&text, most);
            prop_assert!(shown.chars().count() <= most + 1);
            prop_assert!(!shown.contains(char::is_control));
        }
    }
}
