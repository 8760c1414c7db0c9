//! What a provider keeps failing to do: listed for whoever runs the platform, asked for at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::ready;
use onsale_control::accounts::role::Role;
use onsale_core::command::{PaymentNotice, Provider};
use onsale_core::effect::{Effect, EffectKind};
use onsale_core::money::{Amount, Currency};
use onsale_core::time::Time;
use onsale_net::port::Partitions;
use onsale_net::provider::backoff::Backoff;
use onsale_net::provider::effects::{self, EffectsConfig};
use onsale_net::provider::metrics::ProviderMetrics;
use onsale_net::provider::reconcile::PendingIntent;
use onsale_net::provider::{
    AskError, Asking, Fate, IntentPage, IntentWish, NoticeAnswer, NoticeError, PaymentProvider,
    Providers, Question, RawNotice, RefundReceipt, RefundWish, Said, stuck,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::server::{Call, Server, get, post, standing};

/// A provider with a door that is shut until somebody opens it.
#[derive(Default)]
struct Door {
    is_open: AtomicBool,
}

impl Door {
    fn ask<T>(&self, answer: T) -> Result<T, AskError> {
        let is_open = self.is_open.load(Ordering::SeqCst);
        if is_open { Ok(answer) } else { Err(AskError::Temporary("the door is shut".into())) }
    }
}

impl PaymentProvider for Door {
    fn name(&self) -> &'static str {
        "till"
    }

    fn takes(&self, _: Currency) -> bool {
        true
    }

    fn create_intent<'a>(&'a self, wish: &'a IntentWish) -> Asking<'a, IntentPage> {
        let (reference, url) = (wish.order.to_string(), "http://127.0.0.1/".into());
        ready(self.ask(IntentPage { reference, url })).boxed()
    }

    fn refund<'a>(&'a self, wish: &'a RefundWish) -> Asking<'a, RefundReceipt> {
        ready(self.ask(RefundReceipt::done(wish.id()))).boxed()
    }

    fn query<'a>(&'a self, _: &'a Question) -> Asking<'a, Vec<PaymentNotice>> {
        ready(self.ask(Vec::new())).boxed()
    }

    fn verify_notice(&self, _: RawNotice<'_>, _: Time) -> Result<Vec<Said>, NoticeError> {
        unreachable!("no webhooks are sent")
    }

    fn notice_answer(&self, fate: Fate<'_>) -> Option<NoticeAnswer> {
        let answer = NoticeAnswer { content_type: "text/plain", body: "ok" };
        (fate == Fate::Recorded).then_some(answer)
    }
}

/// A server that asks a provider, and what it is to ask for.
struct Shop {
    server: Server,
    door: Arc<Door>,
    providers: Providers,
    effects: mpsc::Sender<Effect>,
    _watched: mpsc::Receiver<PendingIntent>,
}

impl Shop {
    async fn open() -> Self {
        let door = Arc::<Door>::default();
        let providers = Providers::new([Arc::clone(&door) as Arc<dyn PaymentProvider>]);
        let server = Server::with_providers(providers.clone()).await;
        let (effects, queue) = mpsc::channel(10);
        let (watch, watched) = mpsc::channel(10);
        let step = Duration::from_millis(1);
        let backoff = Backoff { first: step, cap: step };
        let config = EffectsConfig { backoff, ..EffectsConfig::default() };
        let (port, known, metrics) =
            (server.memory.clone(), providers.clone(), ProviderMetrics::default());
        tokio::spawn(effects::run(port, known, queue, watch, config, metrics));
        Self { server, door, providers, effects, _watched: watched }
    }

    /// A new order for 50.00.
    async fn order(&self, event: &str, token: &str) -> String {
        let hold = self.server.hold(event, token).await;
        self.server.order(&hold, token).await
    }

    /// Has the provider asked for a page for an order.
    async fn ask(&self, order: &str) {
        let (amount, currency) = (Amount::from_minor(5_000), "EUR".parse().unwrap());
        let kind = EffectKind::CreateIntent { amount, currency, until: Time::MAX };
        let (provider, order) = (Provider("till".into()), order.parse().unwrap());
        self.effects.send(Effect { order, provider, kind }).await.unwrap();
    }

