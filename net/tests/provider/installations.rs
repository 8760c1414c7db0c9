//! Two installations with one account at each provider: both sell their first order for the same
//! price, and each gets its own page and its own money.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use onsale_core::id::OrderId;
use onsale_net::provider::installation::Installation;
use onsale_net::provider::metrics::NoticeMetrics;
use onsale_net::provider::payos::{Payos, PayosSettings};
use onsale_net::provider::paypal::{Paypal, PaypalSettings};
use onsale_net::provider::razorpay::{Razorpay, RazorpaySettings};
use onsale_net::provider::reconcile::PendingIntent;
use onsale_net::provider::stripe::{Flow, Stripe, StripeSettings};
use onsale_net::provider::vnpay::{Vnpay, VnpaySettings};
use onsale_net::provider::zalopay::{Zalopay, ZalopaySettings};
use onsale_net::provider::{
    IntentPage, IntentWish, PaymentProvider, Providers, Question, RefundWish, webhook,
};
use serde_json::Value;
use tokio::sync::mpsc;
use tower::ServiceExt;

use crate::simulator::{Caught, Simulator, code};
use crate::world::{MemoryPort, event, place_order_at};
use crate::{payos, paypal, razorpay, stripe, vnpay, zalopay};

/// What every order costs, in minor units.
const PRICE: u64 = 50_000;

/// An installation: its one order, its adapter and where notices reach it.
struct Shop {
    provider: Arc<dyn PaymentProvider>,
    port: MemoryPort,
    order: OrderId,
    router: Router,
    asks: mpsc::Receiver<PendingIntent>,
}

impl Shop {
    fn open(simulator: &Simulator, name: &str, installation: u128) -> Self {
        let provider = adapter(simulator, name, Installation::of(installation));
        let (port, _) = MemoryPort::new();
        let order = place_order_at(name, &port, event(&port, PRICE), 1, 1);
        let (asked, asks) = mpsc::channel(100);
        let providers = Providers::new([Arc::clone(&provider)]).asked_by(asked);
        let router = webhook::routes(port.clone(), providers, &NoticeMetrics::default());
        Self { provider, port, order, router, asks }
    }

    /// A page that its buyer has opened.
    async fn page(&self, simulator: &Simulator, currency: &str) -> IntentPage {
        let wish = IntentWish { order: self.order, ..simulator.wish(0, PRICE, currency) };
        let page = self.provider.create_intent(&wish).await.unwrap();
        let (status, _) = simulator.open(&page.url).await;
        assert!(!status.is_client_error(), "{status}");
        page
    }

