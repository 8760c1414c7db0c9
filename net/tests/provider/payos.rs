//! payOS's adapter against its simulation: real HTTP, real signatures, and what goes wrong.

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use http::{HeaderMap, Method, StatusCode};
use onsale_core::command::PaymentOutcome;
use onsale_core::time::Span;
use onsale_net::provider::installation::Installation;
use onsale_net::provider::payos::{Payos, PayosSettings};
use onsale_net::provider::secret::Secret;
use onsale_net::provider::signature::SignatureError;
use onsale_net::provider::{
    AskError, IntentPage, IntentWish, NoticeError, PaymentProvider, Question, Said,
};
use onsale_provider_sim::credentials::{PAYOS_API_KEY, PAYOS_CHECKSUM_KEY, PAYOS_CLIENT_ID};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::simulator::{
    Caught, Simulator, captured, order, payment, query, refund, says, silent_api,
};

pub fn settings(simulator: &Simulator) -> PayosSettings {
    PayosSettings {
        api: simulator.api("payos"),
        pages: simulator.api("payos/pay"),
        client_id: PAYOS_CLIENT_ID.into(),
        api_key: Secret::new(PAYOS_API_KEY),
        checksum_key: Secret::new(PAYOS_CHECKSUM_KEY),
        notice_secrets: vec![Secret::new(PAYOS_CHECKSUM_KEY)].into(),
        return_url: "https://tickets.example/return".into(),
        installation: Installation::of(1),
    }
}

async fn start() -> (Simulator, Payos) {
    let simulator = Simulator::start().await;
    let payos = Payos::new(settings(&simulator));
    (simulator, payos)
}

async fn page(simulator: &Simulator, payos: &Payos, number: u32) -> IntentPage {
    payos.create_intent(&simulator.wish(number, 50_000, "VND")).await.unwrap()
}

/// The name of the transfer that a caught notice tells of, which is all it tells of.
async fn transfer(simulator: &mut Simulator, payos: &Payos, number: u32, dong: u64) -> String {
    let said = simulator.caught().await.verify(payos, simulator.now()).unwrap();
    let notice = payment(said);
    let name = notice.payment.clone();
    assert_eq!(notice, captured("payos", number, &name, dong, "VND"));
    name
}

#[tokio::test]
async fn a_transfer_is_told_and_found() {
    let (mut simulator, payos) = start().await;
    let page = page(&simulator, &payos, 0).await;
    let (status, html) = simulator.open(&page.url).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("50000 VND"), "{html}");
    assert_eq!(query(&payos, 0, &page.reference).await, []);

    assert_eq!(simulator.act("payos", &page.reference, "pay").await, StatusCode::OK);
    let name = transfer(&mut simulator, &payos, 0, 50_000).await;
    let found = query(&payos, 0, &page.reference).await;
    assert_eq!(found, [captured("payos", 0, &name, 50_000, "VND")]);
    assert_eq!(simulator.sums("payos", "VND").await, (50_000, 0));
}

#[tokio::test]
async fn an_order_has_one_page_however_often_it_is_asked_for() {
    let (simulator, payos) = start().await;
    let first = page(&simulator, &payos, 0).await;
    assert_eq!(page(&simulator, &payos, 0).await, first);
    // The page was made, and its answer never came.
    simulator.fault("payos", "lost").await;
    let wish = simulator.wish(1, 50_000, "VND");
    assert!(matches!(payos.create_intent(&wish).await, Err(AskError::Temporary(_))));
    let second = payos.create_intent(&wish).await.unwrap();
    assert_eq!(simulator.open(&second.url).await.0, StatusCode::OK);
    assert_eq!(simulator.books("payos").await["intents"].as_array().unwrap().len(), 2);

    let dearer = simulator.wish(0, 60_000, "VND");
    assert!(matches!(payos.create_intent(&dearer).await, Err(AskError::Refused(_))));
}

#[tokio::test]
async fn a_code_that_something_else_was_sold_under_is_not_taken_for_the_order() {
    let (simulator, payos) = start().await;
    let other = page(&simulator, &payos, 0).await;
    simulator.act("payos", &other.reference, "pay").await;
    let taken = payos.create_intent(&simulator.wish(0, 50_000, "VND")).await;
    assert!(matches!(taken, Err(AskError::Refused(_))), "{taken:?}");
    let question = Question { order: order(0), reference: "of ours".into(), is_wanted: true };
    let asked = payos.query(&question).await;
    assert!(matches!(asked, Err(AskError::Refused(_))), "{asked:?}");
}

