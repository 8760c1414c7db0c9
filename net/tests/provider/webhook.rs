//! What a webhook is answered: only what makes the provider do the right thing next.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use onsale_core::id::{EventId, OrderId, PartitionId};
use onsale_core::order::OrderStatus;
use onsale_core::time::{Span, Time};
use onsale_net::port::Partitions;
use onsale_net::problem::Problem;
use onsale_net::provider::metrics::NoticeMetrics;
use onsale_net::provider::sandbox::ledger::{IntentId, NoticeKind};
use onsale_net::provider::sandbox::webhook as wire;
use onsale_net::provider::sandbox::{Sandbox, SandboxConfig};
use onsale_net::provider::secret::Secret;
use onsale_net::provider::{PaymentProvider, Providers, signature, webhook};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::world::{MemoryPort, event, order_of, place_order};

struct Inbox {
    port: MemoryPort,
    router: Router,
    metrics: NoticeMetrics,
    _directory: TempDir,
}

impl Inbox {
    fn new() -> Self {
        let (port, _) = MemoryPort::new();
        let directory = tempfile::tempdir().unwrap();
        let config = SandboxConfig {
            directory: directory.path().to_owned(),
            public_url: String::new(),
            webhook_url: String::new(),
            return_url: String::new(),
            secret: secret(),
        };
        let (sandbox, _) = Sandbox::open(config, port.clock()).unwrap();
        let providers = Providers::new([Arc::new(sandbox) as Arc<dyn PaymentProvider>]);
        let metrics = NoticeMetrics::default();
        let router = webhook::routes(port.clone(), providers, &metrics);
        Self { port, router, metrics, _directory: directory }
    }

    /// Posts a body with a signature (or without, if it is empty); returns the status, and the
    /// problem's code or the body.
    async fn post(&self, body: &[u8], signature: &str) -> (StatusCode, String) {
        let mut request = Request::post("/api/v1/webhooks/sandbox");
        if !signature.is_empty() {
            request = request.header(wire::SIGNATURE_HEADER, signature);
        }
        let request = request.body(Body::from(body.to_vec())).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        if let Some(problem) = answer.extensions().get::<Problem>() {
            return (answer.status(), problem.code().to_owned());
        }
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 10_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn post_signed(&self, body: &[u8]) -> (StatusCode, String) {
        self.post(body, &signature::sign(&secret(), self.port.now(), body)).await
    }
}

fn secret() -> Secret {
    Secret::new("whsec_inbox")
}

fn captured(order: OrderId) -> Vec<u8> {
    notice(order, NoticeKind::Captured)
}

fn notice(order: OrderId, kind: NoticeKind) -> Vec<u8> {
    let data = wire::Data {
        intent: IntentId("1".into()),
        order,
        payment: "pay_1".into(),
        amount_minor: onsale_core::money::Amount::from_minor(5_000),
        currency: "EUR".parse().unwrap(),
    };
    let body = wire::Body { id: "ntc_1".into(), kind, created: 1_800_000_000, data };
    serde_json::to_vec_pretty(&body).unwrap()
}

fn acknowledged() -> (StatusCode, String) {
    (StatusCode::OK, r#"{"received":true}"#.into())
}

#[tokio::test(start_paused = true)]
async fn what_is_recorded_is_acknowledged_however_often_it_comes() {
    let inbox = Inbox::new();
    let order = place_order(&inbox.port, event(&inbox.port, 5_000), 1, 1);
    for _ in 0..3 {
        assert_eq!(inbox.post_signed(&captured(order)).await, acknowledged());
    }
    let view = order_of(&inbox.port, order).await;
    assert_eq!((view.status, view.refunds.len()), (OrderStatus::Completed, 0));
}

#[tokio::test(start_paused = true)]
async fn money_for_no_order_of_ours_is_acknowledged_too() {
    let inbox = Inbox::new();
    let event_here = event(&inbox.port, 5_000);
    let nowhere = EventId::new(PartitionId::new(77).unwrap(), 0).unwrap();
    for order in [OrderId::new(event_here, 999), OrderId::new(nowhere, 0)] {
        assert_eq!(inbox.post_signed(&captured(order)).await, acknowledged());
    }
    let written_down = inbox.port.notices.load(Ordering::SeqCst);
    assert_eq!(written_down, 2, "money is never dropped, whatever order it claims to be for");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_the_providers_changes_nothing() {
    let inbox = Inbox::new();
    let order = place_order(&inbox.port, event(&inbox.port, 5_000), 1, 1);
    let (body, now) = (captured(order), inbox.port.now());
    let signed = signature::sign(&secret(), now, &body);
    let compact = serde_json::from_slice::<serde_json::Value>(&body).unwrap().to_string();
    let sign = |at: Time| signature::sign(&secret(), at, &body);
    let hour = Span::from_mins(60);
    for (body, signature) in [
        (&body[..], String::new()),
        (&body[..], "t=1800000000".into()),
        (&body[..], signature::sign(&Secret::new("whsec_other"), now, &body)),
        (&body[..], sign(now - hour)),
        (&body[..], sign(now + hour)),
        (compact.as_bytes(), signed.clone()),
    ] {
        let refused = (StatusCode::BAD_REQUEST, "malformed".to_owned());
        assert_eq!(inbox.post(body, &signature).await, refused, "{signature}");
    }
    assert_eq!(inbox.post_signed(b"{}").await.0, StatusCode::BAD_REQUEST);
    let endless = vec![b' '; webhook::BODY_MAX_BYTES + 1];
    assert_eq!(inbox.post_signed(&endless).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(order_of(&inbox.port, order).await.status, OrderStatus::Pending);
    assert_eq!(inbox.port.notices.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_notice_that_cannot_be_recorded_is_asked_for_again() {
    let inbox = Inbox::new();
    let order = place_order(&inbox.port, event(&inbox.port, 5_000), 1, 1);
    inbox.port.overloaded.store(1, Ordering::SeqCst);
    let body = captured(order);
    let again = (StatusCode::SERVICE_UNAVAILABLE, "overloaded".to_owned());
    assert_eq!(inbox.post_signed(&body).await, again);
    assert_eq!(order_of(&inbox.port, order).await.status, OrderStatus::Pending);
    assert_eq!(inbox.post_signed(&body).await, acknowledged());
    assert_eq!(order_of(&inbox.port, order).await.status, OrderStatus::Completed);
}

#[tokio::test(start_paused = true)]
async fn notices_of_money_are_timed_once_they_are_recorded() {
    let inbox = Inbox::new();
    let order = place_order(&inbox.port, event(&inbox.port, 5_000), 1, 1);
    inbox.port.overloaded.store(1, Ordering::SeqCst);
    for kind in [NoticeKind::Captured, NoticeKind::Started, NoticeKind::Captured] {
        inbox.post_signed(&notice(order, kind)).await;
    }
    inbox.post(&captured(order), "forged").await;
    let mut shown = String::new();
    inbox.metrics.write(&mut shown);
    let count = "provider_notice_duration_seconds_count{provider=\"sandbox\"} 1";
    assert!(shown.lines().any(|line| line == count), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_provider_is_not_found() {
    let inbox = Inbox::new();
    let request = Request::post("/api/v1/webhooks/unknown").body(Body::empty()).unwrap();
    let answer = inbox.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}
