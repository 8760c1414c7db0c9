//! A server to test against, and what is asked of it.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Extensions, HeaderMap, Method, Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use onsale_control::Control;
use onsale_control::catalogue::CatalogueSettings;
use onsale_control::database::{Database, DatabaseSettings};
use onsale_control::projection::{Journal, Progress, checkpoint, project};
use onsale_control::webhooks::WebhookRules;
use onsale_core::time::{Span, Time};
use onsale_net::api::{Api, Settings, document, router};
use onsale_net::auth::keys::{KeyFile, KeyRing, new_signing_key};
use onsale_net::entropy::OsEntropy;
use onsale_net::gateway::GatewaySettings;
use onsale_net::gateway::address::Peer;
use onsale_net::oidc::OidcProviders;
use onsale_net::port::Partitions;
use onsale_net::provider::{PaymentProvider, Providers};
use onsale_net::reading::ReadingLimits;
use onsale_net::slow::{Backstage, SlowPool};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::control_plane::control;
use crate::memory::{Memory, START};
use crate::rules::Rules;
use crate::stand_ins::{Spawn, Till};
use crate::token_keys::Drawer;

pub const OPERATOR: &str = "operator-token-of-the-tests-0123456789";

/// How far behind the read models of every server may be, and how much is asked of them.
const READING: ReadingLimits = ReadingLimits { behind: Span::from_mins(1), waits: 1, exports: 1 };

pub static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

/// The signing keys of every server here.
pub fn keys() -> KeyRing {
    let pkcs8 = new_signing_key(&[7; 32]).unwrap();
    let first = KeyFile { created_at: Time::ZERO, pkcs8 };
    KeyRing::new(&[first], Settings::SESSION_LIFETIME, Arc::new(Drawer)).unwrap()
}

pub struct Server {
    pub memory: Memory,
    pub router: Router,
    api: Api<Memory>,
    control: Option<Control>,
    /// Where the control plane's database is.
    _folder: Option<TempDir>,
}

/// A Router to any partitions, without a control plane.
pub fn router_to<P: Partitions>(partitions: P) -> (Api<P>, Router) {
    router_behind(partitions, GatewaySettings::default())
}

/// A Router to any partitions, without a control plane, behind a gateway.
pub fn router_behind<P: Partitions>(partitions: P, gateway: GatewaySettings) -> (Api<P>, Router) {
    router_with(partitions, None, Rules::default(), gateway)
}

fn router_with<P: Partitions>(
    partitions: P,
    control: Option<Control>,
    rules: Rules,
    gateway: GatewaySettings,
) -> (Api<P>, Router) {
    let pool: Arc<dyn SlowPool> = Arc::new(Spawn);
    let till = || Providers::new([Arc::new(Till) as Arc<dyn PaymentProvider>]);
    let oidc = rules.oidc;
    let settings = Settings {
        operator_token: OPERATOR.to_owned(),
        keys: keys(),
        session_lifetime: Settings::SESSION_LIFETIME,
        providers: rules.providers.unwrap_or_else(till),
        sandbox: None,
        backstage: control.map(|control| Backstage::new(control, pool, READING, oidc)),
        direct_ports: Vec::new(),
        entropy: Arc::new(OsEntropy),
        metrics: Arc::new(()),
        gateway,
    };
    let api = Api::new(partitions, settings).unwrap();
    (api.clone(), router(api))
}

impl Server {
    pub fn new() -> Self {
        Self::behind(GatewaySettings::default())
    }

    pub fn behind(gateway: GatewaySettings) -> Self {
        let memory = Memory::new();
        let (api, router) = router_behind(memory.clone(), gateway);
        Self { memory, router, api, control: None, _folder: None }
    }

    /// One with a control plane, in a database of SQLite.
    pub async fn with_control() -> Self {
        Self::with_rules(Rules::default()).await
    }

