//! How a violation is told: what was violated, what led to it, and how to see it again.

use std::fmt::Write as _;

use onsale_sim::invariants::Violation;
use onsale_sim::judged::{DETERMINISM, what_led_to_it};
use onsale_sim::plan::Plan;

/// Where a plan is from: how it can be run again.
pub(super) enum Source {
    /// A seed.
    Seed(u64),
    /// A saved plan.
    File(String),
}

impl Source {
    fn name(&self) -> String {
        match self {
            Self::Seed(seed) => format!("seed {seed}"),
            Self::File(path) => path.clone(),
        }
    }

    fn again(&self, violation: &Violation) -> String {
        match self {
            Self::Seed(seed) if violation.invariant == DETERMINISM => {
                format!("onsale-sim meta --seed {seed}")
            }
            Self::Seed(seed) => format!("onsale-sim run --seed {seed} --timeline"),
            Self::File(path) => format!("onsale-sim replay {path} --timeline"),
        }
    }

    fn shrink(&self) -> String {
        match self {
            Self::Seed(seed) => format!("onsale-sim shrink --seed {seed}"),
            Self::File(path) => format!("onsale-sim shrink --plan {path}"),
        }
    }
}

/// The whole report of a violation.
pub(super) fn violation(source: &Source, plan: &Plan, violation: &Violation) -> String {
    let Violation { invariant, at, what } = violation;
    let at = at.to_string();
    let mut text = format!("VIOLATED: {invariant} at {}, {}\n  {what}\n", at.trim(), source.name());
    if *invariant != DETERMINISM {
        text.push_str("what led to it:\n");
        for line in what_led_to_it(plan) {
            let _ = writeln!(text, "  {line}");
        }
    }
    let _ = writeln!(text, "see it again:  {}", source.again(violation));
    let _ = write!(text, "make it small: {}", source.shrink());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use onsale_sim::seen::Micros;

    #[test]
    fn a_report_says_what_and_how_to_see_it_again() {
        let found =
            |invariant| Violation { invariant, at: Micros(1_500), what: "seat 3 twice".to_owned() };
        let plan = Plan::default();
        let text = violation(&Source::Seed(17), &plan, &found("exclusivity"));
        assert!(text.starts_with("VIOLATED: exclusivity at 1.500 ms, seed 17\n  seat 3 twice"));
        assert!(text.contains("onsale-sim run --seed 17 --timeline"), "{text}");
        let text = violation(&Source::Seed(17), &plan, &found(DETERMINISM));
        assert!(text.contains("onsale-sim meta --seed 17"), "{text}");
        let file = Source::File("sim/corpus/a.json".to_owned());
        let text = violation(&file, &plan, &found("money"));
        assert!(text.contains("onsale-sim replay sim/corpus/a.json"), "{text}");
    }
}
