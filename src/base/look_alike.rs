//! Characters that look like those of ASCII: input methods and word processors insert them.

/// Returns the ASCII character that `c` looks like; `None` for ASCII and for all others.
pub fn ascii(c: char) -> Option<char> {
    Some(match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0)?,
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' => '"',
        '‘' | '’' | '‚' | '‛' | '′' => '\'',
        '、' | '﹐' | '،' => ',',
        '﹕' | '∶' | '︓' => ':',
        '﹫' => '@',
        '﹔' | '؛' => ';',
        '【' | '〔' => '[',
        '】' | '〕' => ']',
        '\u{3000}' | '\u{a0}' | '\u{202f}' | '\u{2007}' => ' ',
        '−' | '‐' | '‑' | '–' | '—' => '-',
        '٠'..='٩' => char::from_u32(u32::from(c) - u32::from('٠') + u32::from('0'))?,
        '۰'..='۹' => char::from_u32(u32::from(c) - u32::from('۰') + u32::from('0'))?,
        '०'..='९' => char::from_u32(u32::from(c) - u32::from('०') + u32::from('0'))?,
        _ => return None,
    })
}

/// Returns the ASCII quote that `c` looks like, if any.
pub fn quote(c: char) -> Option<char> {
    ascii(c).filter(|c| matches!(c, '"' | '\''))
}

/// Returns the text with every look-alike replaced by the character that it looks like.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| ascii(c).unwrap_or(c)).collect()
}

/// Returns the name of a look-alike, with an article.
pub fn name(c: char) -> String {
    let what = match ascii(c) {
        Some(':') => "colon",
        Some(',') => "comma",
        Some(';') => "semicolon",
        Some('=') => "equals sign",
        Some('"' | '\'') => "quote",
        Some('[' | ']' | '{' | '}' | '(' | ')') => "bracket",
        Some(' ') => "space",
        Some('-') => "dash",
        Some('0'..='9') => "digit",
        Some('a'..='z' | 'A'..='Z') => "letter",
        Some('@') => "`@`",
        _ => "character",
    };
    match c {
        '\u{ff01}'..='\u{ff5e}' => format!("a full-width {what}"),
        '“' | '”' | '„' | '‟' | '‘' | '’' | '‚' | '‛' => format!("a curly {what}"),
        '、' => format!("an ideographic {what}"),
        '\u{3000}' => format!("an ideographic {what}"),
        _ => format!("another {what} than that of ASCII"),
    }
}

/// Returns a character as code charts name it: `U+FF20`.
pub fn code_point(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_are_known_and_named() {
        for (c, plain, named) in [
            ('＠', '@', "a full-width `@`"),
            ('：', ':', "a full-width colon"),
            ('，', ',', "a full-width comma"),
            ('、', ',', "an ideographic comma"),
            ('５', '5', "a full-width digit"),
            ('“', '"', "a curly quote"),
            ('’', '\'', "a curly quote"),
            ('\u{3000}', ' ', "an ideographic space"),
            ('＝', '=', "a full-width equals sign"),
            ('٥', '5', "another digit than that of ASCII"),
        ] {
            assert_eq!((ascii(c), name(c).as_str()), (Some(plain), named));
        }
        assert!(ascii('@').is_none() && ascii('狗').is_none());
        assert_eq!((super::plain("１０８０ｐ").as_str(), code_point('＠').as_str()), ("1080p", "U+FF20"));
    }
}
