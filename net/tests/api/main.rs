//! The HTTP API through its Router, against real partitions in memory. Every refusal is checked to
//! change nothing, and to be declared in the `OpenAPI` document.

#![allow(clippy::unwrap_used, reason = "the helpers around the tests are tests too")]

mod access;
mod accounts;
mod backstage;
mod bodies;
mod buying;
mod catalogue;
mod changes;
mod control_plane;
mod disputes;
mod document;
mod drafting;
mod frame;
mod gateway;
mod ids;
mod keys;
mod letters;
mod memory;
mod oidc;
mod organisers;
mod publisher;
mod reading;
mod refunds;
mod rules;
mod server;
mod signing_in;
mod smtp;
mod stand_ins;
mod stuck;
mod token_keys;
mod tokens;
mod venues;
mod waiting;
mod watching;
mod webhook_endpoints;
