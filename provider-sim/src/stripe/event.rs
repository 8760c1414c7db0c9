//! Stripe's events: what happened, as they tell it by webhook, and sign it.

use serde_json::{Value, json};

use super::{VERSION, flag, object};
use crate::World;
use crate::books::{DisputeStatus, IntentStatus, RefundStatus};
use crate::credentials::{FORGED_SECRET, STRIPE_WEBHOOK_SECRET};
use crate::protocol::{News, Notice, Provider, What};
use crate::sign::hmac_sha256;

/// The notices that tell the news. What is true is kept, for whoever asks for events.
pub(super) fn notices(world: &World, news: &News, is_forged: bool) -> Vec<Notice> {
    let events = events(world, news).into_iter().enumerate();
    let notice = |(index, (kind, object)): (usize, (&str, Value))| {
        // The names of events sort by when they happened.
        let id = format!("evt_{:020}_{index}", news.serial);
        let event = json!({
            "id": id,
            "object": "event",
            "api_version": VERSION,
            "created": news.at_s,
            "data": { "object": object },
            "livemode": false,
            "pending_webhooks": 1,
            "request": { "id": null, "idempotency_key": null },
            "type": kind,
        });
        if !is_forged {
            world.keep_event(Provider::Stripe, &id, &event);
        }
        sign(world, &event, is_forged)
    };
    events.map(notice).collect()
}

/// The kinds of the events and their objects.
fn events(world: &World, news: &News) -> Vec<(&'static str, Value)> {
    let intent = &news.intent;
    let session = |amount| object::session(world, intent, amount, false);
    let payment_intent = |received| object::payment_intent(intent, received);
    let (is_session, is_async) = (flag(intent, "is_session"), flag(intent, "is_async"));
    match &news.what {
        What::Started if is_session => vec![
            ("payment_intent.processing", payment_intent(0)),
            ("checkout.session.completed", session(intent.amount)),
        ],
        What::Started => vec![("payment_intent.processing", payment_intent(0))],
        What::Captured(capture) => {
            let mut events = vec![("payment_intent.succeeded", payment_intent(capture.amount))];
            let session_kind = if is_async {
                "checkout.session.async_payment_succeeded"
            } else {
                "checkout.session.completed"
            };
            events.extend(is_session.then(|| (session_kind, session(capture.amount))));
            events
        }
        What::Declined => {
            let mut events = vec![("payment_intent.payment_failed", payment_intent(0))];
            let is_over = is_session && intent.status == IntentStatus::Declined;
            let session = || ("checkout.session.async_payment_failed", session(intent.amount));
            events.extend(is_over.then(session));
            events
        }
        What::Cancelled => vec![("payment_intent.canceled", payment_intent(0))],
        What::Expired => vec![("checkout.session.expired", session(intent.amount))],
        What::Refunded(refund) => {
            let kind = match refund.status {
                RefundStatus::Pending => "refund.created",
                RefundStatus::Done => "refund.updated",
                RefundStatus::Failed => "refund.failed",
            };
            vec![(kind, object::refund(intent, refund))]
        }
        What::Disputed(dispute) => {
            let kind = match dispute.status {
                DisputeStatus::Open if dispute.is_again => "charge.dispute.updated",
                DisputeStatus::Open => "charge.dispute.created",
                DisputeStatus::Won | DisputeStatus::Lost => "charge.dispute.closed",
            };
            vec![(kind, object::dispute(intent, dispute, false))]
        }
    }
}

/// The header is `t=<seconds>,v1=<HMAC-SHA256 of "t.body">`. Source: docs.stripe.com/webhooks.
fn sign(world: &World, event: &Value, is_forged: bool) -> Notice {
    let secret = if is_forged { FORGED_SECRET } else { STRIPE_WEBHOOK_SECRET };
    let (body, seconds) = (event.to_string().into_bytes(), world.now_s());
    let signed = [seconds.to_string().as_bytes(), b".", &body].concat();
    let header = format!("t={seconds},v1={}", hmac_sha256(secret, &signed));
    Notice::json(body, vec![("stripe-signature", header)])
}
