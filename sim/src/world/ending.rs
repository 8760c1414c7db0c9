//! The second phase: everything heals, and from then on the sale must come to its end by itself.
//! Fresh buyers come to a fresh event in every partition and must get what they want.

use onsale_core::Partition;
use onsale_core::id::EventId;
use onsale_core::sale::Sale;
use onsale_core::waitroom::Waitroom;

use super::agenda::Happening;
use super::buyer::Buyer;
use super::client::Pending;
use super::operators::Publishing;
use super::server::Shell;
use super::{World, ms};
use crate::plan::{self, Plan, house};
use crate::seen::Seen;

/// How often it is looked whether all is over.
const LOOK_MS: u64 = 200;

/// How long the second phase may take at most: beyond every deadline that a plan can have.
const LIVENESS_MS: u64 = 180_000;

/// One who buys from the fresh event of each partition when everything has healed.
pub(crate) fn probes(plan: &Plan) -> Vec<plan::Buyer> {
    let first = plan.events.len();
    (0..usize::from(plan.setup.partitions))
        .map(|partition| house::probe_buyer(first + partition, partition as u32))
        .collect()
}

impl World<'_> {
    pub(super) fn heal(&mut self) {
        self.is_healed = true;
        self.network.heal();
        self.provider.heal();
        self.end_trouble();
        self.eyes.see(self.now, &Seen::Healed);
        self.agenda.put(self.after_ms(1), Happening::Start);
        self.resume_waitrooms();
        for (buyer, partition) in self.probes.iter().zip(0..) {
            let index = self.events.len();
            let mut event = house::probe(partition);
            event.open_ms = self.now.0 / 1_000;
            self.events.push(event);
            self.publishing.push(Publishing::default());
            self.agenda.put(self.after(10), Happening::Define(index));
            self.agenda.put(self.after_ms(1), Happening::BuyerWakes(self.buyers.len()));
            self.buyers.push(Buyer::new(buyer));
        }
        self.agenda.put(self.after_ms(LOOK_MS), Happening::Look);
    }

    pub(super) fn look_whether_over(&mut self) {
        let limit = ms(self.plan.setup.safety_ms + LIVENESS_MS);
        self.is_over = self.now > limit || self.is_quiet();
        if !self.is_over {
            self.look_after();
            self.agenda.put(self.after_ms(LOOK_MS), Happening::Look);
        }
    }

    /// A copy of a pause may have arrived after everything was resumed, and a refund may have been
    /// refused before.
    fn look_after(&mut self) {
        let is_heard = |op: &Pending| op.is_over || op.is_a_buyers();
        if !self.ops.iter().all(is_heard) {
            return;
        }
        if self.sales().any(|sale| sale.waitroom().is_some_and(Waitroom::is_paused)) {
            self.resume_waitrooms();
        }
        for event in self.events_with_refused_refunds() {
            // Some by hand all the same.
            self.look_at_refused(event, self.ops.len().is_multiple_of(3));
        }
        for event in self.events_with_live_disputes() {
            self.look_at_disputes(event, self.ops.len().is_multiple_of(2));
        }
    }

    fn sales(&self) -> impl Iterator<Item = &Sale> {
        let shells = self.machine.process.iter().flat_map(|process| &process.shells);
        shells.flat_map(|shell| shell.state().sales())
    }

    /// Events with disputes that are open, or that somebody must decide on.
    fn events_with_live_disputes(&self) -> Vec<EventId> {
        self.sales().filter(|sale| sale.has_live_disputes()).map(Sale::id).collect()
    }

    /// Events with refunds that somebody must settle.
    fn events_with_refused_refunds(&self) -> Vec<EventId> {
        self.sales().filter(|sale| sale.has_refused_refunds()).map(Sale::id).collect()
    }

    fn is_quiet(&self) -> bool {
        let Some(process) = self.machine.process.as_ref() else { return false };
        let now = self.machine.clock(self.now);
        let is_at_rest = process.shells.iter().all(|shell| {
            shell.engine.is_settled() && shell.mailbox() == 0 && shell.engine.wake_at(now).is_none()
        });
        let have_gone = self.buyers.iter().all(Buyer::is_over);
        let are_told = self.ops.iter().all(|op| op.is_over);
        let is_done = is_at_rest && have_gone && are_told && !self.is_money_moving();
        let is_settled = is_done
            && self.events_with_refused_refunds().is_empty()
            && self.events_with_live_disputes().is_empty();
        is_settled && self.have_readers_caught_up()
    }

    pub(super) fn settle(&mut self) {
        let Some(process) = self.machine.process.as_ref() else {
            let what = "the server does not run any more".to_owned();
            return self.eyes.object(self.now, "liveness", what);
        };
        let states: Vec<&Partition> = process.shells.iter().map(Shell::state).collect();
        self.eyes.see(self.now, &Seen::Settled { states: &states });
    }
}
