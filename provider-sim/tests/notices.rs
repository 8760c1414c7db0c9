//! How notices are delivered, and what a browser sees, whoever the provider is. Stripe stands for
//! all.

#![allow(clippy::unwrap_used, reason = "the helpers around the tests are tests too")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use http::{StatusCode, header};
use onsale_provider_sim::credentials::STRIPE_SECRET_KEY;
use onsale_provider_sim::{Config, World, serve};
use serde_json::Value;
use tokio::net::TcpListener;

const NOW_MS: u64 = 1_800_000_000_000;

struct Stage {
    url: String,
    client: reqwest::Client,
}

impl Stage {
    /// A simulator whose notices are refused so many times.
    async fn new(refusals: u32) -> Self {
        let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let notify_url = format!("http://{}", receiver.local_addr().unwrap());
        let left = Arc::new(AtomicU32::new(refusals));
        let router = Router::new().fallback(receive).with_state(left);
        tokio::spawn(async move { axum::serve(receiver, router).await });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let config = Config {
            public_url: url.clone(),
            notify_url: Some(notify_url),
            retry_pause: Duration::from_millis(1),
            late_after: Duration::from_millis(1),
            first_serial: 0,
        };
        tokio::spawn(serve(listener, World::new(config, Arc::new(|| NOW_MS)).unwrap()));
        let redirect = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().no_proxy().redirect(redirect).build().unwrap();
        Self { url, client }
    }

    async fn api(&self, path: &str, form: Option<&str>) -> (StatusCode, Value) {
        let url = format!("{}/stripe/v1/{path}", self.url);
        let request = match form {
            None => self.client.get(url),
            Some(form) => self.client.post(url).body(form.to_owned()),
        };
        let answer = request.bearer_auth(STRIPE_SECRET_KEY).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// The name of a new page.
    async fn page(&self) -> String {
        let form = "mode=payment&success_url=https://shop.example/%7BCHECKOUT_SESSION_ID%7D\
                    &line_items[0][quantity]=2&line_items[0][price_data][currency]=eur\
                    &line_items[0][price_data][unit_amount]=2500\
                    &line_items[0][price_data][product_data][name]=Ticket";
        let (status, session) = self.api("checkout/sessions", Some(form)).await;
        assert_eq!((status, &session["amount_total"]), (StatusCode::OK, &Value::from(5_000)));
        session["id"].as_str().unwrap().to_owned()
    }

    async fn act(&self, reference: &str, act: &str) {
        let url = format!("{}/sim/stripe/{reference}/{act}", self.url);
        assert_eq!(self.client.post(url).send().await.unwrap().status(), StatusCode::OK);
    }

    /// What became of the notices, when none is under way any more.
    async fn delivered(&self) -> Value {
        loop {
            let answer = self.client.get(format!("{}/sim/books", self.url)).send().await.unwrap();
            let notices = answer.json::<Value>().await.unwrap()["stripe"]["notices"].take();
            if notices["waiting"] == 0 {
                return notices;
            }
            tokio::task::yield_now().await;
        }
    }
}

async fn receive(State(left): State<Arc<AtomicU32>>) -> StatusCode {
    let one_less = |left: u32| left.checked_sub(1);
    match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less) {
        Ok(_) => StatusCode::SERVICE_UNAVAILABLE,
        Err(_) => StatusCode::OK,
    }
}

#[tokio::test]
async fn a_notice_is_sent_until_it_is_accepted() {
    let stage = Stage::new(5).await;
    stage.act(&stage.page().await, "pay").await;
    let notices = stage.delivered().await;
    assert_eq!((&notices["accepted"], &notices["refused"]), (&Value::from(2), &Value::from(0)));
    assert_eq!(notices["attempts"], 7, "session and intent, and five in vain");
}

#[tokio::test]
async fn whoever_forges_does_not_come_back() {
    let stage = Stage::new(2).await;
    let page = stage.page().await;
    stage.act(&page, "pay?notices=forged").await;
    let notices = stage.delivered().await;
    assert_eq!((&notices["attempts"], &notices["refused"]), (&Value::from(2), &Value::from(2)));
    let (_, session) = stage.api(&format!("checkout/sessions/{page}"), None).await;
    assert_eq!(session["status"], "open", "nothing happened");
    assert_eq!(stage.api("events", None).await.1["data"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn what_is_never_told_can_be_asked_for() {
    let stage = Stage::new(0).await;
    stage.act(&stage.page().await, "pay?notices=never").await;
    assert_eq!(stage.delivered().await["attempts"], 0);
    let (_, events) = stage.api("events?type=checkout.session.completed", None).await;
    let event = &events["data"][0];
    assert_eq!(event["data"]["object"]["payment_status"], "paid");
    let path = format!("events/{}", event["id"].as_str().unwrap());
    assert_eq!(&stage.api(&path, None).await.1, event);
}

#[tokio::test]
async fn a_browser_presses_a_button_and_is_sent_to_the_shop() {
    let stage = Stage::new(0).await;
    let page = stage.page().await;
    let url = format!("{}/stripe/pay/{page}", stage.url);
    let shown = stage.client.get(&url).send().await.unwrap().text().await.unwrap();
    let press = async |act: &str| {
        let action = format!("/sim/stripe/{page}/{act}");
        assert!(shown.contains(&format!("action=\"{action}\"")), "{shown}");
        let request = stage.client.post(format!("{}{action}", stage.url));
        let answer = request.header(header::ACCEPT, "text/html,*/*").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
    };
    assert_eq!(press("decline").await, url, "to try again");
    assert_eq!(press("pay").await, format!("https://shop.example/{page}"));
    let shown = stage.client.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(!shown.contains("<button>"), "{shown}");
}

#[tokio::test]
async fn strangers_are_not_answered() {
    let stage = Stage::new(0).await;
    let url = format!("{}/stripe/v1/events", stage.url);
    let answer = stage.client.get(url).bearer_auth("sk_test_stranger").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}
