//! What happens to orders: placing and ending them, payments in any order, refunds.

use onsale_core::command::{
    Actor, IntentOutcome, PaymentNotice, PaymentOutcome, Provider, RefundOutcome, RefundSettlement,
};
use onsale_core::fact::{
    Fact, HoldReleased, IntentReady, OrderCompleted, OrderEnded, OrderPlaced, OrderRevived,
    PaymentCaptured, PaymentStarted, RefundDone, RefundRefused, RefundRetried, RefundSettled,
    RefundWanted,
};
use onsale_core::hold::Line;
use onsale_core::id::{HoldId, OrderId, TicketId};
use onsale_core::inventory::seating::SeatKind;
use onsale_core::money::{Amount, Currency};
use onsale_core::order::{OrderEnd, OrderStatus};
use onsale_core::payment::{Refund, RefundCause, RefundState};
use onsale_core::query::Phase;
use onsale_core::reply::Reply;
use onsale_core::time::Time;
use onsale_core::waitroom::EndReason;

use super::event::{Event, Order, Stage, total};
use super::operate::operator;
use super::seats::Ask;
use super::stock::Tally;
use super::{Predicted, done};

impl Event {
    pub(super) fn place_order(
        &self,
        now: Time,
        actor: Actor,
        id: HoldId,
        provider: &Provider,
        accept_other_seats: bool,
    ) -> Predicted {
        self.must_be_open()?;
        let hold = self.living_hold(now, actor, id)?;
        if let Some(place) = hold.place {
            self.check_visit(now, hold.person, place)?;
        }
        let order = self.order_id(self.orders.len() as u32);
        let until = now + self.spec.terms.order;
        let provider = provider.clone();
        let placed = OrderPlaced { order, hold: id, provider, until, accept_other_seats };
        let mut facts: Vec<Fact> = vec![placed.into()];
        let mut status = OrderStatus::Pending;
        if total(&hold.lines).is_zero() {
            status = OrderStatus::Completed;
            facts.push(OrderCompleted { order, first_ticket: self.next_ticket }.into());
            // The hold is an order now and does not go back with the others of the visit.
            let itself = Fact::from(HoldReleased { hold: id, expired: false });
            let ended = self.visit_ended(hold.place, EndReason::Completed);
            facts.extend(ended.into_iter().filter(|fact| *fact != itself));
        }
        let hold = self.hold_view(id, &hold.lines, hold.until);
        Ok((facts, Reply::OrderPlaced { order, hold, status, until }))
    }

    pub(super) fn cancel_order(&self, actor: Actor, id: OrderId) -> Predicted {
        let order = self.order_of(actor, id)?;
        match order.stage {
            Stage::Pending => done(self.order_ended(id, order, OrderEnd::Cancelled)),
            Stage::Over(_) => done(vec![]),
            Stage::Paid { .. } => Err("not_in_that_state"),
        }
    }

    fn order_ended(&self, id: OrderId, order: &Order, end: OrderEnd) -> Vec<Fact> {
        let by_buyer = end == OrderEnd::Cancelled;
        let reason = if by_buyer { EndReason::Left } else { EndReason::Expired };
        let ended = OrderEnded { order: id, end }.into();
        [ended].into_iter().chain(self.visit_ended(order.place, reason)).collect()
    }

    pub(super) fn intent(&self, id: OrderId, outcome: &IntentOutcome) -> Predicted {
        let order = self.order_of(Actor::System, id)?;
        if !order.awaits_page() {
            return done(vec![]);
        }
        done(match outcome {
            IntentOutcome::Ready { reference, url } => {
                let (reference, url) = (reference.clone(), url.clone());
                vec![IntentReady { order: id, reference, url }.into()]
            }
            IntentOutcome::Refused { .. } => self.order_ended(id, order, OrderEnd::IntentRefused),
        })
    }

    pub(super) fn noticed(&self, now: Time, order: &Order, notice: &PaymentNotice) -> Vec<Fact> {
        let id = notice.order;
        let is_pending = order.stage == Stage::Pending;
        match notice.outcome {
            PaymentOutcome::Declined if is_pending => {
                self.order_ended(id, order, OrderEnd::Declined)
            }
            PaymentOutcome::Started if is_pending && now < order.until && !order.has_started => {
                vec![PaymentStarted { order: id, until: self.started_until(now, order) }.into()]
            }
            PaymentOutcome::Captured { amount, currency } => {
                self.captured(id, order, &notice.payment, amount, currency)
            }
            PaymentOutcome::Declined | PaymentOutcome::Started => vec![],
        }
    }

