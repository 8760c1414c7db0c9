//! Razorpay's events: what happened, as they tell it by webhook, and sign it.

use serde_json::{Value, json};

use super::entity;
use crate::World;
use crate::books::{Capture, DisputeStatus, RefundStatus};
use crate::credentials::{FORGED_SECRET, RAZORPAY_ACCOUNT_ID, RAZORPAY_WEBHOOK_SECRET};
use crate::protocol::{News, Notice, What};
use crate::sign::hmac_sha256;

/// The notices that tell the news.
pub(super) fn notices(world: &World, news: &News, is_forged: bool) -> Vec<Notice> {
    let secret = if is_forged { FORGED_SECRET } else { RAZORPAY_WEBHOOK_SECRET };
    let notice = |(index, (kind, payload)): (usize, (&str, Value))| {
        let parts = payload.as_object().into_iter().flatten();
        let contains: Vec<&str> = parts.map(|(name, _)| name.as_str()).collect();
        let event = json!({
            "entity": "event",
            "account_id": RAZORPAY_ACCOUNT_ID,
            "event": kind,
            "contains": contains,
            "payload": payload,
            "created_at": news.at_s,
        });
        // What is signed is the body alone: there is no time in it.
        let body = event.to_string().into_bytes();
        let headers = vec![
            ("x-razorpay-signature", hmac_sha256(secret, &body)),
            ("x-razorpay-event-id", format!("evt{:014}_{index}", news.serial)),
        ];
        Notice::json(body, headers)
    };
    events(world, news).into_iter().enumerate().map(notice).collect()
}

/// The kinds of the events and what is in them.
fn events(world: &World, news: &News) -> Vec<(&'static str, Value)> {
    let intent = &news.intent;
    let of_payment = |payment: Value| json!({ "payment": { "entity": payment } });
    let of_link = || json!({ "payment_link": { "entity": entity::link(world, intent) } });
    match &news.what {
        What::Started => {
            let authorized = entity::authorized(intent).into_iter();
            authorized.map(|payment| ("payment.authorized", of_payment(payment))).collect()
        }
        What::Captured(capture) => {
            let payment = claimed(news, capture);
            let mut paid = of_link();
            paid["payment"] = json!({ "entity": payment });
            let order = &intent.details["order_id"];
            paid["order"] = json!({ "entity": { "id": order, "status": "paid" } });
            vec![("payment.captured", of_payment(payment)), ("payment_link.paid", paid)]
        }
        What::Declined => {
            let id = format!("pay_{:014}", news.serial);
            vec![("payment.failed", of_payment(entity::failed(intent, &id)))]
        }
        What::Cancelled => vec![("payment_link.cancelled", of_link())],
        What::Expired => vec![("payment_link.expired", of_link())],
        What::Refunded(refund) => {
            let kind = match refund.status {
                RefundStatus::Pending => "refund.created",
                RefundStatus::Done => "refund.processed",
                RefundStatus::Failed => "refund.failed",
            };
            vec![(kind, json!({ "refund": { "entity": entity::refund(intent, refund) } }))]
        }
        What::Disputed(dispute) => {
            let kind = match dispute.status {
                DisputeStatus::Open if dispute.is_again => "payment.dispute.action_required",
                DisputeStatus::Open => "payment.dispute.created",
                DisputeStatus::Won => "payment.dispute.won",
                DisputeStatus::Lost => "payment.dispute.lost",
            };
            let capture = intent.capture(&dispute.capture);
            let payment = capture.map(|capture| entity::captured(intent, capture));
            let entity = entity::dispute(intent, dispute);
            let told = payment.map(|payment| {
                let mut payload = of_payment(payment);
                payload["dispute"] = json!({ "entity": entity });
                (kind, payload)
            });
            told.into_iter().collect()
        }
    }
}

/// The payment as the news say it, which may be less than what the books know.
fn claimed(news: &News, capture: &Capture) -> Value {
    let mut payment = entity::captured(&news.intent, capture);
    payment["status"] = json!("captured");
    payment
}