    /// An order for 50.00 that was paid and is to go back, and has the provider asked for that.
    async fn refund(&self, event: &str, token: &str) -> String {
        let order = self.server.paid(event, token, 5_000).await;
        let refund = post(format!("/api/v1/orders/{order}/refunds")).operator();
        self.server.accept(refund.json(&json!({"tickets": "all"})), 202).await;
        let (amount, currency) = (Amount::from_minor(5_000), "EUR".parse().unwrap());
        let payment = format!("pay_{order}");
        let kind = EffectKind::Refund { refund: 0, attempt: 0, payment, amount, currency };
        let effect =
            Effect { order: order.parse().unwrap(), provider: Provider("till".into()), kind };
        self.effects.send(effect).await.unwrap();
        order
    }

    async fn list(&self, rest: &str) -> Value {
        let list = get(format!("/api/v1/stuck-effects{rest}")).operator();
        self.server.accept(list, 200).await
    }

    /// The list once there are as many on it.
    async fn stuck(&self, count: usize) -> Value {
        let known = self.providers.stuck();
        while known.list(self.server.memory.now(), None, usize::MAX).len() != count {
            tokio::task::yield_now().await;
        }
        self.list("").await
    }
}

fn retry_path(order: &str) -> String {
    format!("/api/v1/orders/{order}/stuck-effects/retry")
}

#[tokio::test]
async fn what_fails_again_and_again_is_listed_and_asked_for_at_once() {
    let shop = Shop::open().await;
    let (event, token) = (shop.server.event(&standing()).await, shop.server.guest().await);
    assert_eq!(shop.list("").await, json!({"effects": [], "next": null}));
    let order = shop.order(&event, &token).await;
    shop.ask(&order).await;
    let list = shop.stuck(1).await;
    let stuck = &list["effects"][0];
    for (member, expected) in [
        ("kind", json!("INTENT")),
        ("order", json!(order)),
        ("event", json!(event)),
        ("refund", Value::Null),
        ("provider", json!("till")),
        ("reason", json!("the door is shut")),
    ] {
        assert_eq!(stuck[member], expected, "{member}: {list}");
    }
    assert!(stuck["failures"].as_u64().unwrap() >= 10, "{list}");
    for time in ["since_at", "first_failed_at", "last_failed_at", "next_at"] {
        assert!(stuck[time].is_string(), "{time}: {list}");
    }
    shop.door.is_open.store(true, Ordering::SeqCst);
    let answer = shop.server.accept(post(retry_path(&order)).operator(), 200).await;
    assert_eq!(answer, json!({"asked": 1}));
    shop.stuck(0).await;
    let shown = get(format!("/api/v1/orders/{order}")).token(&token);
    let shown = shop.server.accept(shown, 200).await;
    assert_eq!(shown["payment"]["url"], "http://127.0.0.1/");
    let answer = shop.server.accept(post(retry_path(&order)).operator(), 200).await;
    assert_eq!(answer, json!({"asked": 0}));
}

fn settle(order: &str, how: &Value) -> Call {
    post(format!("/api/v1/orders/{order}/refunds/0/settle")).operator().json(how)
}

#[tokio::test]
async fn what_the_provider_keeps_failing_to_give_back_can_go_back_by_hand() {
    let shop = Shop::open().await;
    let (event, token) = (shop.server.event(&standing()).await, shop.server.guest().await);
    let order = shop.refund(&event, &token).await;
    let list = shop.stuck(1).await;
    assert_eq!(
        (&list["effects"][0]["kind"], &list["effects"][0]["refund"]),
        (&json!("REFUND"), &json!(0))
    );
    let again = settle(&order, &json!({"how": "again"}));
    shop.server.refuse(again, 409, "refund_under_way").await;
    let by_hand = json!({"how": "by_hand", "reference": "transfer 7"});
    shop.server.accept(settle(&order, &by_hand), 204).await;
    assert_eq!(shop.stuck(0).await, json!({"effects": [], "next": null}));
    shop.door.is_open.store(true, Ordering::SeqCst);
    let retry = shop.server.accept(post(retry_path(&order)).operator(), 200).await;
    assert_eq!(retry, json!({"asked": 0}));
    let books = get(format!("/api/v1/events/{event}/audit")).operator();
    let books = shop.server.accept(books, 200).await;
    assert_eq!((&books["holds"], &books["refunded_minor"]), (&json!(true), &json!(5_000)));
    shop.server.refuse(settle(&order, &by_hand), 409, "not_in_that_state").await;
}

