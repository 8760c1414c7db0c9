//! What is sent and how it is signed, and how callbacks are answered.

use std::sync::Arc;

use super::*;
use crate::provider::signature::SignatureError;
use onsale_core::money::Amount;

/// 2024-05-21T09:17:51 in Vietnam.
const NOW: Time = Time::from_ms(1_716_257_871_703);

pub(super) fn settings() -> ZalopaySettings {
    ZalopaySettings {
        api: ApiUrl::parse(API).unwrap(),
        app_id: 2_554,
        key1: Secret::new("zlp_test_key1"),
        key2s: vec![Secret::new("key2"), Secret::new("old_key2")].into(),
        callback_url: Some("https://tickets.example/webhooks/zalopay".into()),
        return_url: "https://tickets.example/thanks".into(),
        installation: Installation::of(1),
    }
}

fn zalopay() -> Zalopay {
    Zalopay::new(settings(), Arc::new(|| NOW))
}

fn order() -> OrderId {
    "ord_0000400000003".parse().unwrap()
}

fn intent_wish(until: Time) -> IntentWish {
    let (amount, currency) = (Amount::from_minor(50_000), vietnam::dong());
    IntentWish { order: order(), amount, currency, until }
}

fn refund_wish() -> RefundWish {
    RefundWish {
        order: order(),
        refund: 1,
        attempt: 0,
        payment: "240521000000001".into(),
        amount: Amount::from_minor(50_000),
        currency: vietnam::dong(),
    }
}

#[test]
fn signatures_are_those_that_other_tools_compute() {
    // There are no published vectors.
    for (signed, mac) in [
        (
            r#"2554|240521_0001|user123|50000|1716257871703|{"redirecturl":"https://example.com/r"}|[]"#,
            "62613524c919c2ea32cee2e16cf00d7648362f4bfae23e2699364931ef5bc187",
        ),
        (
            "2554|240521000000001|50000|refund order|1716258000000",
            "9c357b94b824cb1bdfcf6ed0df03d58ee3c0f01601e81f02794da369284eb3c8",
        ),
    ] {
        assert_eq!(zalopay().mac(signed), mac);
    }
    let expected = "b9fc895ef4f14758fe315cfee381848f02aa68f0e288b4ffc2be4f27e18461d7";
    assert_eq!(zalopay().naming("240521_0001")["mac"], expected);
}

#[test]
fn an_order_says_what_it_signs() {
    let name = settings().name_of(order(), NOW);
    assert_eq!(name, "240521_0000400000003acsqawqy");
    assert_eq!(settings().order_of(&name), Some(order()));
    let again = format!("{name}_{}", vietnam::time_of_day(NOW));
    assert_eq!(settings().order_of(&again), Some(order()));
    assert!(again.len() <= 40, "{again}");
    let body = zalopay().order(&intent_wish(NOW + Span::from_mins(10)), &name, NOW);
    let signed = concat!(
        "2554|240521_0000400000003acsqawqy|ord_0000400000003|50000|1716257871703|",
        r#"{"redirecturl":"https://tickets.example/thanks?order=ord_0000400000003"}|[]"#,
    );
    assert_eq!(body["mac"], zalopay().mac(signed));
    assert_eq!(body["embed_data"], signed.rsplit('|').nth(1).unwrap());
    assert_eq!((&body["amount"], &body["app_id"]), (&json!(50_000), &json!(2_554)));
    assert_eq!(body["expire_duration_seconds"], 600);
    assert_eq!(body["callback_url"], "https://tickets.example/webhooks/zalopay");
}

#[test]
fn an_order_has_at_least_five_minutes_and_at_most_thirty_days() {
    assert_eq!(seconds_until(NOW + Span::from_mins(4), NOW), 300);
    assert_eq!(seconds_until(NOW - DAY, NOW), 300);
    assert_eq!(seconds_until(NOW + Span::from_ms(301_999), NOW), 301);
    assert_eq!(seconds_until(Time::MAX, NOW), 30 * 24 * 60 * 60);
}

#[test]
fn a_refund_has_one_name_that_says_its_day() {
    let name = zalopay().name_of_refund(&refund_wish(), "240521");
    assert_eq!(name, "240521_2554_0000400000003acsqawqy_1");
    let body = zalopay().refund_order(&refund_wish(), &name, NOW);
    let signed = "2554|240521000000001|50000|Refund 1 of order ord_0000400000003|1716257871703";
    assert_eq!(body["mac"], zalopay().mac(signed));
    assert_eq!((&body["m_refund_id"], &body["amount"]), (&json!(name), &json!(50_000)));
    let longest = RefundWish { refund: 999, attempt: 99, ..refund_wish() };
    let settings = ZalopaySettings { app_id: 9_999_999, ..settings() };
    let widest = Zalopay::new(settings, Arc::new(|| NOW)).name_of_refund(&longest, "240521");
    assert!(widest.len() <= 45, "{widest}");
}

#[test]
fn only_dong_are_taken() {
    assert!(zalopay().takes(vietnam::dong()));
    assert!(!zalopay().takes("JPY".parse().unwrap()));
    let wish = IntentWish { currency: "USD".parse().unwrap(), ..intent_wish(NOW) };
    let refusal = zalopay().open(&wish).now_or_never().unwrap();
    assert!(matches!(refusal, Err(AskError::Refused(_))));
}

fn code(fate: Fate<'_>) -> i64 {
    let body = zalopay().notice_answer(fate).unwrap().body;
    let answer: Value = serde_json::from_str(body).unwrap();
    answer["return_code"].as_i64().unwrap()
}

#[test]
fn every_fate_has_its_answer() {
    assert_eq!(code(Fate::Recorded), 1);
    assert_eq!(code(Fate::NotNow), 0);
    let wrong = NoticeError::Signature(SignatureError::Wrong);
    assert_eq!(code(Fate::NotBelieved(&wrong)), -1);
    assert_eq!(code(Fate::NotBelieved(&NoticeError::Foreign(String::new()))), 2);
}
