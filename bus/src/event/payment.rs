//! Money that comes and goes.

use onsale_core::fact::{
    DisputeClosed, DisputeDecided, DisputeOpened, DisputeStrayed, IntentReady, PaymentCaptured,
    PaymentStarted, PaymentStrayed, RefundDone, RefundRefused, RefundRetried, RefundSettled,
    RefundWanted,
};
use onsale_core::payment::{DisputeEnd, RefundCause};

use super::data;
use super::inventory::money;
use super::text::time;
use super::{Context, MapError};

pub(super) fn ready(fact: &IntentReady) -> data::PaymentReady {
    let (event, order) = (fact.order.event.to_string(), fact.order.to_string());
    data::PaymentReady { event, order, reference: fact.reference.clone() }
}

pub(super) fn started(fact: &PaymentStarted) -> data::PaymentStarted {
    let (event, order) = (fact.order.event.to_string(), fact.order.to_string());
    data::PaymentStarted { event, order, until: time(fact.until) }
}

pub(super) fn captured(fact: &PaymentCaptured) -> data::PaymentCaptured {
    data::PaymentCaptured {
        event: fact.order.event.to_string(),
        order: fact.order.to_string(),
        payment: fact.payment.clone(),
        amount: money(fact.amount, fact.currency),
    }
}

pub(super) fn strayed(fact: &PaymentStrayed) -> data::PaymentStrayed {
    data::PaymentStrayed {
        provider: fact.provider.0.clone(),
        claimed_order: fact.claimed.to_string(),
        payment: fact.payment.clone(),
        amount: money(fact.amount, fact.currency),
    }
}

pub(super) fn refund_wanted(
    fact: &RefundWanted,
    context: &Context<'_>,
) -> Result<data::RefundWanted, MapError> {
    let cause = match fact.cause {
        RefundCause::Asked => data::RefundCause::Asked,
        RefundCause::Duplicate => data::RefundCause::Duplicate,
        RefundCause::EventCancelled => data::RefundCause::EventCancelled,
        RefundCause::Late => data::RefundCause::Late,
        RefundCause::Mismatch => data::RefundCause::Mismatch,
        RefundCause::Disputed => data::RefundCause::Disputed,
    };
    Ok(data::RefundWanted {
        event: fact.order.event.to_string(),
        order: fact.order.to_string(),
        capture: fact.capture,
        amount: money(fact.amount, context.refund_currency(fact.order)?),
        void_tickets: places(fact.tickets),
        cause,
    })
}

pub(super) fn refund_done(fact: &RefundDone) -> data::RefundDone {
    data::RefundDone {
        event: fact.order.event.to_string(),
        order: fact.order.to_string(),
        refund: fact.refund,
        reference: fact.reference.clone(),
    }
}

pub(super) fn refund_refused(fact: &RefundRefused) -> data::RefundRefused {
    let (event, order) = (fact.order.event.to_string(), fact.order.to_string());
    data::RefundRefused { event, order, refund: fact.refund }
}

pub(super) fn refund_retried(fact: &RefundRetried) -> data::RefundRetried {
    let (event, order) = (fact.order.event.to_string(), fact.order.to_string());
    data::RefundRetried { event, order, refund: fact.refund, attempt: fact.attempt }
}

pub(super) fn refund_settled(fact: &RefundSettled) -> data::RefundSettled {
    let (event, order) = (fact.order.event.to_string(), fact.order.to_string());
    data::RefundSettled { event, order, refund: fact.refund, reference: fact.reference.clone() }
}

pub(super) fn dispute_opened(fact: &DisputeOpened) -> data::DisputeOpened {
    data::DisputeOpened {
        event: fact.order.event.to_string(),
        order: fact.order.to_string(),
        dispute: fact.dispute.clone(),
        payment: fact.payment.clone(),
        amount: money(fact.amount, fact.currency),
    }
}

pub(super) fn dispute_closed(fact: &DisputeClosed) -> data::DisputeClosed {
    let (event, order) = (fact.order.event.to_string(), fact.order.to_string());
    let (outcome, lost) = match fact.end {
        DisputeEnd::Won => (data::DisputeOutcome::Won, None),
        DisputeEnd::Lost { amount, currency } => {
            (data::DisputeOutcome::Lost, Some(money(amount, currency)))
        }
    };
    data::DisputeClosed { event, order, number: fact.dispute, outcome, lost }
}

pub(super) fn dispute_strayed(fact: &DisputeStrayed) -> data::DisputeStrayed {
    data::DisputeStrayed {
        provider: fact.provider.0.clone(),
        claimed_order: fact.claimed.to_string(),
        dispute: fact.dispute.clone(),
        payment: fact.payment.clone(),
        amount: money(fact.amount, fact.currency),
    }
}

pub(super) fn dispute_decided(fact: &DisputeDecided) -> data::DisputeDecided {
    let (event, order) = (fact.order.event.to_string(), fact.order.to_string());
    let void_tickets = places(fact.tickets);
    data::DisputeDecided { event, order, number: fact.dispute, void_tickets }
}

/// Which of an order's tickets these bits are, from 0.
fn places(tickets: u32) -> Vec<u32> {
    (0..u32::BITS).filter(|bit| tickets & (1 << bit) != 0).collect()
}
