//! What the storage crate promises, against a simulated disk and against damaged files.

#![allow(clippy::unwrap_used, reason = "the helpers around the tests are tests too")]

mod crash;
mod damage;
mod following;
mod golden;
mod keeping;
mod support;
mod writing;
