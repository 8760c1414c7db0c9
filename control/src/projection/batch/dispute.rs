//! What banks ask back, and what of it is gone. What becomes of the tickets is in `money`.

use onsale_core::fact::{DisputeClosed, DisputeOpened};
use onsale_core::payment::DisputeEnd;

use super::sums::{money, sum};
use super::{Batch, Mark};
use crate::projection::column::Column;
use crate::projection::rows::{Dispute, Payment};

impl Batch {
    pub(super) fn dispute_opened(&mut self, mark: Mark, fact: &DisputeOpened) -> Option<()> {
        let id = fact.order;
        self.step(mark, id)?;
        let dispute = Dispute {
            order_id: id,
            dispute: self.disputes.range((id, 0)..=(id, u32::MAX)).count() as u32,
            payment: fact.payment.clone(),
            lost_minor: None,
            lost_currency: None,
        };
        self.disputes.put((id, dispute.dispute), dispute);
        Some(())
    }

    /// The payment may be told of later: then it counts when that comes.
    pub(super) fn dispute_closed(&mut self, mark: Mark, fact: &DisputeClosed) -> Option<()> {
        let id = fact.order;
        self.step(mark, id)?;
        let dispute = self.disputes.get_mut((id, fact.dispute))?;
        let DisputeEnd::Lost { amount, currency } = fact.end else { return Some(()) };
        (dispute.lost_minor, dispute.lost_currency) = (Some(amount), Some(currency));
        let dispute = dispute.clone();
        let payments = self.payments.range((id, 0)..=(id, u32::MAX));
        let its: Vec<_> = payments.filter(|one| is_about(&dispute, one)).cloned().collect();
        its.iter().try_for_each(|payment| self.charged_back(&dispute, payment))
    }

    /// What banks took of a payment before it was told of.
    pub(super) fn charged_back_before(&mut self, payment: &Payment) -> Option<()> {
        let id = payment.order_id;
        let disputes = self.disputes.range((id, 0)..=(id, u32::MAX));
        let its: Vec<_> = disputes.filter(|one| is_about(one, payment)).cloned().collect();
        its.iter().try_for_each(|dispute| self.charged_back(dispute, payment))
    }

    /// Money that went in another currency is as much as the payment was, as in the partition.
    fn charged_back(&mut self, dispute: &Dispute, payment: &Payment) -> Option<()> {
        let Some(lost) = dispute.lost_minor else { return Some(()) };
        let is_same = dispute.lost_currency == Some(payment.currency);
        let amount = if is_same { lost } else { payment.amount_minor };
        let id = payment.order_id;
        let order = self.orders.get_mut(id)?;
        if payment.currency == order.currency {
            order.charged_back_minor = sum(order.charged_back_minor, amount);
            self.totals(id.event).charged_back_minor += money(amount);
        }
        Some(())
    }
}

/// As the columns have the name, which need not be as it was told.
fn is_about(dispute: &Dispute, payment: &Payment) -> bool {
    dispute.payment.value() == payment.payment.value()
}
