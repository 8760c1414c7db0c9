//! The wire, one subject a file. Every test plays its scene for several seeds; one that fails says
//! with which seed, and how to see it again.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bytes;
mod crowd;
mod payments;
mod provider_down;
mod replies;
mod webhooks;
