//! How read models are made.

use serde::{Deserialize, Serialize};

/// How read models are made, and how much of them is asked for at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProjectionSettings {
    /// The most facts that one transaction takes in.
    pub batch_facts_max: u64,
    /// How long a transaction should take at most: smaller ones are made where they take longer.
    pub batch_ms: u64,
    /// From when on `/readyz` says that they are behind.
    pub behind_s: u64,
    /// The most requests that wait for them to catch up, each in one of the places that
    /// `bounds.jobs` has; others are answered as things are.
    pub waits: usize,
    /// The most exports under way.
    pub exports: usize,
}

impl Default for ProjectionSettings {
    fn default() -> Self {
        Self { batch_facts_max: 4_096, batch_ms: 250, behind_s: 60, waits: 64, exports: 2 }
    }
}
