//! Runs all invariants over what is seen, counts what was reached, and remembers the last facts.

use crate::invariants::{self, Invariant, Violation};
use crate::run::Watch;
use crate::seen::{Micros, Seen};
use crate::sometimes::Sometimes;

/// Judges one run.
pub struct Judge {
    invariants: Vec<Box<dyn Invariant>>,
    /// What was reached.
    pub reached: Sometimes,
}

impl Judge {
    /// A judge who applies every invariant.
    pub fn new() -> Self {
        Self { invariants: invariants::all(), reached: Sometimes::default() }
    }
}

impl Default for Judge {
    fn default() -> Self {
        Self::new()
    }
}

impl Watch for Judge {
    fn see(&mut self, at: Micros, seen: &Seen<'_>) -> Result<(), Violation> {
        for invariant in &mut self.invariants {
            let name = invariant.name();
            invariant.see(at, seen).map_err(|what| Violation { invariant: name, at, what })?;
        }
        Ok(())
    }
}
