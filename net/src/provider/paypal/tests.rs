//! What an adapter makes of answers that the simulator does not give: races, and words of refusal.

use std::collections::VecDeque;
use std::sync::Mutex;

use axum::extract::State;
use axum::http::Uri;
use axum::{Json, Router};
use onsale_core::money::Amount;

use super::*;

/// What was asked for, and what is answered to it.
type Script = Arc<Mutex<VecDeque<(&'static str, StatusCode, Value)>>>;

/// An adapter for an API that gives these answers, one after the other, after a token.
async fn paypal(script: impl IntoIterator<Item = (&'static str, u16, Value)>) -> (Paypal, Script) {
    let token = json!({ "access_token": "A21AA", "expires_in": 32_400 });
    let all = [("/v1/oauth2/token", 200, token)].into_iter().chain(script);
    let answer = |(path, status, body)| (path, StatusCode::from_u16(status).unwrap(), body);
    let script: Script = Arc::new(Mutex::new(all.map(answer).collect()));
    let router = Router::new().fallback(play).with_state(Arc::clone(&script));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let settings = PaypalSettings {
        api: ApiUrl::parse(&url).unwrap(),
        client_id: "client".into(),
        client_secret: Secret::new("secret"),
        webhook_ids: Vec::new().into(),
        return_url: "https://tickets.example/return".into(),
        installation: Installation::of(1),
    };
    (Paypal::new(settings, Arc::new(|| Time::ZERO)), script)
}

async fn play(State(script): State<Script>, uri: Uri) -> (StatusCode, Json<Value>) {
    let (path, status, body) = script.lock().unwrap().pop_front().expect("nothing else is asked");
    assert_eq!(uri.path(), path);
    (status, Json(body))
}

const ORDER: &str = "/v2/checkout/orders/5O190127TN364715T";
const CAPTURE: &str = "/v2/checkout/orders/5O190127TN364715T/capture";
const REFUND: &str = "/v2/payments/captures/3C679366HH908993F/refund";

fn order() -> OrderId {
    "ord_0000400000003".parse().unwrap()
}

fn question() -> Question {
    Question { order: order(), reference: "5O190127TN364715T".into(), is_wanted: true }
}

fn seen(status: &str, captures: &Value) -> Value {
    let name = Installation::of(1).name_of(order());
    let unit = json!({ "custom_id": name, "payments": { "captures": captures } });
    json!({ "id": "5O190127TN364715T", "status": status, "purchase_units": [unit] })
}

fn approved() -> Value {
    seen("APPROVED", &json!([]))
}

fn completed() -> Value {
    let amount = json!({ "currency_code": "EUR", "value": "50.00" });
    let capture = json!({ "id": "3C679366HH908993F", "status": "COMPLETED", "amount": amount });
    seen("COMPLETED", &json!([capture]))
}

fn captured() -> PaymentNotice {
    let (amount, currency) = (Amount::from_minor(5_000), "EUR".parse().unwrap());
    let name = Name::try_from("3C679366HH908993F".to_owned()).unwrap();
    wire::notice(order(), &name, PaymentOutcome::Captured { amount, currency })
}

fn problem(issue: &str) -> Value {
    json!({ "name": "UNPROCESSABLE_ENTITY", "details": [{ "issue": issue }] })
}

/// What comes of a capture that is refused with this word, and of what is looked at after it.
async fn after(
    issue: &str,
    then: Option<(&'static str, u16, Value)>,
) -> Result<Vec<PaymentNotice>, AskError> {
    let refusal = [(ORDER, 200, approved()), (CAPTURE, 422, problem(issue))];
    let (paypal, script) = paypal(refusal.into_iter().chain(then)).await;
    let said = paypal.query(&question()).await;
    assert!(script.lock().unwrap().is_empty(), "{issue}: something was not asked");
    said
}

#[tokio::test]
async fn money_that_somebody_else_took_is_found() {
    let again = Some((ORDER, 200, completed()));
    assert_eq!(after("ORDER_ALREADY_CAPTURED", again).await, Ok(vec![captured()]));
    let busy = after("ORDER_COMPLETION_IN_PROGRESS", None).await;
    assert!(matches!(busy, Err(AskError::Temporary(_))), "{busy:?}");
}

#[tokio::test]
async fn a_word_of_refusal_ends_the_order_or_does_not() {
    for issue in DECLINED {
        let notices = after(issue, None).await.unwrap();
        let outcomes: Vec<_> = notices.into_iter().map(|notice| notice.outcome).collect();
        assert_eq!(outcomes, [PaymentOutcome::Declined], "{issue}");
    }
    for issue in ["ORDER_NOT_APPROVED", "PAYER_ACTION_REQUIRED"] {
        assert_eq!(after(issue, None).await, Ok(Vec::new()), "{issue}");
    }
    for issue in ["COMPLIANCE_VIOLATION", ""] {
        let refused = after(issue, None).await;
        assert!(matches!(refused, Err(AskError::Refused(_))), "{issue}: {refused:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_taken_is_asked_for_anew() {
    let token = json!({ "access_token": "A21AB", "expires_in": 32_400 });
    let invalid = json!({ "error": "invalid_token" });
    let (paypal, script) = paypal([
        (ORDER, 401, invalid),
        ("/v1/oauth2/token", 200, token),
        (ORDER, 200, completed()),
    ])
    .await;
    assert!(matches!(paypal.query(&question()).await, Err(AskError::Temporary(_))));
    assert_eq!(paypal.query(&question()).await, Ok(vec![captured()]));
    assert!(script.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_order_without_a_page_or_a_number_is_no_use() {
    let made = json!({ "id": "5O190127TN364715T", "status": "CREATED", "links": [] });
    let (paypal, _) = paypal([("/v2/checkout/orders", 201, made)]).await;
    let wish = IntentWish {
        order: order(),
        amount: Amount::from_minor(5_000),
        currency: "EUR".parse().unwrap(),
        until: Time::MAX,
    };
    let no_page = paypal.create_intent(&wish).await;
    assert!(matches!(no_page, Err(AskError::Temporary(_))), "{no_page:?}");
    let parts = IntentWish { currency: "HUF".parse().unwrap(), ..wish };
    let parts = IntentWish { amount: Amount::from_minor(5_001), ..parts };
    let refused = paypal.create_intent(&parts).await;
    assert!(matches!(refused, Err(AskError::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn a_refund_is_refused_for_good_or_asked_for_again() {
    let wish = RefundWish {
        order: order(),
        refund: 0,
        attempt: 0,
        payment: "3C679366HH908993F".into(),
        amount: Amount::from_minor(5_000),
        currency: "EUR".parse().unwrap(),
    };
    let no_money = problem("REFUND_FAILED_INSUFFICIENT_FUNDS");
    let (refuses, _) = paypal([(REFUND, 422, no_money)]).await;
    let refused = refuses.refund(&wish).await;
    assert!(matches!(&refused, Err(AskError::Refused(why)) if why.contains("INSUFFICIENT_FUNDS")));
    let busy = problem("PREVIOUS_REQUEST_IN_PROGRESS");
    let (busy, _) = paypal([(REFUND, 409, busy)]).await;
    let later = busy.refund(&wish).await;
    assert!(matches!(later, Err(AskError::Temporary(_))), "{later:?}");
}

#[test]
fn a_refund_that_failed_is_somebodys_to_look_into() {
    let receipt_of = |status: &str| {
        let refund = json!({ "id": "1JU08902781691411", "status": status });
        receipt(&serde_json::from_value(refund).unwrap())
    };
    assert_eq!(receipt_of("COMPLETED"), Ok(RefundReceipt::done("1JU08902781691411")));
    assert_eq!(receipt_of("PENDING"), Ok(RefundReceipt::pending("1JU08902781691411")));
    for status in ["FAILED", "CANCELLED"] {
        assert!(matches!(receipt_of(status), Err(AskError::Refused(_))), "{status}");
    }
}

#[test]
fn a_reference_that_leads_elsewhere_is_refused() {
    for wrong in ["", "5O19/../x", "5O19?fields=a", "5o19"] {
        assert!(matches!(name(wrong), Err(AskError::Refused(_))), "{wrong}");
    }
    assert_eq!(name("5O19").map(|name| name.to_string()), Ok("5O19".to_owned()));
}
