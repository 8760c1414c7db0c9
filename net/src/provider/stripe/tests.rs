//! When a session ends, and what is read in events.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use onsale_core::command::{PaymentOutcome, Provider};
use onsale_core::id::{EventId, PartitionId};
use onsale_core::money::Amount;
use onsale_core::payment::DisputeEnd;
use serde_json::{Value, json};

use super::*;

const NOW: Time = Time::from_ms(1_800_000_000_000);

fn order() -> OrderId {
    OrderId::new(EventId::new(PartitionId::new(3).unwrap(), 5).unwrap(), 7)
}

fn here() -> Installation {
    Installation::of(1)
}

fn stripe() -> Stripe {
    let settings = StripeSettings {
        api: ApiUrl::parse(API).unwrap(),
        secret_key: Secret::new("sk_test_key"),
        webhook_secrets: vec![Secret::new("whsec_old"), Secret::new("whsec_new")].into(),
        return_url: "https://tickets.example/return".into(),
        flow: Flow::Checkout,
        installation: here(),
    };
    Stripe::new(settings, Arc::new(|| NOW))
}

/// What is read in an event that is signed so.
fn read(signature: &str, body: &[u8]) -> Result<Vec<Said>, NoticeError> {
    let mut headers = HeaderMap::new();
    headers.insert(SIGNATURE_HEADER, HeaderValue::from_str(signature).unwrap());
    let notice = RawNotice { headers: &headers, query: "", body };
    stripe().verify_notice(notice, NOW)
}

fn event(kind: &str, object: &Value) -> Vec<u8> {
    json!({ "id": "evt_1", "object": "event", "type": kind, "data": { "object": object } })
        .to_string()
        .into_bytes()
}

/// What an event says that Stripe signed.
fn said(kind: &str, object: &Value) -> Result<Vec<Said>, NoticeError> {
    let body = event(kind, object);
    read(&signature::sign(&Secret::new("whsec_new"), NOW, &body), &body)
}

fn session(status: &str, payment_status: &str) -> Value {
    json!({
        "id": "cs_1",
        "object": "checkout.session",
        "status": status,
        "payment_status": payment_status,
        "payment_intent": "pi_1",
        "amount_total": 5_000,
        "currency": "eur",
        "client_reference_id": here().name_of(order()),
        "metadata": { "order": here().name_of(order()) },
    })
}

fn payment_intent(status: &str) -> Value {
    json!({
        "id": "pi_1",
        "object": "payment_intent",
        "status": status,
        "amount": 5_000,
        "amount_received": if status == "succeeded" { 5_000 } else { 0 },
        "currency": "eur",
        "metadata": { "order": here().name_of(order()) },
    })
}

fn notice(outcome: PaymentOutcome) -> Vec<Said> {
    let (provider, payment) = (Provider(NAME.into()), "pi_1".to_owned());
    vec![Said::Payment(PaymentNotice { provider, order: order(), payment, outcome })]
}

fn captured() -> Vec<Said> {
    let amount = Amount::from_minor(5_000);
    notice(PaymentOutcome::Captured { amount, currency: "EUR".parse().unwrap() })
}

#[test]
fn a_session_ends_half_an_hour_after_its_order() {
    let until = NOW + Span::from_mins(15);
    let end = 1_800_000_000 + (15 + 31) * 60;
    assert_eq!(expires_at(until, NOW), Some(end));
    assert_eq!(expires_at(until, NOW + Span::from_mins(14)), Some(end), "the same, later");
    assert_eq!(expires_at(until + Span::from_ms(1), NOW), Some(end + 1), "whole seconds");
    let day = NOW + Span::from_mins(24 * 60);
    assert_eq!(expires_at(day, NOW), None, "Stripe has no longer ones");
    assert!(expires_at(day, NOW + Span::from_mins(60)).is_some());
}

