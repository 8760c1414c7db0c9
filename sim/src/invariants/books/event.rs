//! The books of one event: who has what.

use onsale_core::fact::Fact;
use onsale_core::hold::Line;
use onsale_core::id::PersonId;
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::payment::DisputeEnd;
use onsale_core::spec::{Change, EventSpec, Terms};
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::EndReason;

use super::order::{CaptureBook, DisputeBook, OrderBook, RefundBook, Standing};

type Entered = Result<(), &'static str>;

/// How many tickets are held and sold. Signed: fewer than none is what an oracle looks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) held: i64,
    pub(crate) sold: i64,
}

/// A seat: how many have it, whether it is kept from sale.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SeatBook {
    pub(crate) class: u16,
    pub(crate) owners: i32,
    pub(crate) blocked: bool,
}

/// How far a hold is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HoldState {
    Held,
    Ordered,
    Released,
}

/// A hold.
pub(crate) struct HoldBook {
    pub(crate) person: PersonId,
    pub(crate) place: Option<u32>,
    pub(crate) lines: Vec<Line>,
    pub(crate) until: Time,
    pub(crate) state: HoldState,
}

/// A place in the waitroom.
pub(crate) struct PlaceBook {
    /// Set while its owner is inside and has not ordered.
    pub(crate) visit_until: Option<Time>,
    /// Until when its owner may stay, once they were let in.
    pub(crate) admitted_until: Option<Time>,
    /// What was said of it: from which fact on, and what its state is called.
    pub(crate) faces: Vec<(u64, &'static str)>,
}

/// An event.
pub(crate) struct EventBook {
    pub(crate) name: String,
    pub(crate) terms: Terms,
    pub(crate) visit: Option<Span>,
    pub(crate) currency: onsale_core::money::Currency,
    /// The room of each quota, as it is now.
    pub(crate) capacity: Vec<u32>,
    pub(crate) quotas: Vec<Count>,
    quotas_of: Vec<Vec<u16>>,
    /// The seats of each class; 0 where tickets are only counted.
    pub(crate) seats_of: Vec<u32>,
    pub(crate) classes: Vec<Count>,
    pub(crate) blocked: Vec<i64>,
    pub(crate) seats: Vec<SeatBook>,
    pub(crate) holds: Vec<HoldBook>,
    pub(crate) orders: Vec<OrderBook>,
    pub(crate) places: Vec<PlaceBook>,
    pub(crate) next_ticket: u32,
    pub(crate) is_cancelled: bool,
}

impl EventBook {
    pub(super) fn new(spec: &EventSpec) -> Self {
        let mut quotas_of = vec![Vec::new(); spec.classes.len()];
        for (number, quota) in (0..).zip(&spec.quotas) {
            for class in &quota.classes {
                quotas_of[usize::from(class.0)].push(number);
            }
        }
        let mut book = Self {
            name: spec.name.clone(),
            terms: spec.terms,
            visit: spec.waitroom.map(|waitroom| waitroom.visit),
            currency: spec.currency,
            capacity: spec.quotas.iter().map(|quota| quota.capacity).collect(),
            quotas: vec![Count::default(); spec.quotas.len()],
            quotas_of,
            seats_of: vec![0; spec.classes.len()],
            classes: vec![Count::default(); spec.classes.len()],
            blocked: vec![0; spec.classes.len()],
            seats: Vec::new(),
            holds: Vec::new(),
            orders: Vec::new(),
            places: Vec::new(),
            next_ticket: 0,
            is_cancelled: false,
        };
        for section in spec.plan.iter().flat_map(|plan| &plan.sections) {
            for row in &section.rows {
                book.add_row(section.class.0, row.seats, &row.blocked);
            }
        }
        book
    }

    fn add_row(&mut self, class: u16, seats: u32, blocked: &[u32]) {
        for position in 0..seats {
            let blocked = blocked.contains(&position);
            self.seats.push(SeatBook { class, owners: 0, blocked });
            self.seats_of[usize::from(class)] += 1;
            self.blocked[usize::from(class)] += i64::from(blocked);
        }
    }

