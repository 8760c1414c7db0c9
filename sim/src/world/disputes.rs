//! Banks that ask payments back: the provider tells of it when it begins and when it ends, in
//! whatever order the notices arrive, and operators decide what becomes of the tickets.

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
        let notice = told(order, &dispute);
        self.tell(&News::Dispute(notice));
        let (name, is_lost) = (dispute.name, quarrel.is_lost);
        let judged = Happening::Judged { order, dispute: name, is_lost };
        self.agenda.put(self.after_ms(quarrel.for_ms), judged);
    }

    /// The bank decides.
    pub(super) fn judged(&mut self, order: OrderId, name: &str, is_lost: bool) {
        let Some(dispute) = self.provider.judge(order, name, is_lost) else { return };
        if is_lost {
            let (payment, amount) = (&dispute.payment, dispute.amount);
            let seen = Seen::ChargedBack { order, dispute: name, payment, amount };
            self.eyes.see(self.now, &seen);
        }
        self.tell(&News::Dispute(told(order, &dispute)));
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
