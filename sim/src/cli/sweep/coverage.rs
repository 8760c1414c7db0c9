//! What a sweep reached, and what it should have.

use onsale_sim::sometimes::{self, Sometimes};

use super::COVERAGE_SEEDS_MIN;
use crate::cli::End;
use crate::cli::run::print_counts;
use onsale_sim::figures::number;

/// Prints what was reached and how often.
pub(super) fn print(reached: &Sometimes) {
    println!("\nreached:");
    print_counts(reached);
}

/// Whether enough was reached; says what is missing.
pub(super) fn verdict(reached: &Sometimes, seeds: u64, allow_missing: bool) -> End {
    let missing = sometimes::missing(reached);
    let end = end_of(!missing.is_empty(), seeds, allow_missing);
    if missing.is_empty() {
        println!("\nclean, and everything was reached that must be");
    } else {
        println!("\nclean, but never reached: {}", missing.join(", "));
    }
    if end == End::NotReached {
        println!(
            "a sweep of {} seeds and more must reach all of it: widen the swarm (sim/src/plan), or \
             say --allow-missing",
            number(COVERAGE_SEEDS_MIN)
        );
    }
    end
}

const fn end_of(is_missing: bool, seeds: u64, allow_missing: bool) -> End {
    let matters = seeds >= COVERAGE_SEEDS_MIN && !allow_missing;
    if is_missing && matters { End::NotReached } else { End::Well }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_fails_a_large_sweep_only() {
        assert_eq!(end_of(true, COVERAGE_SEEDS_MIN, false), End::NotReached);
        assert_eq!(end_of(true, COVERAGE_SEEDS_MIN - 1, false), End::Well);
        assert_eq!(end_of(true, COVERAGE_SEEDS_MIN, true), End::Well);
        assert_eq!(end_of(false, COVERAGE_SEEDS_MIN, false), End::Well);
    }
}
