//! Six payment providers, simulated in this process, and their way to a server that may be away.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use onsale_provider_sim::{Config, World, credentials, serve};
use reqwest::Client;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// How soon providers tell again what was not accepted.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// How late notices are that are to be late.
const LATE_AFTER: Duration = Duration::from_secs(1);

/// All providers, and what each takes.
pub const PROVIDERS: [(&str, &str); 6] = [
    ("stripe", "EUR"),
    ("paypal", "EUR"),
    ("razorpay", "INR"),
    ("vnpay", "VND"),
    ("zalopay", "VND"),
    ("payos", "VND"),
];

/// The providers. Notices find the server by [`Bank::serves`], whatever port it has now.
pub struct Bank {
    url: String,
    relay: Arc<Relay>,
    http: Client,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Relay {
    base: Mutex<Option<String>>,
    http: Client,
}

impl Bank {
    /// Providers whose books are empty.
    ///
    /// # Panics
    /// If there is no port to be had.
    pub async fn open() -> Self {
        let (relay, relay_url) = listener().await;
        let (books, url) = listener().await;
        let config = Config {
            public_url: url.clone(),
            notify_url: Some(format!("{relay_url}/api/v1/webhooks")),
            retry_pause: RETRY_PAUSE,
            late_after: LATE_AFTER,
            first_serial: 0,
        };
        let world = World::new(config, Arc::new(now_ms)).expect("there is an HTTP client");
        let state = Arc::<Relay>::default();
        let router = Router::new().fallback(pass_on).with_state(Arc::clone(&state));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { serve(books, world).await.expect("it is served") });
        tasks.spawn(async move { axum::serve(relay, router).await.expect("it is served") });
        Self { url, relay: state, http: Client::new(), _tasks: tasks }
    }

    /// Where the server is from now on.
    pub fn serves(&self, base: &str) {
        let mut known = self.relay.base.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(base.to_owned());
    }

    /// What a server must be told to use the providers.
    pub fn settings(&self) -> Vec<(String, String)> {
        use credentials::{
            PAYOS_API_KEY, PAYOS_CHECKSUM_KEY, PAYOS_CLIENT_ID, PAYPAL_CLIENT_ID, PAYPAL_SECRET,
            PAYPAL_WEBHOOK_ID, RAZORPAY_KEY_ID, RAZORPAY_KEY_SECRET, RAZORPAY_WEBHOOK_SECRET,
            STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, VNPAY_HASH_SECRET, VNPAY_TMN_CODE,
            ZALOPAY_APP_ID, ZALOPAY_KEY1, ZALOPAY_KEY2,
        };
        let url = &self.url;
        let settings = [
            ("STRIPE__API", &*format!("{url}/stripe")),
            ("STRIPE__SECRET_KEY", STRIPE_SECRET_KEY),
            ("STRIPE__WEBHOOK_SECRETS", STRIPE_WEBHOOK_SECRET),
            ("PAYPAL__API", &format!("{url}/paypal")),
            ("PAYPAL__CLIENT_ID", PAYPAL_CLIENT_ID),
            ("PAYPAL__CLIENT_SECRET", PAYPAL_SECRET),
            ("PAYPAL__WEBHOOK_IDS", PAYPAL_WEBHOOK_ID),
            ("RAZORPAY__API", &format!("{url}/razorpay/v1")),
            ("RAZORPAY__KEY_ID", RAZORPAY_KEY_ID),
            ("RAZORPAY__KEY_SECRET", RAZORPAY_KEY_SECRET),
            ("RAZORPAY__WEBHOOK_SECRETS", RAZORPAY_WEBHOOK_SECRET),
            ("VNPAY__PAGE", &format!("{url}/vnpay/paymentv2/vpcpay.html")),
            ("VNPAY__API", &format!("{url}/vnpay/merchant_webapi/api/transaction")),
            ("VNPAY__TMN_CODE", VNPAY_TMN_CODE),
            ("VNPAY__HASH_SECRET", VNPAY_HASH_SECRET),
            ("ZALOPAY__API", &format!("{url}/zalopay")),
            ("ZALOPAY__APP_ID", &ZALOPAY_APP_ID.to_string()),
            ("ZALOPAY__KEY1", ZALOPAY_KEY1),
            ("ZALOPAY__KEY2S", ZALOPAY_KEY2),
            ("PAYOS__API", &format!("{url}/payos")),
            ("PAYOS__PAGES", &format!("{url}/payos/pay")),
            ("PAYOS__CLIENT_ID", PAYOS_CLIENT_ID),
            ("PAYOS__API_KEY", PAYOS_API_KEY),
            ("PAYOS__CHECKSUM_KEY", PAYOS_CHECKSUM_KEY),
        ];
        let named = |(name, value): &(&str, &str)| {
            (format!("ONSALE_PAYMENTS__{name}"), (*value).to_owned())
        };
        settings.iter().map(named).collect()
    }

    /// Opens a pay page as a browser would; answers `<provider>/<reference>` to act on.
    ///
    /// # Panics
    /// If there is no such page.
    pub async fn visit(&self, url: &str) -> String {
        let page = self.http.get(url).header("accept", "text/html").send().await;
        let page = page.expect("there is a page");
        assert!(page.status().is_success(), "{url}: {}", page.status());
        let path = page.url().path().trim_start_matches('/').to_owned();
        let (provider, reference) = path.split_once("/pay/").unwrap_or_else(|| panic!("{path}"));
        format!("{provider}/{reference}")
    }

    /// Acts on a page: `pay`, `decline?notices=twice`.
    ///
    /// # Panics
    /// If the providers do not answer.
    pub async fn act(&self, page: &str, act: &str) -> StatusCode {
        self.command(&format!("{page}/{act}")).await
    }

    /// Anything below `/sim/`.
    ///
    /// # Panics
    /// If the providers do not answer.
    pub async fn command(&self, path: &str) -> StatusCode {
        let done = self.http.post(format!("{}/sim/{path}", self.url)).send().await;
        done.expect("the providers answer").status()
    }

    /// The books of all providers.
    ///
    /// # Panics
    /// If the providers do not answer.
    pub async fn books(&self) -> Value {
        let books = self.http.get(format!("{}/sim/books", self.url)).send().await;
        books.expect("the providers answer").json().await.expect("the books are JSON")
    }
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    (listener, url)
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Gives a notice to the server as it came, and the provider the server's answer.
async fn pass_on(
    State(relay): State<Arc<Relay>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let base = relay.base.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let away = || StatusCode::SERVICE_UNAVAILABLE.into_response();
    let Some(base) = base else { return away() };
    let mut request = relay.http.request(method, format!("{base}{uri}")).body(body);
    for (name, value) in headers.iter().filter(|(name, _)| *name != "host") {
        request = request.header(name, value);
    }
    let Ok(answer) = request.send().await else { return away() };
    let status = answer.status();
    let kind = answer.headers().get("content-type").cloned();
    let Ok(body) = answer.bytes().await else { return away() };
    let mut response = (status, body).into_response();
    response.headers_mut().extend(kind.map(|kind| (CONTENT_TYPE, kind)));
    response
}
