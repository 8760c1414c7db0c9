//! Stripe's objects as JSON. Amounts in Stripe's units, currencies in lower case.

use serde_json::{Value, json};

use super::{flag, is_open, is_processing, scale, text};
use crate::World;
use crate::books::{Dispute, DisputeStatus, Intent, IntentStatus, Refund, RefundStatus};
use crate::protocol::Provider;

/// A Checkout Session. `amount` is its total in minor units; with `expands`, the Payment Intent is
/// there as a whole.
pub(super) fn session(world: &World, intent: &Intent, amount: u64, expands: bool) -> Value {
    let is_paid = intent.captured() > 0;
    let is_declined = intent.status == IntentStatus::Declined;
    let status = if is_open(intent, world.now_s()) {
        "open"
    } else if is_paid || is_processing(intent) || is_declined {
        "complete"
    } else {
        "expired"
    };
    // Stripe makes the Payment Intent when the buyer pays.
    let payment_intent = match status {
        "complete" if expands => payment_intent(intent, intent.captured()),
        "complete" => json!(text(intent, "payment_intent")),
        _ => Value::Null,
    };
    let url = (status == "open").then(|| world.page_url(Provider::Stripe, &intent.reference));
    let amount = amount * scale(&intent.currency);
    json!({
        "id": intent.reference,
        "object": "checkout.session",
        "amount_subtotal": amount,
        "amount_total": amount,
        "cancel_url": intent.details["cancel_url"],
        "client_reference_id": intent.details["client_reference_id"],
        "created": intent.created_s,
        "currency": intent.currency.to_lowercase(),
        "expires_at": intent.expires_s,
        "livemode": false,
        "metadata": intent.details["metadata"],
        "mode": "payment",
        "payment_intent": payment_intent,
        "payment_method_types": ["card"],
        "payment_status": if is_paid { "paid" } else { "unpaid" },
        "status": status,
        "success_url": intent.details["success_url"],
        "url": url,
    })
}

/// A Payment Intent; `received` is in minor units.
pub(super) fn payment_intent(intent: &Intent, received: u64) -> Value {
    let name = text(intent, "payment_intent");
    let scale = scale(&intent.currency);
    let is_paid = intent.captured() > 0;
    let is_over = matches!(intent.status, IntentStatus::Cancelled | IntentStatus::Expired);
    let status = if is_paid {
        "succeeded"
    } else if is_processing(intent) {
        "processing"
    } else if is_over {
        "canceled"
    } else {
        "requires_payment_method"
    };
    let error = flag(intent, "is_declined").then(|| {
        let message = "Your card was declined.";
        json!({ "type": "card_error", "code": "card_declined", "message": message })
    });
    json!({
        "id": name,
        "object": "payment_intent",
        "amount": intent.amount * scale,
        "amount_capturable": 0,
        "amount_received": received * scale,
        "automatic_payment_methods": { "enabled": true },
        "canceled_at": null,
        "capture_method": "automatic",
        "client_secret": format!("{name}_secret_simulated"),
        "created": intent.created_s,
        "currency": intent.currency.to_lowercase(),
        "last_payment_error": error,
        "latest_charge": is_paid.then(|| charge_name(name)),
        "livemode": false,
        "metadata": intent.details["intent_metadata"],
        "payment_method_types": ["card"],
        "status": status,
    })
}

/// A Refund.
pub(super) fn refund(intent: &Intent, refund: &Refund) -> Value {
    let (status, reason) = match refund.status {
        RefundStatus::Pending => ("pending", None),
        RefundStatus::Done => ("succeeded", None),
        RefundStatus::Failed => ("failed", Some("expired_or_canceled_card")),
    };
    json!({
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount * scale(&intent.currency),
        "charge": charge_name(&refund.capture),
        "created": refund.at_s,
        "currency": intent.currency.to_lowercase(),
        "failure_reason": reason,
        "metadata": refund.details["metadata"],
        "payment_intent": refund.capture,
        "reason": refund.details["reason"],
        "status": status,
    })
}

/// A Dispute; with `expands`, the Payment Intent is there as a whole.
pub(super) fn dispute(intent: &Intent, dispute: &Dispute, expands: bool) -> Value {
    let status = match dispute.status {
        DisputeStatus::Open => "needs_response",
        DisputeStatus::Won => "won",
        DisputeStatus::Lost => "lost",
    };
    let payment_intent =
        if expands { payment_intent(intent, intent.captured()) } else { json!(dispute.capture) };
    json!({
        "id": dispute.id,
        "object": "dispute",
        "amount": dispute.amount * scale(&intent.currency),
        "charge": charge_name(&dispute.capture),
        "created": dispute.at_s,
        "currency": intent.currency.to_lowercase(),
        "is_charge_refundable": false,
        "livemode": false,
        "metadata": {},
        "payment_intent": payment_intent,
        "reason": "fraudulent",
        "status": status,
    })
}

/// A list.
pub(super) fn list(url: &str, data: Vec<Value>, limit: usize) -> Value {
    let has_more = data.len() > limit;
    let data: Vec<Value> = data.into_iter().take(limit).collect();
    json!({ "object": "list", "data": data, "has_more": has_more, "url": url })
}

/// The charge of a Payment Intent: here there is one at most.
fn charge_name(payment_intent: &str) -> String {
    payment_intent.replacen("pi_", "ch_", 1)
}