    pub(super) fn enter(&mut self, number: u64, at: Time, fact: &Fact) -> Entered {
        match fact {
            Fact::EventCancelled(_) => self.is_cancelled = true,
            Fact::SeatsBlocked(fact) => return self.block(&fact.seats, fact.block),
            Fact::EventChanged(fact) => {
                if let Change::Capacity { quota, capacity } = fact.change {
                    let room = self.capacity.get_mut(usize::from(quota.0));
                    *room.ok_or("there is no such quota")? = capacity;
                }
            }
            Fact::WaitroomJoined(fact) => {
                if fact.place.number as usize != self.places.len() {
                    return Err("places are not numbered densely");
                }
                let faces = vec![(number, "queued")];
                self.places.push(PlaceBook { visit_until: None, admitted_until: None, faces });
            }
            Fact::PlaceAdmitted(fact) => {
                let place = self.place(fact.place.number)?;
                place.visit_until = Some(fact.until);
                place.admitted_until = Some(fact.until);
                place.faces.push((number, "admitted"));
            }
            Fact::PlaceEnded(fact) => {
                let place = self.place(fact.place.number)?;
                place.visit_until = None;
                place.faces.push((number, reason_name(fact.reason)));
            }
            Fact::HoldTaken(fact) => {
                if fact.hold.number as usize != self.holds.len() {
                    return Err("holds are not numbered densely");
                }
                self.shift(&fact.lines, 1, 0);
                self.holds.push(HoldBook {
                    person: fact.person,
                    place: fact.place.map(|place| place.number),
                    lines: fact.lines.clone(),
                    until: fact.until,
                    state: HoldState::Held,
                });
            }
            Fact::HoldReleased(fact) => {
                let lines = self.end_hold(fact.hold.number, HoldState::Released)?;
                self.shift(&lines, -1, 0);
            }
            _ => return self.enter_order(number, at, fact),
        }
        Ok(())
    }

    fn enter_order(&mut self, number: u64, at: Time, fact: &Fact) -> Entered {
        match fact {
            Fact::OrderPlaced(fact) => {
                if fact.order.number as usize != self.orders.len() {
                    return Err("orders are not numbered densely");
                }
                let lines = self.end_hold(fact.hold.number, HoldState::Ordered)?;
                self.orders.push(OrderBook::new(number, at, fact, lines));
            }
            Fact::IntentReady(fact) => self.order(fact.order.number)?.is_ready = true,
            Fact::PaymentStarted(fact) => {
                let order = self.order(fact.order.number)?;
                order.until = fact.until;
                order.is_started = true;
            }
            Fact::PaymentCaptured(fact) => {
                let (payment, amount) = (fact.payment.clone(), fact.amount.as_minor());
                let capture = CaptureBook { payment, amount, currency: fact.currency };
                self.order(fact.order.number)?.captures.push(capture);
            }
            Fact::OrderCompleted(fact) => self.complete(fact.order.number, fact.first_ticket)?,
            Fact::OrderEnded(fact) => {
                let order = self.order(fact.order.number)?;
                if order.standing != Standing::Pending {
                    return Err("an order ends that is not pending");
                }
                order.standing = Standing::Ended(fact.end);
                let lines = order.lines.clone();
                self.shift(&lines, -1, 0);
            }
            Fact::OrderRevived(fact) => {
                let order = self.order(fact.order.number)?;
                if !matches!(order.standing, Standing::Ended(_)) {
                    return Err("an order is revived that has not ended");
                }
                order.standing = Standing::Pending;
                order.lines.clone_from(&fact.lines);
                self.shift(&fact.lines, 1, 0);
            }
            Fact::RefundWanted(fact) => self.want_refund(number, fact)?,
            Fact::RefundDone(fact) => self.refund(fact.order.number, fact.refund)?.is_made()?,
            Fact::RefundRefused(fact) => {
                self.refund(fact.order.number, fact.refund)?.is_refused_by_its_provider()?;
                self.order(fact.order.number)?.overtake();
            }
            Fact::RefundRetried(fact) => {
                let refund = self.refund(fact.order.number, fact.refund)?;
                refund.retry(number, fact.attempt)?;
            }
            Fact::RefundSettled(fact) => {
                self.refund(fact.order.number, fact.refund)?.settle_by_hand()?;
            }
            Fact::DisputeOpened(fact) => {
                let (dispute, payment) = (fact.dispute.clone(), fact.payment.clone());
                let opened = DisputeBook { dispute, payment, is_open: true, lost: None };
                self.order(fact.order.number)?.open_dispute(opened)?;
            }
            Fact::DisputeClosed(fact) => self.close_dispute(fact)?,
            Fact::DisputeDecided(fact) => self.void(fact.order.number, fact.tickets)?,
            _ => return Ok(()),
        }
        if let Some(onsale_core::fact::Subject::Order(id)) = fact.subject() {
            self.order(id.number)?.note_face(number);
        }
        Ok(())
    }

    fn complete(&mut self, number: u32, first_ticket: u32) -> Entered {
        if first_ticket != self.next_ticket {
            return Err("tickets are not numbered densely");
        }
        let order = self.order(number)?;
        if order.standing != Standing::Pending {
            return Err("an order is completed that is not pending");
        }
        let count = Line::tickets(&order.lines);
        order.standing = Standing::Completed { first: first_ticket, count, void: 0 };
        order.paid_by = order.captures.len().checked_sub(1);
        let lines = order.lines.clone();
        self.next_ticket += count;
        self.shift(&lines, -1, 1);
        Ok(())
    }

