//! Orders, payments and refunds.

use std::collections::BTreeSet;

use onsale_core::hold::Line;
use onsale_core::id::PersonId;
use onsale_core::money::Amount;
use onsale_core::order::OrderStatus;
use onsale_core::payment::RefundCause;
use onsale_core::time::Time;

use super::disputes::Dispute;
use super::{End, Naive, Verdict};

#[derive(Clone, Debug)]
pub struct Order {
    pub person: PersonId,
    pub place: Option<usize>,
    pub lines: Vec<Line>,
    pub placed_at: Time,
    pub until: Time,
    pub accepts_others: bool,
    pub started: bool,
    pub has_page: bool,
    pub stage: Stage,
    pub captures: Vec<Capture>,
    pub refunds: Vec<Refund>,
    pub disputes: Vec<Dispute>,
    /// The payment that its tickets were issued for.
    pub paid_by: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    Pending,
    /// With the number of the first ticket, and which of the tickets are void.
    Paid {
        first: u32,
        void: BTreeSet<usize>,
    },
    Over(OrderStatus),
}

#[derive(Clone, Debug)]
pub struct Capture {
    pub payment: String,
    pub amount: Amount,
}

#[derive(Clone, Debug)]
pub struct Refund {
    pub capture: usize,
    pub amount: Amount,
    pub cause: RefundCause,
    pub attempt: u32,
    pub back: Back,
    /// A bank has the money that the provider would not give back: nothing is owed of it.
    pub is_overtaken: bool,
}

/// Whether money went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    Awaited,
    Refused,
    Done,
    ByHand,
    /// By hand and by the provider.
    Twice,
}

impl Order {
    pub fn count(&self) -> usize {
        Line::tickets(&self.lines) as usize
    }

    pub fn status(&self) -> OrderStatus {
        match &self.stage {
            Stage::Pending => OrderStatus::Pending,
            Stage::Over(status) => *status,
            Stage::Paid { void, .. } if void.is_empty() => OrderStatus::Completed,
            Stage::Paid { void, .. } if void.len() == self.count() => OrderStatus::Refunded,
            Stage::Paid { .. } => OrderStatus::PartiallyRefunded,
        }
    }
}

impl Naive {
    pub fn place_order(&mut self, person: PersonId, hold: usize, others: bool) -> Verdict {
        self.must_be_open()?;
        let held = self.living_hold(person, hold)?.clone();
        if held.place.is_some_and(|place| self.has_ordered(place)) {
            return Err("ordered_already");
        }
        self.holds[hold] = None;
        let is_free = Line::total(&held.lines).is_zero();
        self.orders.push(Order {
            person,
            place: held.place,
            lines: held.lines,
            placed_at: self.now,
            until: self.now + self.draft.terms.order,
            accepts_others: others,
            started: false,
            has_page: is_free,
            stage: Stage::Pending,
            captures: vec![],
            refunds: vec![],
            disputes: vec![],
            paid_by: None,
        });
        if is_free {
            self.complete(self.orders.len() - 1);
        }
        Ok(())
    }

    fn complete(&mut self, number: usize) {
        let order = &mut self.orders[number];
        order.stage = Stage::Paid { first: self.tickets, void: BTreeSet::new() };
        order.paid_by = order.captures.len().checked_sub(1);
        self.tickets += order.count() as u32;
        let (person, place) = (order.person, order.place);
        if !self.holds.iter().flatten().any(|hold| hold.person == person) {
            self.carts.remove(&person);
        }
        self.end_visit(place, End::Completed);
    }

    pub fn end_order(&mut self, number: usize, status: OrderStatus) {
        let cancelled = status == OrderStatus::Cancelled && !self.cancelled;
        self.orders[number].stage = Stage::Over(status);
        let end = if cancelled { End::Left } else { End::Expired };
        self.end_visit(self.orders[number].place, end);
    }

    pub fn cancel_order(&mut self, person: PersonId, number: usize) -> Verdict {
        let order = self.orders.get(number).filter(|order| order.person == person);
        match order.ok_or("not_found")?.stage {
            Stage::Pending => self.end_order(number, OrderStatus::Cancelled),
            Stage::Over(_) => {}
            Stage::Paid { .. } => return Err("not_in_that_state"),
        }
        Ok(())
    }

