//! Who is heard, what is told, and what merchants can ask for.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use http::HeaderMap;

use super::*;
use crate::Config;
use crate::books::{Capture, IntentStatus, RefundStatus};
use crate::credentials::ZALOPAY_KEY1;
use crate::protocol::{ActWish, Manner, Provider};

/// 2024-05-21T09:17:51 in Vietnam.
const NOW_MS: u64 = 1_716_257_871_000;

fn world() -> Arc<World> {
    let config = Config {
        public_url: "http://sim.example".into(),
        notify_url: None,
        retry_pause: Duration::ZERO,
        late_after: Duration::ZERO,
        first_serial: 0,
    };
    World::new(config, Arc::new(|| NOW_MS)).unwrap()
}

fn sign(mut body: Value, signed: &str) -> Bytes {
    body["mac"] = hmac_sha256(ZALOPAY_KEY1, signed.as_bytes()).into();
    body.to_string().into()
}

fn order(name: &str) -> Value {
    json!({
        "app_id": ZALOPAY_APP_ID,
        "app_user": "user123",
        "app_trans_id": name,
        "app_time": NOW_MS,
        "amount": 50_000,
        "item": "[]",
        "description": "Tickets",
        "embed_data": r#"{"redirecturl":"http://shop.example/back?order=1"}"#,
    })
}

fn code(answer: &Json<Value>) -> (i64, i64) {
    let field = |name: &str| answer.0[name].as_i64().unwrap();
    (field("return_code"), field("sub_return_code"))
}

