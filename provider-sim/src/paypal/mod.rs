//! `PayPal`, simulated: orders that the buyer approves and the merchant captures, refunds,
//! disputes, and webhooks under an RSA key.
//!
//! At the buyer's page, `pay` and `start` approve an order, and so does `decline`: that the bank
//! says no turns out when the merchant takes the money. After `start`, taking it takes a while:
//! then a second `pay` or `decline` brings the answer. Who goes away (`cancel`) may come back.
//!
//! Deliberately absent: `PayPal`'s other ways to pay, and a certificate that anybody vouches for.

mod api;
mod key;
mod money;
mod notice;
mod wire;

use std::sync::Arc;

use axum::Router;
use serde_json::json;

use self::wire::detail;
use crate::World;
use crate::books::{ActError, Books, Intent};
use crate::form::with_query;
use crate::protocol::{Act, ActWish, Declined, News, Notice, Protocol, What};

/// The protocol.
#[derive(Clone, Copy, Debug)]
pub struct Paypal;

impl Protocol for Paypal {
    fn routes(&self, world: Arc<World>) -> Router {
        api::routes(world)
    }

    fn payment_name(&self, intent: &Intent, serial: u64) -> String {
        let begun = intent.details[detail::CAPTURE].as_str();
        begun.map_or_else(|| wire::name(serial), str::to_owned)
    }

    fn dispute_name(&self, serial: u64) -> String {
        format!("PP-D-{serial}")
    }

    fn act(&self, books: &mut Books, wish: &ActWish<'_>) -> Result<Vec<What>, ActError> {
        let intent = books.find_mut(wish.reference).ok_or(ActError::NotFound)?;
        let is_taken = intent.details[detail::CAPTURE].is_string();
        match wish.act {
            Act::Pay | Act::Decline if is_taken => wish.usual(self, books, Declined::IsOver),
            Act::Expire => wish.usual(self, books, Declined::IsOver),
            _ if is_taken || !intent.is_open(wish.now_s) => Err(ActError::Closed),
            Act::Cancel => Ok(Vec::new()),
            Act::Pay | Act::Decline | Act::Start => {
                intent.details[detail::APPROVED] = json!(true);
                intent.details[detail::WILL] = json!(wish.act.name());
                Ok(vec![What::Started])
            }
        }
    }

    fn notices(&self, world: &World, news: &News, is_forged: bool) -> Vec<Notice> {
        notice::notices(world, news, is_forged)
    }

    fn return_url(&self, _world: &World, intent: &Intent, act: Act) -> Option<String> {
        let name = if act == Act::Cancel { detail::CANCEL_URL } else { detail::RETURN_URL };
        let url = intent.details[name].as_str()?;
        let payer = if act == Act::Cancel { "" } else { "&PayerID=QYR5Z8XDVJNXQ" };
        Some(with_query(url, &format!("token={}{payer}", intent.reference)))
    }
}
