//! The texts that need no quotes in YAML, for every reader.

/// Words that some YAML reader doesn't read as a text.
const WORDS: [&str; 10] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf"];

/// Returns whether a text can be written without quotes in YAML, in brackets too, and is a text to readers of 1.1 and
/// 1.2 alike.
///
/// Strict: a doubtful text gets quotes.
pub fn is_text(text: &str) -> bool {
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let starts = text.chars().next().is_some_and(char::is_alphanumeric);
    let has_letter = text.contains(char::is_alphabetic);
    starts && has_letter && text.chars().all(inner) && !is_word(text) && !is_number(text)
}

/// Returns whether some reader doesn't accept the character unescaped.
pub fn needs_escape(c: char) -> bool {
    c.is_control() && c != '\t' || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn is_word(text: &str) -> bool {
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Returns whether some reader reads the text as a number or a date: `1e3`, `0x1F`, `1_000.5`, `2026-01-01T00`.
fn is_number(text: &str) -> bool {
    let digits = text.replace('_', "");
    let has_base =
        digits.len() > 1 && digits.starts_with('0') && digits[1..].starts_with(['x', 'o', 'b', 'X', 'O', 'B']);
    let is_date = text.len() > 8 && text.starts_with(|c: char| c.is_ascii_digit()) && text.matches('-').count() > 1;
    has_base || is_date || digits.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_text;

    #[test]
    fn only_what_is_a_text_to_everybody_needs_no_quotes() {
        for text in ["720p", "dog", "小狗", "refs/dog.png", "park-walk", "PixVerse-v4.5-MR2V", "1b", "e1"] {
            assert!(is_text(text), "{text}");
        }
        for text in [
            "",
            " ",
            "no",
            "Y",
            "NULL",
            "on",
            "720",
            "1_000",
            "1e3",
            "0x1F",
            "0b1",
            "-a",
            ".5",
            "a b",
            "a: b",
            "a#b",
            "@a",
            "小 狗",
            "2026-01-01",
            "2026-01-01T00",
            "12:30",
            "nan",
            "Infinity",
            "~",
            "<<",
            "=",
            "-",
            "a,b",
            "é\u{301}",
        ] {
            assert!(!is_text(text), "{text}");
        }
    }
}
