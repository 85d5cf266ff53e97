//! A run in numbers.

use crate::base::decimal::Decimal;
use crate::plan::estimate::PriceTable;
use serde::Serialize;

/// The numbers of a run, over the jobs that it was about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Summary {
    /// Jobs whose videos were completed in this run.
    pub succeeded: usize,
    /// Jobs that already had all their videos.
    pub kept: usize,
    /// Jobs that failed, were refused, or whose videos can't be had.
    pub failed: usize,
    /// Jobs that wait for `batch resolve`.
    pub uncertain: usize,
    /// Jobs left for another run: interrupted, or beyond a limit.
    pub left: usize,
    /// Of these, those that were not submitted: nothing is paid of them.
    pub not_submitted: usize,
    /// Jobs that are paid and still at the service, or finished there (left, or without a result in time): `batch fetch` or the next run
    /// brings their videos.
    pub at_service: usize,
    /// Jobs that another run of the shared ledger has; absent where there are none.
    #[serde(skip_serializing_if = "is_none")]
    pub elsewhere: usize,
    /// Submits that went out.
    pub submits: usize,
    /// Images uploaded.
    pub uploads: usize,
    /// Questions how a task stands.
    pub polls: usize,
    /// Videos downloaded.
    pub videos: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Videos published (`output.publish`); absent where there are none.
    #[serde(skip_serializing_if = "is_none")]
    pub published: usize,
    /// Videos that are stored here and couldn't be published: the next run tries it again; absent where there are none.
    #[serde(skip_serializing_if = "is_none")]
    pub unpublished: usize,
    /// The cost of the submits, as far as it is known; absent if nothing was submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// The cost of a run's submits, by the estimate of each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Cost {
    /// Of the generations that the service accepted, and didn't fail in this run.
    #[schemars(with = "f64")]
    pub amount: Decimal,
    /// Of those of which nobody knows whether they were accepted; they come on top.
    #[schemars(with = "f64")]
    pub uncertain: Decimal,
    /// Of those that the service refused or failed.
    #[schemars(with = "f64")]
    pub given_back: Decimal,
    /// Of what: the unit of the manifest's prices, or `credits`.
    pub unit: String,
    /// `true` if every price stands in the manifest's own table.
    pub exact: bool,
    /// The source of the prices.
    pub prices: PriceTable,
}
