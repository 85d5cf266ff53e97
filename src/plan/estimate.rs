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
    ///
    /// The maker's list gives weights: a pair that isn't in the manifest's table costs as much more or less than those that
    /// are as it does there.
    pub fn add(&mut self, prices: &Prices, generation: &Generation) {
        let own = || prices.table.iter().flatten();
        let known = own().find(|p| p.resolution == generation.resolution && p.duration == generation.duration);
        self.exact &= known.is_some();
        let price = known.map_or_else(
            || {
                let listed: f64 = own().map(|p| f64::from(list_price(p.resolution, p.duration))).sum();
                let asked: f64 = own().map(|p| p.price).sum();
                let scale = if listed > 0.0 { asked / listed } else { 1.0 };
                f64::from(list_price(generation.resolution, generation.duration)) * scale
            },
            |known| known.price,
        );
        self.amount += price * f64::from(generation.number_of_videos);
    }
}
