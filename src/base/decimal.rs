//! Decimal numbers that add up exactly: for money.

use serde::{Serialize, Serializer};
use std::fmt;
use std::iter::Sum;
use std::ops::AddAssign;
use std::str::FromStr;

/// The maximum number of digits after the decimal point.
const PLACES: usize = 9;

/// The number of units in one whole.
const ONE: u128 = 1_000_000_000;

/// A number from 0 on with at most nine digits after the decimal point, stored in billionths.
///
/// Three times 0.1 is 0.3. A single one is at most a trillion ([`Decimal::MOST`]); sums may be larger, and stay exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(u128);

/// The error for a text or a number that is not such a decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount is a number from 0 to 1000000000000 with at most nine digits after the point, such as `3.5`")]
pub struct NotADecimal;

impl Decimal {
    /// Zero.
    pub const ZERO: Decimal = Decimal(0);

    /// The largest that can be written.
    pub const MOST: Decimal = Decimal(1_000_000_000_000 * ONE);

    /// Returns a whole number.
    pub const fn whole(number: u32) -> Decimal {
        Decimal(number as u128 * ONE)
    }

    /// Returns the decimal that `number` is written as: its shortest form, which is the original text if that had at
    /// most 15 digits.
    ///
    /// # Errors
    /// Fails if it is negative, larger than [`Decimal::MOST`], finer than nine digits, or not a number.
    pub fn from_number(number: f64) -> Result<Decimal, NotADecimal> {
        // Negative zero is zero too.
        if number == 0.0 { Ok(Decimal::ZERO) } else { number.to_string().parse() }
    }

    /// Returns it multiplied by `count`.
    pub fn times(self, count: u32) -> Decimal {
        Decimal(self.0.saturating_mul(u128::from(count)))
    }

    /// Returns it multiplied by `numerator / denominator`, rounded up to `places` digits after the decimal point. A
    /// zero denominator counts as the smallest unit, and the product saturates at 128 bits.
    pub fn scaled(self, numerator: Decimal, denominator: Decimal, places: usize) -> Decimal {
        let step = 10u128.pow(PLACES.saturating_sub(places) as u32);
        let exact = self.0.saturating_mul(numerator.0).div_ceil(denominator.0.max(1));
        Decimal(exact.div_ceil(step).saturating_mul(step))
    }

    /// Returns the sum, saturating at `u128::MAX` billionths.
    pub fn plus(self, other: Decimal) -> Decimal {
        Decimal(self.0.saturating_add(other.0))
    }

    /// Returns the difference; zero if `other` is more.
    pub fn minus(self, other: Decimal) -> Decimal {
        Decimal(self.0.saturating_sub(other.0))
    }

    /// Returns the number of digits after the decimal point.
    pub fn places(self) -> usize {
        (0..PLACES).find(|places| self.0.is_multiple_of(10u128.pow((PLACES - places) as u32))).unwrap_or(PLACES)
    }
}

impl FromStr for Decimal {
    type Err = NotADecimal;

    /// Parses digits, and a decimal point with digits after it if needed; no sign, no exponent.
    fn from_str(text: &str) -> Result<Decimal, NotADecimal> {
        let (whole, behind) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let behind_needed = behind.trim_end_matches('0');
        if !digits(whole) || !digits(behind) || behind_needed.len() > PLACES {
            return Err(NotADecimal);
        }
        let whole: u128 = whole.parse().map_err(|_| NotADecimal)?;
        let behind: u128 = format!("{behind_needed:0<PLACES$}").parse().map_err(|_| NotADecimal)?;
        let number = whole.checked_mul(ONE).and_then(|whole| whole.checked_add(behind)).ok_or(NotADecimal)?;
        Some(Decimal(number)).filter(|number| *number <= Decimal::MOST).ok_or(NotADecimal)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, behind) = (self.0 / ONE, self.0 % ONE);
        match format!("{behind:0PLACES$}").trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            behind => write!(f, "{whole}.{behind}"),
        }
    }
}

impl Serialize for Decimal {
    /// Writes a number: a whole one if possible.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match u64::try_from(self.0 / ONE) {
            Ok(whole) if self.0.is_multiple_of(ONE) => serializer.serialize_u64(whole),
            // The nearest float is written with the digits that it was read from.
            _ => serializer.serialize_f64(self.to_string().parse().unwrap_or(f64::MAX)),
        }
    }
}

impl AddAssign for Decimal {
    fn add_assign(&mut self, other: Decimal) {
        *self = self.plus(other);
    }
}

impl Sum for Decimal {
    fn sum<I: Iterator<Item = Decimal>>(amounts: I) -> Decimal {
        amounts.fold(Decimal::ZERO, Decimal::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn tenths_add_up() {
        assert_eq!(decimal("0.1").plus(decimal("0.2")), decimal("0.3"));
        assert_eq!(Decimal::from_number(0.1).unwrap().times(3).to_string(), "0.3");
        assert_eq!([decimal("1.25"), decimal("2.75")].into_iter().sum::<Decimal>(), Decimal::whole(4));
    }

    #[test]
    fn they_are_read_and_written() {
        for (text, shown, places) in [
            ("0", "0", 0),
            ("0.0", "0", 0),
            ("007", "7", 0),
            ("3.50", "3.5", 1),
            ("0.000000001", "0.000000001", 9),
            ("1000000000000", "1000000000000", 0),
            ("12.3400000000000", "12.34", 2),
        ] {
            assert_eq!((decimal(text).to_string().as_str(), decimal(text).places()), (shown, places), "{text}");
        }
        let none = ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "0.0000000001", "1000000000000.1", "٣", "NaN"];
        for text in none {
            assert_eq!(text.parse::<Decimal>(), Err(NotADecimal), "{text}");
        }
    }

    #[test]
    fn a_number_is_the_decimal_that_was_written() {
        for (number, shown) in [(3.5, "3.5"), (0.1, "0.1"), (-0.0, "0"), (1e12, "1000000000000"), (60.0, "60")] {
            assert_eq!(Decimal::from_number(number).unwrap().to_string(), shown);
        }
        for number in [-1.0, 1e-10, 1e13, 1e300, f64::NAN, f64::INFINITY] {
            assert!(Decimal::from_number(number).is_err(), "{number}");
        }
    }

    #[test]
    fn a_share_is_rounded_up() {
        let third = Decimal::whole(1).scaled(Decimal::whole(1), Decimal::whole(3), 2);
        assert_eq!(third, decimal("0.34"));
        assert_eq!(Decimal::whole(60).scaled(decimal("3.5"), Decimal::whole(60), 2), decimal("3.5"));
    }

    #[test]
    fn machines_get_numbers() {
        let written = |text: &str| serde_json::to_string(&decimal(text)).unwrap();
        assert_eq!(["60", "0.3", "1234567.891"].map(written), ["60", "0.3", "1234567.891"]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(billionths in 0..=Decimal::MOST.0) {
            prop_assert_eq!(decimal(&Decimal(billionths).to_string()), Decimal(billionths));
        }

        #[test]
        fn what_a_person_writes_survives_the_float(whole in 0u32..1_000_000, behind in 0u32..1_000_000) {
            let text = format!("{whole}.{behind:06}");
            prop_assert_eq!(Decimal::from_number(text.parse().unwrap()), text.parse());
        }
    }
}
