//! Times and money, as the page shows them.

use crate::plan::estimate::Estimate;
use crate::report::span::about;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

/// A point in time: in UTC, until the script turns it into the reader's own.
pub(super) fn time(at: Timestamp) -> Markup {
    let shown = at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string();
    html! { time datetime=(at) { (shown) } }
}

/// A duration, as `2m 16s`.
pub(super) fn duration(duration: SignedDuration) -> String {
    about(duration)
}

/// An amount, as `≈ 60 credits` where it is the maker's list that says so.
pub(super) fn money(Estimate { amount, unit, exact, .. }: &Estimate) -> String {
    let about = if *exact { "" } else { "≈ " };
    format!("{about}{amount} {unit}")
}
