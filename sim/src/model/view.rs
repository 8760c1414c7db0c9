//! How things look to somebody who may see them. What core estimates, labels or merely repeats from
//! the event's definition is not looked at.

use onsale_core::command::Actor;
use onsale_core::id::{EventId, OrderId, PlaceId};
use onsale_core::inventory::seating::{SeatIndex, SeatState};
use onsale_core::money::Amount;
use onsale_core::order::{OrderStatus, PaymentStatus};
use onsale_core::payment::{Dispute, DisputeState, Refund, RefundState};
use onsale_core::query::{LiveDispute, OrderView, Phase, PlaceView, Query, RefusedRefund, View};
use onsale_core::reply::HoldView;
use onsale_core::spec::ClassId;
use onsale_core::time::Time;
use onsale_core::waitroom::PlaceState;

use super::Model;
use super::event::{Event, Order, Stage, is_live};
use super::operate::operator;
use super::stock::tickets;

/// What is to be seen, or the code of a refusal.
pub(crate) type Shown = Result<Sight, &'static str>;

/// As much of a view as the model judges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// By class: left, whether more may come back, held, sold.
    Availability(Vec<(u32, bool, u32, u32)>),
    Disputes(Vec<DisputeSight>),
    Event(EventSight),
    Events(Vec<EventSight>),
    Hold(HoldView),
    Order(OrderSight),
    Place(PlaceSight),
    RefusedRefunds(Vec<RefusedSight>),
    Seats(Vec<(SeatIndex, SeatState)>),
    /// Something that may be seen, whatever it is.
    Else,
}

/// An event's phase, and of its waitroom: drawn, paused, waiting, inside, slots, rate.
pub(crate) type EventSight = (EventId, Phase, Option<(bool, bool, u32, u32, u32, u32)>);

/// What is judged of a refused refund: its order, its number, the attempt, the amount, the reason.
pub(crate) type RefusedSight = (OrderId, u32, u32, Amount, String);

/// What is judged of a live dispute: its order, its number, its name, whether the money is gone,
/// how many tickets are at stake.
pub(crate) type DisputeSight = (OrderId, u32, String, bool, u32);

/// What is judged of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrderSight {
    id: OrderId,
    status: OrderStatus,
    lines: Vec<onsale_core::hold::Line>,
    total: Amount,
    times: [Time; 2],
    payment: PaymentStatus,
    captured: Amount,
    refunds: Vec<(Amount, onsale_core::payment::RefundCause, RefundState)>,
    /// Number, class, seat, and whether it lets somebody in.
    tickets: Vec<(u32, ClassId, Option<SeatIndex>, bool)>,
}

/// What is judged of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlaceSight {
    id: PlaceId,
    party: u32,
    state: PlaceState,
    joined_at: Time,
    ahead: Option<u32>,
    waiting: u32,
    is_paused: bool,
    is_sold_out: bool,
}

impl Sight {
    /// How many are ahead of a place.
    pub(crate) fn ahead(&self) -> Option<u32> {
        if let Self::Place(place) = self { place.ahead } else { None }
    }

    /// What changes only by facts about the very thing that is shown.
    pub(crate) fn lasting(self) -> Self {
        let Self::Place(mut place) = self else { return self };
        if let PlaceState::Admitted { provided, .. } = &mut place.state {
            *provided = false;
        }
        let (ahead, waiting, is_paused, is_sold_out) = (None, 0, false, false);
        Self::Place(PlaceSight { ahead, waiting, is_paused, is_sold_out, ..place })
    }
}

impl Model {
    /// What somebody sees who looks now.
    pub(crate) fn look(&self, now: Time, actor: Actor, query: Query) -> Shown {
        let now = now.max(self.last);
        let Some(event) = query.event() else {
            let seen = self.events().filter(|event| event.is_visible_to(actor));
            return Ok(Sight::Events(seen.map(Event::event_sight).collect()));
        };
        self.event(event).ok_or("not_found")?.look(now, actor, query)
    }
}

