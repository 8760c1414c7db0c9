//! When a link ends, what can be taken, and what is read in events.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use onsale_core::command::{DisputeNotice, PaymentOutcome, Provider};
use onsale_core::id::{EventId, PartitionId};
use onsale_core::payment::DisputeEnd;
use serde_json::Value;

use super::*;

const NOW: Time = Time::from_ms(1_800_000_000_000);

fn order() -> OrderId {
    OrderId::new(EventId::new(PartitionId::new(3).unwrap(), 5).unwrap(), 7)
}

fn here() -> Installation {
    Installation::of(1)
}

fn razorpay() -> Razorpay {
    let settings = RazorpaySettings {
        api: ApiUrl::parse(API).unwrap(),
        key_id: "rzp_test_key".into(),
        key_secret: Secret::new("key secret"),
        webhook_secrets: vec![Secret::new("old secret"), Secret::new("new secret")].into(),
        return_url: "https://tickets.example/return".into(),
        installation: here(),
    };
    Razorpay::new(settings, Arc::new(|| NOW))
}

/// What is read in an event that is signed so.
fn read(digest: &str, body: &[u8]) -> Result<Vec<Said>, NoticeError> {
    let mut headers = HeaderMap::new();
    headers.insert(SIGNATURE_HEADER, HeaderValue::from_str(digest).unwrap());
    let notice = RawNotice { headers: &headers, query: "", body };
    razorpay().verify_notice(notice, NOW)
}

/// What an event says that Razorpay signed.
fn said(event: &Value) -> Result<Vec<Said>, NoticeError> {
    let body = event.to_string().into_bytes();
    read(&Secret::new("new secret").hmac_sha256_hex(&body), &body)
}

fn payment(status: &str) -> Value {
    json!({
        "id": "pay_1",
        "entity": "payment",
        "amount": 5_000,
        "currency": "INR",
        "status": status,
        "order_id": "order_1",
        "notes": { "order": here().name_of(order()) },
    })
}

fn event(kind: &str, payment: &Value) -> Value {
    json!({
        "entity": "event",
        "account_id": "acc_1",
        "event": kind,
        "contains": ["payment"],
        "payload": { "payment": { "entity": payment } },
        "created_at": 1_800_000_000,
    })
}

fn link_event(kind: &str) -> Value {
    let mut event = event(kind, &payment("captured"));
    event["payload"]["payment_link"] = json!({ "entity": {
        "id": "plink_1",
        "amount": 5_000,
        "status": "paid",
        "reference_id": here().name_of(order()),
        "notes": { "order": here().name_of(order()) },
    } });
    event
}

fn notice(outcome: PaymentOutcome) -> Vec<Said> {
    let (provider, payment) = (Provider(NAME.into()), "pay_1".to_owned());
    vec![Said::Payment(PaymentNotice { provider, order: order(), payment, outcome })]
}

fn captured() -> Vec<Said> {
    let amount = Amount::from_minor(5_000);
    notice(PaymentOutcome::Captured { amount, currency: "INR".parse().unwrap() })
}

