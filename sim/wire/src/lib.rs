//! The wire: the shipped server over simulated TCP, in plain `cargo test`.
//!
//! ```text
//!  ada, bob, a crowd              "server"                               "bank"
//!  person::Person ── HTTP/1.1 ──> host::serve, net::api::router          bank::Bank
//!       │            (turmoil)    mailbox, shell, engine, journal           │  books of its own
//!       │                         effects, reconcile ── teller ── HTTP ──>  │
//!       │                         webhook route  <── HTTP, real HMAC ───────┘
//!       └──────── pays ─────────────────────────────────────────────────────┘
//! ```
//!
//! Shipped and unchanged: the Router and everything behind it, `runtime`'s HTTP server, mailboxes
//! and shell, the engine and its journal, recovery, snapshots, the effects' runner, the reconciler,
//! signatures. Of this crate: a [`host`] (turmoil's sockets, tokio's stopped clock, a [`disk`] in
//! memory that keeps what was written and tears what a crash cuts off), the provider's machine
//! ([`bank`]) and the server's way to it, people, and the [`stage`] with its audit: at the end of
//! every scene no seat was sold twice, and every payment that the bank took is a ticket or a refund
//! in the server's books and in the bank's.
//!
//! What only this level shows, because only here real bytes go over a network: requests cut off at
//! any byte, answers lost after the commit, connections kept over a crash, links cut in one
//! direction, readers who do not read, webhooks that overtake the answer they follow from, and what
//! hyper does about all of it. The simulator (`onsale-sim`) searches for orders of events, a
//! thousand sales a second, without a byte on a wire; the shell's simulation (`sim/shell`) polls
//! tasks in any order; the tests of the binary have the real kernel, and no seed.
//!
//! **Invariant:** a seed is an evening, to the byte. So nothing here asks the system for the time,
//! for randomness, or for the order of a hash map; `tests/wire/replies.rs` compares two runs.
//!
//! Deliberately absent: TLS, loss of single segments (turmoil sends nothing again), faults of the
//! disk other than torn writes: those are `onsale-sim`'s.

mod audit;
pub mod bank;
pub mod disk;
pub mod host;
pub mod http;
pub mod person;
pub mod server;
pub mod stage;
mod teller;
