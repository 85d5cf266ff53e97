//! The estimated cost of a run.

use crate::base::decimal::Decimal;
use crate::manifest::model::{Price, Prices};
use crate::service::limits::list_price;
use crate::service::request::Generation;
use serde::Serialize;

/// An estimate of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Estimate {
    /// The amount.
    #[schemars(with = "f64")]
    pub amount: Decimal,
    /// Of what: the unit of the manifest's price table, or `credits`.
    pub unit: String,
    /// `true` if every price stands in the manifest's own table; otherwise the maker's list filled in, which the service needn't follow.
    pub exact: bool,
    /// The source of the prices; for people, since `exact` says it to machines.
    #[serde(skip)]
    pub prices: PriceTable,
}

/// The source of prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PriceTable {
    /// The manifest's own table.
    Manifest,
    /// The list of the model's maker, in credits.
    #[default]
    Maker,
    /// The manifest's own table, completed by the weights of the model vendor's price list.
    Both,
}

impl Estimate {
    /// Returns an estimate of nothing, in the unit of `prices`.
    pub fn zero(prices: &Prices) -> Estimate {
        let table = if prices.table.is_some() { PriceTable::Manifest } else { PriceTable::Maker };
        Estimate {
            amount: Decimal::ZERO,
            unit: prices.unit.clone(),
            exact: table == PriceTable::Manifest,
            prices: table,
        }
    }

    /// Adds a generation.
    pub fn add(&mut self, prices: &Prices, generation: &Generation) {
        if prices.table.is_some() && listed(prices, generation).is_none() {
            self.prices = PriceTable::Both;
            self.exact = false;
        }
        self.amount += price(prices, generation);
    }
}

/// Returns the price of a generation, with all its videos.
///
/// The model vendor's list serves as weights: a resolution and duration missing from the manifest's table costs, relative to
/// those in it, as much as in the vendor's list, rounded up to the table's finest digit (hundredths at least).
pub fn price(prices: &Prices, generation: &Generation) -> Decimal {
    let one = listed(prices, generation).unwrap_or_else(|| {
        let own = prices.table.as_deref().unwrap_or_default();
        let maker = Decimal::whole(list_price(generation.resolution, generation.duration));
        let weights: Decimal = own.iter().map(|p| Decimal::whole(list_price(p.resolution, p.duration))).sum();
        let asked: Decimal = own.iter().map(|p| p.price).sum();
        let places = own.iter().map(|p| p.price.places()).fold(2, usize::max);
        if own.is_empty() { maker } else { maker.scaled(asked, weights, places) }
    });
    one.times(generation.number_of_videos.into())
}

/// Returns the price of one video from the manifest's own table.
fn listed(prices: &Prices, generation: &Generation) -> Option<Decimal> {
    let is_its = |p: &&Price| p.resolution == generation.resolution && p.duration == generation.duration;
    prices.table.iter().flatten().find(is_its).map(|p| p.price)
}
