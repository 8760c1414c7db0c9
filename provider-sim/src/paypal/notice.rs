//! `PayPal`'s notices: what happened, signed in the headers.
//!
//! Source of the signed text: notifications.py in `PayPal`'s Python SDK.

use serde_json::{Value, json};

use super::key;
use super::wire::{self, detail};
use crate::World;
use crate::books::{DisputeStatus, RefundStatus};
use crate::credentials::PAYPAL_WEBHOOK_ID;
use crate::protocol::{News, Notice, Provider, What};

/// The notices that tell the news. That a buyer went away, or an order's time is over, is told by
/// none.
pub(super) fn notices(world: &World, news: &News, is_forged: bool) -> Vec<Notice> {
    let Some((kind, resource)) = event(world, news) else { return Vec::new() };
    let api = format!("{}/{}", world.config.public_url, Provider::Paypal.name());
    let id = format!("WH-{:017X}", news.serial);
    let itself = format!("{api}/v1/notifications/webhooks-events/{id}");
    let body = json!({
        "id": id,
        "create_time": wire::time(news.at_s),
        "event_type": kind,
        "resource_type": kind.split('.').nth(1).unwrap_or_default().to_ascii_lowercase(),
        "resource_version": "2.0",
        "event_version": "1.0",
        "summary": kind,
        "resource": resource,
        "links": [{ "rel": "self", "href": itself }],
    });
    let body = body.to_string().into_bytes();
    let (transmission, time) = (format!("onsale-{:x}", news.serial), wire::time(world.now_s()));
    let crc = crc32fast::hash(&body);
    let text = format!("{transmission}|{time}|{PAYPAL_WEBHOOK_ID}|{crc}");
    // Who does not have the key has signatures of other texts at best.
    let signature = key::sign(if is_forged { "another text" } else { &text });
    let headers = vec![
        ("paypal-transmission-id", transmission),
        ("paypal-transmission-time", time),
        ("paypal-transmission-sig", signature),
        ("paypal-cert-url", format!("{api}/v1/notifications/certs/CERT-onsale")),
        ("paypal-auth-algo", "SHA256withRSA".to_owned()),
    ];
    vec![Notice::json(body, headers)]
}

fn event(world: &World, news: &News) -> Option<(&'static str, Value)> {
    let intent = &news.intent;
    Some(match &news.what {
        What::Started if intent.details[detail::CAPTURE].is_string() => {
            ("PAYMENT.CAPTURE.PENDING", wire::pending(world, intent)?)
        }
        What::Started => ("CHECKOUT.ORDER.APPROVED", wire::order(world, intent)),
        What::Captured(capture) => {
            ("PAYMENT.CAPTURE.COMPLETED", wire::captured(world, intent, capture))
        }
        What::Declined => ("PAYMENT.CAPTURE.DENIED", wire::pending(world, intent)?),
        What::Refunded(refund) if refund.status == RefundStatus::Done => {
            ("PAYMENT.CAPTURE.REFUNDED", wire::refund(world, intent, refund))
        }
        What::Disputed(dispute) => {
            let kind = match dispute.status {
                DisputeStatus::Open if dispute.is_again => "CUSTOMER.DISPUTE.UPDATED",
                DisputeStatus::Open => "CUSTOMER.DISPUTE.CREATED",
                DisputeStatus::Won | DisputeStatus::Lost => "CUSTOMER.DISPUTE.RESOLVED",
            };
            (kind, wire::dispute(intent, dispute))
        }
        What::Refunded(_) | What::Cancelled | What::Expired => return None,
    })
}