async fn create(world: &Arc<World>, order: Value) -> Json<Value> {
    let text = |name: &str| match &order[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let names = ["app_id", "app_trans_id", "app_user", "amount", "app_time", "embed_data", "item"];
    let signed = names.map(text).join("|");
    api::create(State(Arc::clone(world)), HeaderMap::new(), sign(order, &signed)).await
}

async fn query(world: &Arc<World>, name: &str) -> Json<Value> {
    let signed = format!("{ZALOPAY_APP_ID}|{name}|{ZALOPAY_KEY1}");
    let body = sign(json!({ "app_id": ZALOPAY_APP_ID, "app_trans_id": name }), &signed);
    api::query(State(Arc::clone(world)), HeaderMap::new(), body).await
}

async fn refund(world: &Arc<World>, name: &str, payment: &str, amount: u64) -> (i64, i64) {
    let signed = format!("{ZALOPAY_APP_ID}|{payment}|{amount}|why|{NOW_MS}");
    let body = json!({
        "app_id": ZALOPAY_APP_ID,
        "m_refund_id": name,
        "zp_trans_id": payment,
        "amount": amount,
        "timestamp": NOW_MS,
        "description": "why",
    });
    let body = sign(body, &signed);
    code(&api::refund(State(Arc::clone(world)), HeaderMap::new(), body).await)
}

const NAME: &str = "240521_0001";

#[tokio::test]
async fn an_order_is_made_once() {
    let world = world();
    let made = create(&world, order(NAME)).await;
    assert_eq!(code(&made), (1, 1));
    assert_eq!(made["order_url"], "http://sim.example/zalopay/pay/240521_0001");
    assert_eq!(code(&create(&world, order(NAME)).await), (2, -68));
    assert_eq!(code(&query(&world, NAME).await), (3, 3));
    assert_eq!(code(&query(&world, "240521_0002").await), (2, -101));
}

#[tokio::test]
async fn an_order_must_be_whole_and_signed() {
    let world = world();
    for (field, value, sub) in [
        ("app_id", json!(2), -402),
        ("app_trans_id", json!("240520_0001"), -92),
        ("app_trans_id", json!("240521/1"), -92),
        ("app_user", json!(""), -401),
        ("app_time", json!(NOW_MS - 901_000), -401),
        ("amount", json!(0), -401),
        ("amount", json!(1.5), -401),
        ("expire_duration_seconds", json!(299), -401),
        ("description", json!(""), -401),
    ] {
        let mut order = order(NAME);
        order[field] = value;
        assert_eq!(code(&create(&world, order).await), (2, sub), "{field}");
    }
    let unsigned = sign(order(NAME), "something else");
    let answer = api::create(State(world), HeaderMap::new(), unsigned).await;
    assert_eq!(code(&answer), (2, -402));
}

#[tokio::test]
async fn money_is_told_and_given_back_once() {
    let world = world();
    assert_eq!(code(&create(&world, order(NAME)).await), (1, 1));
    let wish = ActWish { act: Act::Pay, reference: NAME, amount: None, now_s: NOW_MS / 1_000 };
    let intent = world.act(Provider::Zalopay, &wish, Manner::Never).unwrap();
    let payment = intent.captures[0].id.clone();
    assert!(payment.len() == 15 && payment.starts_with("240521"), "{payment}");
    let paid = query(&world, NAME).await;
    assert_eq!((code(&paid), &paid["amount"]), ((1, 1), &json!(50_000)));

    let [first, second] = ["240521_2554_a", "240521_2554_b"];
    assert_eq!(refund(&world, "240520_2554_a", &payment, 20_000).await, (2, -25));
    assert_eq!(refund(&world, "240521_9_a", &payment, 20_000).await, (2, -24));
    assert_eq!(refund(&world, first, &payment, 20_000).await, (1, 1));
    assert_eq!(refund(&world, first, &payment, 20_000).await, (2, -23));
    assert_eq!(refund(&world, second, &payment, 30_001).await, (2, -14));
    assert_eq!(refund(&world, second, "240521000000000", 1).await, (2, -101));
    world.books(Provider::Zalopay).refunds_as(RefundStatus::Failed);
    assert_eq!(refund(&world, second, &payment, 30_000).await, (3, 3));
    let sums = world.books(Provider::Zalopay).sums()["VND"];
    assert_eq!((sums.captured, sums.refunded), (50_000, 20_000));
}

#[test]
fn a_callback_is_signed_as_it_is_sent() {
    let world = world();
    let capture = Capture { id: "240521000000007".into(), amount: 50_000, at_s: 7 };
    let intent = Intent {
        reference: NAME.into(),
        amount: 50_000,
        currency: "VND".into(),
        created_s: 7,
        expires_s: None,
        status: IntentStatus::Paid,
        is_started: false,
        captures: vec![capture.clone()],
        refunds: Vec::new(),
        disputes: Vec::new(),
        details: json!({ "app_user": "user123", "callback_url": "http://shop.example/ipn" }),
    };
    let what = What::Captured(capture);
    let news = News { serial: 1, at_s: 7, what, intent };
    let [notice] = <[Notice; 1]>::try_from(Zalopay.notices(&world, &news, false)).unwrap();
    assert_eq!(notice.url.as_deref(), Some("http://shop.example/ipn"));
    let body: Value = serde_json::from_slice(&notice.body).unwrap();
    let data = body["data"].as_str().unwrap();
    assert_eq!(body["mac"], hmac_sha256(ZALOPAY_KEY2, data.as_bytes()));
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(
        (&data["zp_trans_id"], &data["amount"]),
        (&json!(240_521_000_000_007_u64), &json!(50_000))
    );
    let forged = Zalopay.notices(&world, &news, true);
    assert_ne!(forged[0].body, notice.body);
    let declined = News { what: What::Declined, ..news };
    assert_eq!(Zalopay.notices(&world, &declined, false), []);
}

#[test]
fn one_and_two_end_the_callbacks() {
    let is_accepted = |body: &str| Zalopay.is_accepted(StatusCode::OK, body.as_bytes());
    assert!(is_accepted(r#"{"return_code":1}"#) && is_accepted(r#"{"return_code":2}"#));
    assert!(!is_accepted(r#"{"return_code":0}"#) && !is_accepted(r#"{"return_code":-1}"#));
    assert!(!is_accepted(""));
}

#[tokio::test]
async fn a_browser_is_sent_back_with_a_checksum() {
    let world = world();
    assert_eq!(code(&create(&world, order(NAME)).await), (1, 1));
    let intent = world.books(Provider::Zalopay).find(NAME).unwrap().clone();
    let url = Zalopay.return_url(&world, &intent, Act::Pay).unwrap();
    let signed = format!("{ZALOPAY_APP_ID}|{NAME}|38||50000|0|1");
    let checksum = hmac_sha256(ZALOPAY_KEY2, signed.as_bytes());
    assert!(url.starts_with("http://shop.example/back?order=1&appid=2554&"), "{url}");
    assert!(url.ends_with(&format!("&status=1&checksum={checksum}")), "{url}");
}
