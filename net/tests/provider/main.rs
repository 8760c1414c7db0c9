//! Payment providers against a real partition: every misbehaviour of the sandbox ends with the
//! books in order. Webhooks and pages go over real HTTP; waiting goes over tokio's paused clock.

#![allow(clippy::unwrap_used, reason = "the helpers around the tests are tests too")]

mod effects;
mod ledger;
mod misbehaviour;
mod page;
mod webhook;
mod world;
