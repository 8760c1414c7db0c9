//! The sale of one event: everything that must be consistent about it, in one place.
//!
//! [`Sale`] holds the state and answers small questions about it. The rules live with what they are
//! about (`hold`, `order`, `payment`, and `operate`, `queue`, `advance` here) as `decide_*` methods
//! that only read; `evolve` is the only place where a sale changes; `view` shows it.

mod advance;
mod audit;
mod buyers;
mod evolve;
mod operate;
mod queue;
mod view;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use self::buyers::Buyers;
use crate::effect::{Effect, EffectKind};
use crate::fact::Fact;
use crate::hold::Hold;
use crate::id::{EventId, HoldId, OrderId};
use crate::inventory::Stock;
use crate::order::{Intent, Order, OrderState};
use crate::payment::{Refund, RefundState};
use crate::query::Phase;
use crate::refusal::{Refusal, Thing};
use crate::reply::Reply;
use crate::spec::{EventSpec, SpecDigest};
use crate::time::Time;
use crate::waitroom::{Commitment, LotterySeed, Waitroom};

pub(crate) use self::operate::operator;
pub(crate) use self::view::sum;

pub use self::buyers::Buyer;

/// What a command leads to: facts and an answer, or a refusal.
pub type Decided = Result<(Vec<Fact>, Reply), Refusal>;

/// The sale of one event.
#[derive(Clone, Debug)]
pub struct Sale {
    book: Book,
    stock: Stock,
    /// What follows from the book and makes questions cheap.
    index: Index,
}

/// What must be remembered, apart from the stock.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Book {
    id: EventId,
    /// What it was defined as, and what its lottery was committed to then.
    defined_as: SpecDigest,
    commitment: Commitment,
    spec: EventSpec,
    phase: Phase,
    waitroom: Option<Waitroom>,
    holds: BTreeMap<u32, Hold>,
    next_hold: u32,
    orders: Vec<Order>,
    next_ticket: u32,
    buyers: Buyers,
    /// The order that was placed with each admission.
    ordered: BTreeMap<u32, u32>,
    /// The number of the last fact that moved stock.
    version: u64,
}

#[derive(Clone, Debug, Default)]
struct Index {
    timers: BTreeSet<(Time, Timer)>,
    /// The live holds of each admission.
    holds_of_place: BTreeSet<(u32, u32)>,
    /// Orders that a cancellation of the event must still undo: pending, or with valid tickets.
    standing: BTreeSet<u32>,
    /// Orders on whose behalf a provider must still be asked for something.
    asking: BTreeSet<u32>,
    /// Orders with a refund that its provider will not make.
    refused: BTreeSet<u32>,
    /// Orders with a dispute that is open, or that an operator must decide on.
    disputed: BTreeSet<u32>,
}

/// What ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Hold(u32),
    Order(u32),
    Visit(u32),
}

impl Sale {
    /// The sale of an event that was just defined.
    pub fn new(id: EventId, spec: EventSpec, seed: LotterySeed) -> Self {
        let stock = Stock::new(&spec);
        let (defined_as, commitment) = (spec.digest(), seed.commitment());
        let waitroom = spec.waitroom.map(|waitroom| Waitroom::new(waitroom, seed));
        let book = Book {
            id,
            defined_as,
            commitment,
            spec,
            phase: Phase::Defined,
            waitroom,
            holds: BTreeMap::new(),
            next_hold: 0,
            orders: Vec::new(),
            next_ticket: 0,
            buyers: Buyers::default(),
            ordered: BTreeMap::new(),
            version: 0,
        };
        Self { book, stock, index: Index::default() }
    }

    /// Which event this is the sale of.
    pub fn id(&self) -> EventId {
        self.book.id
    }

    /// The event as it is now: as it was defined and changed since.
    pub fn spec(&self) -> &EventSpec {
        &self.book.spec
    }

    /// Where the event is in its life.
    pub fn phase(&self) -> Phase {
        self.book.phase
    }

    /// What there is to sell.
    pub fn stock(&self) -> &Stock {
        &self.stock
    }

    /// How people are let in, if not all at once.
    pub fn waitroom(&self) -> Option<&Waitroom> {
        self.book.waitroom.as_ref()
    }

    pub(crate) fn hold(&self, number: u32) -> Option<&Hold> {
        self.book.holds.get(&number)
    }

    pub(crate) fn next_hold(&self) -> u32 {
        self.book.next_hold
    }

    pub(crate) fn order(&self, number: u32) -> Option<&Order> {
        self.book.orders.get(number as usize)
    }

    pub(crate) fn next_order(&self) -> u32 {
        self.book.orders.len() as u32
    }

    pub(crate) fn next_ticket(&self) -> u32 {
        self.book.next_ticket
    }

