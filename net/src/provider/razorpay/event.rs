//! What Razorpay's events say. `payment.captured` and `payment_link.paid` tell the same twice: the
//! payment has one name, so it counts once.

use serde::Deserialize;
use serde_json::Value;

use super::entity::{Link, Payment};
use crate::provider::installation::Installation;
use crate::provider::{NoticeError, Said};

/// An event, once its signature is believed. What is in the payload depends on the kind.
#[derive(Debug, Deserialize)]
struct Event {
    event: String,
    payload: Value,
}

#[derive(Debug, Deserialize)]
struct Payload {
    payment_link: Option<Entity<Link>>,
    payment: Entity<Payment>,
}

#[derive(Debug, Deserialize)]
struct Entity<T> {
    entity: T,
}

#[derive(Debug, Deserialize)]
struct DisputePayload {
    dispute: Entity<Named>,
}

/// What has a name.
#[derive(Debug, Deserialize)]
struct Named {
    id: String,
}

/// Reads an event. Refunds are of no interest: whoever waits for one asks. What a dispute says is
/// asked about: events come in any order, and a chargeback that was won may go to arbitration.
pub(super) fn read(body: &[u8], installation: &Installation) -> Result<Vec<Said>, NoticeError> {
    let Event { event, payload } = serde_json::from_slice(body)?;
    let is_links = match event.as_str() {
        "payment_link.paid" | "payment_link.partially_paid" => true,
        "payment.captured" | "payment.authorized" => false,
        kind if kind.starts_with("payment.dispute.") => {
            let payload: DisputePayload = serde_json::from_value(payload)?;
            return Ok(vec![Said::AskDispute(payload.dispute.entity.id)]);
        }
        _ => return Ok(Vec::new()),
    };
    let Payload { payment_link, payment } = serde_json::from_value(payload)?;
    let payment = payment.entity;
    let foreign = || NoticeError::Foreign(payment.id.clone());
    let of_link = payment_link.as_ref().and_then(|link| link.entity.notes.order());
    let Some(order) = of_link.or_else(|| payment.notes.order()) else {
        // Payments of other kinds come to the same account. A link tells of its own once more.
        return if is_links { Err(foreign()) } else { Ok(Vec::new()) };
    };
    let order = installation.order_named(order).map_err(|_| foreign())?;
    Ok(payment.notice(order)?.map(Said::Payment).into_iter().collect())
}