    fn want_refund(&mut self, number: u64, fact: &onsale_core::fact::RefundWanted) -> Entered {
        let order = self.order(fact.order.number)?;
        // What cost nothing is given back with no money, and no refund.
        if !fact.amount.is_zero() {
            order.refunds.push(RefundBook {
                fact: number,
                capture: fact.capture as usize,
                amount: fact.amount.as_minor(),
                tickets: fact.tickets,
                cause: fact.cause,
                is_done: false,
                is_refused: false,
                is_overtaken: false,
                by_hand: None,
                retries: Vec::new(),
            });
        }
        self.void(fact.order.number, fact.tickets)
    }

    fn close_dispute(&mut self, fact: &onsale_core::fact::DisputeClosed) -> Entered {
        let order = self.order(fact.order.number)?;
        let refunds = order.refunds.len();
        let known = order.disputes.get_mut(fact.dispute as usize);
        let known = known.ok_or("there is no such dispute")?;
        let lost = match fact.end {
            DisputeEnd::Lost { amount, .. } => Some((amount.as_minor(), refunds)),
            DisputeEnd::Won => None,
        };
        let sum = |lost: Option<(u64, usize)>| lost.map(|(amount, _)| amount);
        if !known.is_open && sum(known.lost) == sum(lost) {
            return Err("a dispute ends again as it had ended");
        }
        (known.is_open, known.lost) = (false, lost);
        order.overtake();
        Ok(())
    }

    /// Takes valid tickets back.
    fn void(&mut self, number: u32, tickets: u32) -> Entered {
        let order = self.order(number)?;
        if order.valid() & tickets != tickets {
            return Err("tickets are taken back that are not valid");
        }
        if let Standing::Completed { void, .. } = &mut order.standing {
            *void |= tickets;
        }
        let each = Line::each(&order.lines).enumerate();
        let back: Vec<_> = each.filter(|(i, _)| tickets & (1 << i) != 0).collect();
        for (_, (class, price, seat)) in back {
            let seats = seat.into_iter().collect();
            self.shift(&[Line { class, count: 1, price, seats }], 0, -1);
        }
        Ok(())
    }

    fn block(&mut self, seats: &[SeatIndex], block: bool) -> Entered {
        for seat in seats {
            let seat = self.seats.get_mut(seat.0 as usize).ok_or("there is no such seat")?;
            if seat.blocked != block {
                seat.blocked = block;
                self.blocked[usize::from(seat.class)] += if block { 1 } else { -1 };
            }
        }
        Ok(())
    }

    fn end_hold(&mut self, number: u32, state: HoldState) -> Result<Vec<Line>, &'static str> {
        let hold = self.holds.get_mut(number as usize).ok_or("there is no such hold")?;
        if hold.state != HoldState::Held {
            return Err("a hold ends twice");
        }
        hold.state = state;
        let place = hold.place;
        let lines = hold.lines.clone();
        if let (Some(place), HoldState::Ordered) = (place, state) {
            self.place(place)?.visit_until = None;
        }
        Ok(lines)
    }

    /// Moves tickets: so many times the lines into what is held, and into what is sold.
    fn shift(&mut self, lines: &[Line], held: i64, sold: i64) {
        for line in lines {
            let class = usize::from(line.class.0);
            let counts = self.quotas_of.get(class).into_iter().flatten();
            for quota in counts {
                self.quotas[usize::from(*quota)].add(i64::from(line.count), held, sold);
            }
            if let Some(count) = self.classes.get_mut(class) {
                count.add(i64::from(line.count), held, sold);
            }
            for seat in &line.seats {
                if let Some(seat) = self.seats.get_mut(seat.0 as usize) {
                    seat.owners += (held + sold) as i32;
                }
            }
        }
    }

    fn place(&mut self, number: u32) -> Result<&mut PlaceBook, &'static str> {
        self.places.get_mut(number as usize).ok_or("there is no such place")
    }

    fn order(&mut self, number: u32) -> Result<&mut OrderBook, &'static str> {
        self.orders.get_mut(number as usize).ok_or("there is no such order")
    }

    fn refund(&mut self, order: u32, refund: u32) -> Result<&mut RefundBook, &'static str> {
        let refund = self.order(order)?.refunds.get_mut(refund as usize);
        refund.ok_or("there is no such refund")
    }
}

impl Count {
    fn add(&mut self, count: i64, held: i64, sold: i64) {
        self.held += count * held;
        self.sold += count * sold;
    }
}

pub(crate) const fn reason_name(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Completed => "completed",
        EndReason::Expired => "expired",
        EndReason::Left => "left",
        EndReason::Abandoned => "abandoned",
    }
}
