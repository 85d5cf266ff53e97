//! Row 10: status queries and how late ends are noticed. Time is counted there, not waited for, by the test that holds the goal.

use crate::inputs::Scale;
use crate::table::{Figure, Table};
use std::process::{Command, Stdio};

pub(crate) fn measure(scale: Scale, table: &mut Table) {
    if scale == Scale::Quick {
        return crate::say("row 10 belongs to the full form");
    }
    let said = Command::new(env!("CARGO"))
        .args(["test", "--locked", "--quiet", "--lib", "cadence::measure", "--", "--nocapture"])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    // Name, how wide, jobs; polls at ten seconds and learnt; lag at ten seconds and learnt, each with its unit.
    let rows = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let rows = rows.filter(|row| matches!(row.first(), Some(&"log-normal" | &"bimodal")) && row.len() == 9);
    let number = |text: &str| text.parse::<f64>().unwrap();
    let (mut queries, mut lags, mut of_queries, mut of_lags) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        queries.push(number(row[4]) / number(row[3]));
        lags.push(number(row[7]) / number(row[5]));
        of_queries.push(format!("{} / {}", row[4], row[3]));
        of_lags.push(format!("{} s / {} s", row[7], row[5]));
    }
    assert_eq!(queries.len(), 6, "two mixes, three widths: {said}");
    let worst = |ratios: &[f64]| Figure::new(vec![ratios.iter().copied().fold(0.0, f64::max)], "");
    let mixes = "the worst of log-normal and bimodal generations, 1, 16 and 256 wide";
    let what = format!("status queries per job / with a poll every 10 s, {mixes}");
    table.at_most("10", &what, &worst(&queries), 0.5, &of_queries.join(", "));
    let what = format!("mean lag of detection / with a poll every 10 s, {mixes}");
    table.at_most("10", &what, &worst(&lags), 1.0, &of_lags.join(", "));
}