/// It is about to be made: by hand it would go back twice.
#[tokio::test]
async fn what_the_provider_has_not_failed_at_is_not_settled_by_hand() {
    let server = Server::with_control().await;
    let (event, token) = (server.event(&standing()).await, server.guest().await);
    let order = server.paid(&event, &token, 5_000).await;
    let refund = post(format!("/api/v1/orders/{order}/refunds")).operator();
    server.accept(refund.json(&json!({"tickets": "all"})), 202).await;
    let by_hand = json!({"how": "by_hand", "reference": "transfer 7"});
    let problem = server.refuse(settle(&order, &by_hand), 409, "refund_under_way").await;
    assert!(problem["detail"].as_str().unwrap().contains("stuck effect"), "{problem}");
    let seen = server.accept(get(format!("/api/v1/orders/{order}")).token(&token), 200).await;
    assert_eq!(seen["refunds"][0]["state"], "WANTED");
}

#[tokio::test]
async fn the_platform_sees_it_and_the_audit_log_says_who_asked() {
    let shop = Shop::open().await;
    let (event, token) = (shop.server.event(&standing()).await, shop.server.guest().await);
    let order = shop.order(&event, &token).await;
    shop.ask(&order).await;
    shop.stuck(1).await;
    let list = || get("/api/v1/stuck-effects");
    shop.server.refuse(list(), 401, "token_required").await;
    shop.server.refuse(list().token(&token), 403, "forbidden").await;
    shop.server.refuse(post(retry_path(&order)).token(&token), 403, "forbidden").await;
    let (buyer, staff) =
        (shop.server.account(Role::Buyer).await, shop.server.account(Role::Staff).await);
    shop.server.refuse(list().token(&buyer.token), 403, "forbidden").await;
    shop.server.refuse(post(retry_path(&order)).token(&buyer.token), 404, "not_found").await;
    shop.server.accept(list().token(&staff.token), 200).await;
    let retry = post(retry_path(&order)).token(&staff.token);
    assert_eq!(shop.server.accept(retry, 200).await["asked"], 1);
    let log = get("/api/v1/audit-log?action=order.retry").operator();
    let log = shop.server.accept(log, 200).await;
    let [done, begun] = &log["entries"].as_array().unwrap()[..] else { panic!("{log}") };
    assert_eq!((&begun["outcome"], &done["outcome"]), (&json!("begun"), &json!("done")));
    assert_eq!((&done["who"], &done["object"]), (&json!(staff.id.to_string()), &json!(order)));
    assert_eq!((&done["event"], &done["detail"]), (&json!(event), &json!("1 asked for")));
}

#[tokio::test]
async fn it_comes_in_pages_of_orders_and_what_makes_no_sense_is_refused() {
    let shop = Shop::open().await;
    let (event, token) = (shop.server.event(&standing()).await, shop.server.guest().await);
    let (first, second) = (shop.order(&event, &token).await, shop.order(&event, &token).await);
    shop.ask(&first).await;
    shop.stuck(1).await;
    // The provider is left alone now: what comes later waits, and is found by the time it takes.
    shop.ask(&second).await;
    while shop.providers.stuck().list(Time::MAX, None, usize::MAX).len() != 2 {
        tokio::task::yield_now().await;
    }
    shop.server.memory.pass(stuck::TIME);
    let list = shop.stuck(2).await;
    assert_eq!(list["effects"][1]["order"], second);
    let page = shop.list("?limit=1").await;
    assert_eq!((&page["effects"][0]["order"], &page["next"]), (&json!(first), &json!(first)));
    let page = shop.list(&format!("?limit=1&after={first}")).await;
    assert_eq!((&page["effects"][0]["order"], &page["next"]), (&json!(second), &Value::Null));
    for rest in ["?limit=0", "?limit=101", "?after=x", "?provider=till"] {
        let wrong = get(format!("/api/v1/stuck-effects{rest}")).operator();
        shop.server.refuse(wrong, 400, "invalid_parameter").await;
    }
    shop.server.refuse(post(retry_path("x")).operator(), 400, "invalid_parameter").await;
}