#[test]
fn the_hmac_is_the_one_that_razorpay_publishes() {
    // razorpay-node, test/utils
    let digest = "2fe04e22977002e6c7cb553adab8b460cb9e2a4970d5953cb27a8472752e3bbc";
    let secret = Secret::new("123456");
    assert!(secret.is_hmac_sha256_hex(br#"{"a":1,"b":2,"c":{"d":3}}"#, digest));
    let digest = "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f";
    let secret = Secret::new("EnLs21M47BllR3X8PSFtjtbd");
    assert!(secret.is_hmac_sha256_hex(b"order_IEIaMR65cu6nz3|pay_IH4NVgf4Dreq1l", digest));
}

#[test]
fn a_link_ends_with_its_order_or_as_soon_as_it_can() {
    let s = |span: Span| 1_800_000_000 + span.as_ms() / 1_000;
    let until = |span: Span| expire_by(NOW + span, NOW);
    assert_eq!(until(Span::from_mins(30)), s(Span::from_mins(30)));
    assert_eq!(until(Span::from_mins(5)), s(Span::from_mins(16)));
    assert_eq!(expire_by(NOW + Span::from_ms(1_800_001), NOW), s(Span::from_mins(30)) + 1);
}

#[test]
fn amounts_are_those_of_iso_4217() {
    let of = |minor, code: &str| units(Amount::from_minor(minor), code.parse().unwrap());
    assert_eq!(of(1_250, "INR"), Ok(1_250));
    assert_eq!(of(1_250, "JPY"), Ok(1_250));
    assert_eq!(of(5_120, "KWD"), Ok(5_120));
    assert!(of(5_124, "KWD").is_err(), "the last decimal must be 0");
    assert!(of(1_250, "XXX").is_err());
    assert!(razorpay().takes("INR".parse().unwrap()));
    assert!(!razorpay().takes("CLF".parse().unwrap()));
}

#[test]
fn every_name_of_a_link_is_another_and_short_enough() {
    let order = here().name_of(order());
    let names: std::collections::BTreeSet<_> =
        (0..LINKS_MAX).map(|number| reference(&order, number)).collect();
    assert_eq!(names.len(), LINKS_MAX as usize);
    assert!(names.iter().all(|name| name.len() <= 40));
}

#[test]
fn money_is_told_twice_under_one_name() {
    assert_eq!(said(&link_event("payment_link.paid")), Ok(captured()));
    assert_eq!(said(&event("payment.captured", &payment("captured"))), Ok(captured()));
    let authorized = event("payment.authorized", &payment("authorized"));
    assert_eq!(said(&authorized), Ok(notice(PaymentOutcome::Started)));
    // Authorized and captured since: the event is the older, its entity the newer.
    assert_eq!(said(&event("payment.authorized", &payment("captured"))), Ok(captured()));
}

#[test]
fn what_changes_nothing_says_nothing() {
    let failed = event("payment.failed", &payment("failed"));
    let unknown = json!({ "event": "payment.downtime.started", "payload": [] });
    for event in [failed, link_event("payment_link.cancelled"), unknown] {
        assert_eq!(said(&event), Ok(Vec::new()), "{event}");
    }
    let mut other = payment("captured");
    for notes in [json!([]), json!(null), json!({})] {
        other["notes"] = notes;
        assert_eq!(said(&event("payment.captured", &other)), Ok(Vec::new()), "of no link of ours");
    }
}

#[test]
fn a_dispute_says_whose_money_it_is() {
    let entity = |status: &str| {
        json!({
            "id": "disp_1", "payment_id": "pay_1", "amount": 5_000, "currency": "INR",
            "reason_code": "goods_not_received", "status": status,
        })
    };
    let (amount, currency) = (Amount::from_minor(5_000), "INR".parse().unwrap());
    let notice = |end| DisputeNotice {
        provider: Provider(NAME.into()),
        order: order(),
        payment: "pay_1".into(),
        dispute: "disp_1".into(),
        amount,
        currency,
        reason: "goods_not_received".into(),
        end,
    };
    let lost = |amount| Some(DisputeEnd::Lost { amount: Amount::from_minor(amount), currency });
    for (status, deducted, end) in [
        ("open", json!(0), None),
        ("under_review", json!(0), None),
        ("won", json!(0), Some(DisputeEnd::Won)),
        ("closed", json!(0), Some(DisputeEnd::Won)),
        ("lost", json!(0), lost(5_000)),
        ("lost", json!(null), lost(5_000)),
        ("lost", json!(2_000), lost(2_000)),
    ] {
        let mut dispute = entity(status);
        dispute["amount_deducted"] = deducted;
        let dispute: Dispute = serde_json::from_value(dispute).unwrap();
        assert_eq!(dispute.notice(order()), Ok(notice(end)), "{status}");
    }
}

#[test]
fn an_event_of_a_dispute_only_leads_to_a_question() {
    for kind in ["created", "under_review", "action_required", "won", "lost", "closed"] {
        let kind = format!("payment.dispute.{kind}");
        let mut event = event(&kind, &payment("captured"));
        event["payload"]["dispute"] = json!({ "entity": { "id": "disp_1" } });
        assert_eq!(said(&event), Ok(vec![Said::AskDispute("disp_1".into())]), "{kind}");
    }
    let bare = json!({ "event": "payment.dispute.created", "payload": {} });
    assert!(matches!(said(&bare), Err(NoticeError::Malformed(_))));
}

#[test]
fn what_is_not_razorpays_is_not_believed() {
    let body = link_event("payment_link.paid").to_string().into_bytes();
    let sign = |secret: &str, body: &[u8]| Secret::new(secret).hmac_sha256_hex(body);
    let wrong = || Err(SignatureError::Wrong.into());
    assert_eq!(read(&sign("old secret", &body), &body), Ok(captured()), "still believed");
    assert_eq!(read(&sign("other secret", &body), &body), wrong());
    let altered = String::from_utf8(body.clone()).unwrap().replace("5000", "5001");
    assert_eq!(read(&sign("new secret", &body), altered.as_bytes()), wrong());
    assert_eq!(read("", &body), wrong());
    let headers = HeaderMap::new();
    let bare = RawNotice { headers: &headers, query: "", body: &body };
    let unsigned = razorpay().verify_notice(bare, NOW);
    assert_eq!(unsigned, Err(SignatureError::Missing.into()));
}

#[test]
fn what_is_for_no_order_here_is_foreign_and_what_makes_no_sense_malformed() {
    let of_another = Installation::of(2).name_of(order());
    for notes in [json!({ "order": "1234" }), json!({ "order": of_another }), json!([])] {
        let mut event = link_event("payment_link.paid");
        event["payload"]["payment_link"]["entity"]["notes"] = notes.clone();
        event["payload"]["payment"]["entity"]["notes"] = notes;
        assert_eq!(said(&event), Err(NoticeError::Foreign("pay_1".into())));
    }
    for (name, value) in [("amount", json!(-1)), ("currency", json!("rupees"))] {
        let mut event = link_event("payment_link.paid");
        event["payload"]["payment"]["entity"][name] = value;
        assert!(matches!(said(&event), Err(NoticeError::Malformed(_))), "{name}");
    }
    let bare = json!({ "event": "payment_link.paid", "payload": {} });
    assert!(matches!(said(&bare), Err(NoticeError::Malformed(_))));
    assert!(matches!(said(&json!("no event")), Err(NoticeError::Malformed(_))));
}

#[test]
fn what_is_foreign_does_not_switch_the_webhook_off() {
    let foreign = NoticeError::Foreign(String::new());
    assert!(razorpay().notice_answer(Fate::NotBelieved(&foreign)).is_some());
    assert!(razorpay().notice_answer(Fate::Recorded).is_some());
    let forged = NoticeError::Signature(SignatureError::Wrong);
    assert_eq!(razorpay().notice_answer(Fate::NotBelieved(&forged)), None);
    assert_eq!(razorpay().notice_answer(Fate::NotNow), None);
}
