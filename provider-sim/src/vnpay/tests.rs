//! Who is let in, what is told, and what merchants can ask for.

use std::time::Duration;

use axum::Json;
use serde_json::Map;

use super::*;
use crate::Config;
use crate::books::{Capture, RefundStatus};
use crate::protocol::Manner;

/// 2024-05-21T09:17:51 in Vietnam.
const NOW: u64 = 1_716_257_871;

fn world() -> Arc<World> {
    let config = Config {
        public_url: "http://sim.example".into(),
        notify_url: None,
        retry_pause: Duration::ZERO,
        late_after: Duration::ZERO,
        first_serial: 0,
    };
    World::new(config, Arc::new(|| NOW * 1_000)).unwrap()
}

fn address(changes: &[(&'static str, &str)]) -> Fields {
    let usual = [
        ("vnp_Version", "2.1.0"),
        ("vnp_Command", "pay"),
        ("vnp_TmnCode", VNPAY_TMN_CODE),
        ("vnp_Amount", "1000000"),
        ("vnp_CurrCode", "VND"),
        ("vnp_TxnRef", "ref1"),
        ("vnp_OrderInfo", "Test order"),
        ("vnp_OrderType", "other"),
        ("vnp_Locale", "vn"),
        ("vnp_ReturnUrl", "http://shop.example/back?order=1"),
        ("vnp_IpAddr", "127.0.0.1"),
        ("vnp_CreateDate", "20240521091751"),
        ("vnp_ExpireDate", "20240521092751"),
    ];
    Fields::new(usual.iter().chain(changes).map(|(name, value)| (*name, (*value).to_owned())))
}

fn arrive_with(world: &World, changes: &[(&'static str, &str)]) -> Result<String, Fault> {
    admit(world, &address(changes).signed_query(VNPAY_HASH_SECRET))
}

fn paid() -> Arc<World> {
    let world = world();
    let reference = arrive_with(&world, &[]).unwrap();
    let wish = ActWish { act: Act::Pay, reference: &reference, amount: None, now_s: NOW };
    world.act(Provider::Vnpay, &wish, Manner::Never).unwrap();
    world
}

#[test]
fn a_buyer_arrives_with_a_signed_address() {
    let world = world();
    for _ in 0..2 {
        assert_eq!(arrive_with(&world, &[]), Ok("ref1".into()));
    }
    let books = world.books(Provider::Vnpay);
    let intent = books.find("ref1").unwrap();
    assert_eq!((intent.amount, intent.expires_s), (10_000, Some(NOW + 600)));
    assert_eq!(books.intents().count(), 1);
}

#[test]
fn a_wrong_address_leads_nowhere() {
    let world = world();
    for (name, value, fault) in [
        ("vnp_TmnCode", "OTHER", NO_SUCH_TERMINAL),
        ("vnp_Version", "2.0.0", MALFORMED),
        ("vnp_CurrCode", "USD", MALFORMED),
        ("vnp_Amount", "1000050", MALFORMED),
        ("vnp_Amount", "0", MALFORMED),
        ("vnp_Amount", "1000000000000", MALFORMED),
        ("vnp_TxnRef", "ref_1", MALFORMED),
        ("vnp_OrderInfo", "Đơn hàng", MALFORMED),
        ("vnp_CreateDate", "2024", MALFORMED),
        ("vnp_ExpireDate", "20240521091751", TOO_LATE),
    ] {
        assert_eq!(arrive_with(&world, &[(name, value)]), Err(fault), "{name} {value}");
    }
    let forged = address(&[]).signed_query(FORGED_SECRET);
    assert_eq!(admit(&world, &forged), Err(WRONG_SIGNATURE));
    assert_eq!(world.books(Provider::Vnpay).intents().count(), 0);
}

#[test]
fn notices_say_what_became_of_it() {
    let world = world();
    arrive_with(&world, &[]).unwrap();
    let intent = world.books(Provider::Vnpay).find("ref1").unwrap().clone();
    let tell = |what, status| {
        let intent = Intent { status, ..intent.clone() };
        let news = News { serial: 1, at_s: NOW, what, intent };
        Vnpay.notices(&world, &news, false)
    };
    let capture = Capture { id: "14000007".into(), amount: 10_000, at_s: NOW };
    for (what, status, code) in [
        (What::Captured(capture), IntentStatus::Paid, "00"),
        (What::Declined, IntentStatus::Declined, "51"),
        (What::Cancelled, IntentStatus::Cancelled, "24"),
        (What::Expired, IntentStatus::Expired, "11"),
    ] {
        let notices = tell(what, status);
        let [notice] = notices.as_slice() else { panic!("{notices:?}") };
        let fields = Fields::of_query(&notice.query).unwrap();
        assert_eq!(fields.get("vnp_ResponseCode"), code);
        assert_eq!((fields.get("vnp_Amount"), fields.get("vnp_TxnRef")), ("1000000", "ref1"));
    }
    assert_eq!(tell(What::Started, IntentStatus::Open), []);
}

#[test]
fn two_codes_end_the_notices() {
    let is_accepted = |status, body: &str| Vnpay.is_accepted(status, body.as_bytes());
    for code in ["00", "02"] {
        assert!(is_accepted(StatusCode::OK, &format!(r#"{{"RspCode":"{code}"}}"#)));
    }
    for body in ["", "{}", r#"{"RspCode":"99"}"#, r#"{"RspCode":"97","Message":"x"}"#] {
        assert!(!is_accepted(StatusCode::OK, body), "{body}");
    }
    assert!(!is_accepted(StatusCode::BAD_GATEWAY, r#"{"RspCode":"00"}"#));
}

const ASKED: [(&str, &str); 8] = [
    ("vnp_Version", "2.1.0"),
    ("vnp_TmnCode", VNPAY_TMN_CODE),
    ("vnp_TxnRef", "ref1"),
    ("vnp_TransactionDate", "20240521091751"),
    ("vnp_CreateBy", "somebody"),
    ("vnp_CreateDate", "20240521091800"),
    ("vnp_IpAddr", "127.0.0.1"),
    ("vnp_OrderInfo", "Refund 1"),
];

async fn ask(world: &Arc<World>, more: &[(&'static str, &str)]) -> Value {
    let all = ASKED.iter().chain(more).map(|(name, value)| (*name, (*value).to_owned()));
    let fields = Fields::new(all);
    let signed: &[&str] = match fields.get("vnp_Command") {
        "querydr" => merchant::QUERY,
        _ => merchant::REFUND,
    };
    let body: Map<String, Value> = fields.signed_json(signed).as_object().unwrap().clone();
    merchant::answer(State(Arc::clone(world)), Json(body)).await.0
}

async fn refund(world: &Arc<World>, id: &str, hundredths: &str) -> Value {
    let more = [
        ("vnp_Command", "refund"),
        ("vnp_RequestId", id),
        ("vnp_TransactionType", "03"),
        ("vnp_TransactionNo", "0"),
        ("vnp_Amount", hundredths),
    ];
    ask(world, &more).await
}

#[tokio::test]
async fn refunds_are_made_one_after_the_other_and_of_what_is_left() {
    let world = paid();
    world.books(Provider::Vnpay).refunds_as(RefundStatus::Pending);
    let first = refund(&world, "r1", "400000").await;
    assert_eq!(
        (&first["vnp_ResponseCode"], &first["vnp_TransactionStatus"]),
        (&json!("00"), &json!("05"))
    );
    assert_eq!(refund(&world, "r1", "400000").await["vnp_ResponseCode"], "94", "the same id");
    assert_eq!(refund(&world, "r2", "400000").await["vnp_ResponseCode"], "94", "not yet");
    let number = first["vnp_TransactionNo"].as_str().unwrap();
    world.books(Provider::Vnpay).settle_refund(number, RefundStatus::Done).unwrap();
    assert_eq!(refund(&world, "r3", "700000").await["vnp_ResponseCode"], "93");
    assert_eq!(refund(&world, "r4", "600000").await["vnp_ResponseCode"], "00");
    let sums = world.books(Provider::Vnpay).sums()["VND"];
    assert_eq!((sums.captured, sums.refunded), (10_000, 10_000));
}

#[tokio::test]
async fn a_question_is_answered_once() {
    let world = paid();
    let question = [("vnp_Command", "querydr"), ("vnp_RequestId", "q1")];
    let answer = ask(&world, &question).await;
    assert_eq!(
        (&answer["vnp_ResponseCode"], &answer["vnp_Amount"]),
        (&json!("00"), &json!("1000000"))
    );
    assert_eq!(
        (&answer["vnp_TransactionType"], &answer["vnp_OrderInfo"]),
        (&json!("01"), &json!("Test order"))
    );
    assert_eq!(ask(&world, &question).await["vnp_ResponseCode"], "94");
    let other = [("vnp_Command", "querydr"), ("vnp_RequestId", "q2"), ("vnp_TxnRef", "ref2")];
    assert_eq!(ask(&world, &other).await["vnp_ResponseCode"], "91");
    let changed = json!({ "vnp_Command": "querydr", "vnp_SecureHash": "00" });
    let body = changed.as_object().unwrap().clone();
    let refused = merchant::answer(State(world), Json(body)).await.0;
    assert_eq!(refused["vnp_ResponseCode"], "97");
}
