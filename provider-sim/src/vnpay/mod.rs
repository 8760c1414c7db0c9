//! `VNPay` 2.1.0, simulated.
//!
//! | | |
//! |---|---|
//! | `GET /paymentv2/vpcpay.html?…` | a buyer comes with a signed address, is sent to the page |
//! | `POST /merchant_webapi/api/transaction` | `querydr` and `refund`, see `merchant` |
//!
//! A transaction is in the books from the moment a buyer arrives. What is declined, called off or
//! over cannot be tried again. Refunds are as `POST /sim/vnpay/refunds/{status}` says.

mod merchant;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, RawQuery, State};
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use self::wire::Fields;
use crate::World;
use crate::books::{ActError, Books, Intent, IntentStatus};
use crate::credentials::{FORGED_SECRET, VNPAY_HASH_SECRET, VNPAY_TMN_CODE};
use crate::form::with_query;
use crate::protocol::{Act, ActWish, Declined, News, Notice, Protocol, Provider, What};
use crate::vietnam::{stamp, unstamp};

/// `vnp_Amount` is in hundredths.
const PER_DONG: u64 = 100;
/// `VNPay` ends what has no end of its own after this.
const EXPIRES_AFTER_S: u64 = 900;

/// The protocol.
#[derive(Clone, Copy, Debug)]
pub struct Vnpay;

impl Protocol for Vnpay {
    fn routes(&self, world: Arc<World>) -> Router {
        Router::new()
            .route("/paymentv2/vpcpay.html", get(arrive))
            .route("/paymentv2/Payment/Error.html", get(show_error))
            .route("/merchant_webapi/api/transaction", post(merchant::answer))
            .with_state(world)
    }

    /// `vnp_TransactionNo`.
    fn payment_name(&self, _intent: &Intent, serial: u64) -> String {
        transaction_number(serial)
    }

    fn act(&self, books: &mut Books, wish: &ActWish<'_>) -> Result<Vec<What>, ActError> {
        wish.usual(self, books, Declined::IsOver)
    }

    fn notices(&self, _world: &World, news: &News, is_forged: bool) -> Vec<Notice> {
        let (number, amount) = match &news.what {
            What::Captured(capture) => (capture.id.as_str(), capture.amount),
            What::Declined | What::Cancelled | What::Expired => ("0", news.intent.amount),
            What::Started | What::Refunded(_) | What::Disputed(_) => return Vec::new(),
        };
        let key = if is_forged { FORGED_SECRET } else { VNPAY_HASH_SECRET };
        let fields = result(&news.intent, number, amount, news.at_s);
        vec![Notice::get(fields.signed_query(key))]
    }

    fn is_accepted(&self, status: StatusCode, body: &[u8]) -> bool {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let code = answer["RspCode"].as_str().unwrap_or_default();
        status == StatusCode::OK && matches!(code, "00" | "02")
    }

    fn attempts_max(&self) -> u32 {
        10
    }

    /// The same fields as in a notice.
    fn return_url(&self, world: &World, intent: &Intent, _act: Act) -> Option<String> {
        let url = intent.details["return_url"].as_str()?;
        let (number, amount) = match intent.captures.last() {
            Some(capture) => (capture.id.as_str(), capture.amount),
            None if intent.status == IntentStatus::Open => return None,
            None => ("0", intent.amount),
        };
        let query = result(intent, number, amount, world.now_s()).signed_query(VNPAY_HASH_SECRET);
        Some(with_query(url, &query))
    }
}

/// A number as `VNPay` gives them.
fn transaction_number(serial: u64) -> String {
    (14_000_000 + serial).to_string()
}

