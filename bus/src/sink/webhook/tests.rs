//! A receiver that says what the test wants it to.

use std::collections::VecDeque;
use std::sync::Mutex;

use axum::Router;
use axum::body::Bytes as Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::net::TcpListener;

use super::*;
use crate::sink::testing::{event, events};

const SECRET: &str = concat!("whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

/// What was received, and what is to be answered next; after that 204.
#[derive(Default)]
struct Seen {
    bodies: Vec<(HeaderMap, String)>,
    answers: VecDeque<Response>,
}

type Shared = Arc<Mutex<Seen>>;

struct Receiver {
    url: String,
    seen: Shared,
}

impl Receiver {
    async fn start(answers: impl IntoIterator<Item = Response>) -> Self {
        let seen = Shared::default();
        seen.lock().unwrap().answers.extend(answers);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().route("/hook", post(receive)).with_state(Arc::clone(&seen));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, seen }
    }

    fn sink(&self) -> Webhook {
        let timeout = Duration::from_secs(5);
        Webhook::new(WebhookSettings::new(&self.url, &[SECRET], timeout, true).unwrap())
    }

    fn ids(&self) -> Vec<String> {
        let id =
            |(headers, _): &(HeaderMap, String)| headers["webhook-id"].to_str().unwrap().to_owned();
        self.seen.lock().unwrap().bodies.iter().map(id).collect()
    }
}

async fn receive(State(seen): State<Shared>, headers: HeaderMap, body: Body) -> Response {
    let mut seen = seen.lock().unwrap();
    seen.bodies.push((headers, String::from_utf8(body.to_vec()).unwrap()));
    seen.answers.pop_front().unwrap_or_else(|| StatusCode::NO_CONTENT.into_response())
}

#[tokio::test]
async fn events_are_sent_one_after_the_other_and_signed() {
    let receiver = Receiver::start([]).await;
    receiver.sink().deliver(&events(3)).await.unwrap();
    let seen = receiver.seen.lock().unwrap();
    let bodies: Vec<_> = seen.bodies.iter().map(|(_, body)| body.clone()).collect();
    assert_eq!(bodies, [1, 2, 3].map(|number| event(number).json));
    let (headers, body) = &seen.bodies[0];
    let text = |name: &str| headers[name].to_str().unwrap();
    assert_eq!(text("webhook-id"), event(1).id);
    assert!(text("content-type").starts_with("application/cloudevents+json"));
    let timestamp_s: u64 = text("webhook-timestamp").parse().unwrap();
    let secrets = [SigningSecret::parse(SECRET).unwrap()];
    let signature = signatures(&secrets, &event(1).id, timestamp_s, body.as_bytes());
    assert_eq!(text("webhook-signature"), signature);
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(now_s.abs_diff(timestamp_s) < 60);
}

#[tokio::test]
async fn a_failure_says_how_far_it_got_and_how_long_to_wait() {
    let busy = (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "7")]).into_response();
    let receiver = Receiver::start([StatusCode::OK.into_response(), busy]).await;
    let mut sink = receiver.sink();
    let error = sink.deliver(&events(3)).await.unwrap_err();
    let expected = SinkError::Temporary {
        delivered: 1,
        why: "it answers 503 Service Unavailable".to_owned(),
        retry_after: Some(Duration::from_secs(7)),
    };
    assert_eq!(error, expected);
    sink.deliver(&events(3)[1..]).await.unwrap();
    let ids = [1, 2, 2, 3].map(|number| event(number).id);
    assert_eq!(receiver.ids(), ids, "sent again under the same id");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = (StatusCode::FOUND, [("location", "/hook")]).into_response();
    let receiver = Receiver::start([elsewhere]).await;
    let error = receiver.sink().deliver(&events(1)).await.unwrap_err();
    assert!(matches!(error, SinkError::Temporary { delivered: 0, .. }), "{error:?}");
    assert_eq!(receiver.ids().len(), 1);
}

#[tokio::test]
async fn one_that_is_gone_is_sent_nothing_more_by_anybody() {
    let receiver = Receiver::start([StatusCode::GONE.into_response()]).await;
    let mut sink = receiver.sink();
    let mut other = sink.clone();
    let error = sink.deliver(&events(2)).await.unwrap_err();
    assert!(matches!(error, SinkError::Permanent { delivered: 0, .. }), "{error:?}");
    assert!(matches!(other.deliver(&events(1)).await, Err(SinkError::Permanent { .. })));
    assert_eq!(receiver.ids().len(), 1);
}

#[tokio::test]
async fn one_that_is_away_or_silent_is_a_failure_that_passes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let timeout = Duration::from_millis(50);
    let settings = WebhookSettings::new(&url, &[SECRET], timeout, true).unwrap();
    let mut sink = Webhook::new(settings.clone());
    // It takes the connection and says nothing.
    let silent = sink.deliver(&events(1)).await.unwrap_err();
    assert!(silent.to_string().contains("in time"), "{silent}");
    drop(listener);
    let away = Webhook::new(settings).deliver(&events(1)).await.unwrap_err();
    assert!(matches!(away, SinkError::Temporary { delivered: 0, .. }), "{away:?}");
}

#[tokio::test]
async fn nothing_reaches_this_machine_by_a_name() {
    let receiver = Receiver::start([]).await;
    let port = receiver.url.rsplit(':').next().unwrap();
    // As one who may not reach private addresses, over plain HTTP.
    let settings = WebhookSettings {
        url: format!("http://localhost:{port}").parse().unwrap(),
        secrets: Arc::new([SigningSecret::parse(SECRET).unwrap()]),
        timeout: Duration::from_secs(5),
        private_addresses: false,
    };
    let error = Webhook::new(settings).deliver(&events(1)).await.unwrap_err();
    assert!(error.to_string().contains("no public address"), "{error}");
    assert!(receiver.ids().is_empty());
}

#[test]
fn where_nothing_may_be_sent_is_refused_at_once() {
    let settings = |url: &str, private| {
        WebhookSettings::new(url, &[SECRET], Duration::from_secs(1), private).map(|_| ())
    };
    for url in ["https://example.org/hook?a=b", "https://1.1.1.1/", "https://[2606:4700::1]:8443/"]
    {
        assert_eq!(settings(url, false), Ok(()), "{url}");
    }
    for url in [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest",
        "https://user:password@example.org/",
        "ftp://example.org/",
        "/hook",
        "",
    ] {
        assert_eq!(settings(url, false), Err(NotAWebhook::Url), "{url}");
    }
    assert_eq!(settings("http://127.0.0.1:8000/", true), Ok(()));
    let none: [&str; 0] = [];
    let without = WebhookSettings::new("https://example.org", &none, Duration::ZERO, false);
    assert_eq!(without.map(|_| ()), Err(NotAWebhook::Secrets));
}
