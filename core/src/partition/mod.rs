//! A partition: a set of events, decided on together.
//!
//! This is the whole contract with the driver: [`Partition::decide`] only reads,
//! [`Partition::evolve`] applies one fact, [`Partition::next_due`] says when
//! [`crate::command::Command::Advance`] has something to do. Every cost is at most logarithmic in
//! the events, orders, holds and people.

mod answers;
mod events;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use self::answers::Answers;
use self::events::Events;
use crate::command::{
    Actor, Command, DisputeNotice, PaymentNotice, PaymentOutcome, Provider, Request,
};
use crate::effect::Effect;
use crate::fact::{Answered, DisputeStrayed, Fact, PaymentStrayed};
use crate::id::{EventId, OrderId, PartitionId};
use crate::order::Order;
use crate::query::{Query, View};
use crate::refusal::{Refusal, Thing};
use crate::reply::Reply;
use crate::sale::{Decided, Sale};
use crate::time::Time;

/// A set of events with one history.
#[derive(Clone, Debug)]
pub struct Partition {
    state: State,
    due: Due,
}

/// The first byte of a state. A state of another version is not read: the journal is.
const STATE_VERSION: u8 = 7;

/// What must be remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    id: PartitionId,
    events: Events,
    answers: Answers,
    /// Money that came for no order that there is, by provider and payment.
    strays: BTreeMap<(Provider, String), OrderId>,
    /// Disputes about money that was for no order that there is, by provider and dispute.
    stray_disputes: BTreeSet<(Provider, String)>,
    /// The time of the last fact: nothing is decided before it.
    last: Time,
    /// The number of the last fact; 0 before the first.
    applied: u64,
}

impl Partition {
    /// A partition in which nothing has happened.
    pub fn new(id: PartitionId) -> Self {
        let state = State {
            id,
            events: Events::default(),
            answers: Answers::default(),
            strays: BTreeMap::new(),
            stray_disputes: BTreeSet::new(),
            last: Time::ZERO,
            applied: 0,
        };
        Self { state, due: Due::default() }
    }

    /// Which partition this is.
    pub fn id(&self) -> PartitionId {
        self.state.id
    }

    /// The number of the last fact; 0 before the first.
    pub fn applied(&self) -> u64 {
        self.state.applied
    }

    /// The time of the last fact. Whoever drives a partition gives it no earlier `now`; if one
    /// does, this is taken instead.
    pub fn last_time(&self) -> Time {
        self.state.last
    }

    /// The sale of each event that was defined.
    pub fn sales(&self) -> impl Iterator<Item = &Sale> {
        self.state.events.iter()
    }

    /// The sale of an event of this partition, if it was defined.
    pub fn sale(&self, event: EventId) -> Option<&Sale> {
        let own = (event.partition() == self.state.id).then_some(event.index());
        own.and_then(|index| self.state.events.sale(index))
    }

    /// Decides on a request. Nothing changes: the facts do that, through [`Self::evolve`], all of
    /// them or none. No facts means that there is nothing to change and the reply may go at once.
    pub fn decide(&self, now: Time, request: &Request) -> Decided {
        let now = now.max(self.state.last);
        if let Some(reply) = self.state.answers.find(request.key, now)? {
            return Ok((Vec::new(), reply.clone()));
        }
        if matches!(request.actor, Actor::Person(_)) && is_the_systems(&request.command) {
            return Err(Refusal::OperatorOnly);
        }
        let (mut facts, reply) = self.decide_command(now, request.actor, &request.command)?;
        if let Some(key) = request.key.filter(|_| !facts.is_empty()) {
            facts.push(Answered { key, reply: reply.clone() }.into());
        }
        Ok((facts, reply))
    }

