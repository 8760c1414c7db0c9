//! What an event is made of, and small questions about it.

use onsale_core::command::{Actor, Provider};
use onsale_core::fact::EventDefined;
use onsale_core::hold::{Hold, Line};
use onsale_core::id::{EventId, HoldId, OrderId, PersonId, PlaceId};
use onsale_core::money::Amount;
use onsale_core::order::{OrderEnd, OrderStatus};
use onsale_core::payment::{Capture, Dispute, Refund};
use onsale_core::query::Phase;
use onsale_core::reply::HoldView;
use onsale_core::spec::{Class, ClassId, Draft, EventSpec};
use onsale_core::time::Time;
use onsale_core::waitroom::{LotterySeed, Place, PlaceState};

use super::Allowed;
use super::rate::Rate;
use super::seats::Chair;

/// An event and everything that happened to it.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: EventId,
    /// As it was defined.
    pub(super) defined_as: EventSpec,
    /// As it is now.
    pub(crate) spec: Draft,
    pub(crate) seed: LotterySeed,
    pub(crate) phase: Phase,
    pub(super) chairs: Vec<Chair>,
    /// Every hold there ever was; `None` once it ended.
    pub(super) holds: Vec<Option<Hold>>,
    pub(crate) orders: Vec<Order>,
    /// Until when the cart of each person lives who began one.
    pub(super) carts: Vec<(PersonId, Time)>,
    pub(crate) places: Vec<Place>,
    /// The places that wait, first in line first; nobody before the draw.
    pub(crate) line: Vec<u32>,
    pub(crate) is_drawn: bool,
    pub(crate) is_paused: bool,
    pub(crate) slots: u32,
    pub(crate) rate: Rate,
    /// The number of the next ticket.
    pub(super) next_ticket: u32,
}

/// An order and everything that happened to it.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(super) person: PersonId,
    pub(super) place: Option<u32>,
    pub(super) lines: Vec<Line>,
    pub(crate) provider: Provider,
    pub(super) placed_at: Time,
    pub(super) until: Time,
    pub(super) accept_other_seats: bool,
    pub(super) stage: Stage,
    /// Where the buyer pays, once the provider has said so.
    pub(super) page: Option<String>,
    pub(super) has_started: bool,
    pub(super) captures: Vec<Capture>,
    pub(super) refunds: Vec<Refund>,
    pub(super) disputes: Vec<Dispute>,
    /// The payment that its tickets were issued for, if they are not free.
    pub(super) paid_with: Option<u32>,
}

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Its payment is awaited.
    Pending,
    /// It has tickets: `void` has a bit for each that lets nobody in.
    Paid {
        /// The number of its first ticket.
        first: u32,
        /// Which are void.
        void: u32,
    },
    /// It came to nothing.
    Over(OrderEnd),
}

impl Event {
    pub(super) fn new(fact: &EventDefined) -> Self {
        let spec: &Draft = &fact.spec;
        let waitroom = spec.waitroom;
        Self {
            id: fact.event,
            chairs: spec.plan.as_ref().map_or_else(Vec::new, Chair::of_plan),
            defined_as: EventSpec::clone(&fact.spec),
            spec: spec.clone(),
            seed: fact.seed.clone(),
            phase: Phase::Defined,
            holds: vec![],
            orders: vec![],
            carts: vec![],
            places: vec![],
            line: vec![],
            is_drawn: false,
            is_paused: false,
            slots: waitroom.map_or(0, |waitroom| waitroom.slots),
            rate: Rate::new(waitroom.map_or(1, |waitroom| waitroom.rate_per_minute)),
            next_ticket: 0,
        }
    }

    pub(super) fn must_be_open(&self) -> Allowed {
        match self.phase {
            Phase::Open => Ok(()),
            Phase::Cancelled => Err("event_cancelled"),
            Phase::Defined => Err("not_found"),
        }
    }

    pub(super) fn class(&self, id: ClassId) -> Option<&Class> {
        self.spec.classes.get(usize::from(id.0))
    }

    pub(super) fn hold_id(&self, number: u32) -> HoldId {
        HoldId::new(self.id, number)
    }

    pub(super) fn order_id(&self, number: u32) -> OrderId {
        OrderId::new(self.id, number)
    }

    pub(super) fn place_id(&self, number: u32) -> PlaceId {
        PlaceId::new(self.id, number)
    }

