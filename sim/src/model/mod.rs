//! The rules written a second time, apart from core: lists and scans, no index, no counter that is
//! kept. It shares nothing with core but the words: facts, commands, replies, and the definition of
//! an event.
//!
//! A [`Model`] is moved by facts alone. It is asked two things: whether a fact may happen
//! ([`Model::check`]), and what a request leads to ([`Model::predict`]): its facts and its reply,
//! or the code of its refusal. `now` counts only where a rule says so.
//!
//! ```text
//!  event    what an event is made of, and small questions about it
//!  stock    what is left, counted anew each time        seats    which seats are the best
//!  hold, order, dispute, queue, operate    what a command leads to
//!  change   what a fact does        legal     whether it may happen        view    how it looks
//!  follow   facts in the order in which they became durable
//! ```

mod change;
mod dispute;
pub(crate) mod event;
pub(crate) mod follow;
mod hold;
pub(crate) mod legal;
pub(crate) mod lottery;
mod operate;
mod order;
mod queue;
pub(crate) mod rate;
mod seats;
mod stock;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod view;

use onsale_core::command::{
    Actor, Command, DisputeNotice, IdempotencyKey, PaymentNotice, PaymentOutcome, Provider, Request,
};
use onsale_core::fact::{
    Answered, Decision, DisputeStrayed, EventDefined, EventReserved, Fact, PaymentStrayed,
};
use onsale_core::id::{EventId, OrderId, PartitionId};
use onsale_core::reply::Reply;
use onsale_core::spec::EventSpec;
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::LotterySeed;
use sha2::{Digest, Sha256};

pub(crate) use self::event::Event;
use self::event::Order;

/// How long an answer is kept for whoever asks the same again: 24 hours.
const KEPT: Span = Span::from_mins(24 * 60);

/// What a request leads to: facts and a reply, or the code of a refusal.
pub(crate) type Predicted = Result<(Vec<Fact>, Reply), &'static str>;

/// Nothing, or the code of a refusal.
type Allowed = Result<(), &'static str>;

/// One partition as its facts have made it.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) id: PartitionId,
    /// Every id that was given; without an event while it is only reserved.
    ids: Vec<Option<Event>>,
    answers: Vec<Kept>,
    strays: Vec<(Provider, String)>,
    /// Disputes about money for no order that there is.
    stray_disputes: Vec<(Provider, String)>,
    /// The time of the last fact.
    pub(crate) last: Time,
    /// The number of the last fact.
    pub(crate) applied: u64,
}

/// An answer that is kept.
#[derive(Clone, Debug)]
struct Kept {
    key: IdempotencyKey,
    reply: Reply,
    at: Time,
}

impl Model {
    /// A partition in which nothing has happened.
    pub(crate) fn new(id: PartitionId) -> Self {
        let (answers, strays, stray_disputes) = (Vec::new(), Vec::new(), Vec::new());
        let (ids, last) = (Vec::new(), Time::ZERO);
        Self { id, ids, answers, strays, stray_disputes, last, applied: 0 }
    }

