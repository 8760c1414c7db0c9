//! The client and the closed model against servers that are written here: good ones and bad ones.

#![allow(clippy::unwrap_used, reason = "the helpers around the tests are tests too")]

mod bad;
mod closed;
mod good;
mod server;
