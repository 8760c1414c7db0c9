//! A run with its verdict: the plan is run under all invariants, and a panic of the product counts
//! as a violation like any other.

use crate::invariants::Violation;
use crate::judge::Judge;
use crate::panics;
use crate::plan::Plan;
use crate::run::{Run, Watch, run};
use crate::seen::{Micros, Seen};
use crate::sometimes::Sometimes;
use crate::timeline::LastLines;

/// The name under which a panic is reported.
pub const NO_PANIC: &str = "no_panic";
/// The name under which two runs of one plan that differ are reported.
pub const DETERMINISM: &str = "determinism";
/// How many lines of the timeline are shown of what led to a violation.
const LAST_LINES: usize = 24;

/// How a run went and what the invariants say of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What did not hold, if anything.
    pub violation: Option<Violation>,
    /// What was reached: faults, refusals, facts.
    pub reached: Sometimes,
    /// How much time passed in the world.
    pub lasted: Micros,
    /// How many things happened in it; 0 if it ended in a panic.
    pub steps: u64,
    /// A digest of everything that happened, in order; 0 if it ended in a panic.
    pub trace: u64,
}

/// Runs `plan` and judges it.
pub fn judged(plan: &Plan) -> Judged {
    judged_while(plan, &mut ())
}

/// As [`judged`]; `also` sees everything just before the invariants do, and may end the run.
pub fn judged_while(plan: &Plan, also: &mut dyn Watch) -> Judged {
    judged_by(run, plan, also)
}

/// As [`judged`], and once more to see that the same happens.
pub fn judged_twice(plan: &Plan) -> Judged {
    compared(judged(plan), &judged(plan))
}

fn compared(mut first: Judged, second: &Judged) -> Judged {
    if first.violation.is_none() && first.trace != second.trace {
        first.violation = Some(Violation {
            invariant: DETERMINISM,
            at: first.lasted,
            what: format!(
                "not deterministic: two runs of the same plan have the traces {:016x} and {:016x}; \
                 `onsale-sim meta` shows where they part",
                first.trace, second.trace
            ),
        });
    }
    first
}

/// The last lines of the timeline before the violation, by running the plan again: nothing need be
/// written down while all is well.
pub fn what_led_to_it(plan: &Plan) -> Vec<String> {
    let mut last = LastLines::new(LAST_LINES);
    judged_while(plan, &mut last);
    last.into_lines()
}

fn judged_by(
    run: impl FnOnce(&Plan, &mut dyn Watch) -> Run,
    plan: &Plan,
    also: &mut dyn Watch,
) -> Judged {
    let mut jury = Jury { judge: Judge::new(), also, at: Micros::default() };
    let outcome = panics::catch(|| run(plan, &mut jury));
    let mut reached = jury.judge.reached;
    match outcome {
        Ok(run) => {
            reached.add(&run.reached);
            let Run { violation, lasted, steps, trace, .. } = run;
            Judged { violation, reached, lasted, steps, trace }
        }
        Err(caught) => {
            let at = jury.at;
            let violation = Violation { invariant: NO_PANIC, at, what: caught.to_string() };
            Judged { violation: Some(violation), reached, lasted: at, steps: 0, trace: 0 }
        }
    }
}

/// The judge, somebody who looks on beside them, and the time they have come to.
struct Jury<'a> {
    judge: Judge,
    also: &'a mut dyn Watch,
    at: Micros,
}

impl Watch for Jury<'_> {
    fn see(&mut self, at: Micros, seen: &Seen<'_>) -> Result<(), Violation> {
        self.at = at;
        self.also.see(at, seen)?;
        self.judge.see(at, seen)
    }
}

/// Looks away.
impl Watch for () {
    fn see(&mut self, _: Micros, _: &Seen<'_>) -> Result<(), Violation> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fine(trace: u64) -> Judged {
        let run = |_: &Plan, _: &mut dyn Watch| Run {
            violation: None,
            reached: Sometimes::default(),
            lasted: Micros(5),
            steps: 1,
            trace,
        };
        judged_by(run, &Plan::default(), &mut ())
    }

    #[test]
    fn a_panic_is_a_violation_at_the_time_it_happened() {
        let run = |_: &Plan, watch: &mut dyn Watch| -> Run {
            watch.see(Micros(9_000), &Seen::Healed).unwrap();
            panic!("stock below zero")
        };
        let judged = judged_by(run, &Plan::default(), &mut ());
        let violation = judged.violation.unwrap();
        assert_eq!((violation.invariant, violation.at), (NO_PANIC, Micros(9_000)));
        assert!(violation.what.contains("stock below zero"), "{}", violation.what);
    }

    #[test]
    fn two_runs_of_one_plan_must_have_the_same_trace() {
        assert!(compared(fine(1), &fine(1)).violation.is_none());
        assert_eq!(compared(fine(1), &fine(2)).violation.unwrap().invariant, DETERMINISM);
    }
}