#[tokio::test]
async fn too_little_and_several_transfers_are_payments_each() {
    let (mut simulator, payos) = start().await;
    let page = page(&simulator, &payos, 0).await;
    simulator.act("payos", &page.reference, "pay?amount=20000").await;
    let first = transfer(&mut simulator, &payos, 0, 20_000).await;
    let found = query(&payos, 0, &page.reference).await;
    assert_eq!(found, [captured("payos", 0, &first, 20_000, "VND")]);
    simulator.act("payos", &page.reference, "pay?amount=30000").await;
    let second = transfer(&mut simulator, &payos, 0, 30_000).await;
    assert_ne!(first, second);
    let found = query(&payos, 0, &page.reference).await;
    let both = [(&first, 20_000), (&second, 30_000)];
    assert_eq!(found, both.map(|(name, dong)| captured("payos", 0, name, dong, "VND")));
}

#[tokio::test]
async fn a_page_that_is_closed_takes_nothing() {
    let (simulator, payos) = start().await;
    let page = page(&simulator, &payos, 0).await;
    for _ in 0..2 {
        assert_eq!(payos.close_intent(order(0), &page.reference).await, Ok(()));
    }
    let paid = simulator.act("payos", &page.reference, "pay").await;
    assert_eq!(paid, StatusCode::CONFLICT);
    assert_eq!(payos.close_intent(order(9), "of nobody").await, Ok(()), "nothing is open there");
}

#[tokio::test]
async fn a_page_closes_with_its_time() {
    let (simulator, payos) = start().await;
    let page = page(&simulator, &payos, 0).await;
    simulator.advance(Span::from_mins(15));
    assert_eq!(simulator.act("payos", &page.reference, "pay").await, StatusCode::CONFLICT);
    assert_eq!(query(&payos, 0, &page.reference).await, []);
    assert_eq!(payos.close_intent(order(0), &page.reference).await, Ok(()));
    let late = simulator.wish(1, 50_000, "VND");
    let late = IntentWish { until: simulator.now(), ..late };
    assert!(matches!(payos.create_intent(&late).await, Err(AskError::Refused(_))));
}

#[tokio::test]
async fn what_was_paid_cannot_be_closed_and_that_is_no_error() {
    let (simulator, payos) = start().await;
    let page = page(&simulator, &payos, 0).await;
    simulator.act("payos", &page.reference, "pay").await;
    assert_eq!(payos.close_intent(order(0), &page.reference).await, Ok(()));
    assert_eq!(query(&payos, 0, &page.reference).await.len(), 1);
}

#[tokio::test]
async fn money_on_its_way_comes_after_the_end() {
    let (mut simulator, payos) = start().await;
    let page = page(&simulator, &payos, 0).await;
    simulator.act("payos", &page.reference, "start").await;
    let started = query(&payos, 0, &page.reference).await;
    assert_eq!(started, [says("payos", 0, &page.reference, PaymentOutcome::Started)]);
    payos.close_intent(order(0), &page.reference).await.unwrap();
    simulator.act("payos", &page.reference, "pay").await;
    transfer(&mut simulator, &payos, 0, 50_000).await;
}

#[tokio::test]
async fn a_buyer_who_gives_up_is_found_by_asking() {
    let (mut simulator, payos) = start().await;
    let page = page(&simulator, &payos, 0).await;
    simulator.act("payos", &page.reference, "cancel").await;
    assert!(simulator.all_caught("payos").await.is_empty(), "payOS does not tell");
    let found = query(&payos, 0, &page.reference).await;
    assert_eq!(found, [says("payos", 0, &page.reference, PaymentOutcome::Declined)]);
}

#[tokio::test]
async fn notices_come_twice_forged_and_with_another_amount() {
    let (mut simulator, payos) = start().await;
    let first = page(&simulator, &payos, 0).await;
    simulator.act("payos", &first.reference, "pay?notices=forged").await;
    let said = simulator.caught().await.verify(&payos, simulator.now());
    assert_eq!(said, Err(NoticeError::Signature(SignatureError::Wrong)));
    assert_eq!(simulator.sums("payos", "VND").await, (0, 0));

    simulator.act("payos", &first.reference, "pay?notices=twice").await;
    let once = transfer(&mut simulator, &payos, 0, 50_000).await;
    let again = transfer(&mut simulator, &payos, 0, 50_000).await;
    assert_eq!(once, again, "the same payment has the same name");

    let second = page(&simulator, &payos, 1).await;
    simulator.act("payos", &second.reference, "pay?notices=wrong_amount").await;
    transfer(&mut simulator, &payos, 1, 49_999).await;
}