impl Event {
    fn look(&self, now: Time, actor: Actor, query: Query) -> Shown {
        if !self.is_visible_to(actor) {
            return Err("not_found");
        }
        Ok(match query {
            Query::Audit(_) => operator(actor).map(|()| Sight::Else)?,
            Query::Availability(_) => self.availability(),
            Query::Disputes { after, orders_max, .. } => {
                operator(actor)?;
                Sight::Disputes(self.disputes(after, orders_max))
            }
            Query::Event(_) | Query::Events => Sight::Event(self.event_sight()),
            Query::Hold(id) => {
                let hold = self.living_hold(now, actor, id)?;
                Sight::Hold(self.hold_view(id, &hold.lines, hold.until))
            }
            Query::Order(id) => Sight::Order(self.order_sight(id, self.order_of(actor, id)?)),
            Query::Timeline(id) => self.order_of(actor, id).map(|_| Sight::Else)?,
            Query::Place(id) => {
                if self.phase == Phase::Cancelled && matches!(actor, Actor::Person(_)) {
                    return Err("event_cancelled");
                }
                self.place_sight(actor, id)?
            }
            Query::RefusedRefunds { after, orders_max, .. } => {
                operator(actor)?;
                Sight::RefusedRefunds(self.refused_refunds(after, orders_max))
            }
            Query::Plan(_) | Query::Seats(_) if self.chairs.is_empty() => return Err("not_found"),
            Query::Seats(_) => {
                let states = (0..).map(SeatIndex).zip(self.tally().seats);
                Sight::Seats(states.filter(|(_, state)| *state != SeatState::Free).collect())
            }
            Query::Reveal(_) if self.spec.waitroom.is_none() => return Err("no_waitroom"),
            Query::Plan(_) | Query::Reveal(_) => Sight::Else,
        })
    }

    /// Before it is opened an event is its operator's alone.
    fn is_visible_to(&self, actor: Actor) -> bool {
        self.phase != Phase::Defined || operator(actor).is_ok()
    }

    fn event_sight(&self) -> EventSight {
        let inside = self.inside().count() as u32;
        let (drawn, paused, rate) = (self.is_drawn, self.is_paused, self.rate.per_minute());
        let waitroom = (drawn, paused, self.waiting(), inside, self.slots, rate);
        (self.id, self.phase, self.spec.waitroom.map(|_| waitroom))
    }

    fn availability(&self) -> Sight {
        let tally = self.tally();
        let classes = (0..self.spec.classes.len() as u16).map(ClassId);
        let class = |class: ClassId| {
            let (left, may_come_back) = tally.left(self, class);
            let index = usize::from(class.0);
            (left, may_come_back, tally.held[index], tally.sold[index])
        };
        Sight::Availability(classes.map(class).collect())
    }

    fn place_sight(&self, actor: Actor, id: PlaceId) -> Shown {
        let place = self.place_of(actor, id)?;
        let tally = self.tally();
        let state = match place.state {
            PlaceState::Admitted { at, until, .. } => {
                PlaceState::Admitted { at, until, provided: self.is_provided(id.number) }
            }
            state => state,
        };
        Ok(Sight::Place(PlaceSight {
            id,
            party: place.party,
            state,
            joined_at: place.joined_at,
            ahead: if is_live(place) { self.ahead(id.number) } else { None },
            waiting: self.waiting(),
            is_paused: self.is_paused,
            is_sold_out: tally.sellable(self) == 0 && !tally.anything_held(),
        }))
    }

    /// Of so many orders behind one that have any.
    fn refused_refunds(&self, after: Option<u32>, orders_max: u16) -> Vec<RefusedSight> {
        self.of_orders(after, orders_max, refused_of)
    }

    /// Of so many orders behind one that have any.
    fn disputes(&self, after: Option<u32>, orders_max: u16) -> Vec<DisputeSight> {
        self.of_orders(after, orders_max, disputes_of)
    }

    fn of_orders<T>(
        &self,
        after: Option<u32>,
        orders_max: u16,
        of: fn(OrderId, &Order) -> Vec<T>,
    ) -> Vec<T> {
        let orders = (0u32..).zip(&self.orders);
        let behind = orders.filter(|(number, _)| after.is_none_or(|after| *number > after));
        let found = behind.map(|(number, order)| of(self.order_id(number), order));
        let some = found.filter(|of_order| !of_order.is_empty()).take(usize::from(orders_max));
        some.flatten().collect()
    }

    fn order_sight(&self, id: OrderId, order: &Order) -> OrderSight {
        let own = order.captures.iter().filter(|c| c.currency == self.spec.currency);
        let captured = own.map(|capture| capture.amount.as_minor()).sum();
        let refunds = order.refunds.iter().map(|r| (r.amount, r.cause, r.state.clone()));
        OrderSight {
            id,
            status: order.status(),
            lines: order.lines.clone(),
            total: order.total(),
            times: [order.placed_at, order.until],
            payment: order.payment(),
            captured: Amount::from_minor(captured),
            refunds: refunds.collect(),
            tickets: order.tickets(),
        }
    }
}

