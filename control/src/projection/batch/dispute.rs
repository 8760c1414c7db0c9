//! What banks ask back, and what of it is gone. What becomes of the tickets is in `money`.

use std::mem::replace;

use onsale_core::fact::{DisputeClosed, DisputeOpened};
use onsale_core::id::OrderId;
use onsale_core::money::Amount;
use onsale_core::payment::DisputeEnd;

use super::sums::{money, sum};
use super::{Batch, Mark};
use crate::projection::column::Column;
use crate::projection::rows::{Dispute, Payment};

impl Batch {
    /// A dispute begins, or is taken up again: then nobody knows any more whose its money is.
    pub(super) fn dispute_opened(&mut self, mark: Mark, fact: &DisputeOpened) -> Option<()> {
        let id = fact.order;
        self.step(mark, id)?;
        let known: Vec<_> = self.disputes.range((id, 0)..=(id, u32::MAX)).collect();
        let again = known.iter().position(|one| one.name.value() == fact.dispute.value());
        let dispute = Dispute {
            order_id: id,
            dispute: again.unwrap_or(known.len()) as u32,
            name: fact.dispute.clone(),
            payment: fact.payment.clone(),
            lost_minor: None,
            lost_currency: None,
        };
        self.disputes.put((id, dispute.dispute), dispute);
        self.count_charged_back(id)
    }

    pub(super) fn dispute_closed(&mut self, mark: Mark, fact: &DisputeClosed) -> Option<()> {
        let id = fact.order;
        self.step(mark, id)?;
        let dispute = self.disputes.get_mut((id, fact.dispute))?;
        (dispute.lost_minor, dispute.lost_currency) = match fact.end {
            DisputeEnd::Lost { amount, currency } => (Some(amount), Some(currency)),
            DisputeEnd::Won => (None, None),
        };
        self.count_charged_back(id)
    }

    /// Counts anew what banks have taken of an order's payments. Of one that was not told of yet
    /// it counts when that comes.
    pub(super) fn count_charged_back(&mut self, id: OrderId) -> Option<()> {
        let order = self.orders.get(id)?;
        let payments = self.payments.range((id, 0)..=(id, u32::MAX));
        let payments = payments.filter(|payment| payment.currency == order.currency);
        let taken = payments.flat_map(|payment| {
            let disputes = self.disputes.range((id, 0)..=(id, u32::MAX));
            disputes.filter_map(|dispute| taken(dispute, payment))
        });
        let after = taken.fold(Amount::ZERO, sum);
        let order = self.orders.get_mut(id)?;
        let before = replace(&mut order.charged_back_minor, after);
        self.totals(id.event).charged_back_minor += money(after) - money(before);
        Some(())
    }
}

/// What a bank has taken of a payment. Money that went in another currency is as much as the
/// payment was, as in the partition. Columns have the names, which need not be as they were told.
fn taken(dispute: &Dispute, payment: &Payment) -> Option<Amount> {
    let lost = dispute.lost_minor?;
    let is_same = dispute.lost_currency == Some(payment.currency);
    let is_its = dispute.payment.value() == payment.payment.value();
    is_its.then_some(if is_same { lost } else { payment.amount_minor })
}
