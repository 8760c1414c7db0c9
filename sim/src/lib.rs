//! The simulator: one seed, one whole sale, with everything that can go wrong.
//!
//! ```text
//!  seed ─swarm─> Plan ──> World ──Seen──> Judge (invariants, sometimes) ──> Run
//!                (data)     │
//!                           ├ buyers, operators ── network ── mailboxes
//!                           ├ onsale_engine::Engine, one for each partition: the real code
//!                           ├ disk (what was synced, what was not), wall clock
//!                           └ payment provider, effects, notices
//! ```
//!
//! What lives here: the world, the plans, the invariants, and the tool `onsale-sim`. Deliberately
//! absent: async, threads (but for sweeping over seeds), clocks, entropy, and HTTP: those are
//! simulated in `sim/shell` and `sim/wire`.

pub mod figures;
pub mod invariants;
pub mod judge;
pub mod judged;
mod model;
pub mod noise;
pub mod panics;
pub mod plan;
pub mod rehearse;
pub mod run;
pub mod saved;
pub mod seen;
pub mod shrink;
pub mod sometimes;
pub mod timeline;
mod world;
