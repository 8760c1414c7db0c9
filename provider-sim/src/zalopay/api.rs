//! `ZaloPay`'s API: who may call it, what it does, and its codes ("Status Codes" at
//! docs.zalopay.vn).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use http::HeaderMap;
use serde_json::{Value, json};

use super::number;
use super::request::Request;
use crate::World;
use crate::books::{
    ActError, Books, Intent, IntentStatus, RefundDraft, RefundError, RefundStatus, Refunded,
};
use crate::credentials::ZALOPAY_APP_ID;
use crate::protocol::Provider;
use crate::vietnam::day;

const CREATE: &[&str] =
    &["app_id", "app_trans_id", "app_user", "amount", "app_time", "embed_data", "item"];
/// The key itself is part of what is signed.
const NAME: &[&str] = &["app_id", "app_trans_id", "key1"];
const REFUND: &[&str] = &["app_id", "zp_trans_id", "amount", "description", "timestamp"];
const REFUND_NAME: &[&str] = &["app_id", "m_refund_id", "timestamp"];

/// In seconds: when nothing is said, and what may be said.
const EXPIRES_AFTER_S: u64 = 900;
const EXPIRY_S: std::ops::RangeInclusive<u64> = 300..=2_592_000;

/// Why something is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum No {
    /// A refund did not work out.
    RefundFailed,
    /// A refund asked for too late, or long ago.
    Untimely,
    /// A refund of more than what is left.
    WrongAmount,
    /// There is a refund of that name.
    DuplicateRefund,
    /// A refund's name is not of this form.
    WrongRefundName,
    /// A refund's name is not of this day.
    WrongRefundDay,
    /// The time is over, or the order was cancelled.
    Over,
    /// There is an order of that name.
    DuplicateOrder,
    /// An order's name is not of this form, or not of this day.
    WrongOrderName,
    /// There is nothing of that name.
    NotFound,
    /// What is paid is not cancelled. The code is not documented.
    AlreadyPaid,
    /// A field is missing or cannot be read.
    Malformed,
    /// Another application, or another key.
    NotYours,
}

impl No {
    /// `sub_return_code` and `sub_return_message`.
    const fn words(self) -> (i64, &'static str) {
        match self {
            Self::RefundFailed => (0, "REFUND_FAILED"),
            Self::Untimely => (-13, "ORDER_REFUND_EXPIRED"),
            Self::WrongAmount => (-14, "REFUND_AMOUNT_INVALID"),
            Self::DuplicateRefund => (-23, "DUPLICATE_M_REFUND_ID"),
            Self::WrongRefundName => (-24, "INVALID_MERCHANT_REFUNDID_FORMAT"),
            Self::WrongRefundDay => (-25, "INVALID_MERCHANT_REFUNDID_DATE"),
            Self::Over => (-54, "TIME_INVALID"),
            Self::DuplicateOrder => (-68, "DUPLICATE_APPS_TRANS_ID"),
            Self::WrongOrderName => (-92, "APPTRANSID_INVALID"),
            Self::NotFound => (-101, "NOT_FOUND"),
            Self::AlreadyPaid => (-11, "TRANS_ALREADY_SUCCESS"),
            Self::Malformed => (-401, "ILLEGAL_DATA_REQUEST"),
            Self::NotYours => (-402, "ILLEGAL_APP_REQUEST"),
        }
    }
}

/// What is done, or under way: fields of the answer.
enum Done {
    Success(Value),
    Processing(Value),
}

type Outcome = Result<Done, No>;

fn answer(outcome: Outcome) -> Json<Value> {
    let (code, (sub, message), mut fields) = match outcome {
        Ok(Done::Success(fields)) => (1, (1, "Transaction successful."), fields),
        Ok(Done::Processing(fields)) => (3, (3, "Transaction is processing."), fields),
        Err(no) => (2, no.words(), json!({})),
    };
    fields["return_code"] = code.into();
    fields["return_message"] = if code == 2 { "Transaction failed." } else { message }.into();
    fields["sub_return_code"] = sub.into();
    fields["sub_return_message"] = message.into();
    Json(fields)
}

pub(super) async fn create(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: Bytes,
) -> Json<Value> {
    let request = Request::signed(&headers, &body, CREATE);
    answer(request.and_then(|request| open(&world, &request)))
}

fn open(world: &World, request: &Request) -> Outcome {
    let now_s = world.now_s();
    let intent = intent_of(request, world.now_ms())?;
    let name = intent.reference.clone();
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !name.starts_with(&day(now_s)) || !is_name {
        return Err(No::WrongOrderName);
    }
    let mut books = world.books(Provider::Zalopay);
    books.open(intent).map_err(|_| No::DuplicateOrder)?;
    let token = format!("AC{:022}", books.next_serial());
    Ok(Done::Success(json!({
        "order_url": world.page_url(Provider::Zalopay, &name),
        "zp_trans_token": token,
        "order_token": token,
        "qr_code": format!("00020101021226520010vn.zalopay.{name}"),
    })))
}

