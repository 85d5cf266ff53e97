//! Times and money, as the page shows them.

use crate::plan::estimate::Estimate;
use crate::report::span::about;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

/// Returns a point in time: in UTC, until the script converts it to the reader's time zone.
pub(super) fn time(at: Timestamp) -> Markup {
    let shown = at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string();
    html! { time datetime=(at) { (shown) } }
}

/// Returns a duration, such as `2m 16s`.
pub(super) fn duration(duration: SignedDuration) -> String {
    about(duration)
}

/// Returns an amount, such as `≈ 60 credits` if it is based on the model vendor's list.
pub(super) fn money(Estimate { amount, unit, exact, .. }: &Estimate) -> String {
    let about = if *exact { "" } else { "≈ " };
    format!("{about}{amount} {unit}")
}
