//! Canonical JSON (RFC 8785): one value, one spelling, so that its hash has a meaning.

use serde::Serialize;

/// The number of bytes that most hashed values stay below.
const USUAL: usize = 1024;

/// The largest whole number that is written as it is: JSON's numbers are floating point.
pub const LARGEST: u64 = (1 << 53) - 1;

/// Returns the canonical bytes of `value`.
///
/// # Panics
/// If `value` is not JSON (a map with keys that aren't strings, a number that isn't finite), which is a mistake of the
/// caller's types, never of the data.
pub fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).expect("the value is JSON")
}

/// Returns the same for a value whose fields are declared in the order of their names, and whose numbers are whole and
/// smaller than 2^53: its JSON is canonical already, so that nothing has to be stored for sorting.
///
/// # Panics
/// As [`bytes()`]; and in a debug build if the fields are declared in another order.
pub fn sorted(value: &impl Serialize) -> Vec<u8> {
    let mut written = Vec::with_capacity(USUAL);
    serde_json::to_writer(&mut written, value).expect("the value is JSON");
    debug_assert_eq!(written, bytes(value), "the fields are declared in the order of their names");
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The kinds of values in a request, in the order of the names.
    #[derive(Debug, Serialize)]
    struct Sorted {
        flag: Option<bool>,
        list: Vec<String>,
        number: u32,
        text: String,
    }

    proptest! {
        #[test]
        fn what_is_declared_in_order_is_canonical_as_it_comes(
            flag: Option<bool>,
            list in prop::collection::vec(any::<String>(), 0..3),
            number: u32,
            text in "([\u{0}-\u{a0}]|\\PC|[\u{2020}-\u{2030}\u{fe00}-\u{10010}]){0,40}",
        ) {
            let value = Sorted { flag, list, number, text };
            prop_assert_eq!(sorted(&value), bytes(&value));
        }
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "in the order of their names")]
    fn another_order_is_noticed() {
        #[derive(Serialize)]
        struct Reversed {
            b: u8,
            a: u8,
        }
        sorted(&Reversed { b: 0, a: 0 });
    }

    #[test]
    fn keys_are_sorted_and_nothing_is_escaped_that_need_not_be() {
        let value = serde_json::json!({"b": 1, "a": "小狗/\u{1}\"", "é": [true, null], "\u{1F600}": 0, "\u{FB33}": 0});
        let text = String::from_utf8(bytes(&value)).unwrap();
        // RFC 8785 sorts by UTF-16 units: the emoji (a surrogate pair) comes before U+FB33.
        assert_eq!(text, "{\"a\":\"小狗/\\u0001\\\"\",\"b\":1,\"é\":[true,null],\"\u{1F600}\":0,\"\u{FB33}\":0}");
    }
}
