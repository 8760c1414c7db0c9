//! Whether a fact may happen, whoever brought it about: could this be, in this state, at this time?

use onsale_core::fact::{
    DisputeDecided, Fact, HoldReleased, HoldTaken, OrderEnded, OrderPlaced, OrderRevived,
    PlaceAdmitted, PlaceEnded, RefundRetried, RefundWanted, SeatsBlocked, WaitroomJoined,
};
use onsale_core::hold::{Hold, Line};
use onsale_core::id::{OrderId, PersonId};
use onsale_core::inventory::seating::SeatState;
use onsale_core::money::Amount;
use onsale_core::order::OrderEnd;
use onsale_core::payment::{DisputeState, RefundCause, RefundState};
use onsale_core::query::Phase;
use onsale_core::spec::Change;
use onsale_core::time::Time;
use onsale_core::waitroom::{EndReason, PlaceState};

use super::dispute::stands_so;
use super::event::{Event, Order, Stage, is_live};
use super::order::{is_once_by_hand, is_refused};

/// Nothing, or why not.
pub(super) type Legal = Result<(), String>;

pub(super) fn must(holds: bool, else_why: &str) -> Legal {
    if holds { Ok(()) } else { Err(else_why.to_owned()) }
}

impl Event {
    pub(super) fn check(&self, at: Time, fact: &Fact) -> Legal {
        let is_open = self.phase == Phase::Open;
        match fact {
            Fact::EventOpened(_) => must(self.phase == Phase::Defined, "it was opened before"),
            Fact::EventCancelled(_) => must(self.phase != Phase::Cancelled, "it is cancelled"),
            Fact::SeatsBlocked(fact) => self.check_blocked(fact),
            Fact::EventChanged(fact) => self.check_changed(fact.change),
            Fact::WaitroomJoined(fact) => self.check_joined(at, fact),
            Fact::LotteryDrawn(_) => {
                let opens = self.spec.waitroom.is_some_and(|waitroom| waitroom.opens_at <= at);
                must(is_open && opens && !self.is_drawn, "it is not the time to draw")
            }
            Fact::PlaceAdmitted(fact) => self.check_admitted(at, fact),
            Fact::PlaceEnded(fact) => self.check_ended(at, fact),
            Fact::WaitroomSteered(_) => must(self.spec.waitroom.is_some(), "there is no waitroom"),
            Fact::HoldTaken(fact) => self.check_taken(at, fact),
            Fact::HoldReleased(fact) => self.check_released(at, fact),
            _ => self.check_order(at, fact),
        }
    }

    fn check_blocked(&self, fact: &SeatsBlocked) -> Legal {
        let states = self.tally().seats;
        let from = if fact.block { SeatState::Free } else { SeatState::Blocked };
        let was = fact.seats.iter().map(|seat| states.get(seat.0 as usize));
        must({ was }.all(|state| state == Some(&from)), "one of the seats is not so")?;
        let rises = fact.seats.windows(2).all(|pair| pair[0] < pair[1]);
        must(rises && !fact.seats.is_empty(), "the seats are not each named once")
    }

    fn check_changed(&self, change: Change) -> Legal {
        must(self.phase != Phase::Cancelled, "it is cancelled")?;
        match change {
            Change::Capacity { quota, capacity } => {
                let quota = self.spec.quotas.get(usize::from(quota.0));
                let fits = |quota| capacity >= self.tally().taken_of(quota);
                must(quota.is_some_and(fits), "there is no such quota, or more of it is taken")
            }
            Change::Price { class, .. } => must(self.class(class).is_some(), "there is no class"),
            Change::Window { class, window } => {
                let is_one = window.opens_at < window.closes_at;
                must(is_one && self.class(class).is_some(), "there is no class, or no window")
            }
        }
    }

    fn check_joined(&self, at: Time, fact: &WaitroomJoined) -> Legal {
        let doors_at = self.spec.waitroom.map(|waitroom| waitroom.doors_at);
        let may_come = doors_at.is_some_and(|doors_at| doors_at <= at);
        must(self.phase == Phase::Open && may_come, "the doors are not open")?;
        must(fact.place.number as usize == self.places.len(), "its number is not the next")?;
        let has_one = self.places.iter().any(|p| p.person == fact.person && is_live(p));
        must(!has_one, "they have a place")?;
        let parties = 1..=self.spec.limits.per_hold;
        must(parties.contains(&fact.party), "their party is none, or too large")
    }