    fn decide_command(&self, now: Time, actor: Actor, command: &Command) -> Decided {
        match command {
            Command::Advance => Ok((self.advance(now), Reply::Done)),
            Command::BlockSeats { event, seats, block } => {
                self.find(*event)?.decide_block(actor, seats, *block)
            }
            Command::CancelEvent(event) => self.find(*event)?.decide_cancel_event(actor),
            Command::CancelOrder(order) => {
                self.find(order.event)?.decide_cancel_order(actor, *order)
            }
            Command::ChangeEvent { event, change } => {
                self.find(*event)?.decide_change(actor, *change)
            }
            Command::DecideDispute { order, dispute, decision } => {
                self.find(order.event)?.decide_dispute(actor, *order, *dispute, *decision)
            }
            Command::DefineEvent { event, spec, seed } => {
                self.decide_define(actor, *event, spec, seed)
            }
            Command::DropPlace(place) => self.find(place.event)?.decide_drop(*place),
            Command::JoinWaitroom { event, party } => {
                self.find(*event)?.decide_join(now, actor, *party)
            }
            Command::LeaveWaitroom(place) => self.find(place.event)?.decide_leave(actor, *place),
            Command::OpenEvent(event) => self.find(*event)?.decide_open(actor),
            Command::PlaceOrder { hold, provider, accept_other_seats } => {
                let sale = self.find(hold.event)?;
                sale.decide_place_order(now, actor, *hold, provider, *accept_other_seats)
            }
            Command::RecordDispute(notice) => Ok((self.facts_of_dispute(notice), Reply::Done)),
            Command::RecordIntent { order, outcome } => {
                self.find(order.event)?.decide_record_intent(*order, outcome)
            }
            Command::RecordPayment(notice) => Ok((self.facts_of_notice(now, notice), Reply::Done)),
            Command::RecordRefund { order, refund, attempt, outcome } => {
                self.find(order.event)?.decide_record_refund(*order, *refund, *attempt, outcome)
            }
            Command::RefundOrder { order, tickets } => {
                self.find(order.event)?.decide_refund(actor, *order, tickets.as_deref())
            }
            Command::ReleaseHold(hold) => {
                self.find(hold.event)?.decide_release_hold(now, actor, *hold)
            }
            Command::ReserveEvent => self.decide_reserve(actor),
            Command::SettleRefund { order, refund, how } => {
                self.find(order.event)?.decide_settle_refund(actor, *order, *refund, how)
            }
            Command::SteerWaitroom { event, steer } => {
                self.find(*event)?.decide_steer(actor, *steer)
            }
            Command::TakeHold { event, place, wishes } => {
                self.find(*event)?.decide_take_hold(now, actor, *place, wishes)
            }
        }
    }

    /// Money is never dropped: what is for no order of ours, or comes from another provider than
    /// the order's, is written down for an operator to see.
    fn facts_of_notice(&self, now: Time, notice: &PaymentNotice) -> Vec<Fact> {
        if let Some((sale, order)) = self.order_at(&notice.provider, notice.order) {
            return sale.facts_of_notice(now, order, notice);
        }
        let name = (notice.provider.clone(), notice.payment.clone());
        match notice.outcome {
            PaymentOutcome::Captured { amount, currency }
                if !self.state.strays.contains_key(&name) =>
            {
                let (provider, payment) = name;
                let claimed = notice.order;
                vec![PaymentStrayed { provider, claimed, payment, amount, currency }.into()]
            }
            _ => Vec::new(),
        }
    }

    /// A dispute about money for no order of ours is written down like such money itself.
    fn facts_of_dispute(&self, notice: &DisputeNotice) -> Vec<Fact> {
        if let Some((_, order)) = self.order_at(&notice.provider, notice.order) {
            return order.facts_of_dispute(notice);
        }
        let name = (notice.provider.clone(), notice.dispute.clone());
        if self.state.stray_disputes.contains(&name) {
            return Vec::new();
        }
        let (provider, dispute) = name;
        let (claimed, payment) = (notice.order, notice.payment.clone());
        let (amount, currency) = (notice.amount, notice.currency);
        vec![DisputeStrayed { provider, claimed, dispute, payment, amount, currency }.into()]
    }

    /// The order with this id whose money that provider takes.
    fn order_at(&self, provider: &Provider, id: OrderId) -> Option<(&Sale, &Order)> {
        let sale = self.sale(id.event)?;
        let order = sale.order(id.number)?;
        (order.provider == *provider).then_some((sale, order))
    }

    fn advance(&self, now: Time) -> Vec<Fact> {
        let due = self.due.first().filter(|(at, _)| *at <= now);
        let sale = due.and_then(|(_, index)| self.state.events.sale(index));
        sale.map_or_else(Vec::new, |sale| sale.due_facts(now))
    }

    /// When something is due next; a time that has passed means at once.
    pub fn next_due(&self) -> Option<Time> {
        self.due.first().map(|(at, _)| at)
    }