    /// A hold that can still be used by whoever asks. That one was is no secret.
    pub(super) fn living_hold(
        &self,
        now: Time,
        actor: Actor,
        id: HoldId,
    ) -> Result<&Hold, &'static str> {
        let hold = self.holds.get(id.number as usize).ok_or("not_found")?;
        let hold = hold.as_ref().filter(|hold| hold.until > now).ok_or("hold_gone")?;
        if is_theirs(actor, hold.person) { Ok(hold) } else { Err("not_found") }
    }

    pub(super) fn hold_view(&self, id: HoldId, lines: &[Line], until: Time) -> HoldView {
        let (lines, total) = (lines.to_vec(), total(lines));
        HoldView { hold: id, lines, total, currency: self.spec.currency, until }
    }

    pub(super) fn order_of(&self, actor: Actor, id: OrderId) -> Result<&Order, &'static str> {
        let order = self.orders.get(id.number as usize);
        order.filter(|order| is_theirs(actor, order.person)).ok_or("not_found")
    }

    pub(super) fn place_of(&self, actor: Actor, id: PlaceId) -> Result<&Place, &'static str> {
        let place = self.places.get(id.number as usize);
        place.filter(|place| is_theirs(actor, place.person)).ok_or("not_found")
    }

    /// The numbers of the holds that were taken with a place, rising.
    pub(super) fn holds_of_place(&self, place: u32) -> impl Iterator<Item = u32> {
        let holds = (0..).zip(&self.holds);
        let of_it =
            move |hold: &Option<Hold>| hold.as_ref().is_some_and(|h| h.place == Some(place));
        holds.filter(move |(_, hold)| of_it(hold)).map(|(number, _)| number)
    }

    /// The order that was placed with a place.
    pub(super) fn order_of_place(&self, place: u32) -> Option<u32> {
        (0..).zip(&self.orders).find(|(_, order)| order.place == Some(place)).map(|(i, _)| i)
    }

    /// Those who wait, before the draw or after it.
    pub(crate) fn waiting(&self) -> u32 {
        self.places.iter().filter(|place| place.state == PlaceState::Queued).count() as u32
    }

    /// The numbers of the places that are inside.
    pub(crate) fn inside(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.places).filter(|(_, place)| is_inside(place)).map(|(number, _)| number)
    }

    /// How many wait ahead of a place in the line.
    pub(crate) fn ahead(&self, number: u32) -> Option<u32> {
        self.line.iter().position(|&waiting| waiting == number).map(|ahead| ahead as u32)
    }

    /// Whether somebody inside holds or has ordered something: nothing is promised to them.
    pub(super) fn is_provided(&self, place: u32) -> bool {
        self.holds_of_place(place).next().is_some() || self.order_of_place(place).is_some()
    }

    /// Tickets that those inside were let in for and have not taken yet.
    pub(crate) fn promised(&self) -> u64 {
        let empty_handed = self.inside().filter(|&place| !self.is_provided(place));
        empty_handed.map(|place| u64::from(self.places[place as usize].party)).sum()
    }

    /// Whether what can be sold is enough for one more party beyond what is promised. The first
    /// party is let in for whatever there is.
    pub(crate) fn serves(&self, party: u32) -> bool {
        let (promised, stock) = (self.promised(), u64::from(self.tally().sellable(self)));
        promised + u64::from(party) <= stock || (promised == 0 && stock > 0)
    }
}

impl Order {
    pub(super) fn count(&self) -> u32 {
        self.lines.iter().map(|line| line.count).sum()
    }

    pub(super) fn total(&self) -> Amount {
        total(&self.lines)
    }

    /// The tickets that let somebody in, as bits.
    pub(super) fn valid(&self) -> u32 {
        match self.stage {
            Stage::Paid { void, .. } => (0..self.count()).fold(0, |bits, i| bits | 1 << i) & !void,
            Stage::Pending | Stage::Over(_) => 0,
        }
    }

    pub(super) fn status(&self) -> OrderStatus {
        match self.stage {
            Stage::Pending => OrderStatus::Pending,
            Stage::Paid { void: 0, .. } => OrderStatus::Completed,
            Stage::Paid { .. } if self.valid() == 0 => OrderStatus::Refunded,
            Stage::Paid { .. } => OrderStatus::PartiallyRefunded,
            Stage::Over(OrderEnd::Cancelled | OrderEnd::EventCancelled) => OrderStatus::Cancelled,
            Stage::Over(OrderEnd::Expired) => OrderStatus::Expired,
            Stage::Over(_) => OrderStatus::Failed,
        }
    }
}

/// Buyers may see and move what is theirs, all others everything.
pub(super) fn is_theirs(actor: Actor, owner: PersonId) -> bool {
    match actor {
        Actor::Person(person) => person == owner,
        Actor::Operator | Actor::System => true,
    }
}

pub(crate) fn is_inside(place: &Place) -> bool {
    matches!(place.state, PlaceState::Admitted { .. })
}

pub(crate) fn is_live(place: &Place) -> bool {
    place.state == PlaceState::Queued || is_inside(place)
}

pub(super) fn total(lines: &[Line]) -> Amount {
    Amount::from_minor(lines.iter().map(|l| l.price.as_minor() * u64::from(l.count)).sum())
}
