//! A provider that speaks `OpenID` Connect over HTTP, and ways for it to go wrong: discovery, keys,
//! authorization with PKCE, tokens, and where it says more of somebody.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use onsale_net::oidc::{OidcProviders, ProviderSettings};
use onsale_net::port::Partitions;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::signing::Signing;
use crate::memory::Memory;

const CLIENT: &str = "on-sale";
const SECRET: &str = "s3cret/+:%";
const ACCESS_TOKEN: &str = "an-access-token-of-the-provider";

type Form = HashMap<String, String>;
type Twist = Box<dyn Fn(&mut Value) + Send>;
pub type Forge = Box<dyn Fn(&Value) -> String + Send>;

/// The provider.
pub struct Idp {
    pub issuer: String,
    world: Arc<Mutex<World>>,
    server: JoinHandle<()>,
}

pub struct World {
    /// What it says about whoever signs in.
    pub person: Value,
    pub signing: Signing,
    /// Public keys.
    pub published: Vec<Value>,
    /// Changes the claims of each ID token.
    pub twist: Twist,
    /// Makes the ID token of its claims, instead of signing them.
    pub forge: Option<Forge>,
    /// Answers that are given at these paths instead of the right ones.
    pub wrong: HashMap<&'static str, (u16, String)>,
    /// What is said in the configuration besides.
    pub configuration: Value,
    /// How often each path was asked.
    pub asked: HashMap<String, usize>,
    issuer: String,
    clock: Option<Memory>,
    codes: HashMap<String, Form>,
}

impl Idp {
    /// One that signs so.
    pub async fn start(signing: Signing) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let world = World {
            person: json!({
                "sub": "ada-at-idp", "email": "ada@example.org", "email_verified": true,
                "given_name": "Ada", "family_name": "Lovelace",
            }),
            published: vec![signing.published()],
            signing,
            twist: Box::new(|_| {}),
            forge: None,
            wrong: HashMap::new(),
            configuration: json!({}),
            asked: HashMap::new(),
            issuer: issuer.clone(),
            clock: None,
            codes: HashMap::new(),
        };
        let world = Arc::new(Mutex::new(world));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&world));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { issuer, world, server }
    }

    pub fn settings(&self) -> ProviderSettings {
        ProviderSettings {
            name: "example".parse().unwrap(),
            issuer: self.issuer.clone(),
            client_id: CLIENT.to_owned(),
            client_secret: SECRET.to_owned(),
            scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
            at_once: 4,
        }
    }

    pub fn providers(&self) -> OidcProviders {
        OidcProviders::new([self.settings()]).unwrap()
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// By which clock it says when.
    pub fn go_by(&self, clock: &Memory) {
        self.world().clock = Some(clock.clone());
    }

    /// Is there no more.
    pub async fn stop(self) {
        self.server.abort();
        let _ = self.server.await;
    }
}

async fn answer(
    State(world): State<Arc<Mutex<World>>>,
    uri: Uri,
    Query(query): Query<Form>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut world = world.lock().unwrap();
    let path = uri.path();
    *world.asked.entry(path.to_owned()).or_default() += 1;
    if let Some((status, text)) = world.wrong.get(path) {
        return (StatusCode::from_u16(*status).unwrap(), text.clone()).into_response();
    }
    let authorization = headers.get("authorization").map(|value| value.to_str().unwrap());
    match path {
        "/.well-known/openid-configuration" => json(200, &world.document()),
        "/keys" => json(200, &json!({ "keys": world.published })),
        "/authorize" => world.authorize(query),
        "/token" => world.token(&read_form(&body), authorization),
        "/userinfo" => world.user_info(authorization),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn json(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("content-type", "application/json")], body.to_string()).into_response()
}

fn read_form(body: &[u8]) -> Form {
    let query = format!("http://idp/?{}", String::from_utf8(body.to_vec()).unwrap());
    let Query(form) = Query::try_from_uri(&query.parse().unwrap()).unwrap();
    form
}

impl World {
    fn document(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        let mut document = json!({
            "issuer": self.issuer, "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"), "jwks_uri": at("/keys"),
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
        });
        for (name, value) in self.configuration.as_object().unwrap() {
            document[name] = value.clone();
        }
        document
    }

    /// Whoever comes is signed in already, and agrees.
    fn authorize(&mut self, query: Form) -> Response {
        let is = |name: &str, value: &str| query.get(name).is_some_and(|given| given == value);
        let is_good = is("response_type", "code")
            && is("client_id", CLIENT)
            && is("code_challenge_method", "S256")
            && query["scope"].split(' ').any(|scope| scope == "openid");
        if !is_good {
            return StatusCode::BAD_REQUEST.into_response();
        }
        let code = format!("code-{}", self.codes.len() + self.asked["/authorize"]);
        let mut back = query["redirect_uri"].clone();
        write!(back, "?code={code}&state={}", query["state"]).unwrap();
        self.codes.insert(code, query);
        Redirect::to(&back).into_response()
    }

    fn token(&mut self, form: &Form, authorization: Option<&str>) -> Response {
        let methods = &self.configuration["token_endpoint_auth_methods_supported"];
        let basic = BASE64_STANDARD.encode(format!("{CLIENT}:s3cret%2F%2B%3A%25"));
        let knows = if methods == &json!(["client_secret_post"]) {
            form["client_id"] == CLIENT && form["client_secret"] == SECRET
        } else {
            authorization == Some(&format!("Basic {basic}")) && !form.contains_key("client_secret")
        };
        if !knows {
            return json(401, &json!({"error": "invalid_client"}));
        }
        // A code is good once.
        let Some(asked) = self.codes.remove(&form["code"]) else {
            return json(400, &json!({"error": "invalid_grant"}));
        };
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
        if asked["code_challenge"] != challenge || asked["redirect_uri"] != form["redirect_uri"] {
            return json(400, &json!({"error": "invalid_grant"}));
        }
        let id_token = self.id_token(&asked);
        let tokens = json!({
            "access_token": ACCESS_TOKEN, "token_type": "Bearer", "id_token": id_token,
        });
        json(200, &tokens)
    }

    fn id_token(&self, asked: &Form) -> String {
        let now = self.clock.as_ref().unwrap().now().as_ms() / 1_000;
        let mut claims = json!({
            "iss": self.issuer, "aud": asked["client_id"], "nonce": asked["nonce"],
            "iat": now, "exp": now + 300,
        });
        for (name, value) in self.person.as_object().unwrap() {
            claims[name] = value.clone();
        }
        (self.twist)(&mut claims);
        self.forge.as_ref().map_or_else(|| self.signing.sign(&claims), |forge| forge(&claims))
    }

    fn user_info(&self, authorization: Option<&str>) -> Response {
        if authorization != Some(&format!("Bearer {ACCESS_TOKEN}")) {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        json(200, &self.person)
    }
}
