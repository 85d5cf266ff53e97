//! Canonical JSON (RFC 8785): one value, one spelling, so that a hash of it means something.

use serde::Serialize;

/// The canonical bytes of `value`.
///
/// # Panics
/// Where `value` is not JSON (a map with keys that aren't strings, a number that isn't finite), which
/// is a mistake of the caller's types, never of the data.
pub fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).expect("the value is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_nothing_is_escaped_that_need_not_be() {
        let value = serde_json::json!({"b": 1, "a": "小狗/\u{1}\"", "é": [true, null], "\u{1F600}": 0, "\u{FB33}": 0});
        let text = String::from_utf8(bytes(&value)).unwrap();
        // RFC 8785 sorts by UTF-16 units: the emoji (a surrogate pair) stands before U+FB33.
        assert_eq!(text, "{\"a\":\"小狗/\\u0001\\\"\",\"b\":1,\"é\":[true,null],\"\u{1F600}\":0,\"\u{FB33}\":0}");
    }
}
