//! One plan, from its beginning to its end.

use crate::invariants::Violation;
use crate::plan::Plan;
use crate::seen::{Micros, Seen};
use crate::sometimes::Sometimes;
use crate::world::{self, World};

/// Who looks on. An `Err` ends the run there.
pub trait Watch {
    /// Sees one more thing.
    fn see(&mut self, at: Micros, seen: &Seen<'_>) -> Result<(), Violation>;
}

/// How a run went.
#[derive(Clone, Debug)]
pub struct Run {
    /// What did not hold, if anything.
    pub violation: Option<Violation>,
    /// Which faults really took effect, and how often.
    pub reached: Sometimes,
    /// How much time passed in the world.
    pub lasted: Micros,
    /// How many things happened in it.
    pub steps: u64,
    /// A digest of everything that happened, in order: equal for equal runs.
    pub trace: u64,
}

/// Runs a plan to its end, or to the first violation. A panic of the product's code is one.
pub fn run(plan: &Plan, watch: &mut dyn Watch) -> Run {
    let probes = world::probes(plan);
    World::new(plan, &probes, watch).run()
}
