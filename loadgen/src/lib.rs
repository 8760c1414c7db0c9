//! The load generator: people at scale, over the real API.
//!
//! ```text
//! cli -> run (open model: schedule + mix -> personas)  \
//!        closed (so many connections, one after another) > http -> the server
//!        judge: was what was acknowledged true?         /
//!     -> outcome -> report (terminal, table, JSON, histogram log, one HTML page)
//!        capacity, compare: many runs
//! ```
//!
//! It depends on no server crate: it knows HTTP only.

pub mod api;
pub mod capacity;
pub mod cli;
pub mod closed;
pub mod compare;
pub mod dice;
pub mod http;
pub mod judge;
pub mod limits;
pub mod measure;
pub mod mix;
pub mod outcome;
pub mod persona;
pub mod process;
pub mod report;
pub mod run;
pub mod schedule;
pub mod sources;
pub mod span;
pub mod stop;
pub mod target;
