//! The books: every count taken again from the holds, orders and tickets themselves, and laid
//! beside what was counted while selling. It looks at everything: for operators and tests, not for
//! buyers.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::Sale;
use super::view::sum;
use crate::hold::Line;
use crate::inventory::seating::SeatIndex;
use crate::money::{Amount, Currency};
use crate::order::{Order, OrderState};
use crate::payment::{DisputeState, Refund, RefundState, price_of};
use crate::query::{Audit, StockAudit};
use crate::spec::{ClassId, QuotaId};

/// What was counted again, per class.
#[derive(Default)]
struct Recount {
    held: BTreeMap<ClassId, u32>,
    sold: BTreeMap<ClassId, u32>,
    ticket_value: Vec<Amount>,
    seats: BTreeSet<SeatIndex>,
    seats_sold_twice: u32,
}

impl Sale {
    /// Counts everything again.
    pub(crate) fn audit(&self) -> Audit {
        let orders = &self.book.orders;
        let currency = self.spec().currency;
        let recount = self.recount();
        let refunds = || orders.iter().flat_map(move |order| refunds_in(order, currency));
        let captures = orders.iter().flat_map(|order| &order.captures);
        let own = captures.filter(|capture| capture.currency == currency);
        let disputes = orders.iter().flat_map(|order| &order.disputes);
        let money = || {
            let captures = orders.iter().flat_map(move |order| own_captures(order, currency));
            captures.map(|(order, capture)| (order.charged_back(capture), loss(order, capture)))
        };
        Audit {
            stock: self.stock_audit(&recount),
            captured: sum(own.map(|capture| capture.amount)),
            refunded: sum(refunds().map(Refund::gone)),
            refunding: sum(refunds()
                .filter(|refund| refund.state == RefundState::Wanted)
                .map(|refund| refund.amount)),
            charged_back: sum(money().map(|(charged_back, _)| charged_back)),
            loss: sum(money().map(|(_, loss)| loss)),
            tickets: recount.ticket_value.len() as u32,
            ticket_value: sum(recount.ticket_value.into_iter()),
            seats_sold_twice: recount.seats_sold_twice,
            pending: orders.iter().filter(|order| order.state == OrderState::Pending).count()
                as u32,
            refunds_refused: orders.iter().flat_map(|order| refused_in(order, currency)).count()
                as u32,
            disputes_open: disputes.filter(|dispute| dispute.state == DisputeState::Open).count()
                as u32,
        }
    }

    fn recount(&self) -> Recount {
        let mut recount = Recount::default();
        for hold in self.book.holds.values() {
            recount.hold(&hold.lines);
        }
        for order in &self.book.orders {
            match order.state {
                OrderState::Pending => recount.hold(&order.lines),
                OrderState::Completed(tickets) => recount.sell(order, tickets.valid()),
                OrderState::Ended(_) => {}
            }
        }
        recount
    }

    fn stock_audit(&self, recount: &Recount) -> Vec<StockAudit> {
        let quotas = self.spec().quotas.iter().enumerate().map(|(i, quota)| StockAudit {
            name: quota.name.clone(),
            capacity: quota.capacity,
            counts: self.stock().quota(QuotaId(i as u16)),
            held_recounted: total_of(&recount.held, &quota.classes),
            sold_recounted: total_of(&recount.sold, &quota.classes),
        });
        let seats_of = |class: ClassId| {
            let sections = self.spec().plan.iter().flat_map(|plan| &plan.sections);
            let rows = sections.filter(move |section| section.class == class);
            rows.flat_map(|section| &section.rows).map(|row| row.seats).sum()
        };
        let classes = (0..self.spec().classes.len() as u16).map(ClassId);
        let seated = classes.filter_map(|class| {
            Some(StockAudit {
                name: self.spec().class(class)?.name.clone(),
                capacity: seats_of(class),
                counts: self.stock().seat_counts(class)?,
                held_recounted: total_of(&recount.held, &[class]),
                sold_recounted: total_of(&recount.sold, &[class]),
            })
        });
        quotas.chain(seated).collect()
    }
}

impl Recount {
    fn hold(&mut self, lines: &[Line]) {
        for line in lines {
            *self.held.entry(line.class).or_default() += line.count;
        }
    }

    fn sell(&mut self, order: &Order, valid: u32) {
        for (i, (class, price, seat)) in Line::each(&order.lines).enumerate() {
            if valid & (1 << i) == 0 {
                continue;
            }
            *self.sold.entry(class).or_default() += 1;
            self.ticket_value.push(price);
            let again = seat.is_some_and(|seat| !self.seats.insert(seat));
            self.seats_sold_twice += u32::from(again);
        }
    }
}

fn total_of(counts: &BTreeMap<ClassId, u32>, classes: &[ClassId]) -> u32 {
    classes.iter().filter_map(|class| counts.get(class)).sum()
}

fn refused_in(order: &Order, currency: Currency) -> impl Iterator<Item = &Refund> {
    let refused = order.refused_refunds().map(|(_, refund, _)| refund);
    refused.filter(move |refund| is_in(order, refund.capture, currency))
}

fn own_captures(order: &Order, currency: Currency) -> impl Iterator<Item = (&Order, u32)> {
    let captures = 0..order.captures.len() as u32;
    let own = captures.filter(move |capture| is_in(order, *capture, currency));
    own.map(move |capture| (order, capture))
}

/// What went beyond what a payment had: of the price of valid tickets, or of what had gone back
/// before, because banks took it or it went back twice.
fn loss(order: &Order, capture: u32) -> Amount {
    let refunds = || order.refunds.iter().filter(move |refund| refund.capture == capture);
    let charged_back = order.charged_back(capture);
    let amounts = [charged_back, price_of(order, order.tickets_of(capture))];
    let spent = sum(refunds().map(Refund::gone).chain(amounts));
    let came = order.captures[capture as usize].amount;
    let explained = sum(refunds().map(Refund::gone_twice).chain([charged_back]));
    spent.checked_sub(came).unwrap_or(Amount::ZERO).min(explained)
}

fn is_in(order: &Order, capture: u32, currency: Currency) -> bool {
    let came = order.captures.get(capture as usize);
    came.is_some_and(|capture| capture.currency == currency)
}

fn refunds_in(order: &Order, currency: Currency) -> impl Iterator<Item = &Refund> {
    order.refunds.iter().filter(move |refund| is_in(order, refund.capture, currency))
}
