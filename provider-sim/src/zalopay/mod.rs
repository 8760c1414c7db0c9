//! `ZaloPay` (openapi v2), simulated: `POST` of JSON or forms to `/v2/create`, `/v2/query`,
//! `/v2/cancel`, `/v2/refund` and `/v2/query_refund`. The status is 200 whatever happens; codes in
//! the answer say it.
//!
//! A buyer whom the bank declines may try again. Refunds are as
//! `POST /sim/zalopay/refunds/{status}` says: one that is to fail is under way at first, since
//! `ZaloPay` makes refunds behind the back of whoever asks. Names of refunds must begin with the
//! day of the request, as the documentation says; whether `ZaloPay` insists is unconfirmed.

mod api;
mod request;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use http::StatusCode;
use serde_json::{Value, json};

use crate::World;
use crate::books::Intent;
use crate::credentials::{FORGED_SECRET, ZALOPAY_APP_ID, ZALOPAY_KEY2};
use crate::form::with_query;
use crate::protocol::{Act, News, Notice, Protocol, What};
use crate::sign::hmac_sha256;
use crate::vietnam::day;

/// Payment by the app.
const CHANNEL: u64 = 38;

/// The protocol.
#[derive(Clone, Copy, Debug)]
pub struct Zalopay;

impl Protocol for Zalopay {
    fn routes(&self, world: Arc<World>) -> Router {
        Router::new()
            .route("/v2/create", post(api::create))
            .route("/v2/query", post(api::query))
            .route("/v2/cancel", post(api::cancel))
            .route("/v2/refund", post(api::refund))
            .route("/v2/query_refund", post(api::query_refund))
            .with_state(world)
    }

    /// `zp_trans_id`: the day and nine digits.
    fn payment_name(&self, intent: &Intent, serial: u64) -> String {
        format!("{}{:09}", day(intent.created_s), serial % 1_000_000_000)
    }

    fn notices(&self, _world: &World, news: &News, is_forged: bool) -> Vec<Notice> {
        let What::Captured(capture) = &news.what else { return Vec::new() };
        let details = &news.intent.details;
        let data = json!({
            "app_id": ZALOPAY_APP_ID,
            "app_trans_id": news.intent.reference,
            "app_time": details["app_time"],
            "app_user": details["app_user"],
            "amount": capture.amount,
            "embed_data": details["embed_data"],
            "item": details["item"],
            "zp_trans_id": number(&capture.id),
            "server_time": news.at_s * 1_000,
            "channel": CHANNEL,
            "merchant_user_id": details["app_user"],
            "user_fee_amount": 0,
            "discount_amount": 0,
        });
        let data = data.to_string();
        let key = if is_forged { FORGED_SECRET } else { ZALOPAY_KEY2 };
        let mac = hmac_sha256(key, data.as_bytes());
        let body = json!({ "data": data, "mac": mac, "type": 1 });
        let url = details["callback_url"].as_str().map(str::to_owned);
        vec![Notice { url, ..Notice::json(body.to_string().into_bytes(), Vec::new()) }]
    }

    fn is_accepted(&self, status: StatusCode, body: &[u8]) -> bool {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        status == StatusCode::OK && matches!(answer["return_code"].as_i64(), Some(1 | 2))
    }

    /// Once, and three times more.
    fn attempts_max(&self) -> u32 {
        4
    }

    /// Where `embed_data` says.
    fn return_url(&self, _world: &World, intent: &Intent, act: Act) -> Option<String> {
        let embedded = intent.details["embed_data"].as_str()?;
        let embedded: Value = serde_json::from_str(embedded).ok()?;
        let url = embedded["redirecturl"].as_str()?;
        let status = match act {
            Act::Pay => "1",
            Act::Cancel => "-49",
            _ => "2",
        };
        let (amount, channel) = (intent.amount.to_string(), CHANNEL.to_string());
        let (app_id, name) = (ZALOPAY_APP_ID.to_string(), intent.reference.as_str());
        let signed =
            [app_id.as_str(), name, channel.as_str(), "", amount.as_str(), "0", status].join("|");
        let checksum = hmac_sha256(ZALOPAY_KEY2, signed.as_bytes());
        let names =
            ["appid", "apptransid", "pmcid", "bankcode", "amount", "discountamount", "status"];
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(names.into_iter().zip(signed.split('|')))
            .append_pair("checksum", &checksum)
            .finish();
        Some(with_query(url, &query))
    }
}

/// A name of a payment as the number that it is.
fn number(name: &str) -> Value {
    name.parse::<u64>().map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests;