fn intent_of(request: &Request, now_ms: u64) -> Result<Intent, No> {
    let expires_after = match request.get("expire_duration_seconds") {
        "" => EXPIRES_AFTER_S,
        _ => request.number("expire_duration_seconds")?,
    };
    let amount = request.number("amount")?;
    if !EXPIRY_S.contains(&expires_after) || amount == 0 {
        return Err(No::Malformed);
    }
    request.text("description", 256)?;
    let callback_url = Some(request.get("callback_url")).filter(|url| !url.is_empty());
    let details = json!({
        "app_user": request.text("app_user", 50)?,
        "app_time": request.time("app_time", now_ms).map_err(|_| No::Malformed)?,
        "embed_data": request.text("embed_data", 2_048)?,
        "item": request.text("item", 2_048)?,
        "callback_url": callback_url,
    });
    let now_s = now_ms / 1_000;
    Ok(Intent {
        reference: request.text("app_trans_id", 40)?.to_owned(),
        amount,
        currency: "VND".into(),
        created_s: now_s,
        expires_s: Some(now_s + expires_after),
        details,
        ..Intent::default()
    })
}

pub(super) async fn query(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: Bytes,
) -> Json<Value> {
    let request = Request::signed(&headers, &body, NAME);
    answer(request.and_then(|request| find(&world, &request)))
}

fn find(world: &World, request: &Request) -> Outcome {
    let books = world.books(Provider::Zalopay);
    let intent = books.find(request.get("app_trans_id")).ok_or(No::NotFound)?;
    match (intent.captures.last(), intent.status) {
        (Some(capture), _) => Ok(Done::Success(json!({
            "is_processing": false,
            "amount": intent.captured(),
            "zp_trans_id": number(&capture.id),
            "server_time": capture.at_s * 1_000,
            "discount_amount": 0,
        }))),
        (None, IntentStatus::Open) => {
            Ok(Done::Processing(json!({ "is_processing": intent.is_started })))
        }
        (None, _) => Err(No::Over),
    }
}

pub(super) async fn cancel(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: Bytes,
) -> Json<Value> {
    let request = Request::signed(&headers, &body, NAME);
    answer(request.and_then(|request| close(&world, &request)))
}

fn close(world: &World, request: &Request) -> Outcome {
    let (name, now_s) = (request.get("app_trans_id"), world.now_s());
    let mut books = world.books(Provider::Zalopay);
    match books.cancel(name, now_s) {
        Ok(()) => Ok(Done::Success(json!({}))),
        Err(ActError::NotFound | ActError::NoSuchAct) => Err(No::NotFound),
        Err(ActError::Closed) => {
            let is_paid = books.find(name).is_some_and(|it| it.status == IntentStatus::Paid);
            Err(if is_paid { No::AlreadyPaid } else { No::Over })
        }
    }
}

pub(super) async fn refund(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: Bytes,
) -> Json<Value> {
    let request = Request::signed(&headers, &body, REFUND);
    let given = |request: Request| {
        let now_ms = world.now_ms();
        give_back(&mut world.books(Provider::Zalopay), &request, now_ms)
    };
    answer(request.and_then(given))
}

fn give_back(books: &mut Books, request: &Request, now_ms: u64) -> Outcome {
    let name = request.text("m_refund_id", 45)?;
    let (day_said, rest) = name.split_once('_').ok_or(No::WrongRefundName)?;
    if !rest.starts_with(&format!("{ZALOPAY_APP_ID}_")) {
        return Err(No::WrongRefundName);
    }
    if day_said != day(now_ms / 1_000) {
        return Err(No::WrongRefundDay);
    }
    request.text("description", 100)?;
    request.time("timestamp", now_ms)?;
    if books.owner_of(name).is_some() {
        return Err(No::DuplicateRefund);
    }
    let serial = books.next_serial();
    let draft = RefundDraft {
        id: name.to_owned(),
        capture: request.get("zp_trans_id").to_owned(),
        amount: request.number("amount")?,
        key: Some(name.to_owned()),
        details: Value::Null,
    };
    let fields = json!({ "refund_id": serial });
    match books.refund(draft, now_ms / 1_000) {
        Ok(Refunded::New(refund) | Refunded::Again(refund)) => match refund.status {
            RefundStatus::Done => Ok(Done::Success(fields)),
            // Whether it fails, only a question tells.
            RefundStatus::Pending | RefundStatus::Failed => Ok(Done::Processing(fields)),
        },
        Err(RefundError::Amount) => Err(No::WrongAmount),
        Err(RefundError::KeyUsed) => Err(No::DuplicateRefund),
        Err(RefundError::NotFound) => Err(No::NotFound),
    }
}

pub(super) async fn query_refund(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: Bytes,
) -> Json<Value> {
    let request = Request::signed(&headers, &body, REFUND_NAME);
    answer(request.and_then(|request| find_refund(&world, &request)))
}

fn find_refund(world: &World, request: &Request) -> Outcome {
    request.time("timestamp", world.now_ms())?;
    let name = request.get("m_refund_id");
    let books = world.books(Provider::Zalopay);
    let refund = books.owner_of(name).and_then(|intent| intent.refund(name)).ok_or(No::NotFound)?;
    match refund.status {
        RefundStatus::Done => Ok(Done::Success(json!({}))),
        RefundStatus::Pending => Ok(Done::Processing(json!({}))),
        RefundStatus::Failed => Err(No::RefundFailed),
    }
}