#[test]
fn a_session_says_whether_it_is_paid() {
    let completed = "checkout.session.completed";
    assert_eq!(said(completed, &session("complete", "paid")), Ok(captured()));
    let started = notice(PaymentOutcome::Started);
    assert_eq!(said(completed, &session("complete", "unpaid")), Ok(started));
    let later = "checkout.session.async_payment_succeeded";
    assert_eq!(said(later, &session("complete", "paid")), Ok(captured()));
    let failed = "checkout.session.async_payment_failed";
    let declined = notice(PaymentOutcome::Declined);
    assert_eq!(said(failed, &session("complete", "unpaid")), Ok(declined));
}

#[test]
fn a_payment_intent_says_the_same_under_the_same_name() {
    let kind = "payment_intent.succeeded";
    assert_eq!(said(kind, &payment_intent("succeeded")), Ok(captured()));
    let started = notice(PaymentOutcome::Started);
    assert_eq!(said("payment_intent.processing", &payment_intent("processing")), Ok(started));
    let declined = notice(PaymentOutcome::Declined);
    assert_eq!(said("payment_intent.canceled", &payment_intent("canceled")), Ok(declined));
}

#[test]
fn what_changes_nothing_says_nothing() {
    for (kind, object) in [
        ("checkout.session.expired", session("expired", "unpaid")),
        ("payment_intent.payment_failed", payment_intent("requires_payment_method")),
        ("payment_intent.created", payment_intent("requires_payment_method")),
        ("refund.updated", json!({ "id": "re_1", "status": "succeeded" })),
        ("checkout.session.completed", session("complete", "no_payment_required")),
    ] {
        assert_eq!(said(kind, &object), Ok(Vec::new()), "{kind}");
    }
}

#[test]
fn disputes_are_asked_about() {
    for kind in ["created", "updated", "funds_withdrawn", "funds_reinstated", "closed"] {
        let object = json!({ "id": "dp_1", "object": "dispute", "payment_intent": "pi_1" });
        let asked = said(&format!("charge.dispute.{kind}"), &object);
        assert_eq!(asked, Ok(vec![Said::AskDispute("dp_1".into())]));
    }
    let nameless = said("charge.dispute.created", &json!({}));
    assert!(matches!(nameless, Err(NoticeError::Malformed(_))), "{nameless:?}");
}

#[test]
fn a_dispute_says_whose_money_it_is() {
    let dispute = |status: &str| {
        json!({
            "id": "dp_1",
            "object": "dispute",
            "amount": 5_000,
            "currency": "eur",
            "reason": "fraudulent",
            "status": status,
            "payment_intent": payment_intent("succeeded"),
        })
    };
    let read = |whole: Value| serde_json::from_value::<Dispute>(whole).unwrap().notice(&here());
    let (amount, currency) = (Amount::from_minor(5_000), "EUR".parse().unwrap());
    let notice = |end| DisputeNotice {
        provider: Provider(NAME.into()),
        order: order(),
        payment: "pi_1".into(),
        dispute: "dp_1".into(),
        amount,
        currency,
        reason: "fraudulent".into(),
        end,
    };
    for (status, end) in [
        ("needs_response", None),
        ("under_review", None),
        ("won", Some(DisputeEnd::Won)),
        ("lost", Some(DisputeEnd::Lost { amount, currency })),
    ] {
        assert_eq!(read(dispute(status)), Ok(Some(notice(end))), "{status}");
    }
    for (moved, end) in [
        (json!([]), DisputeEnd::Won),
        (json!([{ "amount": -5_000 }]), DisputeEnd::Lost { amount, currency }),
        (json!([{ "amount": -5_000 }, { "amount": 5_000 }]), DisputeEnd::Won),
    ] {
        let mut prevented = dispute("prevented");
        prevented["balance_transactions"] = moved;
        assert_eq!(read(prevented), Ok(Some(notice(Some(end)))));
    }
    for inquiry in ["warning_needs_response", "warning_under_review", "warning_closed"] {
        assert_eq!(read(dispute(inquiry)), Ok(None), "{inquiry} asks for no money");
    }
    for name in ["17".into(), Installation::of(2).name_of(order())] {
        let mut foreign = dispute("lost");
        foreign["payment_intent"]["metadata"] = json!({ "order": name });
        assert_eq!(read(foreign), Ok(None), "of no order here: {name}");
    }
    let mut bare = dispute("lost");
    bare["payment_intent"] = json!(null);
    assert_eq!(read(bare), Ok(None), "of a charge that is not ours");
    let mut wrong = dispute("lost");
    wrong["currency"] = json!("euros");
    assert!(matches!(read(wrong), Err(NoticeError::Malformed(_))));
}

