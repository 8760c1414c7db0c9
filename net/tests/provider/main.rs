//! Payment providers against a real partition: every misbehaviour of the sandbox ends with the
//! books in order. Webhooks and pages go over real HTTP; waiting goes over tokio's paused clock.

#![allow(clippy::unwrap_used, reason = "the helpers around the tests are tests too")]

mod disputes;
mod effects;
mod installations;
mod ledger;
mod misbehaviour;
mod page;
mod payos;
mod paypal;
mod razorpay;
mod settling;
mod simulator;
mod stripe;
mod vnpay;
mod webhook;
mod world;
mod zalopay;