    /// While a payment is in flight an order waits for it, up to a cap, and never shorter.
    pub(super) fn started_until(&self, at: Time, order: &Order) -> Time {
        let terms = self.spec.terms;
        let cap = order.placed_at + terms.order + terms.payment_grace;
        order.until.max(cap.min(at + terms.payment_grace))
    }

    fn captured(
        &self,
        id: OrderId,
        order: &Order,
        payment: &str,
        amount: Amount,
        currency: Currency,
    ) -> Vec<Fact> {
        if order.captures.iter().any(|known| known.payment == payment) {
            return vec![];
        }
        let capture = order.captures.len() as u32;
        // What a bank took before we heard of it does not go back once more.
        let taken = order.taken_of(payment, (amount, currency));
        let rest = amount.as_minor().saturating_sub(taken);
        let give_back = |cause| {
            let amount = Amount::from_minor(rest);
            let wanted = RefundWanted { order: id, capture, amount, tickets: 0, cause };
            (taken == 0 || rest > 0).then(|| Fact::from(wanted))
        };
        let complete = || OrderCompleted { order: id, first_ticket: self.next_ticket }.into();
        let is_right = self.is_right(order, amount, currency);
        let payment = payment.to_owned();
        let mut facts = vec![Fact::from(PaymentCaptured { order: id, payment, amount, currency })];
        match order.stage {
            Stage::Pending if is_right => {
                facts.push(complete());
                facts.extend(self.visit_ended(order.place, EndReason::Completed));
            }
            Stage::Pending => {
                facts.extend(self.order_ended(id, order, OrderEnd::Mismatch));
                facts.extend(give_back(RefundCause::Mismatch));
            }
            Stage::Paid { .. } => facts.extend(give_back(RefundCause::Duplicate)),
            Stage::Over(_) if !is_right => facts.extend(give_back(RefundCause::Mismatch)),
            Stage::Over(_) if self.phase == Phase::Cancelled => {
                facts.extend(give_back(RefundCause::EventCancelled));
            }
            Stage::Over(_) => match self.stock_again(order) {
                Some(lines) => facts.extend([OrderRevived { order: id, lines }.into(), complete()]),
                None => facts.extend(give_back(RefundCause::Late)),
            },
        }
        facts
    }

    pub(super) fn is_right(&self, order: &Order, amount: Amount, currency: Currency) -> bool {
        amount == order.total() && currency == self.spec.currency
    }

    /// What a late payment can still have: the same if it is free, else as good if that will do.
    pub(super) fn stock_again(&self, order: &Order) -> Option<Vec<Line>> {
        let wanted: Vec<_> = order.lines.iter().map(|line| (line.class, line.count)).collect();
        let tally = self.tally();
        self.check_limits(order.person, &wanted).ok()?;
        tally.fits(self, &wanted).ok()?;
        order.lines.iter().map(|line| self.line_again(&tally, order, line)).collect()
    }

    fn line_again(&self, tally: &Tally, order: &Order, line: &Line) -> Option<Line> {
        let is_same = line.seats.is_empty();
        if is_same || self.check_seats(tally, line.class, &line.seats, false).is_ok() {
            return Some(line.clone());
        }
        let is_accessible = |seat: u32| self.chairs[seat as usize].kind == SeatKind::Accessible;
        let accessible = line.seats.iter().any(|seat| is_accessible(seat.0));
        let (class, party) = (line.class, line.count);
        let ask = Ask { class, section: None, party, accessible, may_split: false };
        let seats = order.accept_other_seats.then(|| tally.best(self, &ask)).flatten()?;
        Some(Line { seats, ..line.clone() })
    }

