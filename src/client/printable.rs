//! What the service says, made fit to be shown.
//!
//! A reply is a stranger's text: it may hold terminal escapes, marks that turn the direction of writing, or a
//! megabyte of HTML.

/// Characters of a message at most.
pub(super) const MESSAGE: usize = 500;

/// Characters of an excerpt or a word at most.
pub(super) const EXCERPT: usize = 120;

/// `text` on one line, without characters that steer a terminal, and at most `most` characters long.
pub(super) fn printable(text: &str, most: usize) -> String {
    let mut shown = String::new();
    let mut length = 0;
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            gap = true;
        } else if !steers(c) {
            let needed = if gap && length > 0 { 2 } else { 1 };
            if length + needed > most {
                shown.push('…');
                break;
            }
            if needed == 2 {
                shown.push(' ');
            }
            shown.push(c);
            length += needed;
            gap = false;
        }
    }
    shown
}

/// Marks that can't be seen and change how the rest is shown.
fn steers(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// What a URL shows: host and path. Its query may be signed, its user part a password.
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
