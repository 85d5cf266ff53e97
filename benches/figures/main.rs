//! The figures of `docs/performance.md`: ratios, each taken side by side with what bounds it, in one run.
//!
//! ```text
//! cargo bench --bench figures                # all rows, about half an hour
//! cargo bench --bench figures -- --quick     # smaller inputs, a few minutes
//! cargo bench --bench figures -- 1 3 12      # these rows
//! cargo bench --bench figures -- --against OTHER_BATCH      # this build beside another one
//! ```
//!
//! What is measured runs in processes of its own ([`probe`]), alternating with its bound, so that neither warms the memory of
//! the other. Memory is read from `/proc`: Linux only.
#![expect(clippy::print_stdout, reason = "a table is what this program is for")]
#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on stops")]

mod against;
mod inputs;
mod probe;
mod rows;
mod table;

use inputs::Scale;
use table::Table;

fn main() {
    if probe::asked() {
        return probe::answer();
    }
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let scale = if arguments.iter().any(|argument| argument == "--quick") { Scale::Quick } else { Scale::Full };
    if let Some(at) = arguments.iter().position(|argument| argument == "--against") {
        let other = arguments.get(at + 1).expect("after --against stands the path of the other program");
        println!("\n{}", against::measure(scale, other.as_ref()));
        return inputs::clear();
    }
    let wanted: Vec<u32> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let mut table = Table::begin(scale);
    for (numbers, measure) in rows::ALL {
        if wanted.is_empty() || numbers.iter().any(|number| wanted.contains(number)) {
            measure(scale, &mut table);
        }
    }
    println!("\n{}", table.markdown());
    inputs::clear();
}

/// Shows a line as soon as it is known.
fn say(line: &str) {
    println!("{line}");
}
