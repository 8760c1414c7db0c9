//! The HTTP API: one Router for every host.
//!
//! A request goes through the frame (request id, metrics, headers, panics), is authenticated and
//! parsed by its handler's arguments, becomes a command or a query for the partition that its id
//! names, and the reply is rendered. Nothing is decided here.

mod accounts;
mod audit_log;
mod catalogue;
mod categories;
mod changes;
mod chart;
mod crews;
mod disputes;
mod docs;
pub mod edge;
mod events;
mod frame;
mod health;
mod holds;
mod links;
mod orders;
mod organisers;
mod poll;
mod reading;
mod refunds;
mod roles;
mod sessions;
mod stock;
mod stuck;
mod token_keys;
mod venues;
mod wait;
mod waitroom;
mod webhook_endpoints;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::http::Uri;
use onsale_control::accounts::session::ended::EndedSessions;
use onsale_core::time::Span;
use sha2::{Digest, Sha256};
use thiserror::Error;
use utoipa_axum::router::OpenApiRouter;

use self::edge::Edge;
use self::frame::FrameLayer;
use crate::auth::cache::TokenDigest;
use crate::auth::keys::KeyRing;
use crate::entropy::Entropy;
use crate::gateway::limit::counters::LimitMetrics;
use crate::gateway::{Gateway, GatewaySettings, version};
use crate::metrics::{HttpMetrics, MetricsSource};
use crate::port::Partitions;
use crate::problem::{Problem, catalog};
use crate::provider::metrics::NoticeMetrics;
use crate::provider::sandbox::{self, Sandbox};
use crate::provider::{Providers, webhook};
use crate::slow::Backstage;

/// What the API needs to know.
pub struct Settings {
    /// Whoever sends this as a bearer token runs the events. At least
    /// [`Settings::OPERATOR_TOKEN_BYTES_MIN`] bytes.
    pub operator_token: String,
    /// What tokens are signed with. With other keys all tokens are void.
    pub keys: KeyRing,
    /// How long a guest's session lasts.
    pub session_lifetime: Span,
    /// Who takes money.
    pub providers: Providers,
    /// The pages of the sandbox, if it is one of the providers.
    pub sandbox: Option<Sandbox>,
    /// The control plane, where there is one: without it only the sale goes on.
    pub backstage: Option<Backstage>,
    /// For each partition the port at which its core alone is reached; none where cores have no
    /// ports of their own.
    pub direct_ports: Vec<u16>,
    /// Where seeds and new people come from.
    pub entropy: Arc<dyn Entropy>,
    /// What the server counts besides requests.
    pub metrics: Arc<dyn MetricsSource>,
    /// What stands between the network and the handlers.
    pub gateway: GatewaySettings,
}

impl Settings {
    /// The shortest operator token: as long as 128 random bits in hex.
    pub const OPERATOR_TOKEN_BYTES_MIN: usize = 32;
    /// How long a guest's session lasts by default: it is all that ties them to their tickets.
    pub const SESSION_LIFETIME: Span = Span::from_mins(7 * 24 * 60);
}

/// Why there is no API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// Anybody might guess it.
    #[error("the operator token must have at least 32 bytes: make one with `openssl rand -hex 32`")]
    OperatorToken,
}

/// The API, shared by all cores. A cheap handle.
#[derive(Clone)]
pub struct Api<P> {
    partitions: P,
    common: Arc<Common>,
}

/// What all cores share, read only but for atomics.
pub(crate) struct Common {
    pub keys: KeyRing,
    pub ended: Arc<EndedSessions>,
    pub operator: TokenDigest,
    pub session_lifetime: Span,
    pub providers: Providers,
    pub sandbox: Option<Sandbox>,
    pub backstage: Option<Backstage>,
    pub direct_ports: Vec<u16>,
    pub entropy: Arc<dyn Entropy>,
    pub metrics: Arc<HttpMetrics>,
    pub more_metrics: Arc<dyn MetricsSource>,
    pub limit_metrics: LimitMetrics,
    pub notice_metrics: NoticeMetrics,
    pub gateway: GatewaySettings,
    pub stopping: AtomicBool,
}

