//! Invalid escapes in double quotes: the parser stops at the first, and only says in which string it is.

use crate::document::lines::first_character;
use crate::document::span::Span;

/// Returns the invalid escapes in the double-quoted string that starts at `start`, none of them after `end`.
pub(super) fn bad(text: &str, start: usize, end: usize) -> Vec<Span> {
    let mut bad = Vec::new();
    let mut at = start + 1;
    // The first half of a character that needs two escapes.
    let mut high: Option<Span> = None;
    while let Some(rest) = text.get(at..end.max(start)).filter(|rest| !rest.is_empty()) {
        if !rest.starts_with('\\') {
            bad.extend(high.take());
            if rest.starts_with('"') {
                break;
            }
            at += rest.find(['\\', '"']).unwrap_or(rest.len());
            continue;
        }
        let escape = Escape::at(rest);
        let span = Span::new(at, at + escape.length);
        at = span.end as usize;
        match (escape.means, high.take()) {
            (Means::High, before) => {
                bad.extend(before);
                high = Some(span);
            }
            (Means::Low, Some(_)) => {}
            (Means::Low | Means::Nothing, before) => {
                bad.extend(before);
                bad.push(span);
            }
            (Means::Character, before) => bad.extend(before),
        }
    }
    bad.extend(high);
    if bad.is_empty() {
        bad.push(first_character(text, start));
    }
    bad
}

/// Returns whether an escape is one half of a character that needs two.
pub(in crate::document) fn is_half(escape: &str) -> bool {
    let digits = escape.strip_prefix("\\u").filter(|digits| digits.len() == 4);
    let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    code.is_some_and(|code| (0xd800..=0xdfff).contains(&code))
}

/// An escape: the text after a backslash in double quotes.
struct Escape {
    /// Its length in bytes, the backslash included.
    length: usize,
    means: Means,
}

/// The meaning of an escape.
#[derive(Clone, Copy)]
enum Means {
    Character,
    /// One half of a character that JSON writes with two escapes.
    High,
    Low,
    Nothing,
}

impl Escape {
    /// Returns the escape that `text` starts with.
    fn at(text: &str) -> Escape {
        let Some(letter) = text[1..].chars().next() else { return Escape { length: 1, means: Means::Nothing } };
        let behind = 1 + letter.len_utf8();
        let digits = match letter {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            '0' | 'a' | 'b' | 't' | '\t' | 'n' | 'v' | 'f' | 'r' | 'e' | ' ' | '"' | '/' | '\\' | 'N' | '_' | 'L'
            | 'P' | '\n' | '\r' => return Escape { length: behind, means: Means::Character },
            _ => return Escape { length: behind, means: Means::Nothing },
        };
        let written = text[behind..].chars().take(digits).take_while(char::is_ascii_hexdigit).count();
        let length = behind + written;
        let code = u32::from_str_radix(&text[behind..length], 16).ok().filter(|_| written == digits);
        let means = match code {
            Some(0xd800..=0xdbff) if digits == 4 => Means::High,
            Some(0xdc00..=0xdfff) if digits == 4 => Means::Low,
            Some(code) if char::from_u32(code).is_some() => Means::Character,
            _ => Means::Nothing,
        };
        Escape { length, means }
    }
}
