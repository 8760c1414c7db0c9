//! From a seed to a plan: everything is drawn, also how much of it there is.

use super::Plan;

/// The plan of a seed.
pub fn swarm(seed: u64) -> Plan {
    Plan { noise: seed, ..Plan::default() }
}
