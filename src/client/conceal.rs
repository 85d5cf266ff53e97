//! Takes the key out of what the service says.

/// Smallest number of bytes of a key that is treated as secret; the service's own have some dozens.
const SECRET: usize = 8;

/// Overwrites a key that the service repeats, in any JSON spelling: replies end up in messages, logs and the lock.
///
/// A key too short to be a secret is left alone, since it may occur in a task id by chance.
pub(super) fn conceal(body: &mut [u8], key: &[u8]) {
    if key.len() < SECRET {
        return;
    }
    let mut at = 0;
    while at < body.len() {
        match spelt(&body[at..], key) {
            Some(length) => {
                body[at..at + length].fill(b'*');
                at += length;
            }
            None => at += 1,
        }
    }
}

/// Returns the number of bytes at the beginning of `text` that spell `key`: as it is, with backslashes, or as `\u` escapes.
fn spelt(text: &[u8], key: &[u8]) -> Option<usize> {
    let mut length = 0;
    for character in key {
        length += match &text[length..] {
            [b'\\', b'u', code @ ..] if is_code_of(code.get(..4)?, *character) => 6,
            [b'\\', escaped, ..] if escaped == character => 2,
            [plain, ..] if plain == character => 1,
            _ => return None,
        };
    }
    Some(length)
}

/// Returns whether these four digits are the code of `character`.
fn is_code_of(digits: &[u8], character: u8) -> bool {
    let text = std::str::from_utf8(digits).ok();
    text.and_then(|digits| u32::from_str_radix(digits, 16).ok()) == Some(character.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concealed(text: &str, key: &str) -> String {
        let mut body = text.as_bytes().to_vec();
        conceal(&mut body, key.as_bytes());
        String::from_utf8(body).unwrap()
    }

    #[test]
    fn a_key_is_found_however_it_is_spelt() {
        for (text, left) in [
            ("no abc/defg+h here", "no ********** here"),
            (r#"{"message":"abc\/defg+h"}"#, r#"{"message":"***********"}"#),
            (r"\u0061bc/defg\u002Bh", "********************"),
            (r"\u0061bc\u002fdefg\u002bh.", "*************************."),
            ("abc/defg+habc/defg+h", "********************"),
            ("aabc/defg+h", "a**********"),
            ("abc/defg+", "abc/defg+"),
            (r"\u006", r"\u006"),
            (r"\u0061", r"\u0061"),
            ("", ""),
        ] {
            assert_eq!(concealed(text, "abc/defg+h"), left, "{text}");
        }
        assert_eq!(concealed(r"abcdefg\\h, abcdefg\h", r"abcdefg\h"), "**********, *********");
        assert_eq!(concealed("abc", "abc"), "abc", "too short to be a secret");
    }
}