    /// Gives the installation a notice as the provider would; the answer.
    async fn hears(&self, caught: &Caught) -> (StatusCode, Value) {
        let Caught { method, headers, query, body } = caught;
        let address = format!("/api/v1/webhooks/{}?{query}", self.provider.name());
        let mut request = Request::new(Body::from(body.clone()));
        (*request.method_mut(), *request.uri_mut()) = (method.clone(), address.parse().unwrap());
        *request.headers_mut() = headers.clone();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// How many payments notices have led to, or questions.
    fn taken(&mut self) -> u32 {
        let mut asked = 0;
        while let Ok(intent) = self.asks.try_recv() {
            assert_eq!(intent.order, self.order);
            asked += 1;
        }
        self.port.notices.swap(0, Ordering::SeqCst) + asked
    }

    /// What the order's money is called, as the provider says when it is asked.
    async fn payment(&self, page: &IntentPage) -> Option<String> {
        let reference = page.reference.clone();
        let question = Question { order: self.order, reference, is_wanted: true };
        let mut found = self.provider.query(&question).await.unwrap();
        assert!(found.len() < 2 && found.iter().all(|notice| notice.order == self.order));
        found.pop().map(|notice| notice.payment)
    }

    /// Gives all the money back.
    async fn gives_back(&self, payment: String, currency: &str) {
        let (order, currency) = (self.order, code(currency));
        let amount = onsale_core::money::Amount::from_minor(PRICE);
        let wish = RefundWish { order, refund: 0, attempt: 0, payment, amount, currency };
        assert!(!self.provider.refund(&wish).await.unwrap().is_pending);
    }
}

fn adapter(simulator: &Simulator, name: &str, ours: Installation) -> Arc<dyn PaymentProvider> {
    let (clock, installation) = (simulator.clock(), ours);
    match name {
        "stripe" => {
            let common = stripe::settings(simulator, Flow::Checkout);
            Arc::new(Stripe::new(StripeSettings { installation, ..common }, clock))
        }
        "paypal" => {
            let common = paypal::settings(simulator);
            Arc::new(Paypal::new(PaypalSettings { installation, ..common }, clock))
        }
        "razorpay" => {
            let common = razorpay::settings(simulator);
            Arc::new(Razorpay::new(RazorpaySettings { installation, ..common }, clock))
        }
        "vnpay" => {
            let common = vnpay::settings(&simulator.api(name));
            Arc::new(Vnpay::new(VnpaySettings { installation, ..common }, clock))
        }
        "zalopay" => {
            let common = zalopay::settings(simulator.api(name));
            Arc::new(Zalopay::new(ZalopaySettings { installation, ..common }, clock))
        }
        "payos" => {
            let common = payos::settings(simulator);
            Arc::new(Payos::new(PayosSettings { installation, ..common }))
        }
        other => panic!("there is no {other}"),
    }
}

/// Whether this answer has the provider stop, as its documentation says.
fn stops(name: &str, (status, body): &(StatusCode, Value)) -> bool {
    let words_do = match name {
        "vnpay" => ["00", "02"].contains(&body["RspCode"].as_str().unwrap_or_default()),
        "zalopay" => body["return_code"] != 0,
        _ => true,
    };
    *status == StatusCode::OK && words_do
}

async fn share_an_account(name: &str, currency: &str) {
    let mut simulator = Simulator::start().await;
    let mut here = Shop::open(&simulator, name, 1);
    let mut there = Shop::open(&simulator, name, 2);
    assert_eq!(here.order, there.order, "both sell their first order");
    let mine = here.page(&simulator, currency).await;
    let theirs = there.page(&simulator, currency).await;
    assert_ne!(mine.reference, theirs.reference);

    assert_eq!(simulator.act(name, &mine.reference, "pay").await, StatusCode::OK);
    let payment = here.payment(&mine).await.expect("it is paid");
    for notice in simulator.all_caught(name).await {
        let (ours, others) = (here.hears(&notice).await, there.hears(&notice).await);
        assert!(stops(name, &ours), "{ours:?}");
        assert!(stops(name, &others), "it would come again: {others:?}");
    }
    assert!(here.taken() > 0);
    assert_eq!(there.taken(), 0, "the money is for nobody there, and not written down");
    assert_eq!(there.payment(&theirs).await, None);

    assert_eq!(simulator.act(name, &theirs.reference, "pay").await, StatusCode::OK);
    let other_payment = there.payment(&theirs).await.expect("it is paid too");
    assert_ne!(payment, other_payment);
    assert_eq!(simulator.sums(name, currency).await, (2 * PRICE, 0));
    if name != "payos" {
        here.gives_back(payment, currency).await;
        assert_eq!(simulator.sums(name, currency).await, (2 * PRICE, PRICE));
        there.gives_back(other_payment, currency).await;
        assert_eq!(simulator.sums(name, currency).await, (2 * PRICE, 2 * PRICE));
    }
}

#[tokio::test]
async fn two_shops_share_stripe() {
    share_an_account("stripe", "EUR").await;
}

#[tokio::test]
async fn two_shops_share_paypal() {
    share_an_account("paypal", "EUR").await;
}

#[tokio::test]
async fn two_shops_share_razorpay() {
    share_an_account("razorpay", "INR").await;
}

#[tokio::test]
async fn two_shops_share_vnpay() {
    share_an_account("vnpay", "VND").await;
}

#[tokio::test]
async fn two_shops_share_zalopay() {
    share_an_account("zalopay", "VND").await;
}

#[tokio::test]
async fn two_shops_share_payos() {
    share_an_account("payos", "VND").await;
}
