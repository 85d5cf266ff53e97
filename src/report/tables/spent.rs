//! The money spent, in a few lines below the table of `status`.

use crate::plan::spent::{Spent, SpentInRun};
use crate::report::commands::Target;
use crate::report::look::{count, thousands};
use crate::report::money::{estimated, grouped};
use std::io::{self, Write};

/// Maximum number of months, tags and runs that are named.
const SHOWN: usize = 6;

/// Writes the money spent, if there is any; of months and runs the last ones, of tags the most expensive ones.
///
/// # Errors
/// Fails if `out` can't be written to.
pub(super) fn spent(mut out: impl Write, spent: &Spent, target: &Target) -> io::Result<()> {
    if spent.submits == 0 {
        return Ok(());
    }
    let submits = count(spent.submits, "submit");
    let (estimate, trial) = (estimated(&spent.estimate), target.is_trial());
    let what = if trial { "nothing was paid; it would have cost" } else { "spent" };
    writeln!(out, "{what}, estimated for {submits}: {estimate}")?;
    if spent.unknown > 0 {
        let they = if spent.unknown == 1 { "it was" } else { "they were" };
        let submits = count(spent.unknown, "submit");
        writeln!(out, "  without {submits}: with which settings {they} made isn't known any more")?;
    }
    let months = spent.months.iter().rev().map(|(month, amount)| format!("{month} {}", grouped(*amount)));
    line(&mut out, "by month", months.collect())?;
    let mut tags: Vec<_> = spent.tags.iter().collect();
    tags.sort_by_key(|(tag, amount)| (std::cmp::Reverse(**amount), *tag));
    line(&mut out, "by tag", tags.iter().map(|(tag, amount)| format!("{tag} {}", grouped(**amount))).collect())?;
    let run = |SpentInRun { from, submits, amount, .. }: &SpentInRun| {
        format!("{} {} ({})", from.strftime("%F %H:%MZ"), grouped(*amount), count(*submits, "submit"))
    };
    line(&mut out, "by run", spent.runs.iter().rev().map(run).collect())
}

/// Writes a line such as `  by tag: hero 60, spin 360`, unless `parts` is empty.
fn line(mut out: impl Write, by: &str, parts: Vec<String>) -> io::Result<()> {
    if parts.is_empty() {
        return Ok(());
    }
    let more = parts.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(", and {} more", thousands(more)) } else { String::new() };
    let shown: Vec<String> = parts.into_iter().take(SHOWN).collect();
    writeln!(out, "  {by}: {}{more}", shown.join(", "))
}