    fn check_admitted(&self, at: Time, fact: &PlaceAdmitted) -> Legal {
        let goes_on = self.phase == Phase::Open && self.is_drawn && !self.is_paused;
        must(goes_on, "nobody is let in now")?;
        must(self.line.first() == Some(&fact.place.number), "they are not the first in line")?;
        must((self.inside().count() as u32) < self.slots, "there is no slot")?;
        let party = self.places[fact.place.number as usize].party;
        must(self.serves(party), "there is nothing left for them")?;
        must(self.rate.allows(at), "it is faster than the rate")?;
        let until = self.spec.waitroom.map(|waitroom| at + waitroom.visit);
        must(until == Some(fact.until), "their visit is not of the right length")
    }

    fn check_ended(&self, at: Time, fact: &PlaceEnded) -> Legal {
        let place = self.places.get(fact.place.number as usize).filter(|place| is_live(place));
        let Some(place) = place else { return Err("it is no place, or over".into()) };
        let order = self.order_of_place(fact.place.number).map(|i| &self.orders[i as usize]);
        let stage = order.map(|order| order.stage);
        let may = match fact.reason {
            EndReason::Completed => matches!(stage, Some(Stage::Paid { .. })),
            EndReason::Left => {
                matches!(stage, None | Some(Stage::Pending | Stage::Over(OrderEnd::Cancelled)))
            }
            EndReason::Abandoned => stage.is_none(),
            EndReason::Expired => match (stage, place.state) {
                (None, PlaceState::Admitted { until, .. }) => until <= at,
                (Some(Stage::Over(end)), _) => end != OrderEnd::Cancelled,
                _ => false,
            },
        };
        must(may, "it did not end like that")
    }

    fn check_taken(&self, at: Time, fact: &HoldTaken) -> Legal {
        must(self.phase == Phase::Open, "the event is not open")?;
        must(fact.hold.number as usize == self.holds.len(), "its number is not the next")?;
        match (fact.place, self.spec.waitroom) {
            (None, None) => {}
            (Some(place), Some(_)) if place.event == self.id => self
                .check_visit(at, fact.person, place.number)
                .map_err(|code| format!("they are not inside: {code}"))?,
            _ => return Err("with a place where there is a waitroom, else without".into()),
        }
        let priced =
            |line: &Line| self.class(line.class).is_some_and(|class| class.price == line.price);
        must(fact.lines.iter().all(priced), "that is not the price")?;
        self.check_lines(fact.person, &fact.lines)?;
        let until = self.hold_until(at, fact.person, fact.place);
        must(fact.until == until && at < until, "it does not live until then")
    }

    /// Whether these tickets are free and one person may have them.
    fn check_lines(&self, person: PersonId, lines: &[Line]) -> Legal {
        let wanted: Vec<_> = lines.iter().map(|line| (line.class, line.count)).collect();
        must(wanted.iter().all(|(_, count)| *count > 0), "a line of nothing")?;
        self.check_limits(person, &wanted).map_err(|_| "they have too many")?;
        let tally = self.tally();
        tally.fits(self, &wanted).map_err(|_| "there is not so much left")?;
        let mut taken = Vec::new();
        for line in lines {
            let seats = if self.is_seated(line.class) { line.count as usize } else { 0 };
            must(line.seats.len() == seats, "a seat for each ticket, where there are seats")?;
            let choice = self.check_seats(&tally, line.class, &line.seats, false);
            choice.map_err(|code| format!("seats that cannot be had: {code}"))?;
            must(line.seats.iter().all(|seat| !taken.contains(seat)), "a seat in two lines")?;
            taken.extend(&line.seats);
        }
        Ok(())
    }

    fn check_released(&self, at: Time, fact: &HoldReleased) -> Legal {
        let hold = self.holds.get(fact.hold.number as usize).and_then(Option::as_ref);
        let Some(hold) = hold else { return Err("it ended before".into()) };
        must(!fact.expired || hold.until <= at, "its time is not over")
    }

