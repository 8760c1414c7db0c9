//! Razorpay's entities as JSON.

use serde_json::{Value, json};

use crate::World;
use crate::books::{Capture, Dispute, DisputeStatus, Intent, IntentStatus, Refund, RefundStatus};
use crate::protocol::Provider;

/// How a Payment Link stands.
pub(super) fn status(intent: &Intent, now_s: u64) -> &'static str {
    match intent.status {
        IntentStatus::Open if !intent.is_open(now_s) => "expired",
        IntentStatus::Paid => "paid",
        IntentStatus::Cancelled => "cancelled",
        IntentStatus::Expired | IntentStatus::Declined => "expired",
        IntentStatus::Open if intent.captured() > 0 => "partially_paid",
        IntentStatus::Open => "created",
    }
}

/// A Payment Link.
pub(super) fn link(world: &World, intent: &Intent) -> Value {
    let payment = |capture: &Capture| {
        json!({
            "amount": capture.amount,
            "created_at": capture.at_s,
            "method": "card",
            "payment_id": capture.id,
            "plink_id": intent.reference,
            "status": "captured",
        })
    };
    let payments: Vec<Value> = intent.captures.iter().map(payment).collect();
    let mut link = json!({
        "accept_partial": false,
        "amount": intent.amount,
        "amount_paid": intent.captured(),
        "callback_method": "get",
        "callback_url": intent.details["callback_url"],
        "cancelled_at": 0,
        "created_at": intent.created_s,
        "currency": intent.currency,
        "customer": {},
        "description": intent.details["description"],
        "expire_by": intent.expires_s.unwrap_or_default(),
        "expired_at": 0,
        "id": intent.reference,
        "notes": intent.details["notes"],
        "notify": { "email": false, "sms": false },
        "payments": if payments.is_empty() { Value::Null } else { Value::Array(payments) },
        "reference_id": intent.details["reference_id"],
        "reminder_enable": false,
        "short_url": world.page_url(Provider::Razorpay, &intent.reference),
        "status": status(intent, world.now_s()),
        "updated_at": intent.created_s,
    });
    let was_tried = intent.is_started || !intent.captures.is_empty();
    if was_tried || intent.details["has_failed"] == json!(true) {
        link["order_id"] = intent.details["order_id"].clone();
    }
    link
}

/// A payment that came.
pub(super) fn captured(intent: &Intent, capture: &Capture) -> Value {
    let refunded = intent.refunded_of(&capture.id);
    let is_back = refunded == capture.amount;
    let status = if is_back { "refunded" } else { "captured" };
    let mut payment = payment(intent, &capture.id, capture.amount, status, true);
    payment["amount_refunded"] = json!(refunded);
    if refunded > 0 {
        payment["refund_status"] = json!(if is_back { "full" } else { "partial" });
    }
    payment
}

/// A payment that waits to be taken.
pub(super) fn authorized(intent: &Intent) -> Option<Value> {
    let id = intent.details["payment_id"].as_str().filter(|_| intent.is_started)?;
    Some(payment(intent, id, intent.amount, "authorized", false))
}

/// A payment that came to nothing; `id` is its name.
pub(super) fn failed(intent: &Intent, id: &str) -> Value {
    let mut payment = payment(intent, id, intent.amount, "failed", false);
    payment["error_code"] = json!("BAD_REQUEST_ERROR");
    payment["error_description"] = json!("Payment was declined by the bank");
    payment
}

fn payment(intent: &Intent, id: &str, amount: u64, status: &str, is_captured: bool) -> Value {
    json!({
        "id": id,
        "entity": "payment",
        "amount": amount,
        "amount_refunded": 0,
        "captured": is_captured,
        "created_at": intent.created_s,
        "currency": intent.currency,
        "description": format!("#{}", intent.reference.trim_start_matches("plink_")),
        "error_code": null,
        "error_description": null,
        "international": false,
        "invoice_id": null,
        "method": "card",
        // Those of the link; a list where there are none.
        "notes": if intent.details["notes"].is_object() { &intent.details["notes"] } else { &NONE },
        "order_id": intent.details["order_id"],
        "refund_status": null,
        "status": status,
    })
}

static NONE: Value = Value::Array(Vec::new());

/// A payment that a bank asks back.
pub(super) fn dispute(intent: &Intent, dispute: &Dispute) -> Value {
    let (status, deducted) = match dispute.status {
        DisputeStatus::Open => ("open", 0),
        DisputeStatus::Won => ("won", 0),
        DisputeStatus::Lost => ("lost", dispute.amount),
    };
    json!({
        "id": dispute.id,
        "entity": "dispute",
        "amount": dispute.amount,
        "amount_deducted": deducted,
        "created_at": dispute.at_s,
        "currency": intent.currency,
        "payment_id": dispute.capture,
        "phase": if dispute.is_again { "pre_arbitration" } else { "chargeback" },
        "reason_code": "goods_or_services_not_received_or_partially_received",
        "status": status,
    })
}

/// A refund.
pub(super) fn refund(intent: &Intent, refund: &Refund) -> Value {
    let status = match refund.status {
        RefundStatus::Pending => "pending",
        RefundStatus::Done => "processed",
        RefundStatus::Failed => "failed",
    };
    json!({
        "id": refund.id,
        "entity": "refund",
        "amount": refund.amount,
        "created_at": refund.at_s,
        "currency": intent.currency,
        "notes": refund.details["notes"],
        "payment_id": refund.capture,
        "receipt": refund.details["receipt"],
        "speed_processed": "normal",
        "speed_requested": "normal",
        "status": status,
    })
}

/// A list of things.
pub(super) fn collection(items: &[Value]) -> Value {
    json!({ "entity": "collection", "count": items.len(), "items": items })
}
