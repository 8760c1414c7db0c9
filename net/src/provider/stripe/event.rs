//! What Stripe's events say. Those of a Checkout Session and those of its Payment Intent tell the
//! same twice: the payment has one name, so it counts once.

use serde::Deserialize;
use serde_json::{Value, from_value};

use super::object::{PaymentIntent, Session};
use crate::provider::installation::Installation;
use crate::provider::{NoticeError, Said};

/// An event, once its signature is believed.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Debug, Deserialize)]
struct Data {
    object: Value,
}

/// What has a name.
#[derive(Debug, Deserialize)]
struct Named {
    id: String,
}

/// Reads an event. Refunds are of no interest: whoever waits for one asks. What a dispute says is
/// asked about: it does not name the order, and a `won` one may be `lost` later.
pub(super) fn read(body: &[u8], installation: &Installation) -> Result<Vec<Said>, NoticeError> {
    let event: Event = serde_json::from_slice(body)?;
    let object = event.data.object;
    let notice = match event.kind.as_str() {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            from_value::<Session>(object)?.notice(installation)?
        }
        "checkout.session.async_payment_failed" => {
            Some(from_value::<Session>(object)?.declined(installation)?)
        }
        "payment_intent.succeeded" | "payment_intent.processing" | "payment_intent.canceled" => {
            from_value::<PaymentIntent>(object)?.notice(installation)?
        }
        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated"
        | "charge.dispute.closed" => {
            return Ok(vec![Said::AskDispute(from_value::<Named>(object)?.id)]);
        }
        _ => None,
    };
    Ok(notice.map(Said::Payment).into_iter().collect())
}