    pub fn intent(&mut self, number: usize, ready: bool) -> Verdict {
        let order = self.orders.get_mut(number).ok_or("not_found")?;
        if order.stage != Stage::Pending || order.has_page {
            return Ok(());
        }
        if ready {
            order.has_page = true;
        } else {
            self.end_order(number, OrderStatus::Failed);
        }
        Ok(())
    }

    pub fn started(&mut self, number: usize) {
        let (grace, term) = (self.draft.terms.payment_grace, self.draft.terms.order);
        let Some(order) = self.orders.get_mut(number) else { return };
        if order.stage == Stage::Pending && !order.started {
            order.started = true;
            let cap = order.placed_at + term + grace;
            order.until = order.until.max(cap.min(self.now + grace));
        }
    }

    pub fn declined(&mut self, number: usize) {
        if self.orders.get(number).is_some_and(|order| order.stage == Stage::Pending) {
            self.end_order(number, OrderStatus::Failed);
        }
    }

    /// `now_has` are the order's lines afterwards, where other seats may be as good.
    pub fn captured(&mut self, number: usize, payment: &str, amount: Amount, now_has: &[Line]) {
        let Some(order) = self.orders.get_mut(number) else { return };
        if order.captures.iter().any(|capture| capture.payment == payment) {
            return;
        }
        order.captures.push(Capture { payment: payment.into(), amount });
        let is_right = amount == Line::total(&order.lines);
        match (order.stage.clone(), is_right) {
            (Stage::Pending, true) => self.complete(number),
            (Stage::Pending, false) => {
                self.end_order(number, OrderStatus::Failed);
                self.give_back_whole(number, RefundCause::Mismatch);
            }
            (Stage::Paid { .. }, _) => self.give_back_whole(number, RefundCause::Duplicate),
            (Stage::Over(_), false) => self.give_back_whole(number, RefundCause::Mismatch),
            (Stage::Over(_), true) => self.late(number, now_has),
        }
    }

    fn late(&mut self, number: usize, now_has: &[Line]) {
        if self.cancelled {
            return self.give_back_whole(number, RefundCause::EventCancelled);
        }
        let order = self.orders[number].clone();
        let wanted: Vec<_> = order.lines.iter().map(|line| (line.class, line.count)).collect();
        let within = self.judge_limits(order.person, &wanted).is_ok();
        let again = |line: &Line| {
            line.seats.is_empty()
                || self.judge_seats(line.class, &line.seats).is_ok()
                || (order.accepts_others && self.has_run(line.class, line.count))
        };
        if !within || self.judge_stock(&wanted).is_err() || !order.lines.iter().all(again) {
            return self.give_back_whole(number, RefundCause::Late);
        }
        for (line, now) in order.lines.iter().zip(now_has) {
            if line.seats.is_empty() || self.judge_seats(line.class, &line.seats).is_ok() {
                assert_eq!(line, now, "the same tickets were free");
            } else {
                assert!(self.judge_seats(now.class, &now.seats).is_ok(), "{now:?} are not free");
                assert!(self.are_neighbours(&now.seats));
                assert_eq!((line.class, line.count, line.price), (now.class, now.count, now.price));
            }
        }
        self.orders[number].lines = now_has.to_vec();
        self.orders[number].stage = Stage::Pending;
        self.complete(number);
    }

    /// All of the money that came last goes back, but for what a bank has taken.
    fn give_back_whole(&mut self, number: usize, cause: RefundCause) {
        let order = &self.orders[number];
        let capture = order.captures.len() - 1;
        let came = &order.captures[capture];
        let rest = came.amount.as_minor().saturating_sub(order.taken_of(&came.payment));
        self.give_back(number, capture, rest, cause);
    }

