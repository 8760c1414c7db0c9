//! The rules of a sale, and nothing else.
//!
//! A partition of events is one deterministic state machine: [`Partition::decide`] turns a command
//! into facts or a refusal, [`Partition::evolve`] applies a fact. The driver keeps one contract:
//! **apply one input, append its facts, and let no reply out before they are durable.**
//!
//! What lives here: inventory, waitroom, holds, orders, payments, refunds, idempotency, timers.
//! Deliberately absent: IO, clocks, entropy, async, threads, floating point, hash maps. `now` and
//! every random seed are arguments; there is no operating system to ask (`no_std`), so replaying
//! the same facts gives the same bytes of state on every machine.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod call;
pub mod command;
pub mod effect;
pub mod fact;
pub mod hold;
pub mod id;
pub mod inventory;
pub mod money;
pub mod order;
mod partition;
pub mod payment;
pub mod query;
pub mod refusal;
pub mod reply;
pub mod sale;
pub mod spec;
pub mod time;
pub mod trace;
pub mod waitroom;

pub use self::partition::{Partition, StateError};
