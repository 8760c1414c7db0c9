//! What speaks: the HTTP API, payment providers, tokens.
//!
//! What lives here: routes, the JSON that goes over them, who may call them, and how every refusal
//! looks outside. Deliberately absent: the rules of a sale (they are in `onsale-core`), sockets,
//! clocks, timers and threads. A handler awaits nothing but the [`port`] and the way to the
//! [`slow`] pool, so one Router runs unchanged in every host.

mod access;
pub mod api;
pub mod auth;
mod conditional;
pub mod dto;
pub mod entropy;
mod extract;
pub mod gateway;
mod histogram;
mod idempotency;
mod json;
pub mod letters;
pub mod metrics;
pub mod oidc;
mod outgoing;
mod page;
pub mod port;
pub mod problem;
pub mod provider;
pub mod publisher;
pub mod reading;
pub mod slow;