    /// The events that were defined.
    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.ids.iter().flatten()
    }

    /// The event with this id, if it is one of this partition.
    pub(crate) fn event(&self, id: EventId) -> Option<&Event> {
        self.events().find(|event| event.id == id)
    }

    /// What a request leads to.
    pub(crate) fn predict(&self, now: Time, request: &Request) -> Predicted {
        let now = now.max(self.last);
        if let Some(kept) = request.key.and_then(|key| self.kept(key.key, now)) {
            let is_same = request.key.is_some_and(|key| key.fingerprint == kept.key.fingerprint);
            return if is_same { Ok((vec![], kept.reply.clone())) } else { Err("key_reused") };
        }
        let (mut facts, reply) = self.led_to(now, request.actor, &request.command)?;
        if let Some(key) = request.key.filter(|_| !facts.is_empty()) {
            facts.push(Answered { key, reply: reply.clone() }.into());
        }
        Ok((facts, reply))
    }

    /// The newest answer under a key, unless it is older than a day.
    fn kept(&self, key: u128, now: Time) -> Option<&Kept> {
        let newest = self.answers.iter().rev().find(|kept| kept.key.key == key);
        newest.filter(|kept| now < kept.at + KEPT)
    }

    fn led_to(&self, now: Time, actor: Actor, command: &Command) -> Predicted {
        let is_person = matches!(actor, Actor::Person(_));
        let of = |event: EventId| self.event(event).ok_or("not_found");
        match command {
            Command::Advance
            | Command::DropPlace(_)
            | Command::RecordDispute(_)
            | Command::RecordIntent { .. }
            | Command::RecordPayment(_)
            | Command::RecordRefund { .. }
            | Command::DefineEvent { .. }
            | Command::ReserveEvent
                if is_person =>
            {
                Err("operator_only")
            }
            Command::Advance => done(vec![]),
            Command::BlockSeats { event, seats, block } => of(*event)?.block(actor, seats, *block),
            Command::CancelEvent(event) => of(*event)?.cancel(actor),
            Command::CancelOrder(order) => of(order.event)?.cancel_order(actor, *order),
            Command::ChangeEvent { event, change } => of(*event)?.change_event(actor, *change),
            Command::DecideDispute { order, dispute, decision } => {
                of(order.event)?.decide_dispute(actor, *order, *dispute, *decision)
            }
            Command::DefineEvent { event, spec, seed } => self.define(*event, spec, seed),
            Command::DropPlace(place) => of(place.event)?.drop_place(*place),
            Command::JoinWaitroom { event, party } => of(*event)?.join(now, actor, *party),
            Command::LeaveWaitroom(place) => of(place.event)?.leave(actor, *place),
            Command::OpenEvent(event) => of(*event)?.open(actor),
            Command::PlaceOrder { hold, provider, accept_other_seats } => {
                of(hold.event)?.place_order(now, actor, *hold, provider, *accept_other_seats)
            }
            Command::RecordDispute(notice) => done(self.disputed(notice)),
            Command::RecordIntent { order, outcome } => of(order.event)?.intent(*order, outcome),
            Command::RecordPayment(notice) => done(self.noticed(now, notice)),
            Command::RecordRefund { order, refund, attempt, outcome } => {
                of(order.event)?.refund_answered(*order, *refund, *attempt, outcome)
            }
            Command::RefundOrder { order, tickets } => {
                of(order.event)?.refund(actor, *order, tickets.as_deref())
            }
            Command::ReleaseHold(hold) => of(hold.event)?.release(now, actor, *hold),
            Command::ReserveEvent => {
                let event = self.next_id().ok_or("full")?;
                Ok((vec![EventReserved { event }.into()], Reply::EventReserved { event }))
            }
            Command::SettleRefund { order, refund, how } => {
                of(order.event)?.settle_refund(actor, *order, *refund, how)
            }
            Command::SteerWaitroom { event, steer } => of(*event)?.steer(actor, *steer),
            Command::TakeHold { event, place, wishes } => {
                of(*event)?.take(now, actor, *place, wishes)
            }
        }
    }

    /// The first definition of an id counts, and the same again is answered like it.
    fn define(&self, id: Option<EventId>, spec: &EventSpec, seed: &LotterySeed) -> Predicted {
        let event = match id {
            None => self.next_id().ok_or("full")?,
            Some(id) if self.is_reserved(id) => id,
            Some(id) => {
                let event = self.event(id).ok_or("not_found")?;
                let commitment = event.seed.commitment();
                let same = Reply::EventDefined { event: id, commitment };
                return if event.defined_as == *spec {
                    Ok((vec![], same))
                } else {
                    Err("defined_already")
                };
            }
        };
        let fact = EventDefined { event, spec: Box::new(spec.clone()), seed: seed.clone() };
        let commitment = seed.commitment();
        Ok((vec![fact.into()], Reply::EventDefined { event, commitment }))
    }

    fn next_id(&self) -> Option<EventId> {
        EventId::new(self.id, self.ids.len() as u32)
    }

    /// Whether an id was given and nothing was defined under it.
    fn is_reserved(&self, id: EventId) -> bool {
        let given = (0..).zip(&self.ids).filter(|(_, event)| event.is_none());
        { given }.any(|(index, _)| EventId::new(self.id, index) == Some(id))
    }

    /// Money for an order of ours by its own provider is that order's; other money strayed.
    fn noticed(&self, now: Time, notice: &PaymentNotice) -> Vec<Fact> {
        if let Some((event, order)) = self.order_at(&notice.provider, notice.order) {
            return event.noticed(now, order, notice);
        }
        let PaymentOutcome::Captured { amount, currency } = notice.outcome else { return vec![] };
        if self.has_strayed(&notice.provider, &notice.payment) {
            return vec![];
        }
        let (provider, payment) = (notice.provider.clone(), notice.payment.clone());
        let claimed = notice.order;
        vec![PaymentStrayed { provider, claimed, payment, amount, currency }.into()]
    }

    /// A dispute about money for an order of ours is that order's.
    fn disputed(&self, notice: &DisputeNotice) -> Vec<Fact> {
        if let Some((_, order)) = self.order_at(&notice.provider, notice.order) {
            return Event::disputed(order, notice);
        }
        if self.has_dispute_strayed(&notice.provider, &notice.dispute) {
            return vec![];
        }
        let DisputeNotice { provider, order, payment, dispute, amount, currency, .. } =
            notice.clone();
        let claimed = order;
        vec![DisputeStrayed { provider, claimed, dispute, payment, amount, currency }.into()]
    }

    /// An order of ours, with its event, if that provider takes its money.
    fn order_at(&self, provider: &Provider, id: OrderId) -> Option<(&Event, &Order)> {
        let event = self.event(id.event)?;
        let order = event.orders.get(id.number as usize)?;
        (order.provider == *provider).then_some((event, order))
    }

    fn has_dispute_strayed(&self, provider: &Provider, dispute: &str) -> bool {
        self.stray_disputes.iter().any(|(of, name)| of == provider && name == dispute)
    }

    fn has_strayed(&self, provider: &Provider, payment: &str) -> bool {
        self.strays.iter().any(|(of, name)| of == provider && name == payment)
    }

    /// Whether a decision's fact may happen at a time. It has not been applied.
    pub(crate) fn check(&self, at: Time, fact: &Fact) -> Result<(), String> {
        let may = match fact {
            _ if at < self.last => Err("time ran backwards".into()),
            Fact::EventReserved(fact) => {
                legal::must(self.next_id() == Some(fact.event), "its number is not the next")
            }
            Fact::EventDefined(fact) => {
                let may = self.next_id() == Some(fact.event) || self.is_reserved(fact.event);
                legal::must(may, "its number is neither the next nor reserved")
            }
            Fact::PaymentStrayed(fact) => {
                let known = self.has_strayed(&fact.provider, &fact.payment);
                let is_ours = self.order_at(&fact.provider, fact.claimed).is_some();
                legal::must(!known && !is_ours, "it is known, or for an order that there is")
            }
            Fact::DisputeStrayed(fact) => {
                let known = self.has_dispute_strayed(&fact.provider, &fact.dispute);
                let is_ours = self.order_at(&fact.provider, fact.claimed).is_some();
                legal::must(!known && !is_ours, "it is known, or for an order that there is")
            }
            Fact::Answered(fact) => {
                let kept = self.kept(fact.key.key, at);
                legal::must(kept.is_none(), "another answer is kept under its key")
            }
            _ => match fact.event().and_then(|event| self.event(event)) {
                Some(event) => event.check(at, fact),
                None => Err("there is no such event".into()),
            },
        };
        may.map_err(|why: String| format!("{fact:?} at {}: {why}", at.as_ms()))
    }

    /// Whether a whole decision, which was just applied, left something undone.
    pub(crate) fn check_after(&self, decision: &Decision) -> Result<(), String> {
        let events = decision.facts.iter().filter_map(Fact::event);
        events.take(1).filter_map(|event| self.event(event)).try_for_each(Event::check_whole)
    }

    /// Applies the next fact.
    pub(crate) fn change(&mut self, at: Time, fact: &Fact) {
        self.applied += 1;
        self.last = self.last.max(at);
        match fact {
            Fact::EventReserved(_) => self.ids.push(None),
            Fact::EventDefined(fact) => {
                if self.next_id() == Some(fact.event) {
                    self.ids.push(None);
                }
                if let Some(slot) = self.ids.get_mut(fact.event.index() as usize) {
                    *slot = Some(Event::new(fact));
                }
            }
            Fact::PaymentStrayed(fact) => {
                self.strays.push((fact.provider.clone(), fact.payment.clone()));
            }
            Fact::DisputeStrayed(fact) => {
                self.stray_disputes.push((fact.provider.clone(), fact.dispute.clone()));
            }
            Fact::Answered(fact) => {
                self.answers.push(Kept { key: fact.key, reply: fact.reply.clone(), at });
            }
            _ => {
                let of = fact.event();
                let mut events = self.ids.iter_mut().flatten();
                if let Some(event) = events.find(|event| Some(event.id) == of) {
                    event.change(at, fact);
                }
            }
        }
    }
}

/// Whether a commitment is the SHA-256 of a seed.
pub(crate) fn commits(commitment: &[u8; 32], seed: &[u8; 32]) -> bool {
    Sha256::digest(seed).as_slice() == commitment
}

#[expect(clippy::unnecessary_wraps, reason = "what is predicted may also be a refusal")]
fn done(facts: Vec<Fact>) -> Predicted {
    Ok((facts, Reply::Done))
}
