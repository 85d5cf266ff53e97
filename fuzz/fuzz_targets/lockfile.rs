//! A lock, whatever is in it: refused, or read and written back without a loss.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| batch_fuzz::ledger::read_lock(bytes));
