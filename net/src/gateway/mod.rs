//! What stands between the network and the handlers, for every route alike: limits by person and
//! address, bounds of a request's head, cross-origin rules, security headers, traces, logs,
//! compression, versions.
//!
//! `api/frame.rs` calls it around each request. What a route must say of itself is in its
//! description: its class (`x-limit`), and that it is to go (`x-deprecated-at`). Deliberately
//! absent: who may do what (`auth`), the rules of a sale, sockets and their timeouts (the host's).

pub mod address;
mod bounds;
pub mod class;
pub mod compression;
pub mod cors;
pub mod current;
pub mod limit;
pub(crate) mod log;
pub(crate) mod routes;
mod security;
pub mod trace;
pub(crate) mod version;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use onsale_core::id::PersonId;
use onsale_core::time::Time;
use serde_json::Value;

use self::address::{Peer, Proxies};
pub use self::bounds::HeadBounds;
use self::compression::{Compression, CompressionSettings};
use self::cors::CorsSettings;
use self::limit::counters::{LimitCounters, LimitMetrics};
use self::limit::headers::PolicyHeaders;
use self::limit::shared::SharedLimits;
use self::limit::{Bucket, LimitSettings, Limiter, Subject, Verdict};
use self::log::RequestLog;
use self::routes::Routes;
use self::trace::TraceIds;
use crate::entropy::Entropy;
use crate::problem::Problem;

/// What the gateway needs to know.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// How much one person and one address may ask for.
    pub limits: LimitSettings,
    /// Where limits are shared, if they are.
    pub shared_limits: Option<SharedLimits>,
    /// How large the head of a request may be.
    pub head: HeadBounds,
    /// Which pages of others may ask.
    pub cors: CorsSettings,
    /// Compressing large answers.
    pub compression: CompressionSettings,
    /// Whether buyers reach the server by https.
    pub is_https: bool,
    /// From when on a request is logged as slow.
    pub slow_request: Duration,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            limits: LimitSettings::default(),
            shared_limits: None,
            head: HeadBounds::default(),
            cors: CorsSettings::default(),
            compression: CompressionSettings::default(),
            is_https: false,
            slow_request: Duration::from_secs(1),
        }
    }
}

impl GatewaySettings {
    /// No limits on how much anybody asks for: for simulated worlds.
    pub fn unlimited() -> Self {
        Self { limits: LimitSettings::none(), ..Self::default() }
    }
}

/// One core's gateway.
pub(crate) struct Gateway {
    pub(crate) routes: Routes,
    pub(crate) head: HeadBounds,
    pub(crate) cors: CorsSettings,
    pub(crate) compression: Compression,
    pub(crate) traces: TraceIds,
    pub(crate) log: RequestLog,
    proxies: Proxies,
    policies: PolicyHeaders,
    counters: Arc<LimitCounters>,
    /// Only this core's requests come here, so nobody ever waits for it.
    limiter: Mutex<Limiter>,
    is_https: bool,
}

impl Gateway {
    /// The gateway of one more core, to the routes of `document`.
    pub(crate) fn new(
        settings: &GatewaySettings,
        document: &Value,
        metrics: &LimitMetrics,
        entropy: &dyn Entropy,
    ) -> Self {
        let mut seed = [0; 24];
        // Without entropy the ids of traces may repeat those of another core, and somebody might
        // aim at entries of the table: neither lets anybody do what they may not.
        let _ = entropy.fill(&mut seed);
        let [one, two, three] = [0, 8, 16].map(|at| {
            let bytes = seed[at..].first_chunk().copied();
            bytes.map_or(0, u64::from_be_bytes)
        });
        let limits = &settings.limits;
        let counters = metrics.new_core();
        let share = settings.shared_limits.as_ref().map(SharedLimits::join);
        let limiter = Limiter::new(limits, [one, two], Arc::clone(&counters), share);
        Self {
            routes: Routes::new(document),
            head: settings.head,
            cors: settings.cors.clone(),
            compression: Compression::new(settings.compression),
            traces: TraceIds::new(three),
            log: RequestLog::new(settings.slow_request),
            proxies: Proxies::new(limits.trusted_proxies.clone(), limits.client_header),
            policies: PolicyHeaders::new(limits),
            counters,
            limiter: Mutex::new(limiter),
            is_https: settings.is_https,
        }
    }

    /// Whose address a request is counted against. A request without a peer (there is none where
    /// there are no sockets) and a program of our own are counted against none, and not limited.
    pub(crate) fn client(&self, peer: Option<&Peer>, headers: &HeaderMap) -> Option<Subject> {
        let client = self.proxies.client(*peer?, headers);
        if client.is_none() {
            self.counters.exempt();
        }
        client.map(|address| Subject::Address(address::counted(address)))
    }

    /// From which address a request comes: the client's, or the peer's where it names none.
    pub(crate) fn address(&self, peer: Peer, headers: &HeaderMap) -> IpAddr {
        self.proxies.client(peer, headers).unwrap_or(peer.0)
    }

    /// Spends one request; `None` if there is no limit on it.
    pub(crate) fn spend(&self, bucket: Bucket, now: Time) -> Option<Verdict> {
        self.limiter().spend(bucket, now)
    }

    /// Spends one request of the current person, if they are limited.
    pub(crate) fn spend_of_person(&self, person: PersonId, now: Time) -> Result<(), Problem> {
        let bucket = current::with(|request| {
            request.person = Some(person);
            let subject = Subject::Person(person);
            request.is_limited.then_some(Bucket { class: request.class, subject })
        });
        let Some(verdict) = bucket.flatten().and_then(|bucket| self.spend(bucket, now)) else {
            return Ok(());
        };
        current::with(|request| request.limits.add(verdict));
        verdict.into_result()
    }

    /// Spends one request of a strict class: what this core refuses is refused at once, and
    /// otherwise whoever shares the limits is asked, if anybody does and answers.
    pub(crate) async fn spend_strictly(&self, bucket: Bucket, now: Time) -> Option<Verdict> {
        let verdict = self.spend(bucket, now)?;
        if !verdict.is_granted || !bucket.is_asked_for() {
            return Some(verdict);
        }
        let asked = self.limiter().share().map(|share| share.ask(bucket));
        let Some(asked) = asked else { return Some(verdict) };
        let Ok(told) = asked.await else { return Some(verdict) };
        self.limiter().learn(bucket, told, now)
    }

    /// What every answer has, unless its handler has said it better.
    pub(crate) fn dress(&self, limits: &limit::Applied, headers: &mut HeaderMap) {
        security::protect(headers, self.is_https);
        self.policies.write(limits, headers);
    }

    fn limiter(&self) -> MutexGuard<'_, Limiter> {
        // Numbers that a panic left behind are still numbers.
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
