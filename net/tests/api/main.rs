//! The HTTP API through its Router, against real partitions in memory. Every refusal is checked to
//! change nothing, and to be declared in the `OpenAPI` document.

mod bodies;
mod buying;
mod document;
mod frame;
mod ids;
mod keys;
mod memory;
mod server;
mod tokens;
mod waiting;
mod watching;
