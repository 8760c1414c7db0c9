//! Every captured payment ends as exactly one full set of tickets or as one full refund; what an
//! operator gave back of the tickets later, and what a cancelled event gave back, are the price of
//! the tickets that are void for it. A cancelled event has no valid ticket. Every refund that was
//! wanted is done in the end, however often its provider has refused it, unless a bank took the
//! money first. Of a payment that a bank asked back nothing is left but what its valid tickets
//! cost.
//!
//! Why: payment after expiry left buyers paid and without a ticket, and mailed valid tickets of
//! dead orders, in earlier systems.
//!
//! Source: the saga's rule that each step is either carried through or undone (Garcia-Molina and
//! Salem, 1987).

use onsale_core::id::OrderId;
use onsale_core::payment::RefundCause;

use super::books::{Books, CaptureBook, EventBook, OrderBook, Shared, Standing};
use super::{Invariant, Verdict};
use crate::seen::{Micros, Seen};

/// See the module.
pub(crate) struct Compensation {
    books: Shared,
}

impl Compensation {
    pub(crate) fn new(books: Shared) -> Self {
        Self { books }
    }
}

impl Invariant for Compensation {
    fn name(&self) -> &'static str {
        "compensation"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        let books = self.books.see(seen);
        if matches!(seen, Seen::Settled { .. }) { settle(&books) } else { Ok(()) }
    }
}

fn settle(books: &Books) -> Verdict {
    for (id, event) in books.events() {
        for (number, order) in (0..).zip(&event.orders) {
            let id = OrderId::new(id, number);
            settle_order(event, order).map_err(|what| format!("{id}: {what}"))?;
        }
    }
    Ok(())
}

fn settle_order(event: &EventBook, order: &OrderBook) -> Verdict {
    // For nothing, as a free ticket is given back, no provider is asked.
    let mut owed = order.refunds.iter().filter(|refund| refund.amount > 0);
    if let Some(open) = owed.find(|refund| !refund.is_done && !refund.is_overtaken) {
        return Err(format!("money never went back: {open:?}"));
    }
    if event.is_cancelled && order.valid() != 0 {
        return Err("its event is cancelled and it has valid tickets".into());
    }
    let mut paying = 0;
    for (number, capture) in order.captures.iter().enumerate() {
        if is_for_tickets(event, order, number, capture)? {
            paying += 1;
        }
    }
    let has_tickets = matches!(order.standing, Standing::Completed { .. });
    let wanted = u32::from(has_tickets && order.total() > 0);
    if paying == wanted {
        Ok(())
    } else {
        Err(format!("{paying} payments stand for tickets, expected are {wanted}"))
    }
}

/// Whether a payment stands for the order's tickets; else it went back whole.
fn is_for_tickets(
    event: &EventBook,
    order: &OrderBook,
    number: usize,
    capture: &CaptureBook,
) -> Result<bool, String> {
    if order.disputes.iter().any(|known| known.payment == capture.payment) {
        return is_left_for_tickets(order, number, capture);
    }
    let of_it = || order.refunds.iter().filter(move |refund| refund.capture == number);
    let for_tickets = |cause| matches!(cause, RefundCause::Asked | RefundCause::EventCancelled);
    if let Some(whole) = of_it().find(|refund| refund.tickets == 0) {
        let is_one = of_it().count() == 1;
        let is_whole = whole.amount == capture.amount;
        return if is_one && is_whole {
            Ok(false)
        } else {
            Err(format!("{capture:?} went back in parts: {whole:?}"))
        };
    }
    let Standing::Completed { void, .. } = order.standing else {
        return Err(format!("{capture:?} came, and there is neither ticket nor refund"));
    };
    if capture.amount != order.total() || capture.currency != event.currency {
        return Err(format!("tickets for {} were had for {capture:?}", order.total()));
    }
    let back: u64 = of_it().map(|refund| refund.amount).sum();
    if of_it().any(|refund| !for_tickets(refund.cause)) || back != order.price_of(void) {
        return Err(format!("{back} went back for tickets of {}", order.price_of(void)));
    }
    Ok(true)
}

