//! Making plain: what cannot be left out is given the value that says least.

use onsale_core::spec::EventSpec;

use super::Shrinker;
use crate::plan::{Buyer, Course, Event, Manner, Payment, Plan, Setup};

type Change<T> = fn(&mut T);

/// Each of the machine's bounds at its default.
const SETUP: [Change<Setup>; 13] = [
    |setup| setup.segment_bytes = Setup::default().segment_bytes,
    |setup| setup.batch_bytes_max = Setup::default().batch_bytes_max,
    |setup| setup.writes_in_flight = Setup::default().writes_in_flight,
    |setup| setup.queued_bytes_max = Setup::default().queued_bytes_max,
    |setup| setup.parked_max = Setup::default().parked_max,
    |setup| setup.watches_max = Setup::default().watches_max,
    |setup| setup.mailbox_room = Setup::default().mailbox_room,
    |setup| setup.turn_messages = Setup::default().turn_messages,
    |setup| setup.snapshot_every_facts = Setup::default().snapshot_every_facts,
    |setup| setup.follow_us = Setup::default().follow_us,
    |setup| setup.network_us = Setup::default().network_us,
    |setup| setup.disk_us = Setup::default().disk_us,
    |setup| setup.provider_us = Setup::default().provider_us,
];

/// A buyer who does less.
///
/// No two of them may undo each other, or shrinking would go in circles.
const BUYER: [Change<Buyer>; 9] = [
    |buyer| buyer.mischief.clear(),
    |buyer| buyer.course = Course::Buy,
    |buyer| buyer.payment = Payment::Pays { after_ms: 0, started: false },
    |buyer| buyer.manner = Manner::default(),
    |buyer| buyer.manner.double_clicks = false,
    |buyer| buyer.wishes.truncate(1),
    |buyer| buyer.party = 1,
    |buyer| buyer.accept_other_seats = false,
    |buyer| buyer.arrives_ms = 0,
];

/// An event that says less.
const EVENT: [Change<Event>; 8] = [
    |event| event.draft.waitroom = None,
    |event| event.draft.plan = None,
    |event| event.draft.limits.refuse_orphans = false,
    |event| event.define_ms = None,
    |event| event.open_ms = 0,
    |event| event.draft.classes.iter_mut().for_each(|class| class.per_buyer = None),
    |event| {
        if event.draft.quotas.len() > 1 {
            event.draft.quotas.pop();
        }
    },
    |event| {
        if let Some(plan) = &mut event.draft.plan {
            // Seats are numbered from the front: those that stay keep their numbers.
            let last = plan.sections.last_mut();
            if last.is_some_and(|section| section.rows.pop().is_some() && section.rows.is_empty()) {
                plan.sections.pop();
            }
        }
    },
];

impl Shrinker<'_> {
    pub(super) fn simplify_all(&mut self) {
        let partitions = self.plan.setup.partitions;
        self.attempt(|plan| plan.setup = Setup { partitions, ..Setup::default() });
        for change in SETUP {
            self.attempt(|plan| change(&mut plan.setup));
        }
        self.shorten();
        for change in BUYER {
            self.attempt(|plan| plan.buyers.iter_mut().for_each(change));
        }
        for change in BUYER {
            self.each(|plan| plan.buyers.len(), |plan, i| change(&mut plan.buyers[i]));
        }
        for change in EVENT {
            self.each(|plan| plan.events.len(), |plan, i| simplify_event(plan, i, change));
        }
        for change in [|at: &mut u64| *at = 0, |at: &mut u64| *at -= *at % 100] {
            self.each(|plan| plan.faults.len(), |plan, i| change(&mut plan.faults[i].at_ms));
        }
    }

    /// Whether the failure needs all the time before everything heals.
    fn shorten(&mut self) {
        while self.plan.setup.safety_ms > 1 && self.attempt(|plan| plan.setup.safety_ms /= 2) {}
    }

    fn each(&mut self, len: fn(&Plan) -> usize, change: impl Fn(&mut Plan, usize)) {
        for i in 0..len(&self.plan) {
            // Some can be repeated: one row less, then another.
            while self.attempt(|plan| change(plan, i)) {}
        }
    }
}

/// Whatever leaves no event that can be sold is not tried.
fn simplify_event(plan: &mut Plan, i: usize, change: Change<Event>) {
    let mut event = plan.events[i].clone();
    change(&mut event);
    if EventSpec::parse(event.draft.clone()).is_ok() {
        plan.events[i] = event;
    }
}
