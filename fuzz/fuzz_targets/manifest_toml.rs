//! A manifest in TOML, whatever is in it: read, checked and shown without a panic, every place in the text.

#![no_main]

use batch::document::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| batch_fuzz::text::check(bytes, Format::Toml));
