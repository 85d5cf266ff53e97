//! Money, in words.

use super::look::thousands;
use super::terminal_safe;
use crate::base::decimal::Decimal;
use crate::event::summary::Cost;
use crate::plan::estimate::{Estimate, PriceTable};

/// Returns an estimate and its source: `about 60 credits by the maker's list`.
pub fn estimated(estimate: &Estimate) -> String {
    let Estimate { amount, unit, prices, .. } = estimate;
    format!("{} {}", in_unit(*amount, unit, *prices), source(*prices))
}

/// Returns the cost of a run's submits: `about 180 credits by the maker's list …; 60 given back, 60 uncertain`.
pub(super) fn receipt(cost: &Cost) -> String {
    let Cost { amount, uncertain, given_back, unit, prices, .. } = cost;
    let others = [(uncertain, "more if what is uncertain was accepted"), (given_back, "given back")];
    let others = others.iter().filter(|(amount, _)| **amount > Decimal::ZERO);
    let others = others.map(|(amount, words)| format!("{} {words}", grouped(**amount))).collect::<Vec<_>>().join(", ");
    let gap = if others.is_empty() { "" } else { "; " };
    format!("{} {}{gap}{others}", in_unit(*amount, unit, *prices), source(*prices))
}

fn in_unit(amount: Decimal, unit: &str, prices: PriceTable) -> String {
    let about = if prices == PriceTable::Manifest { "" } else { "about " };
    format!("{about}{} {}", grouped(amount), terminal_safe::line(unit))
}

/// Returns an amount with its thousands set apart, as counts have them: `16,860`, `1,234.5`.
pub fn grouped(amount: Decimal) -> String {
    let text = amount.to_string();
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    whole.parse().map_or_else(|_| text.clone(), |whole| format!("{}{rest}", thousands(whole)))
}

fn source(prices: PriceTable) -> &'static str {
    match prices {
        PriceTable::Manifest => "by the manifest's prices",
        PriceTable::Maker => "(by the model vendor's price list; the service may charge differently)",
        PriceTable::Both => "by the manifest's prices, completed by the weights of the model vendor's price list",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_says_where_it_comes_from() {
        let said = |prices| {
            let exact = prices == PriceTable::Manifest;
            estimated(&Estimate { amount: "3.5".parse().unwrap(), unit: "C\u{1b}[1mNY".into(), exact, prices })
        };
        assert!(said(PriceTable::Manifest).starts_with("3.5 C"), "{}", said(PriceTable::Manifest));
        assert!(said(PriceTable::Maker).starts_with("about 3.5"));
        assert!(!said(PriceTable::Both).contains('\u{1b}'));
    }

    #[test]
    fn amounts_are_grouped_as_counts_are() {
        let said = |amount: &str| grouped(amount.parse().unwrap());
        assert_eq!(["0", "999", "16860", "1234567.25", "0.5"].map(said), ["0", "999", "16,860", "1,234,567.25", "0.5"]);
    }

    #[test]
    fn a_receipt_names_what_is_not_zero() {
        let cost = |uncertain, given_back| {
            let (uncertain, given_back) = (Decimal::whole(uncertain), Decimal::whole(given_back));
            let (unit, prices) = ("CNY".to_owned(), PriceTable::Manifest);
            receipt(&Cost { amount: Decimal::whole(2), uncertain, given_back, unit, exact: true, prices })
        };
        assert_eq!(cost(0, 0), "2 CNY by the manifest's prices");
        assert_eq!(cost(0, 3), "2 CNY by the manifest's prices; 3 given back");
        assert!(cost(1, 3).ends_with("; 1 more if what is uncertain was accepted, 3 given back"));
    }
}