/// What `VNPay` says at the end of a payment.
fn result(intent: &Intent, number: &str, amount: u64, at_s: u64) -> Fields {
    let (code, status) = match intent.status {
        _ if number != "0" => ("00", "00"),
        IntentStatus::Cancelled => ("24", "02"),
        IntentStatus::Expired => ("11", "02"),
        _ => ("51", "02"),
    };
    Fields::new([
        ("vnp_Amount", (amount * PER_DONG).to_string()),
        ("vnp_BankCode", "NCB".into()),
        ("vnp_BankTranNo", if number == "0" { String::new() } else { format!("VNP{number}") }),
        ("vnp_CardType", "ATM".into()),
        ("vnp_OrderInfo", text(&intent.details["order_info"])),
        ("vnp_PayDate", stamp(at_s)),
        ("vnp_ResponseCode", code.into()),
        ("vnp_TmnCode", VNPAY_TMN_CODE.into()),
        ("vnp_TransactionNo", number.into()),
        ("vnp_TransactionStatus", status.into()),
        ("vnp_TxnRef", intent.reference.clone()),
    ])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

async fn arrive(State(world): State<Arc<World>>, RawQuery(query): RawQuery) -> Redirect {
    match admit(&world, &query.unwrap_or_default()) {
        Ok(reference) => Redirect::to(&world.page_url(Provider::Vnpay, &reference)),
        Err(Fault(code)) => {
            let base = &world.config.public_url;
            Redirect::to(&format!("{base}/vnpay/paymentv2/Payment/Error.html?code={code}"))
        }
    }
}

#[derive(Deserialize)]
struct ErrorQuery {
    code: u8,
}

async fn show_error(Query(ErrorQuery { code }): Query<ErrorQuery>) -> Html<String> {
    Html(format!("<!doctype html><title>vnpay, simulated</title><h1>Error {code}</h1>"))
}

/// What the buyer is told whose address is not right. `VNPay` documents none of these codes; they
/// are the ones that merchants report.
#[derive(Debug, PartialEq, Eq)]
struct Fault(&'static str);

const MALFORMED: Fault = Fault("03");
const TOO_LATE: Fault = Fault("15");
const WRONG_SIGNATURE: Fault = Fault("70");
const NO_SUCH_TERMINAL: Fault = Fault("72");

/// Takes the transaction into the books, if it is not there yet; returns its name.
fn admit(world: &World, query: &str) -> Result<String, Fault> {
    let fields = Fields::of_query(query).ok_or(WRONG_SIGNATURE)?;
    if fields.get("vnp_TmnCode") != VNPAY_TMN_CODE {
        return Err(NO_SUCH_TERMINAL);
    }
    let intent = intent_of(&fields, world.now_s()).ok_or(MALFORMED)?;
    let mut books = world.books(Provider::Vnpay);
    let reference = intent.reference.clone();
    if books.find(&reference).is_none() {
        if !intent.is_open(world.now_s()) {
            return Err(TOO_LATE);
        }
        books.open(intent).map_err(|_| MALFORMED)?;
    }
    Ok(reference)
}

/// What is wanted, if the fields are as the documentation says.
fn intent_of(fields: &Fields, now_s: u64) -> Option<Intent> {
    let get = |name| fields.get(name);
    let fixed = [("vnp_Version", "2.1.0"), ("vnp_Command", "pay"), ("vnp_CurrCode", "VND")];
    let needed = ["vnp_IpAddr", "vnp_Locale", "vnp_OrderInfo", "vnp_OrderType", "vnp_ReturnUrl"];
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let reference = Some(get("vnp_TxnRef")).filter(|name| is_name(name) && name.len() <= 100)?;
    let is_complete = !reference.is_empty()
        && fixed.iter().all(|&(name, value)| get(name) == value)
        && needed.iter().all(|&name| !get(name).is_empty())
        && get("vnp_OrderInfo").is_ascii()
        && get("vnp_Amount").len() <= 12;
    let amount: u64 = get("vnp_Amount").parse().ok()?;
    let created = unstamp(get("vnp_CreateDate"))?;
    let expires = match get("vnp_ExpireDate") {
        "" => created + EXPIRES_AFTER_S,
        end => unstamp(end)?,
    };
    (is_complete && amount > 0 && amount.is_multiple_of(PER_DONG)).then(|| Intent {
        reference: reference.to_owned(),
        amount: amount / PER_DONG,
        currency: "VND".into(),
        created_s: now_s,
        expires_s: Some(expires),
        details: json!({
            "created": get("vnp_CreateDate"),
            "order_info": get("vnp_OrderInfo"),
            "return_url": get("vnp_ReturnUrl"),
        }),
        ..Intent::default()
    })
}

#[cfg(test)]
mod tests;
