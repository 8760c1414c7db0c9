//! Pings: something to receive for whoever tries an endpoint out. They are about nothing that
//! happened, so they are no facts and have no place in any order.

use onsale_control::id::WebhookId;
use onsale_core::time::Time;
use onsale_net::dto::At;
use serde_json::json;

/// The type of a ping.
pub(super) const PING: &str = "onsale.webhook.ping.v1";

/// A ping under this id, as an event on one line.
pub(super) fn json(id: &str, endpoint: WebhookId, at: Time) -> String {
    let event = json!({
        "specversion": "1.0",
        "id": id,
        "source": format!("/onsale/webhook-endpoints/{endpoint}"),
        "type": PING,
        "time": At(at),
        "datacontenttype": "application/json",
        "data": {},
    });
    event.to_string()
}
