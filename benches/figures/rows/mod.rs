//! The rows of the table.

pub(crate) mod bare;
mod cadence;
mod check;
mod growth;
mod lock;
mod memory;
mod program;
pub(crate) mod run;

use crate::inputs::Scale;
use crate::table::Table;

/// What measures one or several rows.
type Measure = fn(Scale, &mut Table);

/// All of them, with the numbers of their rows.
pub(crate) const ALL: &[(&[u32], Measure)] = &[
    (&[1, 2, 3, 4], check::measure),
    (&[5, 8], run::speed),
    (&[6, 9], lock::measure),
    (&[7], memory::measure),
    (&[10], cadence::measure),
    (&[11], run::slots),
    (&[12, 13], program::measure),
    (&[14], growth::measure),
];
