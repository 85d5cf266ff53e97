//! Time spans and rates, as users write them.

use crate::manifest::model::Rate;
use std::time::Duration;

/// The units of a time span with their milliseconds, the longest first.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Parses the time span in `text`: whole numbers with units, the longer unit first, as `30m`, `1h30m` or `500ms`.
pub(crate) fn period(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total: u64 = 0;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let (number, unit, behind) = number_and_unit(rest)?;
        // A unit that isn't among the remaining ones is repeated, or follows a shorter one.
        let (_, milliseconds) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.checked_mul(*milliseconds)?)?;
        rest = behind;
    }
    (!text.is_empty()).then(|| Duration::from_millis(total))
}

/// Parses the rate in `text`: a whole number from 1 on, and `/s`, `/min` or `/h`.
pub(crate) fn rate(text: &str) -> Option<Rate> {
    let (number, unit) = text.split_once('/')?;
    let seconds = match unit {
        "s" => 1,
        "min" => 60,
        "h" => 3600,
        _ => return None,
    };
    let count = digits(number)?.parse().ok().filter(|count| *count > 0)?;
    Some(Rate { count, per: Duration::from_secs(seconds) })
}

/// Splits a text into a number, the letters after it, and the rest.
fn number_and_unit(text: &str) -> Option<(u64, &str, &str)> {
    let number = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, rest) = text.split_at(number);
    let unit = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(unit);
    Some((digits(number)?.parse().ok()?, unit, rest))
}

/// Returns `text`, if it consists of digits only: no sign, which `parse` would accept.
fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_have_units() {
        for (text, milliseconds) in [
            ("30m", 1_800_000),
            ("10s", 10_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("1m500ms", 60_500),
            ("7d", 604_800_000),
            ("0s", 0),
            ("90m", 5_400_000),
        ] {
            assert_eq!(period(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        let bad =
            ["", "30", "m", "1.5h", "-1s", "+1s", "30 m", "1m1h", "1s1s", "1w", "1M", "9999999999999999999d", "１s"];
        for text in bad {
            assert_eq!(period(text), None, "{text}");
        }
    }

    #[test]
    fn rates_are_so_many_in_a_unit() {
        assert_eq!(rate("60/min"), Some(Rate { count: 60, per: Duration::from_secs(60) }));
        assert_eq!(rate("2/s"), Some(Rate { count: 2, per: Duration::from_secs(1) }));
        assert_eq!(rate("1000/h"), Some(Rate { count: 1000, per: Duration::from_secs(3600) }));
        for text in ["", "60", "0/s", "-1/s", "+1/s", "1.5/s", "60/m", "60 /min", "60/min/s", "5000000000/s", "/s"] {
            assert_eq!(rate(text), None, "{text}");
        }
    }
}