    /// The same, with other rules for events.
    pub async fn with_catalogue(catalogue: CatalogueSettings) -> Self {
        Self::with_rules(Rules { catalogue, ..Rules::default() }).await
    }

    /// The same, with accounts that can be opened by these providers.
    pub async fn with_oidc(oidc: OidcProviders) -> Self {
        Self::with_rules(Rules { oidc, ..Rules::default() }).await
    }

    /// The same, with room for so many webhook endpoints of all together and of one organiser.
    pub async fn with_endpoints(endpoints_max: u32, per_organiser_max: u32) -> Self {
        let webhooks = WebhookRules { endpoints_max, per_organiser_max, private_addresses: false };
        Self::with_rules(Rules { webhooks, ..Rules::default() }).await
    }

    /// The same, where these take money.
    pub async fn with_providers(providers: Providers) -> Self {
        Self::with_rules(Rules { providers: Some(providers), ..Rules::default() }).await
    }

    async fn with_rules(rules: Rules) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = DatabaseSettings::sqlite(&folder.path().join("control.db"));
        let server = Self::with(&settings, rules).await;
        Self { _folder: Some(folder), ..server }
    }

    /// One with a control plane in this database, if it can be reached.
    pub async fn with_database(settings: &DatabaseSettings) -> Self {
        Self::with(settings, Rules::default()).await
    }

    async fn with(settings: &DatabaseSettings, rules: Rules) -> Self {
        let memory = Memory::new();
        let database = Database::open(settings).unwrap();
        // Where it cannot be reached, that is what is tested.
        let _ = database.migrate().await;
        let control = Control {
            catalogue: rules.catalogue,
            webhooks: rules.webhooks,
            ..control(database, &memory)
        };
        let gateway = GatewaySettings::default();
        let (api, router) = router_with(memory.clone(), Some(control.clone()), rules, gateway);
        Self { memory, router, api, control: Some(control), _folder: None }
    }

    /// The Router of another core of this server.
    pub fn other_core(&self) -> Router {
        router(self.api.clone())
    }

    /// What is behind the scenes.
    pub fn control(&self) -> &Control {
        self.control.as_ref().expect("this server has a control plane")
    }

    /// What it knows.
    pub fn database(&self) -> &Database {
        &self.control().database
    }

    /// How far its read models are.
    pub fn progress(&self) -> &Progress {
        &self.control().progress
    }

    /// Takes everything that has happened into the read models.
    pub async fn project(&self) {
        for partition in self.progress().partitions() {
            let from = checkpoint(self.database(), partition, Journal(1)).await.unwrap();
            let new = self.memory.decisions(partition, from.fact);
            let projected = project(self.database(), &from, &new).await.unwrap();
            self.progress().took(&projected);
        }
    }

    /// Sends a request; whatever problem comes back must be in the document.
    pub async fn send(&self, call: Call) -> Answer {
        let (method, path) = (call.method.clone(), call.path.clone());
        let answer = send(&self.router, call).await;
        if let Some(code) = answer.code() {
            let path = path.split('?').next().unwrap();
            assert!(is_declared(&method, path, &code), "{code} of {method} {path} is undocumented");
        }
        answer
    }

    /// Sends a request whose answer is not read yet.
    pub async fn open(&self, call: Call) -> Response {
        open(&self.router, call).await
    }

    /// Sends a request that must be refused like this and change nothing.
    pub async fn refuse(&self, call: Call, status: u16, code: &str) -> Value {
        let before = self.memory.state();
        let body = self.refuse_in_catalogue(call, status, code).await;
        assert!(self.memory.state() == before, "a refused request has changed something");
        body
    }

    /// Sends a request that must be refused like this; an id may be reserved for it in the sale.
    pub async fn refuse_in_catalogue(&self, call: Call, status: u16, code: &str) -> Value {
        let answer = self.send(call).await;
        assert_eq!(answer.code().as_deref(), Some(code), "{answer:?}");
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        let body = answer.json();
        assert_eq!(body["type"], format!("/problems/{code}"));
        assert_eq!(body["status"], status);
        assert_eq!(body["instance"], answer.headers["x-request-id"].to_str().unwrap());
        body
    }

    /// Sends a request that must be accepted with this status.
    pub async fn accept(&self, call: Call, status: u16) -> Value {
        let answer = self.send(call).await;
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    /// Sends a request that makes something: where that is, and its tag.
    pub async fn create(&self, call: Call) -> (String, String) {
        let made = self.send(call).await;
        assert_eq!(made.status, 201, "{made:?}");
        (made.location().to_owned(), made.tag().to_owned())
    }

    /// The token of a new guest.
    pub async fn guest(&self) -> String {
        let call = post("/api/v1/sessions").json(&json!({"email": "ada@example.org"}));
        text(&self.accept(call, 201).await["access_token"])
    }

    /// Defines and opens an event; returns its id.
    pub async fn event(&self, definition: &Value) -> String {
        let define = post("/api/v1/events").operator().json(definition);
        let event = text(&self.accept(define, 201).await["id"]);
        self.accept(post(format!("/api/v1/events/{event}/open")).operator(), 204).await;
        event
    }

    /// Takes a hold of two counted tickets; returns its id.
    pub async fn hold(&self, event: &str, token: &str) -> String {
        let wish = json!({"wishes": [{"class": 0, "count": 2}]});
        let call = post(format!("/api/v1/events/{event}/holds")).token(token).json(&wish);
        text(&self.accept(call, 201).await["id"])
    }

    /// Places an order of a hold; returns its id.
    pub async fn order(&self, hold: &str, token: &str) -> String {
        let order = json!({"hold": hold, "provider": "till"});
        let call = post("/api/v1/orders").token(token).json(&order);
        text(&self.accept(call, 201).await["id"])
    }

    /// The checkout token of a new place that has been let in.
    pub async fn admission(&self, event: &str, token: &str) -> String {
        let join = post(format!("/api/v1/events/{event}/waitroom")).token(token);
        let place = self.accept(join.json(&json!({"party": 2})), 201).await;
        let show = get(format!("/api/v1/places/{}", text(&place["id"]))).token(token);
        text(&self.accept(show, 200).await["checkout_token"])
    }
}