    fn check_order(&self, at: Time, fact: &Fact) -> Legal {
        if let Fact::OrderPlaced(fact) = fact {
            return self.check_placed(at, fact);
        }
        let Some(order) = order_of(fact).and_then(|id| self.orders.get(id.number as usize)) else {
            return Err("there is no such order".into());
        };
        let is_pending = order.stage == Stage::Pending;
        match fact {
            Fact::IntentReady(_) => must(order.awaits_page(), "no page is awaited"),
            Fact::PaymentStarted(fact) => {
                let may = is_pending && !order.has_started && at < order.until;
                must(may && fact.until == self.started_until(at, order), "it cannot start so")
            }
            Fact::PaymentCaptured(fact) => {
                let is_known = order.captures.iter().any(|c| c.payment == fact.payment);
                must(!is_known, "the payment is known")
            }
            Fact::OrderCompleted(fact) => {
                must(is_pending && self.is_paid(order), "it is not pending and paid")?;
                must(fact.first_ticket == self.next_ticket, "its ticket is not the next")
            }
            Fact::OrderEnded(fact) => self.check_order_ended(at, order, fact),
            Fact::OrderRevived(fact) => self.check_revived(order, fact),
            Fact::RefundWanted(fact) => self.check_refund(order, fact),
            Fact::RefundDone(fact) => {
                let known = order.refunds.get(fact.refund as usize);
                let is_second = known.is_some_and(is_once_by_hand);
                if is_second { Ok(()) } else { check_answered(order, fact.refund) }
            }
            Fact::RefundRefused(fact) => check_answered(order, fact.refund),
            Fact::RefundRetried(fact) => check_retried(order, fact),
            Fact::RefundSettled(fact) => check_settled(order, fact.refund),
            Fact::DisputeOpened(fact) => {
                let known = order.disputes.iter().find(|known| known.name == fact.dispute);
                let is_open = known.is_some_and(|known| known.state == DisputeState::Open);
                must(!is_open, "the dispute is open")
            }
            Fact::DisputeClosed(fact) => {
                let known = order.disputes.get(fact.dispute as usize);
                let is_news = known.is_some_and(|known| !stands_so(known, Some(fact.end)));
                must(is_news, "there is no such dispute, or it has ended so")
            }
            Fact::DisputeDecided(fact) => check_decided(order, fact),
            _ => Ok(()),
        }
    }

    /// Whether there is nothing to pay, or the money that came last is right.
    fn is_paid(&self, order: &Order) -> bool {
        let last = order.captures.last();
        last.map_or(order.total().is_zero(), |c| self.is_right(order, c.amount, c.currency))
    }

    fn check_placed(&self, at: Time, fact: &OrderPlaced) -> Legal {
        must(self.phase == Phase::Open, "the event is not open")?;
        must(fact.order.number as usize == self.orders.len(), "its number is not the next")?;
        let hold = self.holds.get(fact.hold.number as usize).and_then(Option::as_ref);
        let Some(hold) = hold.filter(|hold: &&Hold| at < hold.until) else {
            return Err("the hold is no more".into());
        };
        if let Some(place) = hold.place {
            let visit = self.check_visit(at, hold.person, place);
            visit.map_err(|code| format!("they are not inside: {code}"))?;
        }
        must(fact.until == at + self.spec.terms.order, "it is not to be paid until then")
    }

    fn check_order_ended(&self, at: Time, order: &Order, fact: &OrderEnded) -> Legal {
        must(order.stage == Stage::Pending, "it is not pending")?;
        let may = match fact.end {
            OrderEnd::Expired => order.until <= at,
            OrderEnd::EventCancelled => self.phase == Phase::Cancelled,
            OrderEnd::IntentRefused => order.awaits_page(),
            OrderEnd::Mismatch => !order.captures.is_empty() && !self.is_paid(order),
            OrderEnd::Cancelled | OrderEnd::Declined => true,
        };
        must(may, "it did not end like that")
    }

    fn check_revived(&self, order: &Order, fact: &OrderRevived) -> Legal {
        let is_over = matches!(order.stage, Stage::Over(_)) && self.phase != Phase::Cancelled;
        let has_come = !order.captures.is_empty() && self.is_paid(order);
        must(is_over && has_come, "it is not over and paid late")?;
        self.check_lines(order.person, &fact.lines)?;
        must(order.lines.len() == fact.lines.len(), "other tickets than were paid for")?;
        let tally = self.tally();
        for (was, is) in order.lines.iter().zip(&fact.lines) {
            let worth = |line: &Line| (line.class, line.count, line.price);
            must(worth(was) == worth(is), "other tickets than were paid for")?;
            let is_free = self.check_seats(&tally, was.class, &was.seats, false).is_ok();
            must(was.seats == is.seats || !is_free, "its own seats were free")?;
            must(was.seats == is.seats || order.accept_other_seats, "other seats will not do")?;
        }
        Ok(())
    }

