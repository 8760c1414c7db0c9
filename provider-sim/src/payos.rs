//! payOS, simulated: payment requests, bank transfers to them, and its webhook.
//!
//! Source: its node SDK 2.0.5, which can be pointed here with its option `fetch` (its base address
//! loses its path), and payos.vn/docs. The codes of refusals are what its users report.
//!
//! A page's name follows from the order's code, so both find it. A transfer of less than what was
//! asked for leaves the page open for the rest; there are no refunds.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::World;
use crate::answers::Answer;
use crate::books::{Capture, Intent, IntentStatus};
use crate::credentials::{FORGED_SECRET, PAYOS_API_KEY, PAYOS_CHECKSUM_KEY, PAYOS_CLIENT_ID};
use crate::form::with_query;
use crate::protocol::{Act, News, Notice, Protocol, Provider, What};
use crate::sign::hmac_sha256;

/// The largest code of an order: what a double holds exactly.
const CODE_MAX: u64 = (1 << 53) - 1;
/// The longest memo.
const MEMO_MAX: usize = 25;
/// The merchant's bank and account.
const BANK: (&str, &str, &str) = ("970422", "0123456789", "ONSALE");

/// The protocol.
#[derive(Clone, Copy, Debug)]
pub struct Payos;

impl Protocol for Payos {
    fn routes(&self, world: Arc<World>) -> Router {
        routes(world)
    }

    fn payment_name(&self, _intent: &Intent, serial: u64) -> String {
        format!("FT{serial}")
    }

    fn notices(&self, _world: &World, news: &News, is_forged: bool) -> Vec<Notice> {
        notices(news, is_forged)
    }

    fn return_url(&self, world: &World, intent: &Intent, act: Act) -> Option<String> {
        let is_cancelled = act == Act::Cancel;
        let name = if is_cancelled { "cancelUrl" } else { "returnUrl" };
        let url = intent.details[name].as_str()?;
        let (id, code) = (&intent.reference, &intent.details["orderCode"]);
        let status = status(intent, world.now_s());
        let query =
            format!("code=00&id={id}&cancel={is_cancelled}&status={status}&orderCode={code}");
        Some(with_query(url, &query))
    }
}

/// The API.
pub fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route("/v2/payment-requests", post(create))
        .route("/v2/payment-requests/{id}", get(show))
        .route("/v2/payment-requests/{id}/cancel", post(cancel))
        .route("/confirm-webhook", post(confirm))
        .route_layer(from_fn(require_merchant))
        .with_state(world)
}

async fn require_merchant(request: Request, next: Next) -> Response {
    if is_merchant(request.headers()) {
        return next.run(request).await;
    }
    let why = json!({ "code": "401", "desc": "Unauthorized" });
    Answer::new(StatusCode::UNAUTHORIZED, why).into_response()
}

fn is_merchant(headers: &HeaderMap) -> bool {
    let is = |name, value: &str| headers.get(name).is_some_and(|found| found == value);
    is("x-client-id", PAYOS_CLIENT_ID) && is("x-api-key", PAYOS_API_KEY)
}

/// What a merchant asks for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wish {
    order_code: u64,
    amount: u64,
    description: String,
    cancel_url: String,
    return_url: String,
    expired_at: Option<u64>,
    signature: String,
}

impl Wish {
    fn is_signed(&self) -> bool {
        let Self { order_code, amount, description, cancel_url, return_url, .. } = self;
        let text = format!(
            "amount={amount}&cancelUrl={cancel_url}&description={description}\
             &orderCode={order_code}&returnUrl={return_url}"
        );
        hmac_sha256(PAYOS_CHECKSUM_KEY, text.as_bytes()) == self.signature
    }

    fn is_possible(&self, now_s: u64) -> bool {
        (1..=CODE_MAX).contains(&self.order_code)
            && self.amount > 0
            && self.description.chars().count() <= MEMO_MAX
            && self.expired_at.is_none_or(|end| now_s < end)
    }

    fn intent(&self, now_s: u64) -> Intent {
        Intent {
            reference: link_id(self.order_code),
            amount: self.amount,
            currency: "VND".into(),
            created_s: now_s,
            expires_s: self.expired_at,
            details: json!({
                "orderCode": self.order_code,
                "description": self.description,
                "cancelUrl": self.cancel_url,
                "returnUrl": self.return_url,
            }),
            ..Intent::default()
        }
    }
}

