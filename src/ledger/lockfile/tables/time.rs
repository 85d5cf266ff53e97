//! Times of a lock, as TOML or JSON has them.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, de};
use toml::value::Datetime;

/// A time as in TOML, or as in JSON.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Toml(Datetime),
    Text(Timestamp),
}

pub(in crate::ledger::lockfile) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let what = "a time has a date, a time of day and an offset, as in 2026-03-09T02:44:54Z";
    let time = match Written::deserialize(deserializer) {
        Ok(Written::Toml(written)) => timestamp(&written),
        Ok(Written::Text(time)) => Some(time),
        Err(_) => None,
    };
    time.ok_or_else(|| de::Error::custom(what))
}

/// Returns the point in time, if the text names one.
fn timestamp(written: &Datetime) -> Option<Timestamp> {
    let (date, time) = (written.date?, written.time?);
    let offset = match written.offset? {
        toml::value::Offset::Z => Offset::UTC,
        toml::value::Offset::Custom { minutes } => Offset::from_seconds(i32::from(minutes) * 60).ok()?,
    };
    let small = |number: u8| i8::try_from(number).ok();
    // A leap second counts as the one before it.
    let second = small(time.second.unwrap_or(0).min(59))?;
    let fraction = i32::try_from(time.nanosecond.unwrap_or(0)).ok()?;
    let date = Date::new(i16::try_from(date.year).ok()?, small(date.month)?, small(date.day)?).ok()?;
    let time = Time::new(small(time.hour)?, small(time.minute)?, second, fraction).ok()?;
    offset.to_timestamp(date.to_datetime(time)).ok()
}

pub(in crate::ledger::lockfile) fn some_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    time(deserializer).map(Some)
}
