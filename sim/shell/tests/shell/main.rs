//! The shipped shell and router on a machine that goes down: see `onsale_sim_shell`.
#![cfg(madsim)]

mod sale;
