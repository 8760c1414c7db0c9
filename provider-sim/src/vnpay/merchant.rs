//! `VNPay`'s API for merchants, simulated: `querydr` and `refund`, signed both ways.
//!
//! A request id is taken once a day. Of one payment, one refund after the other is made. A question
//! with a refund's number is about the refund, and one with the payment's about the payment;
//! without either it is about the latest refund, if there is one. That last rule is unconfirmed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use super::wire::{Fields, HASH};
use super::{PER_DONG, text, transaction_number};
use crate::World;
use crate::answers::Answer;
use crate::books::{
    Books, Intent, IntentStatus, Refund, RefundDraft, RefundError, RefundStatus, Refunded,
};
use crate::credentials::VNPAY_TMN_CODE;
use crate::protocol::Provider;
use crate::vietnam::{day, stamp};

/// What is signed of a question.
pub(super) const QUERY: &[&str] = &[
    "vnp_RequestId",
    "vnp_Version",
    "vnp_Command",
    "vnp_TmnCode",
    "vnp_TxnRef",
    "vnp_TransactionDate",
    "vnp_CreateDate",
    "vnp_IpAddr",
    "vnp_OrderInfo",
];
/// What is signed of a wish for a refund.
pub(super) const REFUND: &[&str] = &[
    "vnp_RequestId",
    "vnp_Version",
    "vnp_Command",
    "vnp_TmnCode",
    "vnp_TransactionType",
    "vnp_TxnRef",
    "vnp_Amount",
    "vnp_TransactionNo",
    "vnp_TransactionDate",
    "vnp_CreateBy",
    "vnp_CreateDate",
    "vnp_IpAddr",
    "vnp_OrderInfo",
];
/// What is signed of an answer to a question; of one to a wish, all but the last two.
const REPLY: &[&str] = &[
    "vnp_ResponseId",
    "vnp_Command",
    "vnp_ResponseCode",
    "vnp_Message",
    "vnp_TmnCode",
    "vnp_TxnRef",
    "vnp_Amount",
    "vnp_BankCode",
    "vnp_PayDate",
    "vnp_TransactionNo",
    "vnp_TransactionType",
    "vnp_TransactionStatus",
    "vnp_OrderInfo",
    "vnp_PromotionCode",
    "vnp_PromotionAmount",
];

/// Why something is not done: `vnp_ResponseCode` and `vnp_Message`.
type No = (&'static str, &'static str);

const WRONG_TERMINAL: No = ("02", "Invalid TmnCode");
const MALFORMED: No = ("03", "Invalid data format");
const NOT_FOUND: No = ("91", "Transaction not found");
/// Only older versions of the documentation have this one.
const WRONG_AMOUNT: No = ("93", "Invalid refund amount");
const DUPLICATE: No = ("94", "Duplicate request");
const NOT_PAID: No = ("95", "Transaction is not successful");

pub(super) async fn answer(
    State(world): State<Arc<World>>,
    Json(body): Json<Map<String, Value>>,
) -> Json<Value> {
    let hash = body.get(HASH).cloned().unwrap_or_default();
    let request = Fields::of_json(body);
    let (signed, reply) = match request.get("vnp_Command") {
        "querydr" => (QUERY, REPLY),
        _ => (REFUND, &REPLY[..13]),
    };
    if !is_signed(&request, signed, &hash) {
        // Who knows whose key it is: nothing is signed with it.
        return Json(json!({ "vnp_ResponseCode": "97", "vnp_Message": "Invalid checksum" }));
    }
    let done = check(&world, &request).and_then(|()| {
        let mut books = world.books(Provider::Vnpay);
        match request.get("vnp_Command") {
            "querydr" => query(&books, &request),
            "refund" => refund(&mut books, &request, world.now_s()),
            _ => Err(MALFORMED),
        }
    });
    let serial = world.books(Provider::Vnpay).next_serial();
    let (fields, (code, message)) = match done {
        Ok(fields) => (fields, ("00", "Success")),
        Err(no) => (Vec::new(), no),
    };
    let common = [
        ("vnp_ResponseId", format!("{serial:032x}")),
        ("vnp_Command", request.get("vnp_Command").to_owned()),
        ("vnp_ResponseCode", code.to_owned()),
        ("vnp_Message", message.to_owned()),
        ("vnp_TmnCode", VNPAY_TMN_CODE.to_owned()),
        ("vnp_TxnRef", request.get("vnp_TxnRef").to_owned()),
    ];
    Json(Fields::new(common.into_iter().chain(fields)).signed_json(reply))
}

/// Whether the merchant signed it. The number of a transaction may be missing in the body where 0
/// is signed.
fn is_signed(request: &Fields, signed: &[&str], hash: &Value) -> bool {
    let number = [("vnp_TransactionNo", "0".to_owned())];
    let all = signed.iter().map(|name| (*name, request.get(name).to_owned()));
    let with_number = Fields::new(number.into_iter().chain(all.filter(|(_, v)| !v.is_empty())));
    hash.as_str().is_some_and(|hash| hash.eq_ignore_ascii_case(&with_number.hash(signed)))
}

