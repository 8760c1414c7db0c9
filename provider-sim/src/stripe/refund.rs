//! Stripe's refunds: of a Payment Intent, whole or in part.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{invalid, missing, object, routes, scale};
use crate::World;
use crate::answers::Answer;
use crate::books::{RefundDraft, RefundError, Refunded};
use crate::form::Form;
use crate::protocol::{Manner, Provider, What};

/// Gives money back, and tells it.
pub(super) fn create(world: &Arc<World>, form: &Form) -> Result<Value, Answer> {
    let name = form.get("payment_intent");
    let name = name.ok_or_else(|| invalid(Some("parameter_missing"), "Name a payment_intent."))?;
    let (intent, refund) = {
        let mut books = world.books(Provider::Stripe);
        let serial = books.next_serial();
        let intent = books.owner_of(name).ok_or_else(|| missing("payment_intent", name))?;
        if intent.captured() == 0 {
            let message = "This PaymentIntent does not have a successful charge to refund.";
            return Err(invalid(None, message));
        }
        if intent.is_disputed(name) {
            let message = "This charge is disputed and cannot be refunded.";
            return Err(invalid(Some("charge_disputed"), message));
        }
        let amount = match form.number("amount") {
            Some(units) => {
                routes::check(units, &intent.currency)?;
                units / scale(&intent.currency)
            }
            None => intent.refundable(name),
        };
        let is_back = intent.refundable(name) == 0;
        let details = json!({ "metadata": form.group("metadata"), "reason": form.get("reason") });
        let (id, capture) = (format!("re_{serial}"), name.to_owned());
        let draft = RefundDraft { id, capture, amount, key: None, details };
        match books.refund(draft, world.now_s()) {
            Ok(Refunded::New(refund) | Refunded::Again(refund)) => {
                (books.owner_of(name).cloned(), refund)
            }
            Err(reason) => return Err(refused(reason, is_back, name)),
        }
    };
    let intent = intent.ok_or_else(|| missing("payment_intent", name))?;
    let answer = object::refund(&intent, &refund);
    world.tell(Provider::Stripe, &intent.reference, What::Refunded(refund), Manner::Once);
    Ok(answer)
}

fn refused(reason: RefundError, is_back: bool, name: &str) -> Answer {
    match reason {
        RefundError::NotFound => missing("payment_intent", name),
        RefundError::Amount | RefundError::KeyUsed if is_back => {
            invalid(Some("charge_already_refunded"), "The charge has already been refunded.")
        }
        RefundError::Amount | RefundError::KeyUsed => {
            invalid(None, "Refund amount is greater than unrefunded amount on charge.")
        }
    }
}

/// The refunds of a Payment Intent, the last first.
pub(super) fn list(world: &World, query: &Form) -> Answer {
    let books = world.books(Provider::Stripe);
    let intent = query.get("payment_intent").and_then(|name| books.owner_of(name));
    let refunds = intent.into_iter().flat_map(|intent| {
        intent.refunds.iter().rev().map(|refund| object::refund(intent, refund))
    });
    Answer::ok(object::list("/v1/refunds", refunds.collect(), routes::limit(query)))
}

/// One refund.
pub(super) fn show(world: &World, id: &str) -> Answer {
    let books = world.books(Provider::Stripe);
    let found = books.owner_of(id).and_then(|intent| Some((intent, intent.refund(id)?)));
    found.map_or_else(
        || missing("refund", id),
        |(intent, refund)| Answer::ok(object::refund(intent, refund)),
    )
}
