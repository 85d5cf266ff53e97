//! A reply of the service, whatever it is: judged without a panic, and as the manual says of money.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| batch_fuzz::replies::judge(bytes));