    /// Applies a fact that happened `at` that time. `number` follows on [`Self::applied`].
    ///
    /// # Panics
    /// If a fact is left out or comes twice, or could not have happened in this state.
    pub fn evolve(&mut self, number: u64, at: Time, fact: &Fact) {
        assert_eq!(number, self.state.applied + 1, "facts are applied in order, each once");
        self.state.applied = number;
        self.state.last = self.state.last.max(at);
        self.state.answers.forget_before(at);
        match fact {
            Fact::EventReserved(fact) => self.state.events.reserve(fact.event.index()),
            Fact::EventDefined(fact) => self.state.events.define(fact),
            Fact::PaymentStrayed(fact) => {
                let name = (fact.provider.clone(), fact.payment.clone());
                self.state.strays.insert(name, fact.claimed);
            }
            Fact::DisputeStrayed(fact) => {
                let name = (fact.provider.clone(), fact.dispute.clone());
                self.state.stray_disputes.insert(name);
            }
            Fact::Answered(fact) => self.state.answers.keep(at, fact.key, fact.reply.clone()),
            _ => self.evolve_sale(number, at, fact),
        }
    }

    fn evolve_sale(&mut self, number: u64, at: Time, fact: &Fact) {
        let event = fact.event().expect("every other fact is about an event");
        let sale = self.state.events.sale_mut(event.index());
        let sale = sale.expect("a fact is about an event that was defined");
        sale.evolve(number, at, fact);
        self.due.set(event.index(), sale.next_due(at));
    }

    /// Shows something to somebody who may see it.
    pub fn query(&self, now: Time, actor: Actor, query: Query) -> Result<View, Refusal> {
        let now = now.max(self.state.last);
        let Some(event) = query.event() else {
            let visible = self.sales().filter(|sale| sale.is_visible_to(actor));
            return Ok(View::Events(visible.map(Sale::event_view).collect()));
        };
        self.find(event)?.query(now, actor, query)
    }

    /// What providers must still be asked for: after a restart nothing else remembers it.
    pub fn effects(&self) -> Vec<Effect> {
        self.sales().flat_map(Sale::effects).collect()
    }

    /// What a provider must be asked for because of `fact`, which has just been applied.
    pub fn effect_of(&self, fact: &Fact) -> Option<Effect> {
        self.sale(fact.event()?)?.effect_of(fact)
    }

    /// The state as bytes: the same facts give the same bytes, on any machine.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_extend(&self.state, vec![STATE_VERSION])
            .expect("a state has no shape that postcard cannot write")
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let state = bytes.strip_prefix(&[STATE_VERSION]).ok_or(StateError)?;
        let state: State = postcard::from_bytes(state).map_err(|_| StateError)?;
        let mut due = Due::default();
        for sale in state.events.iter() {
            due.set(sale.id().index(), sale.next_due(state.last));
        }
        Ok(Self { state, due })
    }

    fn find(&self, event: EventId) -> Result<&Sale, Refusal> {
        self.sale(event).ok_or(Refusal::NotFound(Thing::Event))
    }
}

/// What only timers, verified notices and results of effects lead to: a buyer who says that they
/// paid is not believed.
const fn is_the_systems(command: &Command) -> bool {
    matches!(
        command,
        Command::Advance
            | Command::DropPlace(_)
            | Command::RecordDispute(_)
            | Command::RecordIntent { .. }
            | Command::RecordPayment(_)
            | Command::RecordRefund { .. }
    )
}

/// The bytes are no state that this version can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the state cannot be read: it is of another version; start without the snapshot")]
pub struct StateError;

/// When each event has something to do next, soonest first.
#[derive(Clone, Debug, Default)]
struct Due {
    of: Vec<Option<Time>>,
    soonest: BTreeSet<(Time, u32)>,
}

impl Due {
    fn first(&self) -> Option<(Time, u32)> {
        self.soonest.first().copied()
    }

    fn set(&mut self, index: u32, at: Option<Time>) {
        let slot = index as usize;
        if self.of.len() <= slot {
            self.of.resize(slot + 1, None);
        }
        if self.of[slot] == at {
            return;
        }
        if let Some(before) = self.of[slot] {
            self.soonest.remove(&(before, index));
        }
        self.soonest.extend(at.map(|at| (at, index)));
        self.of[slot] = at;
    }
}
