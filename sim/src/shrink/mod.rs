//! From a plan that fails to a smaller one that still fails, with the same invariant. A plan is
//! data: parts of it are left out or made plain, and what still fails is kept.
//!
//! Buyers and faults keep their own streams of chance when others are left out ([`crate::noise`]),
//! so most of what is cut does not disturb the rest.

mod cut;
mod family;
mod simplify;

pub use self::family::{Family, family};

use crate::plan::Plan;

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many plans were tried.
    pub runs: u64,
    /// How many of them still failed and were smaller.
    pub kept: u64,
}

/// Makes `plan` smaller while `still_fails` says so, trying at most `runs_max` plans. `tell` hears
/// of every plan that was kept.
pub fn shrink(
    plan: Plan,
    runs_max: u64,
    still_fails: &mut dyn FnMut(&Plan) -> bool,
    tell: &mut dyn FnMut(Progress, &Plan),
) -> (Plan, Progress) {
    let progress = Progress { runs: 0, kept: 0 };
    let mut shrinker = Shrinker { plan, runs_max, progress, still_fails, tell };
    loop {
        let kept = shrinker.progress.kept;
        // What takes most away comes first: the rest is then tried on little.
        shrinker.cut_all();
        shrinker.simplify_all();
        if shrinker.progress.kept == kept || shrinker.is_spent() {
            return (shrinker.plan, shrinker.progress);
        }
    }
}

struct Shrinker<'a> {
    plan: Plan,
    runs_max: u64,
    progress: Progress,
    still_fails: &'a mut dyn FnMut(&Plan) -> bool,
    tell: &'a mut dyn FnMut(Progress, &Plan),
}