async fn create(State(world): State<Arc<World>>, body: Bytes) -> Answer {
    let Ok(wish) = serde_json::from_slice::<Wish>(&body) else { return impossible() };
    if !wish.is_signed() {
        return refusal("201", "Mã kiểm tra(signature) không hợp lệ");
    }
    if !wish.is_possible(world.now_s()) {
        return impossible();
    }
    let intent = wish.intent(world.now_s());
    let reference = intent.reference.clone();
    if world.books(Provider::Payos).open(intent).is_err() {
        return refusal("231", "Đơn thanh toán đã tồn tại");
    }
    let (bin, account, name) = BANK;
    success(&json!({
        "bin": bin,
        "accountNumber": account,
        "accountName": name,
        "amount": wish.amount,
        "description": wish.description,
        "orderCode": wish.order_code,
        "currency": "VND",
        "paymentLinkId": reference,
        "status": "PENDING",
        "expiredAt": wish.expired_at,
        "checkoutUrl": world.page_url(Provider::Payos, &reference),
        "qrCode": "00020101021238",
    }))
}

async fn show(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    let books = world.books(Provider::Payos);
    match books.find(&reference(&id)) {
        Some(intent) => success(&link(intent, world.now_s())),
        None => unknown(),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cancellation {
    cancellation_reason: Option<String>,
}

async fn cancel(State(world): State<Arc<World>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let Cancellation { cancellation_reason } = serde_json::from_slice(&body).unwrap_or_default();
    let (mut books, now_s) = (world.books(Provider::Payos), world.now_s());
    let reference = reference(&id);
    if books.find(&reference).is_none() {
        return unknown();
    }
    if books.cancel(&reference, now_s).is_err() {
        return refusal("20", "Đơn thanh toán không thể huỷ");
    }
    let Some(intent) = books.find_mut(&reference) else { return unknown() };
    intent.details["canceledAt"] = json!(written(now_s, ISO));
    intent.details["cancellationReason"] = json!(cancellation_reason);
    success(&link(intent, now_s))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Confirmation {
    webhook_url: String,
}

/// Sends a trial to a webhook. It is signed like a real notice, about an order that there is not.
async fn confirm(body: Bytes) -> Answer {
    let Ok(wish) = serde_json::from_slice::<Confirmation>(&body) else { return impossible() };
    let (memo, link_id) = ("VQRIO123", "124c33293c43417ab7879e14c8d9eb18");
    let trial = data(123, 3_000, memo, "TF230204212323", link_id, 0);
    if !is_accepted(&wish.webhook_url, wrapped(&trial, PAYOS_CHECKSUM_KEY)).await {
        let why = json!({ "code": "20", "desc": "Webhook url không hợp lệ" });
        return Answer::new(StatusCode::BAD_REQUEST, why);
    }
    let (_, account, name) = BANK;
    success(&json!({
        "webhookUrl": wish.webhook_url,
        "accountName": name,
        "accountNumber": account,
        "name": "Onsale",
        "shortName": "MB",
    }))
}

/// Sends once; returns whether the answer is a 2xx.
async fn is_accepted(url: &str, body: Vec<u8>) -> bool {
    // A proxy that is configured for the world is not the way to this machine.
    let Ok(client) = reqwest::Client::builder().no_proxy().build() else { return false };
    let request = client.post(url).header("content-type", "application/json").body(body);
    request.send().await.is_ok_and(|answer| answer.status().is_success())
}

/// The notices that tell the news: transfers, and nothing else.
pub fn notices(news: &News, is_forged: bool) -> Vec<Notice> {
    let What::Captured(Capture { id, amount, .. }) = &news.what else { return Vec::new() };
    let (intent, details) = (&news.intent, &news.intent.details);
    let code = details["orderCode"].as_u64().unwrap_or_default();
    let memo = details["description"].as_str().unwrap_or_default();
    let data = data(code, *amount, memo, id, &intent.reference, news.at_s);
    let key = if is_forged { FORGED_SECRET } else { PAYOS_CHECKSUM_KEY };
    vec![Notice::json(wrapped(&data, key), Vec::new())]
}

/// What is said of a transfer.
fn data(code: u64, amount: u64, memo: &str, reference: &str, link_id: &str, at_s: u64) -> Value {
    json!({
        "orderCode": code,
        "amount": amount,
        "description": memo,
        "accountNumber": BANK.1,
        "reference": reference,
        "transactionDateTime": written(at_s, "%Y-%m-%d %H:%M:%S"),
        "currency": "VND",
        "paymentLinkId": link_id,
        "code": "00",
        "desc": "success",
        "counterAccountBankId": "",
        "counterAccountBankName": null,
        "counterAccountName": "NGUYEN VAN A",
        "counterAccountNumber": "9876543210",
        "virtualAccountName": "",
        "virtualAccountNumber": "",
    })
}

fn wrapped(data: &Value, key: &str) -> Vec<u8> {
    let signature = hmac_sha256(key, signed_text(data).as_bytes());
    let body = json!({
        "code": "00", "desc": "success", "success": true, "data": data, "signature": signature,
    });
    body.to_string().into_bytes()
}

/// The fields of an object by name, as payOS signs them.
fn signed_text(data: &Value) -> String {
    let Some(fields) = data.as_object() else { return String::new() };
    let mut names: Vec<&String> = fields.keys().collect();
    names.sort_unstable();
    let field = |name: &String| match &fields[name] {
        Value::Null => format!("{name}="),
        Value::String(text) => format!("{name}={text}"),
        // What is in lists here has its fields by name already ([`link`]).
        other => format!("{name}={other}"),
    };
    names.into_iter().map(field).collect::<Vec<_>>().join("&")
}

/// All that there is to know about an intent.
fn link(intent: &Intent, now_s: u64) -> Value {
    let details = &intent.details;
    let transfer = |capture: &Capture| {
        json!({
            "accountNumber": BANK.1,
            "amount": capture.amount,
            "counterAccountBankId": "",
            "counterAccountBankName": null,
            "counterAccountName": "NGUYEN VAN A",
            "counterAccountNumber": "9876543210",
            "description": details["description"],
            "reference": capture.id,
            "transactionDateTime": written(capture.at_s, ISO),
            "virtualAccountName": null,
            "virtualAccountNumber": null,
        })
    };
    let paid = intent.captured();
    json!({
        "id": intent.reference,
        "orderCode": details["orderCode"],
        "amount": intent.amount,
        "amountPaid": paid,
        "amountRemaining": intent.amount.saturating_sub(paid),
        "status": status(intent, now_s),
        "createdAt": written(intent.created_s, ISO),
        "transactions": intent.captures.iter().map(transfer).collect::<Vec<_>>(),
        "canceledAt": details["canceledAt"],
        "cancellationReason": details["cancellationReason"],
    })
}

fn status(intent: &Intent, now_s: u64) -> &'static str {
    match intent.status {
        IntentStatus::Paid => "PAID",
        IntentStatus::Declined => "FAILED",
        IntentStatus::Cancelled => "CANCELLED",
        IntentStatus::Open if intent.captured() > 0 => "UNDERPAID",
        IntentStatus::Open if intent.is_started => "PROCESSING",
        IntentStatus::Open if intent.is_open(now_s) => "PENDING",
        IntentStatus::Expired | IntentStatus::Open => "EXPIRED",
    }
}

/// The name of the page for this code.
fn link_id(order_code: u64) -> String {
    format!("{order_code:032x}")
}

/// A page is found by its name, and by the order's code, which is shorter.
fn reference(id: &str) -> String {
    let code = if id.len() < 32 { id.parse().ok() } else { None };
    code.map_or_else(|| id.to_owned(), link_id)
}

const ISO: &str = "%Y-%m-%dT%H:%M:%S+07:00";

fn written(at_s: u64, format: &str) -> String {
    let at = i64::try_from(at_s).ok().and_then(|at| Timestamp::from_second(at).ok());
    Offset::constant(7).to_datetime(at.unwrap_or_default()).strftime(format).to_string()
}

fn success(data: &Value) -> Answer {
    let signature = hmac_sha256(PAYOS_CHECKSUM_KEY, signed_text(data).as_bytes());
    Answer::ok(json!({ "code": "00", "desc": "success", "data": data, "signature": signature }))
}

fn refusal(code: &str, words: &str) -> Answer {
    Answer::ok(json!({ "code": code, "desc": words, "data": null, "signature": null }))
}

fn impossible() -> Answer {
    refusal("20", "Thông tin truyền lên không đúng.")
}

fn unknown() -> Answer {
    refusal("101", "Mã thanh toán không tồn tại")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_that_payos_publishes() {
        // payos.vn/docs/tich-hop-webhook/kiem-tra-du-lieu-voi-signature
        let sample = json!({
            "orderCode": 123, "amount": 3_000, "description": "VQRIO123",
            "accountNumber": "12345678", "reference": "TF230204212323",
            "transactionDateTime": "2023-02-04 18:25:00", "currency": "VND",
            "paymentLinkId": "124c33293c43417ab7879e14c8d9eb18", "code": "00",
            "desc": "Thành công", "counterAccountBankId": "", "counterAccountBankName": "",
            "counterAccountName": "", "counterAccountNumber": "", "virtualAccountName": "",
            "virtualAccountNumber": "",
        });
        let key = "1a54716c8f0efb2744fb28b6e38b25da7f67a925d98bc1c18bd8faaecadd7675";
        let expected = "412e915d2871504ed31be63c8f62a149a4410d34c4c42affc9006ef9917eaa03";
        assert_eq!(hmac_sha256(key, signed_text(&sample).as_bytes()), expected);
    }

    #[test]
    fn a_page_is_found_by_its_name_and_by_the_code() {
        let id = link_id(9_007_199_254_740_991);
        assert_eq!(id.len(), 32);
        assert_eq!(reference("9007199254740991"), id);
        assert_eq!(reference(&id), id);
        let id = link_id(16);
        assert_eq!(reference(&id), id, "its digits could be those of a decimal number");
    }
}