#[tokio::test]
async fn a_notice_that_never_comes_is_found_by_asking() {
    let (mut simulator, payos) = start().await;
    let page = page(&simulator, &payos, 0).await;
    simulator.act("payos", &page.reference, "pay?notices=never").await;
    assert!(simulator.all_caught("payos").await.is_empty());
    assert_eq!(query(&payos, 0, &page.reference).await.len(), 1);
    assert_eq!(query(&payos, 9, "of nobody").await, []);
}

#[tokio::test]
async fn a_trial_is_accepted_and_says_nothing() {
    let (simulator, payos) = start().await;
    let (sender, mut inbox) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhook = format!("http://{}/", listener.local_addr().unwrap());
    let catch = async move |body: Bytes| {
        let _ = sender.send(body);
    };
    let router = Router::new().route("/", post(catch));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .post(format!("{}/confirm-webhook", simulator.api("payos").as_str()))
        .header("x-client-id", PAYOS_CLIENT_ID)
        .header("x-api-key", PAYOS_API_KEY)
        .json(&serde_json::json!({ "webhookUrl": webhook }));
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    let body = inbox.recv().await.unwrap();
    let (method, headers) = (Method::POST, HeaderMap::new());
    let caught = Caught { method, headers, query: String::new(), body };
    let said = caught.verify(&payos, simulator.now());
    assert_eq!(said, Ok(Vec::<Said>::new()));
}

#[tokio::test]
async fn nothing_goes_back_by_itself() {
    let (mut simulator, payos) = start().await;
    let page = page(&simulator, &payos, 0).await;
    simulator.act("payos", &page.reference, "pay").await;
    let name = transfer(&mut simulator, &payos, 0, 50_000).await;
    let wish = refund(0, 0, &name, 50_000, "VND");
    let Err(AskError::Refused(words)) = payos.refund(&wish).await else { panic!("no refunds") };
    assert!(words.contains("50000 VND by hand"), "{words}");
    assert_eq!(simulator.sums("payos", "VND").await, (50_000, 0));
}

#[tokio::test]
async fn an_api_that_fails_is_asked_again() {
    let (simulator, payos) = start().await;
    let open = page(&simulator, &payos, 0).await;
    for fault in ["error", "garbage"] {
        simulator.fault("payos", fault).await;
        let made = payos.create_intent(&simulator.wish(1, 50_000, "VND")).await;
        assert!(matches!(made, Err(AskError::Temporary(_))), "{fault}: {made:?}");
        simulator.fault("payos", fault).await;
        let closed = payos.close_intent(order(0), &open.reference).await;
        assert!(matches!(closed, Err(AskError::Temporary(_))), "{fault}: {closed:?}");
    }
    let silent = PayosSettings { api: silent_api().await, ..settings(&simulator) };
    let made = Payos::new(silent).create_intent(&simulator.wish(1, 50_000, "VND")).await;
    assert!(matches!(made, Err(AskError::Temporary(_))), "{made:?}");
}

#[tokio::test]
async fn a_wrong_key_is_somebodys_to_mend() {
    let simulator = Simulator::start().await;
    let wish = simulator.wish(0, 50_000, "VND");
    let stranger = PayosSettings { api_key: Secret::new("another"), ..settings(&simulator) };
    let made = Payos::new(stranger).create_intent(&wish).await;
    assert!(matches!(made, Err(AskError::Temporary(_))), "{made:?}");
    // payOS says so with status 200, and then there is no telling it from a wrong wish.
    let key = Secret::new("another");
    let unsigned = PayosSettings { checksum_key: key.clone(), ..settings(&simulator) };
    let made = Payos::new(unsigned).create_intent(&wish).await;
    assert!(matches!(made, Err(AskError::Refused(_))), "{made:?}");

    let payos = Payos::new(settings(&simulator));
    let page = page(&simulator, &payos, 0).await;
    let question = Question { order: order(0), reference: page.reference, is_wanted: true };
    let notice_secrets = vec![key.clone()].into();
    let other = PayosSettings { checksum_key: key.clone(), notice_secrets, ..settings(&simulator) };
    let asked = Payos::new(other).query(&question).await;
    assert!(matches!(asked, Err(AskError::Temporary(_))), "an answer's signature: {asked:?}");
    let notice_secrets = vec![key.clone(), Secret::new(PAYOS_CHECKSUM_KEY)].into();
    let changed = PayosSettings { checksum_key: key, notice_secrets, ..settings(&simulator) };
    assert_eq!(Payos::new(changed).query(&question).await, Ok(Vec::new()));
}