impl Shrinker<'_> {
    /// Tries the plan that `change` makes of the present one, and keeps it if it still fails.
    fn attempt(&mut self, change: impl FnOnce(&mut Plan)) -> bool {
        let mut candidate = self.plan.clone();
        change(&mut candidate);
        if self.is_spent() || candidate == self.plan {
            return false;
        }
        self.progress.runs += 1;
        let fails = (self.still_fails)(&candidate);
        if fails {
            self.plan = candidate;
            self.progress.kept += 1;
            (self.tell)(self.progress, &self.plan);
        }
        fails
    }

    fn is_spent(&self) -> bool {
        self.progress.runs >= self.runs_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{
        BEGIN, Buyer, Course, Event, Fault, FaultKind, Manner, Mischief, Operation, Payment, Setup,
    };
    use onsale_core::money::Amount;
    use onsale_core::spec::{Class, ClassId, Draft, Limits, Quota, Terms, Window};
    use onsale_core::time::{Span, Time};

    fn draft(name: &str) -> Draft {
        let window = Window { opens_at: BEGIN, closes_at: Time::MAX };
        Draft {
            name: name.to_owned(),
            currency: "EUR".parse().unwrap(),
            classes: vec![Class {
                name: "A".to_owned(),
                price: Amount::from_minor(100),
                window,
                per_buyer: None,
            }],
            quotas: vec![Quota { name: "A".to_owned(), capacity: 5, classes: vec![ClassId(0)] }],
            plan: None,
            waitroom: None,
            limits: Limits { per_buyer: 4, per_hold: 4, refuse_orphans: true },
            terms: Terms {
                hold: Span::from_ms(100),
                order: Span::from_ms(100),
                payment_grace: Span::ZERO,
            },
        }
    }

    fn buyer(person: u32, event: usize) -> Buyer {
        Buyer {
            person,
            event,
            arrives_ms: u64::from(person),
            party: 2,
            wishes: vec![vec![], vec![]],
            course: Course::ChooseTwice,
            payment: Payment::Pays { after_ms: 30, started: true },
            accept_other_seats: true,
            manner: Manner { double_clicks: true, ..Manner::default() },
            mischief: vec![Mischief::AskNonsense],
        }
    }

    fn big() -> Plan {
        let events = ["first", "second", "third"];
        let event = |(i, name): (u16, &&str)| Event {
            partition: i,
            draft: draft(name),
            define_ms: None,
            open_ms: 5,
        };
        let stray = |event| FaultKind::StrayNotice { order: 1, event, other_provider: false };
        let kinds = [
            FaultKind::PowerLoss { down_ms: 5 },
            stray(0),
            stray(2),
            stray(3),
            FaultKind::Loss { per_mille: 9, for_ms: 9 },
        ];
        Plan {
            noise: 1,
            setup: Setup { partitions: 3, parked_max: 1, ..Setup::default() },
            events: (0..).zip(&events).map(event).collect(),
            buyers: (0..40).map(|i| buyer(i, i as usize % 3)).collect(),
            operations: (0..6)
                .map(|i| Operation {
                    at_ms: i,
                    event: i as usize % 3,
                    act: crate::plan::Act::OpenAgain,
                })
                .collect(),
            faults: (0..).zip(kinds).map(|(at_ms, kind)| Fault { at_ms, kind }).collect(),
        }
    }

    /// Fails when buyers 7 and 13 want two different events and power is lost: needs three things.
    fn needs_three(plan: &Plan) -> bool {
        let wants = |person, name: &str| {
            plan.buyers
                .iter()
                .any(|b| b.person == person && plan.events[b.event].draft.name == name)
        };
        let lost = plan.faults.iter().any(|f| matches!(f.kind, FaultKind::PowerLoss { .. }));
        wants(7, "second") && wants(14, "third") && lost && plan.setup.parked_max == 1
    }

    #[test]
    fn only_what_the_failure_needs_is_left() {
        let big = big();
        assert!(needs_three(&big));
        let (small, progress) =
            shrink(big, 10_000, &mut |plan| needs_three(plan), &mut |_, plan| {
                assert!(needs_three(plan));
            });
        let persons: Vec<_> = small.buyers.iter().map(|buyer| buyer.person).collect();
        assert_eq!(persons, [7, 14]);
        let names: Vec<_> = small.events.iter().map(|event| event.draft.name.as_str()).collect();
        assert_eq!(names, ["second", "third"]);
        assert_eq!((small.faults.len(), small.operations.len()), (1, 0));
        assert_eq!(
            small.setup,
            Setup { parked_max: 1, safety_ms: small.setup.safety_ms, ..Setup::default() }
        );
        assert_eq!(small.buyers[0].mischief, []);
        assert_eq!(small.buyers[0].course, Course::Buy);
        assert!(progress.runs < 1_000, "{progress:?}");
    }

    #[test]
    fn references_lead_to_the_same_events_after_one_is_left_out() {
        let stray_events = |plan: &Plan| -> Vec<usize> {
            let event = |fault: &Fault| match fault.kind {
                FaultKind::StrayNotice { event, .. } => Some(event),
                _ => None,
            };
            plan.faults.iter().filter_map(event).collect()
        };
        let whole = big();
        let mut plan = whole.clone();
        cut::remove_event(&mut plan, 0);
        assert_eq!(stray_events(&whole), [0, 2, 3]);
        assert_eq!(stray_events(&plan), [1, 2], "the one beyond the events stays beyond");
        for buyer in &plan.buyers {
            let before = &whole.buyers[buyer.person as usize];
            let name = &whole.events[before.event].draft.name;
            assert_eq!(&plan.events[buyer.event].draft.name, name);
        }
        assert_eq!(plan.operations.len(), 4);
    }

    #[test]
    fn no_more_plans_are_tried_than_allowed() {
        let mut tried = 0;
        let mut count = |_: &Plan| {
            tried += 1;
            false
        };
        let (plan, progress) = shrink(big(), 17, &mut count, &mut |_, _| ());
        assert_eq!((plan, progress.runs), (big(), 17));
        assert_eq!(tried, 17);
    }
}
