//! The tool `onsale-sim`.

fn main() {}