/// Whether it is this merchant's, and new.
fn check(world: &World, request: &Fields) -> Result<(), No> {
    if request.get("vnp_TmnCode") != VNPAY_TMN_CODE {
        return Err(WRONG_TERMINAL);
    }
    let id = request.get("vnp_RequestId");
    let is_name = id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if request.get("vnp_Version") != "2.1.0" || !is_name || !(1..=32).contains(&id.len()) {
        return Err(MALFORMED);
    }
    let mut is_new = false;
    let of_today = format!("{} {id}", day(world.now_s()));
    let noted = world.once(Provider::Vnpay, Some(&of_today), "", || {
        is_new = true;
        Answer::ok(Value::Null)
    });
    if noted.is_ok() && is_new { Ok(()) } else { Err(DUPLICATE) }
}

/// The fields of an answer that are about the transaction.
type Done = Vec<(&'static str, String)>;

fn find<'a>(books: &'a Books, request: &Fields) -> Result<&'a Intent, No> {
    let intent = books.find(request.get("vnp_TxnRef")).ok_or(NOT_FOUND)?;
    let is_of_then = intent.details["created"] == request.get("vnp_TransactionDate");
    if is_of_then { Ok(intent) } else { Err(NOT_FOUND) }
}

fn query(books: &Books, request: &Fields) -> Result<Done, No> {
    let intent = find(books, request)?;
    let number = request.get("vnp_TransactionNo");
    let is_of_payment = intent.capture(number).is_some();
    let refund = intent.refund(number).or(intent.refunds.last()).filter(|_| !is_of_payment);
    Ok(match refund {
        Some(refund) => refund_fields(refund),
        None => payment_fields(intent),
    })
}

fn payment_fields(intent: &Intent) -> Done {
    let (status, number, amount, at_s) = match (intent.captures.last(), intent.status) {
        (Some(capture), _) => ("00", capture.id.as_str(), capture.amount, capture.at_s),
        (None, IntentStatus::Open) => ("01", "0", intent.amount, intent.created_s),
        (None, _) => ("02", "0", intent.amount, intent.created_s),
    };
    transaction(number, "01", status, amount, at_s, text(&intent.details["order_info"]))
}

fn refund_fields(refund: &Refund) -> Done {
    let status = match refund.status {
        RefundStatus::Pending => "05",
        RefundStatus::Done => "00",
        RefundStatus::Failed => "09",
    };
    let (kind, info) = (text(&refund.details["type"]), text(&refund.details["order_info"]));
    transaction(&refund.id, &kind, status, refund.amount, refund.at_s, info)
}

fn transaction(
    number: &str,
    kind: &str,
    status: &str,
    amount: u64,
    at_s: u64,
    order_info: String,
) -> Done {
    vec![
        ("vnp_Amount", (amount * PER_DONG).to_string()),
        ("vnp_BankCode", "NCB".into()),
        ("vnp_PayDate", stamp(at_s)),
        ("vnp_TransactionNo", number.into()),
        ("vnp_TransactionType", kind.into()),
        ("vnp_TransactionStatus", status.into()),
        ("vnp_OrderInfo", order_info),
    ]
}

fn refund(books: &mut Books, request: &Fields, now_s: u64) -> Result<Done, No> {
    let intent = find(books, request)?;
    let capture = intent.captures.last().ok_or(NOT_PAID)?;
    let (number, kind) = (request.get("vnp_TransactionNo"), request.get("vnp_TransactionType"));
    if !["", "0", capture.id.as_str()].contains(&number) {
        return Err(NOT_FOUND);
    }
    if intent.refunds.iter().any(|refund| refund.status == RefundStatus::Pending) {
        return Err(DUPLICATE);
    }
    let hundredths: u64 = request.get("vnp_Amount").parse().map_err(|_| MALFORMED)?;
    let amount = hundredths / PER_DONG;
    let is_of_kind = match kind {
        "02" => amount == capture.amount,
        "03" => true,
        _ => return Err(MALFORMED),
    };
    if !is_of_kind || !hundredths.is_multiple_of(PER_DONG) {
        return Err(WRONG_AMOUNT);
    }
    let (capture, id) = (capture.id.clone(), transaction_number(books.next_serial()));
    let key = Some(request.get("vnp_RequestId").to_owned());
    let details = json!({ "type": kind, "order_info": request.get("vnp_OrderInfo") });
    match books.refund(RefundDraft { id, capture, amount, key, details }, now_s) {
        Ok(Refunded::New(refund) | Refunded::Again(refund)) => Ok(refund_fields(&refund)),
        Err(RefundError::Amount) => Err(WRONG_AMOUNT),
        Err(RefundError::KeyUsed) => Err(DUPLICATE),
        Err(RefundError::NotFound) => Err(NOT_FOUND),
    }
}
