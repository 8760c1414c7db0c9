//! Banks that ask payments back: the provider tells of it when it begins, when it ends and when it
//! is taken up again, in whatever order the notices arrive. The server believes none of them: it
//! asks how the dispute stands by then, once at a time. Operators decide what becomes of the
//! tickets.

use std::collections::BTreeSet;

use onsale_core::command::{Actor, Command, DisputeDecision, DisputeNotice, Provider};
use onsale_core::id::{EventId, OrderId};
use onsale_core::money::Amount;
use onsale_core::payment::DisputeEnd;
use onsale_core::query::{LiveDispute, Query};

use super::agenda::{Happening, News};
use super::client::{Asked, Errand};
use super::money::beyond;
use super::provider::{self, Dispute};
use super::{World, partition_id};
use crate::plan::Quarrel;
use crate::seen::Seen;

/// The disputes that the running process asks about: each once at a time, so that no answer
/// overtakes another.
#[derive(Default)]
pub(super) struct Questions(BTreeSet<(OrderId, String)>);

impl Questions {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether nobody asks about it already.
    pub(super) fn begin(&mut self, notice: &DisputeNotice) -> bool {
        self.0.insert((notice.order, notice.dispute.clone()))
    }

    pub(super) fn end(&mut self, notice: &DisputeNotice) {
        self.0.remove(&(notice.order, notice.dispute.clone()));
    }
}

impl World<'_> {
    /// A bank asks for the newest payment of the newest paid order up to one.
    pub(super) fn quarrel(&mut self, quarrel: Quarrel) {
        let nowhere = EventId::new(partition_id(0), 1_000);
        let Some(event) = self.id_of(quarrel.event).or(nowhere) else { return };
        let wanted = OrderId::new(event, quarrel.order);
        if quarrel.is_stray {
            self.eyes.fault(self.now, "disputes");
            return self.tell(&News::Dispute(stray(beyond(wanted))));
        }
        let Some((order, dispute)) = self.provider.dispute(wanted, quarrel.is_half) else { return };
        self.eyes.fault(self.now, "disputes");
        self.tell(&News::Dispute(told(order, &dispute)));
        for (after_ms, is_lost) in verdicts(&quarrel) {
            let judged = Happening::Judged { order, dispute: dispute.name.clone(), is_lost };
            self.provider.expect_verdict(order, &dispute.name);
            self.agenda.put(self.after_ms(after_ms), judged);
        }
    }

    /// The bank decides, or takes up again what it had decided.
    pub(super) fn judged(&mut self, order: OrderId, name: &str, is_lost: Option<bool>) {
        let Some((was, dispute)) = self.provider.judge(order, name, is_lost) else { return };
        if was.is_some() {
            self.eyes.fault(self.now, "disputes_again");
        }
        if was == Some(true) {
            self.eyes.see(self.now, &Seen::ChargeReturned { order, dispute: name });
        }
        if is_lost == Some(true) {
            let (payment, amount) = (&dispute.payment, dispute.amount);
            let seen = Seen::ChargedBack { order, dispute: name, payment, amount };
            self.eyes.see(self.now, &seen);
        }
        self.tell(&News::Dispute(told(order, &dispute)));
    }

    /// How the dispute stands that a notice names: what the notice says of it may be old.
    pub(super) fn as_it_stands(&self, notice: &DisputeNotice) -> Option<DisputeNotice> {
        let account = self.provider.accounts.get(&notice.order)?;
        let dispute = account.disputes.iter().find(|one| one.name == notice.dispute)?;
        Some(told(notice.order, dispute))
    }

    /// What the server would hear of disputes if it asked, and has not taken note of.
    pub(super) fn untold_disputes(&self) -> Vec<DisputeNotice> {
        let accounts = self.provider.accounts.iter();
        let untold = accounts.flat_map(|(order, account)| {
            let disputes = account.disputes.iter().filter(|dispute| !dispute.is_known);
            disputes.map(|dispute| told(*order, dispute))
        });
        untold.collect()
    }

    /// Looks at the disputes of an event: what becomes of their tickets is decided.
    pub(super) fn look_at_disputes(&mut self, event: EventId, void: bool) {
        let query = Query::Disputes { event, after: None, orders_max: u16::MAX };
        let actor = Actor::Operator;
        let asked = Asked::Look { actor, query, wait_ms: None, known: None };
        self.operator_waits(Errand::Decide { void }, asked);
    }

    /// Of those that are open only the void ones are of use.
    pub(super) fn decide_disputes(&mut self, live: &[LiveDispute], void: bool) {
        let decision =
            if void { DisputeDecision::VoidTickets } else { DisputeDecision::KeepTickets };
        for LiveDispute { order, number, is_lost, .. } in live {
            if void || *is_lost {
                let (order, dispute) = (*order, *number);
                let command = Command::DecideDispute { order, dispute, decision };
                self.operator_asks(Errand::Other, command);
            }
        }
    }
}

/// What a bank says, and how long after it has asked; nothing where it takes a dispute up again.
fn verdicts(quarrel: &Quarrel) -> Vec<(u64, Option<bool>)> {
    let mut at_ms = quarrel.for_ms;
    let mut verdicts = vec![(at_ms, Some(quarrel.is_lost))];
    for again in quarrel.again.into_iter().flatten() {
        at_ms += again.after_ms;
        if let Some(for_ms) = again.for_ms {
            verdicts.push((at_ms, None));
            at_ms += for_ms;
        }
        verdicts.push((at_ms, Some(again.is_lost)));
    }
    verdicts
}

fn told(order: OrderId, dispute: &Dispute) -> DisputeNotice {
    DisputeNotice {
        provider: Provider(provider::NAME.to_owned()),
        order,
        payment: dispute.payment.clone(),
        dispute: dispute.name.clone(),
        amount: dispute.amount,
        currency: dispute.currency,
        reason: "fraudulent".to_owned(),
        end: dispute.is_lost.map(|is_lost| {
            let (amount, currency) = (dispute.amount, dispute.currency);
            if is_lost { DisputeEnd::Lost { amount, currency } } else { DisputeEnd::Won }
        }),
    }
}

fn stray(order: OrderId) -> DisputeNotice {
    DisputeNotice {
        provider: Provider(provider::NAME.to_owned()),
        order,
        payment: format!("stray-{}", order.number),
        dispute: format!("dp-stray-{}", order.number),
        amount: Amount::from_minor(1_000),
        currency: "EUR".parse().expect("it is one"),
        reason: "fraudulent".to_owned(),
        end: None,
    }
}
