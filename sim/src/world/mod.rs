//! The world of one run.

use crate::plan::Plan;
use crate::run::{Run, Watch};
use crate::seen::Micros;
use crate::sometimes::Sometimes;

/// Everything there is.
pub(crate) struct World<'a> {
    plan: &'a Plan,
    watch: &'a mut dyn Watch,
}

impl<'a> World<'a> {
    /// A world in which nothing has happened.
    pub(crate) fn new(plan: &'a Plan, watch: &'a mut dyn Watch) -> Self {
        Self { plan, watch }
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Run {
        let _ = (self.plan, self.watch);
        Run {
            violation: None,
            reached: Sometimes::default(),
            lasted: Micros(0),
            steps: 0,
            trace: 0,
        }
    }
}
