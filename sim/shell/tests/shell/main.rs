//! The shipped shell and router on a machine that goes down: see `onsale_sim_shell`.
#![cfg(madsim)]

mod broken_disk;
mod crash_loop;
mod determinism;
mod sale;
mod stop;
