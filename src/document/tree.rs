//! One neutral tree with spans, out of YAML, TOML and JSON: everything above it is written once.