    fn check_refund(&self, order: &Order, fact: &RefundWanted) -> Legal {
        let left = order.left(fact.capture);
        must(fact.amount.as_minor() <= left, "more goes back than is left of what came")?;
        if fact.tickets != 0 {
            let for_tickets =
                matches!(fact.cause, RefundCause::Asked | RefundCause::EventCancelled);
            let is_called_off = self.phase == Phase::Cancelled;
            let may = fact.cause != RefundCause::EventCancelled || is_called_off;
            must(for_tickets && may, "tickets are not taken for that cause")?;
            must(fact.tickets & !order.valid() == 0, "a ticket is void already")?;
            must(fact.amount == order.payable(fact.tickets), "that is not what they cost")?;
            let is_free = fact.amount == Amount::ZERO;
            let is_its = order.paid_with == Some(fact.capture);
            return must(is_free || is_its, "from another payment");
        }
        if fact.cause == RefundCause::Disputed {
            let rest = order.rest(fact.order, fact.capture);
            return must(rest == Some(fact.clone().into()), "that is not what is left");
        }
        let is_last = fact.capture as usize + 1 == order.captures.len();
        must(is_last && fact.amount.as_minor() == left, "not all of what came last")?;
        let is_over = matches!(order.stage, Stage::Over(_));
        let is_called_off = self.phase == Phase::Cancelled;
        let is_right = self.is_paid(order);
        let may = match fact.cause {
            RefundCause::Asked | RefundCause::Disputed => false,
            RefundCause::Duplicate => matches!(order.stage, Stage::Paid { .. }),
            RefundCause::EventCancelled => is_over && is_right && is_called_off,
            RefundCause::Late => is_over && is_right && self.stock_again(order).is_none(),
            RefundCause::Mismatch => is_over && !is_right,
        };
        must(may, "there is no such cause")
    }

    /// What must be true after every decision: who has gone holds nothing.
    pub(super) fn check_whole(&self) -> Legal {
        let of_gone = |hold: &Hold| {
            let place = hold.place.and_then(|place| self.places.get(place as usize));
            place.is_some_and(|place| !is_live(place))
        };
        let left_behind = self.holds.iter().position(|hold| hold.as_ref().is_some_and(of_gone));
        left_behind.map_or(Ok(()), |number| Err(format!("hold {number} outlives its visit")))
    }
}

fn check_answered(order: &Order, refund: u32) -> Legal {
    let known = order.refunds.get(refund as usize);
    must(known.is_some_and(|r| r.state == RefundState::Wanted), "no such refund is awaited")
}

/// That a refund is refused or awaited, and still owed.
fn check_settled(order: &Order, refund: u32) -> Legal {
    let known = order
        .refunds
        .get(refund as usize)
        .filter(|known| known.state == RefundState::Wanted || is_refused(known));
    let Some(known) = known else { return Err("no such refund is refused or awaited".into()) };
    let is_gone = known.is_overtaken || order.is_lost_since(refund);
    must(!is_gone && !order.is_disputed(known.capture), "a bank has the money or asks for it")
}

fn check_decided(order: &Order, fact: &DisputeDecided) -> Legal {
    let known = order.disputes.get(fact.dispute as usize);
    let known = known.ok_or_else(|| "there is no such dispute".to_owned())?;
    if fact.tickets == 0 {
        return must(order.awaits_word(known), "there is nothing to leave");
    }
    let is_lost_or_open = known.state != DisputeState::Won;
    must(is_lost_or_open && fact.tickets == order.stake(known), "other tickets than it is about")
}

fn check_retried(order: &Order, fact: &RefundRetried) -> Legal {
    check_settled(order, fact.refund)?;
    let known = &order.refunds[fact.refund as usize];
    must(is_refused(known), "it is not refused")?;
    must(fact.attempt == known.attempt + 1, "it is not the next attempt")
}

/// The order that a fact is about.
pub(super) fn order_of(fact: &Fact) -> Option<OrderId> {
    Some(match fact {
        Fact::OrderPlaced(fact) => fact.order,
        Fact::IntentReady(fact) => fact.order,
        Fact::PaymentStarted(fact) => fact.order,
        Fact::PaymentCaptured(fact) => fact.order,
        Fact::OrderCompleted(fact) => fact.order,
        Fact::OrderEnded(fact) => fact.order,
        Fact::OrderRevived(fact) => fact.order,
        Fact::RefundWanted(fact) => fact.order,
        Fact::RefundDone(fact) => fact.order,
        Fact::RefundRefused(fact) => fact.order,
        Fact::RefundRetried(fact) => fact.order,
        Fact::RefundSettled(fact) => fact.order,
        Fact::DisputeOpened(fact) => fact.order,
        Fact::DisputeClosed(fact) => fact.order,
        Fact::DisputeDecided(fact) => fact.order,
        _ => return None,
    })
}

/// Whether the server may decide so by itself: what is due, or silence for too long.
pub(crate) fn is_the_servers(fact: &Fact) -> bool {
    match fact {
        Fact::LotteryDrawn(_) | Fact::PlaceAdmitted(_) | Fact::HoldReleased(_) => true,
        Fact::PlaceEnded(fact) => {
            matches!(fact.reason, EndReason::Expired | EndReason::Abandoned)
        }
        Fact::OrderEnded(fact) => {
            matches!(fact.end, OrderEnd::Expired | OrderEnd::EventCancelled)
        }
        Fact::RefundWanted(fact) => fact.cause == RefundCause::EventCancelled,
        _ => false,
    }
}