pub async fn send(router: &Router, call: Call) -> Answer {
    let (head, body) = open(router, call).await.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: head.status, headers: head.headers, body }
}

/// An answer of which only the head is there.
async fn open(router: &Router, call: Call) -> Response {
    let mut request = Request::builder().method(call.method).uri(call.path);
    for (name, value) in call.headers {
        request = request.header(name, value);
    }
    let mut request = request.body(Body::from(call.body)).unwrap();
    request.extensions_mut().extend(call.peer);
    router.clone().oneshot(request).await.unwrap()
}

/// A request to be sent.
#[derive(Clone)]
pub struct Call {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    peer: Extensions,
    body: Vec<u8>,
}

fn call(method: Method, path: impl Into<String>) -> Call {
    let (headers, peer, body) = (Vec::new(), Extensions::new(), Vec::new());
    Call { method, path: path.into(), headers, peer, body }
}

pub fn get(path: impl Into<String>) -> Call {
    call(Method::GET, path)
}

pub fn put(path: impl Into<String>) -> Call {
    call(Method::PUT, path)
}

pub fn delete(path: impl Into<String>) -> Call {
    call(Method::DELETE, path)
}

pub fn patch(path: impl Into<String>) -> Call {
    call(Method::PATCH, path)
}

/// A request with any method.
pub fn call_with(method: &str, path: &str) -> Call {
    call(method.parse().unwrap(), path)
}

/// A POST with a key of its own.
pub fn post(path: impl Into<String>) -> Call {
    let mut key = [0; 8];
    getrandom::fill(&mut key).unwrap();
    let key = u64::from_be_bytes(key);
    call(Method::POST, path).header("idempotency-key", format!("\"{key:x}\""))
}