/// The same of a payment that a bank asked back.
fn is_left_for_tickets(
    order: &OrderBook,
    number: usize,
    capture: &CaptureBook,
) -> Result<bool, String> {
    let is_paying = order.paid_by == Some(number);
    let tickets = if is_paying { order.price_of(order.valid()) } else { 0 };
    let gone = order.refunds_of(number) + order.charged_back(number);
    let left = capture.amount.saturating_sub(gone);
    let is_right = if order.charged_back(number) > 0 { left <= tickets } else { left == tickets };
    if is_right {
        Ok(is_paying)
    } else {
        Err(format!("{left} of {capture:?} are left, the valid tickets cost {tickets}"))
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::fact::{EventCancelled, RefundWanted};
    use onsale_core::money::Amount;
    use onsale_core::order::OrderEnd;

    use super::super::fixture::*;
    use super::*;

    fn bench() -> Bench<Compensation> {
        let mut bench = Bench::new(Compensation::new(Shared::default()));
        bench.happens([taken(0, standing(2)), placed(0, 0)]).unwrap();
        bench
    }

    fn paid() -> Bench<Compensation> {
        let mut bench = bench();
        bench.happens([captured(0, "a", 1_000), completed(0, 0)]).unwrap();
        bench
    }

    #[test]
    fn tickets_and_refunds_are_fine() {
        let mut bench = paid();
        bench.settles().unwrap();
        bench.happens([captured(0, "b", 1_000)]).unwrap();
        let (order, amount) = (order(0), Amount::from_minor(1_000));
        let cause = RefundCause::Duplicate;
        let again = RefundWanted { order, capture: 1, amount, tickets: 0, cause };
        bench.happens([again.into(), done(0, 0)]).unwrap();
        bench.happens([wanted(0, 500, 2, RefundCause::Asked), done(0, 1)]).unwrap();
        bench.settles().unwrap();
    }

    #[test]
    fn money_for_a_dead_order_that_stays_is_caught() {
        let mut bench = bench();
        bench.happens([ended(0, OrderEnd::Expired)]).unwrap();
        bench.happens([captured(0, "a", 1_000)]).unwrap();
        assert!(bench.settles().unwrap_err().contains("neither ticket nor refund"));
        bench.happens([wanted(0, 1_000, 0, RefundCause::Late)]).unwrap();
        assert!(bench.settles().unwrap_err().contains("never went back"));
        bench.happens([done(0, 0)]).unwrap();
        bench.settles().unwrap();
    }

    #[test]
    fn a_part_of_a_late_payment_is_caught() {
        let mut bench = bench();
        bench.happens([ended(0, OrderEnd::Expired)]).unwrap();
        bench.happens([captured(0, "a", 1_000)]).unwrap();
        bench.happens([wanted(0, 900, 0, RefundCause::Late), done(0, 0)]).unwrap();
        assert!(bench.settles().unwrap_err().contains("in parts"));
    }

    #[test]
    fn tickets_for_nothing_for_too_little_and_for_money_that_went_back_are_caught() {
        let mut free = bench();
        free.happens([completed(0, 0)]).unwrap();
        assert!(free.settles().unwrap_err().contains("0 payments"));
        let mut cheap = bench();
        cheap.happens([captured(0, "a", 900), completed(0, 0)]).unwrap();
        assert!(cheap.settles().unwrap_err().contains("were had for"));
        let mut back = paid();
        back.happens([wanted(0, 1_000, 0, RefundCause::Late), done(0, 0)]).unwrap();
        assert!(back.settles().unwrap_err().contains("0 payments"));
    }

    #[test]
    fn a_refund_that_is_not_the_tickets_price_is_caught() {
        let mut bench = paid();
        bench.happens([wanted(0, 400, 1, RefundCause::Asked), done(0, 0)]).unwrap();
        assert!(bench.settles().unwrap_err().contains("400 went back for tickets of 500"));
    }

    #[test]
    fn a_second_payment_that_stays_is_caught() {
        let mut bench = paid();
        bench.happens([captured(0, "b", 1_000)]).unwrap();
        assert!(bench.settles().unwrap_err().contains("2 payments"));
    }

    #[test]
    fn a_valid_ticket_of_a_cancelled_event_is_caught() {
        let mut bench = paid();
        bench.happens([EventCancelled { event: event() }.into()]).unwrap();
        assert!(bench.settles().unwrap_err().contains("cancelled"));
        bench.happens([wanted(0, 1_000, 3, RefundCause::EventCancelled), done(0, 0)]).unwrap();
        bench.settles().unwrap();
    }
}