#[test]
fn a_payment_that_takes_days_is_seen_through_its_payment_intent() {
    let mut whole = session("complete", "unpaid");
    let outcome = |whole: &Value| {
        let session: Session = serde_json::from_value(whole.clone()).unwrap();
        session.notice(&here()).unwrap().map(|notice| notice.outcome)
    };
    whole["payment_intent"] = payment_intent("processing");
    assert_eq!(outcome(&whole), Some(PaymentOutcome::Started));
    whole["payment_intent"] = payment_intent("requires_payment_method");
    assert_eq!(outcome(&whole), Some(PaymentOutcome::Declined));
}

#[test]
fn what_is_not_stripes_is_not_believed() {
    let body = event("checkout.session.completed", &session("complete", "paid"));
    let sign = |secret: &str, at, body: &[u8]| signature::sign(&Secret::new(secret), at, body);
    let wrong = || Err(SignatureError::Wrong.into());
    assert_eq!(read(&sign("whsec_old", NOW, &body), &body), Ok(captured()), "still believed");
    assert_eq!(read(&sign("whsec_other", NOW, &body), &body), wrong());
    let altered = String::from_utf8(body.clone()).unwrap().replace("5000", "5001");
    assert_eq!(read(&sign("whsec_new", NOW, &body), altered.as_bytes()), wrong());
    let old = sign("whsec_old", NOW - Span::from_mins(6), &body);
    assert_eq!(read(&old, &body), Err(SignatureError::Untimely.into()));
    assert_eq!(read("", &body), Err(SignatureError::Missing.into()));
    let headers = HeaderMap::new();
    let bare = RawNotice { headers: &headers, query: "", body: &body };
    let unsigned = stripe().verify_notice(bare, NOW);
    assert_eq!(unsigned, Err(SignatureError::Missing.into()));
}

#[test]
fn what_is_for_no_order_here_is_foreign_and_what_makes_no_sense_malformed() {
    let kind = "checkout.session.completed";
    let mut object = session("complete", "paid");
    let of_another = Installation::of(2).name_of(order());
    let names = ["1234".to_owned(), order().to_string(), of_another];
    let named = names.map(|name| json!({ "order": name }));
    for metadata in named.into_iter().chain([json!({}), Value::Null]) {
        object["metadata"] = metadata;
        assert_eq!(said(kind, &object), Err(NoticeError::Foreign("pi_1".into())));
    }
    for (name, value) in [
        ("amount_total", json!(null)),
        ("amount_total", json!(-5)),
        ("currency", json!("euro")),
        ("payment_intent", json!(null)),
    ] {
        let mut object = session("complete", "paid");
        object[name] = value;
        let read = said(kind, &object);
        assert!(matches!(read, Err(NoticeError::Malformed(_))), "{name}: {read:?}");
    }
    let body = b"not JSON";
    let read = read(&signature::sign(&Secret::new("whsec_new"), NOW, body), body);
    assert!(matches!(read, Err(NoticeError::Malformed(_))));
}

#[test]
fn what_is_foreign_is_not_sent_for_days() {
    let foreign = NoticeError::Foreign(String::new());
    assert!(stripe().notice_answer(Fate::NotBelieved(&foreign)).is_some());
    assert!(stripe().notice_answer(Fate::Recorded).is_some());
    let forged = NoticeError::Signature(SignatureError::Wrong);
    assert_eq!(stripe().notice_answer(Fate::NotBelieved(&forged)), None);
    assert_eq!(stripe().notice_answer(Fate::NotNow), None);
}