impl Order {
    fn payment(&self) -> PaymentStatus {
        if self.total().is_zero() {
            return PaymentStatus::Free;
        }
        match (self.stage, &self.page) {
            (Stage::Paid { .. }, _) => PaymentStatus::Paid,
            (Stage::Over(_), _) => PaymentStatus::Closed,
            (Stage::Pending, None) => PaymentStatus::Preparing,
            (Stage::Pending, Some(_)) if self.has_started => PaymentStatus::Processing,
            (Stage::Pending, Some(url)) => PaymentStatus::Ready(url.clone()),
        }
    }

    fn tickets(&self) -> Vec<(u32, ClassId, Option<SeatIndex>, bool)> {
        let Stage::Paid { first, void } = self.stage else { return vec![] };
        let each = (0u32..).zip(tickets(&self.lines));
        each.map(|(i, (class, seat))| (first + i, class, seat, void >> i & 1 == 0)).collect()
    }
}

fn refused_of(id: OrderId, order: &Order) -> Vec<RefusedSight> {
    let refunds = (0..).zip(&order.refunds);
    let sight = |(number, refund): (u32, &Refund)| match &refund.state {
        RefundState::Refused { reason } if !refund.is_overtaken => {
            Some((id, number, refund.attempt, refund.amount, reason.clone()))
        }
        _ => None,
    };
    refunds.filter_map(sight).collect()
}

fn disputes_of(id: OrderId, order: &Order) -> Vec<DisputeSight> {
    let disputes = (0..).zip(&order.disputes);
    let sight = |(number, dispute): (u32, &Dispute)| {
        let is_open = dispute.state == DisputeState::Open;
        let is_live = is_open || order.awaits_word(dispute);
        let tickets = order.stake(dispute).count_ones();
        is_live.then(|| (id, number, dispute.name.clone(), !is_open, tickets))
    };
    disputes.filter_map(sight).collect()
}

/// As much of a view as the model judges.
pub(crate) fn sight(view: &View) -> Sight {
    match view {
        View::Availability(view) => Sight::Availability(
            view.classes
                .iter()
                .map(|c| (c.room.left, c.room.may_come_back, c.counts.held, c.counts.sold))
                .collect(),
        ),
        View::Disputes(disputes) => {
            let sight = |one: &LiveDispute| {
                (one.order, one.number, one.dispute.clone(), one.is_lost, one.tickets)
            };
            Sight::Disputes(disputes.iter().map(sight).collect())
        }
        View::Event(view) => Sight::Event(event_sight(view)),
        View::Events(views) => Sight::Events(views.iter().map(event_sight).collect()),
        View::Hold(view) => Sight::Hold(view.clone()),
        View::Order(view) => Sight::Order(order_sight(view)),
        View::Place(view) => Sight::Place(place_sight(view)),
        View::RefusedRefunds(refused) => {
            let sight = |one: &RefusedRefund| {
                (one.order, one.refund, one.attempt, one.amount, one.reason.clone())
            };
            Sight::RefusedRefunds(refused.iter().map(sight).collect())
        }
        View::Seats(view) => Sight::Seats(view.taken.clone()),
        View::Audit(_) | View::Plan(_) | View::Reveal { .. } | View::Timeline(_) => Sight::Else,
    }
}

fn event_sight(view: &onsale_core::query::EventView) -> EventSight {
    let waitroom = view
        .waitroom
        .map(|w| (w.drawn, w.paused, w.waiting, w.inside, w.spec.slots, w.spec.rate_per_minute));
    (view.event, view.phase, waitroom)
}

fn order_sight(view: &OrderView) -> OrderSight {
    let refunds = view.refunds.iter().map(|r| (r.amount, r.cause, r.state.clone()));
    let tickets = view.tickets.iter();
    OrderSight {
        id: view.order,
        status: view.status,
        lines: view.lines.clone(),
        total: view.total,
        times: [view.placed_at, view.until],
        payment: view.payment.clone(),
        captured: view.captured,
        refunds: refunds.collect(),
        tickets: tickets
            .map(|t| (t.ticket.number, t.class, t.seat.as_ref().map(|(seat, _)| *seat), t.valid))
            .collect(),
    }
}

fn place_sight(view: &PlaceView) -> PlaceSight {
    PlaceSight {
        id: view.place,
        party: view.party,
        state: view.state,
        joined_at: view.joined_at,
        ahead: view.ahead,
        waiting: view.waiting,
        is_paused: view.paused,
        is_sold_out: view.sold_out,
    }
}
