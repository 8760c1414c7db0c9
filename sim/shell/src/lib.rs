//! The shipped async shell in a world where everything is drawn from one seed: which ready task is
//! polled next, how long the disk and the network take, when the machine goes down.
//!
//! What runs is what ships: `onsale_runtime`'s shell, mailboxes and HTTP server, `onsale_net`'s
//! router, the engine and the journal. What is simulated is underneath (`host`, `disk`) and
//! around it (`bank`, `buyer`). The package has a job that the simulator without async cannot
//! do: futures dropped at any await, restarts that race with what is left of the last run, any
//! order of polls. Deliberately absent: faults of the clock and of the disk's content (there), and
//! requests cut at any byte (the wire's).
//!
//! Only exists under `--cfg madsim`: run it by `cargo xtask madsim`.
#![cfg(madsim)]

pub mod bank;
pub mod buyer;
pub mod client;
pub mod disk;
pub mod flood;
pub mod history;
pub mod host;
pub mod judge;
pub mod seeds;
pub mod server;
pub mod stream;
pub mod swarm;
pub mod world;