impl<P: Partitions> Api<P> {
    /// An API to these partitions.
    pub fn new(partitions: P, settings: Settings) -> Result<Self, SettingsError> {
        if settings.operator_token.len() < Settings::OPERATOR_TOKEN_BYTES_MIN {
            return Err(SettingsError::OperatorToken);
        }
        let common = Common {
            keys: settings.keys,
            ended: settings.backstage.as_ref().map_or_else(no_sessions, Backstage::ended),
            operator: Sha256::digest(&settings.operator_token).into(),
            session_lifetime: settings.session_lifetime,
            providers: settings.providers,
            sandbox: settings.sandbox,
            backstage: settings.backstage,
            direct_ports: settings.direct_ports,
            entropy: settings.entropy,
            metrics: Arc::default(),
            more_metrics: settings.metrics,
            limit_metrics: LimitMetrics::default(),
            notice_metrics: NoticeMetrics::default(),
            gateway: settings.gateway,
            stopping: AtomicBool::new(false),
        };
        Ok(Self { partitions, common: Arc::new(common) })
    }

    /// Lets `/readyz` say from now on that nobody should be sent here any more.
    pub fn stop(&self) {
        self.common.stopping.store(true, Ordering::Relaxed);
    }
}

/// Without accounts nobody has signed in.
fn no_sessions() -> Arc<EndedSessions> {
    Arc::new(EndedSessions::new(Span::ZERO))
}

/// A Router of its own for each core: it has the core's counters and its cache of tokens.
pub fn router<P: Partitions>(api: Api<P>) -> Router {
    let Api { partitions, common } = api;
    let (routes, document) = routes().split_for_parts();
    let document = docs::complete(&document);
    let metrics = &common.limit_metrics;
    let gateway = Gateway::new(&common.gateway, &document, metrics, &*common.entropy);
    let counters = common.metrics.new_core(gateway.routes.names());
    let edge = Edge::new(partitions.clone(), common.clone(), counters, gateway);
    let providers = common.providers.clone();
    let webhooks = webhook::routes(partitions, providers, &common.notice_metrics);
    let sandbox = common.sandbox.clone().map(sandbox::routes).unwrap_or_default();
    routes
        .merge(docs::routes(&document))
        .with_state(edge.clone())
        .merge(webhooks)
        .merge(sandbox)
        .method_not_allowed_fallback(no_such_method)
        .fallback(no_such_route)
        .layer(FrameLayer(edge))
}

/// The `OpenAPI` document, without a server.
pub fn document() -> serde_json::Value {
    docs::complete(routes().get_openapi())
}

fn routes() -> OpenApiRouter<Edge> {
    docs::begin()
        .merge(events::routes())
        .merge(changes::routes())
        .merge(stock::routes())
        .merge(chart::routes())
        .merge(catalogue::routes())
        .merge(categories::routes())
        .merge(organisers::routes())
        .merge(venues::routes())
        .merge(crews::routes())
        .merge(roles::routes())
        .merge(webhook_endpoints::routes())
        .merge(audit_log::routes())
        .merge(sessions::routes())
        .merge(accounts::routes())
        .merge(token_keys::routes())
        .merge(waitroom::routes())
        .merge(holds::routes())
        .merge(orders::routes())
        .merge(refunds::routes())
        .merge(disputes::routes())
        .merge(stuck::routes())
        .merge(reading::routes())
        .merge(health::routes())
}

async fn no_such_route(address: Uri) -> Problem {
    version::no_such_route(address.path())
}

async fn no_such_method() -> Problem {
    Problem::new(&catalog::METHOD_NOT_ALLOWED, "this address has other methods: see Allow")
}
