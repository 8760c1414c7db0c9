//! `cargo xtask events`: the documents about what is published, under `docs/events`, are what the
//! code says; with `--write` they are written. What is done is a test of `onsale-bus`.

use crate::process::{Outcome, cargo};

/// Compares the documents with the code, or writes them.
pub fn run(write: bool) -> Outcome {
    let test = cargo(&["test", "--package", "onsale-bus", "--test", "documents"]);
    if write { test.env("ONSALE_WRITE_EVENTS", "1").run() } else { test.run() }
}
