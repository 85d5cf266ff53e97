//! What a run would cost.

use crate::manifest::model::Prices;
use crate::spec::limits::list_price;
use crate::spec::request::Generation;

/// An estimate of money.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// How much.
    pub amount: f64,
    /// Of what: the unit of the manifest's price table, or `credits`.
    pub unit: String,
    /// Whether every price stands in the manifest's own table; otherwise the maker's list filled in.
    pub exact: bool,
}

impl Estimate {
    /// Nothing, in the unit of `prices`.
    pub fn zero(prices: &Prices) -> Estimate {
        Estimate { amount: 0.0, unit: prices.unit.clone(), exact: prices.table.is_some() }
    }

    /// Adds the price of a generation.
    pub fn add(&mut self, prices: &Prices, generation: &Generation) {
        let own = prices.table.iter().flatten();
        let own = own.filter(|p| p.resolution == generation.resolution && p.duration == generation.duration);
        let price = own.map(|p| p.price).next();
        self.exact &= price.is_some();
        let price = price.unwrap_or_else(|| f64::from(list_price(generation.resolution, generation.duration)));
        self.amount += price * f64::from(generation.number_of_videos);
    }
}
