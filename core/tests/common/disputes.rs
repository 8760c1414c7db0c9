//! What is said and seen of payments that banks ask back.

use onsale_core::command::{Actor, Command, DisputeDecision, DisputeNotice};
use onsale_core::effect::EffectKind;
use onsale_core::id::{EventId, OrderId};
use onsale_core::money::Amount;
use onsale_core::payment::DisputeEnd;
use onsale_core::query::{LiveDispute, Query, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;

use super::{World, any, buyer, club, euro, sandbox};

impl World {
    /// The provider says that a bank asks for so much of a payment, or how that ended.
    pub fn dispute(
        &mut self,
        order: OrderId,
        payment: &str,
        dispute: &str,
        amount: Amount,
        end: Option<DisputeEnd>,
    ) {
        let notice = DisputeNotice {
            provider: sandbox(),
            order,
            payment: payment.into(),
            dispute: dispute.into(),
            amount,
            currency: euro(),
            reason: "fraudulent".into(),
            end,
        };
        let reply = self.ask(Actor::System, Command::RecordDispute(Box::new(notice)));
        assert_eq!(reply, Ok(Reply::Done), "what a provider says is never refused");
    }

    /// An operator says what becomes of the tickets.
    pub fn decide_dispute(
        &mut self,
        order: OrderId,
        dispute: u32,
        decision: DisputeDecision,
    ) -> Result<Reply, Refusal> {
        self.ask(Actor::Operator, Command::DecideDispute { order, dispute, decision })
    }

    /// The disputes of an event that somebody has to know of: so many orders behind one.
    pub fn live_disputes(
        &self,
        event: EventId,
        after: Option<u32>,
        orders_max: u16,
    ) -> Vec<LiveDispute> {
        let query = Query::Disputes { event, after, orders_max };
        let View::Disputes(disputes) = self.query(query) else { panic!("not disputes") };
        disputes
    }
}

/// So much is gone.
pub fn lost(minor: u64) -> DisputeEnd {
    DisputeEnd::Lost { amount: Amount::from_minor(minor), currency: euro() }
}

pub const WON: Option<DisputeEnd> = Some(DisputeEnd::Won);

/// A world with an order of two tickets at 25.00, paid as `pay-1`.
pub fn paid() -> (World, EventId, OrderId) {
    let (mut world, event) = World::with(club(9));
    let order = world.buy(buyer(1), event, &[any(0, 2)]);
    (world, event, order)
}

/// What is asked of the provider: refunds with their amounts.
pub fn wanted(world: &World) -> Vec<(u32, u64)> {
    let refund = |kind: &EffectKind| match kind {
        EffectKind::Refund { refund, amount, .. } => (*refund, amount.as_minor()),
        EffectKind::CreateIntent { .. } => panic!("{kind:?}"),
    };
    world.partition.effects().iter().map(|effect| refund(&effect.kind)).collect()
}

/// Captured, refunded, charged back, what it cost, and the value of the tickets, in minor units.
pub fn money(world: &World, event: EventId) -> [u64; 5] {
    let audit = world.audit(event);
    [audit.captured, audit.refunded, audit.charged_back, audit.loss, audit.ticket_value]
        .map(Amount::as_minor)
}
