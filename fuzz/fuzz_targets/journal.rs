//! A journal, as it is and with sound checksums: read the same each time, torn and broken too.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| batch_fuzz::ledger::read_journal(bytes));