    pub(crate) fn order_of_place(&self, place: u32) -> Option<OrderId> {
        self.book.ordered.get(&place).map(|order| OrderId::new(self.id(), *order))
    }

    /// The live holds that were taken with this admission.
    pub(crate) fn holds_of_place(&self, place: u32) -> impl Iterator<Item = HoldId> {
        let holds = self.index.holds_of_place.range((place, 0)..=(place, u32::MAX));
        holds.map(|&(_, number)| HoldId::new(self.id(), number))
    }

    pub(crate) fn must_be_open(&self) -> Result<(), Refusal> {
        match self.book.phase {
            Phase::Open => Ok(()),
            Phase::Cancelled => Err(Refusal::EventCancelled),
            Phase::Defined => Err(Refusal::NotFound(Thing::Event)),
        }
    }

    /// What a provider must still be asked for: after a restart nothing else remembers it.
    pub fn effects(&self) -> Vec<Effect> {
        let orders = self.index.asking.iter();
        orders.filter_map(|&number| Some((number, self.order(number)?))).fold(
            Vec::new(),
            |mut effects, (number, order)| {
                effects.extend(self.intent_effect(number, order));
                let refunds = (0..).zip(&order.refunds);
                effects.extend(
                    refunds.filter_map(|(i, refund)| self.refund_effect(number, order, i, refund)),
                );
                effects
            },
        )
    }

    /// What a provider must be asked for because of `fact`, which has just been applied.
    pub fn effect_of(&self, fact: &Fact) -> Option<Effect> {
        match fact {
            Fact::OrderPlaced(fact) => {
                self.intent_effect(fact.order.number, self.order(fact.order.number)?)
            }
            Fact::RefundWanted(fact) => {
                let order = self.order(fact.order.number)?;
                let last = order.refunds.len().checked_sub(1)?;
                self.refund_effect(fact.order.number, order, last as u32, &order.refunds[last])
            }
            Fact::RefundRetried(fact) => {
                let order = self.order(fact.order.number)?;
                let refund = order.refunds.get(fact.refund as usize)?;
                self.refund_effect(fact.order.number, order, fact.refund, refund)
            }
            _ => None,
        }
    }

    /// Whether there are refunds that their providers will not make.
    pub fn has_refused_refunds(&self) -> bool {
        !self.index.refused.is_empty()
    }

    /// Whether there are disputes that are open, or that an operator must decide on.
    pub fn has_live_disputes(&self) -> bool {
        !self.index.disputed.is_empty()
    }

    /// Orders that can be paid, or could until lately, and of which no payment is known: a provider
    /// should be asked about them. It looks at every order: for a restart.
    pub fn unpaid(&self, ended_after: Time) -> impl Iterator<Item = (OrderId, &Order)> {
        let orders = (0..).zip(&self.book.orders);
        let unpaid = orders.filter(move |(_, order)| {
            let has_page = matches!(order.intent, Intent::Ready { .. });
            has_page && order.captures.is_empty() && order.until > ended_after
        });
        unpaid.map(|(number, order)| (OrderId::new(self.id(), number), order))
    }

    fn intent_effect(&self, number: u32, order: &Order) -> Option<Effect> {
        let wanted = order.state == OrderState::Pending && order.intent == Intent::Wanted;
        wanted.then(|| Effect {
            order: OrderId::new(self.id(), number),
            provider: order.provider.clone(),
            kind: EffectKind::CreateIntent {
                amount: order.total(),
                currency: self.spec().currency,
                until: order.until,
            },
        })
    }

    fn refund_effect(
        &self,
        number: u32,
        order: &Order,
        refund: u32,
        content: &Refund,
    ) -> Option<Effect> {
        let capture = order.captures.get(content.capture as usize)?;
        let wanted = content.state == RefundState::Wanted && !content.amount.is_zero();
        wanted.then(|| Effect {
            order: OrderId::new(self.id(), number),
            provider: order.provider.clone(),
            kind: EffectKind::Refund {
                refund,
                attempt: content.attempt,
                payment: capture.payment.clone(),
                amount: content.amount,
                currency: capture.currency,
            },
        })
    }
}

/// What must be remembered of a sale, borrowed.
#[derive(Serialize)]
struct Image<'a> {
    book: &'a Book,
    stock: crate::inventory::StockImage<'a>,
}

/// What was remembered of a sale.
#[derive(Deserialize)]
struct OwnedImage {
    book: Book,
    stock: crate::inventory::OwnedStockImage,
}

impl Serialize for Sale {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Image { book: &self.book, stock: self.stock.image() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Sale {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let OwnedImage { book, stock } = OwnedImage::deserialize(deserializer)?;
        let stock = Stock::restore(&book.spec, stock);
        let index = Index::of(&book);
        Ok(Self { book, stock, index })
    }
}