impl Call {
    pub fn is_get(&self) -> bool {
        self.method == Method::GET
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// One more line of a header.
    pub fn and_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// From an address, as over a socket.
    pub fn from(mut self, address: &str) -> Self {
        self.peer.insert(Peer(address.parse().unwrap()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub fn token(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// With this token, if it has none.
    pub fn or_token(self, token: &str) -> Self {
        let has_one = self.headers.iter().any(|(name, _)| *name == "authorization");
        if has_one { self } else { self.token(token) }
    }

    pub fn operator(self) -> Self {
        self.token(OPERATOR)
    }

    pub fn json(self, body: &Value) -> Self {
        self.raw(body.to_string())
    }

    pub fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", "application/json")
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Where that is which was made.
    pub fn location(&self) -> &str {
        self.headers["location"].to_str().unwrap()
    }

    /// The tag of what it shows.
    pub fn tag(&self) -> &str {
        self.headers["etag"].to_str().unwrap()
    }

    /// The code, if it is a problem.
    pub fn code(&self) -> Option<String> {
        let is_problem = self.headers.get("content-type")? == "application/problem+json";
        // A HEAD is answered without a body.
        (is_problem && !self.body.is_empty()).then(|| text(&self.json()["code"]))
    }
}

/// The text in a JSON string.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn is_declared(method: &Method, path: &str, code: &str) -> bool {
    let is_like = |template: &str| {
        let (template, path) = (template.split('/'), path.split('/'));
        template.clone().count() == path.clone().count()
            && template.zip(path).all(|(known, given)| known.starts_with('{') || known == given)
    };
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let Some((_, item)) = paths.iter().find(|(template, _)| is_like(template)) else {
        return ["no_such_route", "unknown_version"].contains(&code);
    };
    match &item[method.as_str().to_ascii_lowercase()] {
        Value::Null => code == "method_not_allowed",
        operation => operation["x-problems"].as_array().unwrap().iter().any(|one| one == code),
    }
}

/// Counted tickets: a hundred at 25.00, eight for each buyer.
pub fn standing() -> Value {
    json!({
        "name": "The Lanterns", "currency": "EUR",
        "classes": [{"name": "Standing", "price_minor": 2_500, "window": window()}],
        "quotas": [{"name": "Hall", "capacity": 100, "classes": [0]}],
    })
}

/// Two rows of ten seats at 89.00; the last seat is blocked.
pub fn seated() -> Value {
    let row = |label: &str, y_cm: i32, blocked: Value| {
        json!({
            "label": label, "seats": 10, "first": {"x_cm": 0, "y_cm": y_cm},
            "step": {"x_cm": 50, "y_cm": 0}, "blocked": blocked,
        })
    };
    json!({
        "name": "The Lanterns", "currency": "EUR",
        "classes": [{"name": "Stalls", "price_minor": 8_900, "window": window()}],
        "plan": {
            "focal_point": {"x_cm": 225, "y_cm": 0},
            "sections": [{
                "name": "Stalls", "class": 0,
                "rows": [row("A", 300, json!([])), row("B", 400, json!([9]))],
            }],
        },
    })
}

/// Counted tickets behind a waitroom that lets people in already.
pub fn queued() -> Value {
    let mut definition = standing();
    let before = at(Time::from_ms(START.as_ms() - 60_000));
    definition["waitroom"] = json!({"doors_at": before, "opens_at": before});
    definition
}

/// A window from an hour ago to a day from now.
fn window() -> Value {
    let opens = Time::from_ms(START.as_ms() - 3_600_000);
    let closes = Time::from_ms(START.as_ms() + 86_400_000);
    json!({"opens_at": at(opens), "closes_at": at(closes)})
}

pub fn at(time: Time) -> String {
    onsale_net::dto::At(time).to_string()
}
