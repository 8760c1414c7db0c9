//! What happens when a payment is late: the money comes after the order expired, failed or was
//! cancelled, and its stock has gone back.
//!
//! The same tickets are taken again if they are free. If not, and the buyer agreed to it, seats of
//! the same class next to each other are as good. Else everything is refunded.

use alloc::vec;
use alloc::vec::Vec;

use super::RefundCause;
use super::record::{Money, give_back};
use crate::fact::{Fact, OrderCompleted, OrderRevived};
use crate::hold::Line;
use crate::id::OrderId;
use crate::inventory::seating::Ask;
use crate::order::Order;
use crate::query::Phase;
use crate::sale::Sale;

impl Sale {
    pub(super) fn paid_late(&self, id: OrderId, order: &Order, money: &Money<'_>) -> Vec<Fact> {
        if self.phase() == Phase::Cancelled {
            return give_back(id, order, money, RefundCause::EventCancelled).into_iter().collect();
        }
        match self.stock_for(order) {
            Some(lines) => vec![
                OrderRevived { order: id, lines }.into(),
                OrderCompleted { order: id, first_ticket: self.next_ticket() }.into(),
            ],
            None => give_back(id, order, money, RefundCause::Late).into_iter().collect(),
        }
    }

    /// What the order can have now for its money.
    fn stock_for(&self, order: &Order) -> Option<Vec<Line>> {
        let wanted: Vec<_> = order.lines.iter().map(|line| (line.class, line.count)).collect();
        self.check_limits(order.person, wanted.iter().copied()).ok()?;
        self.stock().fit(&wanted).ok()?;
        order.lines.iter().map(|line| self.line_again(order, line)).collect()
    }

    fn line_again(&self, order: &Order, line: &Line) -> Option<Line> {
        if line.seats.is_empty() || self.check_seats(line.class, &line.seats, false).is_ok() {
            return Some(line.clone());
        }
        if !order.accept_other_seats {
            return None;
        }
        let ask = Ask {
            class: line.class,
            section: None,
            party: line.count,
            accessible: self.has_accessible(line),
            may_split: false,
        };
        let seats = self.stock().seating()?.best_available(&ask)?;
        Some(Line { seats, ..line.clone() })
    }

    fn has_accessible(&self, line: &Line) -> bool {
        use crate::inventory::seating::SeatKind;
        let seating = self.stock().seating();
        let kind = |seat| Some(seating?.seat(seat)?.kind);
        line.seats.iter().any(|&seat| kind(seat) == Some(SeatKind::Accessible))
    }
}
