//! Leaving out: whole families of faults, then halves of each list, then smaller parts of it, down
//! to single items.

use super::{Family, Shrinker, family};
use crate::plan::{Fault, FaultKind, Plan};

impl Shrinker<'_> {
    pub(super) fn cut_all(&mut self) {
        for gone in Family::ALL {
            self.attempt(|plan| plan.faults.retain(|fault| family(&fault.kind) != gone));
        }
        self.cut(|plan| &mut plan.faults);
        self.cut(|plan| &mut plan.operations);
        self.cut(|plan| &mut plan.buyers);
        // From the end, so that the numbers of those still to be tried stay.
        for event in (0..self.plan.events.len()).rev() {
            self.attempt(|plan| remove_event(plan, event));
        }
        self.attempt(in_one_partition);
        self.attempt(close_ranks);
    }

    /// Leaves out parts of a list: halves, quarters, and so on.
    fn cut<T>(&mut self, list: fn(&mut Plan) -> &mut Vec<T>) {
        let mut part = list(&mut self.plan).len();
        while part > 0 {
            let mut start = 0;
            while start < list(&mut self.plan).len() {
                let end = (start + part).min(list(&mut self.plan).len());
                // What was kept has moved what follows to `start`.
                if !self.attempt(|plan| drop(list(plan).drain(start..end))) {
                    start = end;
                }
            }
            part /= 2;
        }
    }
}

/// Leaves out an event with everything that is about it.
pub(super) fn remove_event(plan: &mut Plan, event: usize) {
    plan.events.remove(event);
    plan.buyers.retain(|buyer| buyer.event != event);
    plan.operations.retain(|operation| operation.event != event);
    plan.faults.retain(|fault| stray_event(fault) != Some(event));
    let buyers = plan.buyers.iter_mut().map(|buyer| &mut buyer.event);
    let operations = plan.operations.iter_mut().map(|operation| &mut operation.event);
    let faults = plan.faults.iter_mut().filter_map(stray_event_mut);
    for other in buyers.chain(operations).chain(faults) {
        if *other > event {
            *other -= 1;
        }
    }
}

fn stray_event(fault: &Fault) -> Option<usize> {
    match fault.kind {
        FaultKind::StrayNotice { event, .. } => Some(event),
        FaultKind::Disputed(quarrel) => Some(quarrel.event),
        _ => None,
    }
}

fn stray_event_mut(fault: &mut Fault) -> Option<&mut usize> {
    match &mut fault.kind {
        FaultKind::StrayNotice { event, .. } => Some(event),
        FaultKind::Disputed(quarrel) => Some(&mut quarrel.event),
        _ => None,
    }
}

/// One partition for all.
fn in_one_partition(plan: &mut Plan) {
    plan.events.iter_mut().for_each(|event| event.partition = 0);
    plan.setup.partitions = 1;
}

/// Partitions without an event are left out.
fn close_ranks(plan: &mut Plan) {
    let mut used: Vec<_> = plan.events.iter().map(|event| event.partition).collect();
    used.sort_unstable();
    used.dedup();
    for event in &mut plan.events {
        let place = used.iter().position(|partition| *partition == event.partition);
        event.partition = place.map_or(0, |place| place as u16);
    }
    plan.setup.partitions = (used.len() as u16).max(1);
}