    pub fn give_back(&mut self, number: usize, capture: usize, minor: u64, cause: RefundCause) {
        if minor > 0 {
            let amount = Amount::from_minor(minor);
            let (attempt, back, is_overtaken) = (0, Back::Awaited, false);
            let refund = Refund { capture, amount, cause, attempt, back, is_overtaken };
            self.orders[number].refunds.push(refund);
        }
    }

    /// `tickets` are of the order, from 0; `None` means all that are valid.
    pub fn refund(&mut self, number: usize, tickets: Option<&BTreeSet<usize>>) -> Verdict {
        let order = self.orders.get(number).ok_or("not_found")?;
        let Stage::Paid { .. } = &order.stage else { return Err("not_in_that_state") };
        let valid = order.valid();
        let chosen = tickets.unwrap_or(&valid).clone();
        if chosen.iter().any(|i| *i >= order.count()) {
            return Err("not_found");
        }
        if chosen.is_empty() || !chosen.is_subset(&valid) {
            return Err("not_in_that_state");
        }
        if order.paid_by.is_some_and(|capture| order.is_disputed(capture)) {
            return Err("disputed");
        }
        self.void(number, &chosen, RefundCause::Asked);
        Ok(())
    }

    pub fn give_back_rest(&mut self, number: usize) {
        let rest = self.orders[number].valid();
        self.void(number, &rest, RefundCause::EventCancelled);
    }

    fn void(&mut self, number: usize, chosen: &BTreeSet<usize>, cause: RefundCause) {
        let order = &mut self.orders[number];
        if let Stage::Paid { void, .. } = &mut order.stage {
            void.extend(chosen);
        }
        let Some(capture) = order.paid_by else { return };
        let left = if order.is_disputed(capture) { 0 } else { order.left(capture) };
        let amount = order.price_of(chosen).min(left);
        self.give_back(number, capture, amount, cause);
    }

    fn refund_mut(&mut self, number: usize, refund: usize) -> Result<&mut Refund, &'static str> {
        let order = self.orders.get_mut(number).ok_or("not_found")?;
        order.refunds.get_mut(refund).ok_or("not_found")
    }

    pub fn refund_answered(
        &mut self,
        number: usize,
        refund: usize,
        attempt: u32,
        is_done: bool,
    ) -> Verdict {
        let refund = self.refund_mut(number, refund)?;
        match refund.back {
            Back::Awaited if is_done => refund.back = Back::Done,
            Back::ByHand if is_done => refund.back = Back::Twice,
            Back::Awaited if refund.attempt == attempt => {
                refund.back = Back::Refused;
                let capture = refund.capture;
                self.orders[number].overtake();
                self.give_rest(number, capture);
            }
            _ => {}
        }
        Ok(())
    }

    /// Once more, or with the reference of what was done by hand.
    pub fn settle_refund(
        &mut self,
        number: usize,
        refund: usize,
        by_hand: Option<&str>,
    ) -> Verdict {
        if by_hand == Some("") {
            return Err("malformed");
        }
        let known = self.refund_mut(number, refund)?;
        match (known.back, by_hand) {
            (Back::Awaited, None) => return Err("refund_under_way"),
            (Back::Awaited | Back::Refused, _) => {}
            _ => return Err("not_in_that_state"),
        }
        let (capture, is_overtaken) = (known.capture, known.is_overtaken);
        let order = &self.orders[number];
        if order.is_disputed(capture) || is_overtaken || order.is_behind_a_loss(refund) {
            return Err("disputed");
        }
        let refund = self.refund_mut(number, refund)?;
        refund.attempt += u32::from(by_hand.is_none());
        refund.back = if by_hand.is_some() { Back::ByHand } else { Back::Awaited };
        Ok(())
    }

    /// What providers will not give back and is owed: of which orders, which of their refunds.
    pub fn refused(&self) -> impl Iterator<Item = (usize, usize)> {
        let of = |(number, order): (usize, &Order)| {
            let refunds = order.refunds.iter().enumerate();
            let refused =
                refunds.filter(|(_, refund)| refund.back == Back::Refused && !refund.is_overtaken);
            refused.map(|(refund, _)| (number, refund)).collect::<Vec<_>>()
        };
        self.orders.iter().enumerate().flat_map(of)
    }
}
