//! A strict class, from the head of a request to its verdict by a real Redis: no route of the API
//! needs it yet, so the frame is put around one of this test's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::post;
use onsale_core::call::{CallError, Look};
use onsale_core::id::PartitionId;
use onsale_core::query::View;
use onsale_core::reply::Reply;
use onsale_core::time::Time;
use onsale_testbed::Redis;
use serde_json::json;
use tower::ServiceExt;

use super::*;
use crate::api::{Api, Settings};
use crate::auth::keys::{KeyRing, new_signing_key};
use crate::entropy::OsEntropy;
use crate::gateway::limit::shared::{RedisClient, SharedLimits};
use crate::gateway::limit::{ClassLimits, LimitSettings};
use crate::gateway::{Gateway, GatewaySettings};
use crate::port::Partitions;
use crate::provider::Providers;

/// Nothing is asked of them.
#[derive(Clone)]
struct Nowhere;

impl Partitions for Nowhere {
    fn now(&self) -> Time {
        Time::from_ms(1_790_848_800_000)
    }

    fn count(&self) -> u16 {
        0
    }

    async fn execute(
        &self,
        _: PartitionId,
        _: onsale_core::command::Request,
    ) -> Result<Reply, CallError> {
        Err(CallError::Stopped)
    }

    async fn look(&self, _: PartitionId, _: Look) -> Result<View, CallError> {
        Err(CallError::Stopped)
    }
}

fn limits() -> LimitSettings {
    let credentials = ClassLimits {
        address_per_minute: 1,
        address_burst: 5,
        person_per_minute: 1,
        person_burst: 3,
    };
    LimitSettings { credentials, entries_per_core: 64, ..LimitSettings::none() }
}

/// A core with one route, and how often it was reached.
fn core(shared: Option<SharedLimits>) -> (Router, Edge, Arc<AtomicU32>) {
    let gateway =
        GatewaySettings { limits: limits(), shared_limits: shared, ..GatewaySettings::default() };
    let settings = Settings {
        operator_token: "o".repeat(32),
        keys: KeyRing::fixed(new_signing_key(&[7; 32]).unwrap()).unwrap(),
        session_lifetime: Settings::SESSION_LIFETIME,
        providers: Providers::new([]),
        sandbox: None,
        direct_ports: Vec::new(),
        backstage: None,
        entropy: Arc::new(OsEntropy),
        metrics: Arc::new(()),
        gateway,
    };
    let common = Api::new(Nowhere, settings).unwrap().common;
    let document = json!({ "paths": { "/sign-in": { "post": {} } } });
    let (metrics, entropy) = (&common.limit_metrics, &*common.entropy);
    let gateway = Gateway::new(&common.gateway, &document, metrics, entropy);
    let counters = common.metrics.new_core(gateway.routes.names());
    let edge = Edge::new(Nowhere, Arc::clone(&common), counters, gateway);
    let reached = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&reached);
    let sign_in = move || {
        count.fetch_add(1, Ordering::Relaxed);
        async { "welcome" }
    };
    let routes = Router::new().route("/sign-in", post(sign_in));
    (routes.layer(FrameLayer(edge.clone())), edge, reached)
}

async fn sign_in(router: &Router) -> Response {
    let request = Request::post("/sign-in").extension(Peer("203.0.113.9".parse().unwrap()));
    router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn share(redis: &Redis) -> SharedLimits {
    let (shared, hub) = SharedLimits::new(&limits());
    let client = RedisClient::new(&redis.url(), Duration::from_secs(2)).unwrap();
    tokio::spawn(hub.run(client));
    while !shared.metrics().is_up() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    shared
}

#[tokio::test]
async fn guesses_at_a_secret_are_counted_over_all_cores_before_they_reach_their_route() {
    let redis = Redis::start().unwrap();
    let shared = share(&redis).await;
    let (one, _, first) = core(Some(shared.clone()));
    let (other, _, second) = core(Some(shared));
    let mut refused = Vec::new();
    for _ in 0..6 {
        for router in [&one, &other] {
            let response = sign_in(router).await;
            if response.status() == 429 {
                refused.push(response);
            }
        }
    }
    let reached = first.load(Ordering::Relaxed) + second.load(Ordering::Relaxed);
    assert_eq!((reached, refused.len()), (5, 7), "five, wherever they came in");
    for response in refused {
        let left = response.headers()["ratelimit"].to_str().unwrap();
        assert!(left.starts_with("\"credentials-address\";r=0;t="), "{left}");
        assert!(response.headers().contains_key("retry-after"));
    }
}

#[tokio::test]
async fn without_a_redis_each_core_counts_alone_and_nobody_waits() {
    let mut redis = Redis::start().unwrap();
    let shared = share(&redis).await;
    redis.kill();
    let (one, _, first) = core(Some(shared));
    let (alone, _, second) = core(None);
    for _ in 0..8 {
        sign_in(&one).await;
        sign_in(&alone).await;
    }
    assert_eq!((first.load(Ordering::Relaxed), second.load(Ordering::Relaxed)), (5, 5));
}

#[tokio::test]
async fn guesses_at_one_name_are_counted_from_wherever_they_come() {
    let redis = Redis::start().unwrap();
    let shared = share(&redis).await;
    let edges = [core(Some(shared.clone())).1, core(Some(shared)).1];
    let mut granted = 0;
    for attempt in 0..10 {
        granted += u32::from(edges[attempt % 2].attempt(42).await.is_ok());
    }
    assert_eq!(granted, 3);
    assert_eq!(edges[0].attempt(42).await.unwrap_err().code(), "rate_limited");
    assert!(edges[0].attempt(43).await.is_ok(), "another name");
}