    pub(super) fn refund(
        &self,
        actor: Actor,
        id: OrderId,
        tickets: Option<&[TicketId]>,
    ) -> Predicted {
        operator(actor)?;
        let order = self.order_of(actor, id)?;
        let Stage::Paid { first, .. } = order.stage else { return Err("not_in_that_state") };
        let mut chosen = if tickets.is_none() { order.valid() } else { 0 };
        for ticket in tickets.into_iter().flatten() {
            let numbers = first..first + order.count();
            if ticket.event != self.id || !numbers.contains(&ticket.number) {
                return Err("not_found");
            }
            chosen |= 1 << (ticket.number - first);
        }
        if chosen == 0 || chosen & !order.valid() != 0 {
            return Err("not_in_that_state");
        }
        if order.paid_with.is_some_and(|capture| order.is_disputed(capture)) {
            return Err("disputed");
        }
        let amount = order.payable(chosen);
        let (capture, cause) = (order.paid_with.unwrap_or(0), RefundCause::Asked);
        let fact = RefundWanted { order: id, capture, amount, tickets: chosen, cause };
        let currency = self.spec.currency;
        Ok((vec![fact.into()], Reply::Refunding { order: id, amount, currency }))
    }

    pub(super) fn refund_answered(
        &self,
        id: OrderId,
        refund: u32,
        attempt: u32,
        outcome: &RefundOutcome,
    ) -> Predicted {
        let order = self.order_of(Actor::System, id)?;
        let known = order.refunds.get(refund as usize).ok_or("not_found")?;
        let is_awaited = known.state == RefundState::Wanted;
        done(match outcome {
            RefundOutcome::Done { reference } if is_awaited || is_once_by_hand(known) => {
                vec![RefundDone { order: id, refund, reference: reference.clone() }.into()]
            }
            RefundOutcome::Refused { reason } if is_awaited && attempt == known.attempt => {
                let mut later = order.clone();
                later.refunds[refund as usize].state =
                    RefundState::Refused { reason: reason.clone() };
                later.overtake();
                let fact = Fact::from(RefundRefused { order: id, refund, reason: reason.clone() });
                [fact].into_iter().chain(later.rest(id, known.capture)).collect()
            }
            _ => vec![],
        })
    }

    pub(super) fn settle_refund(
        &self,
        actor: Actor,
        id: OrderId,
        refund: u32,
        how: &RefundSettlement,
    ) -> Predicted {
        operator(actor)?;
        if let RefundSettlement::ByHand { reference } = how {
            let is_good = |c: char| !c.is_control();
            let is_line = !reference.trim().is_empty() && reference.chars().all(is_good);
            if !is_line || reference.chars().count() > 200 {
                return Err("malformed");
            }
        }
        let order = self.order_of(actor, id)?;
        let known = order.refunds.get(refund as usize).ok_or("not_found")?;
        let is_awaited = known.state == RefundState::Wanted;
        if is_awaited && *how == RefundSettlement::Again {
            return Err("refund_under_way");
        }
        if !is_awaited && !is_refused(known) {
            return Err("not_in_that_state");
        }
        let is_gone = known.is_overtaken || order.is_lost_since(refund);
        if is_gone || order.is_disputed(known.capture) {
            return Err("disputed");
        }
        done(vec![match how {
            RefundSettlement::Again => {
                RefundRetried { order: id, refund, attempt: known.attempt + 1 }.into()
            }
            RefundSettlement::ByHand { reference } => {
                RefundSettled { order: id, refund, reference: reference.clone() }.into()
            }
        }])
    }
}

impl Order {
    /// Whether the provider is being asked for a page.
    pub(super) fn awaits_page(&self) -> bool {
        self.stage == Stage::Pending && self.page.is_none() && !self.total().is_zero()
    }

    /// What some tickets cost, as bits.
    pub(super) fn price_of(&self, tickets: u32) -> Amount {
        let prices = self.lines.iter().flat_map(|l| (0..l.count).map(|_| l.price.as_minor()));
        let chosen = prices.enumerate().filter(|(i, _)| tickets >> i & 1 == 1);
        Amount::from_minor(chosen.map(|(_, price)| price).sum())
    }
}

/// Whether the provider will not give it back.
pub(super) fn is_refused(refund: &Refund) -> bool {
    matches!(refund.state, RefundState::Refused { .. })
}

/// Whether it went back by hand, and by nobody else.
pub(super) fn is_once_by_hand(refund: &Refund) -> bool {
    matches!(refund.state, RefundState::Settled { twice: None, .. })
}
