//! The provider simulator in this process, and an inbox for its notices as they come in.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use http::{HeaderMap, Method, StatusCode, header};
use onsale_core::command::{DisputeNotice, PaymentNotice, PaymentOutcome, Provider};
use onsale_core::id::{EventId, OrderId, PartitionId};
use onsale_core::money::{Amount, Currency};
use onsale_core::payment::DisputeEnd;
use onsale_core::time::{Span, Time};
use onsale_net::provider::api::ApiUrl;
use onsale_net::provider::{
    AskError, Clock, IntentWish, NoticeError, PaymentProvider, Question, RawNotice, RefundWish,
    Said,
};
use onsale_provider_sim::{Config, World, serve};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// When every test begins.
pub const START: Time = Time::from_ms(1_800_000_000_000);

/// What every provider is content with.
const CONTENT: &str = r#"{"RspCode":"00","Message":"Confirm Success","return_code":1}"#;

/// The simulator, running, and what it sent.
pub struct Simulator {
    url: String,
    now_ms: Arc<AtomicU64>,
    client: reqwest::Client,
    inbox: mpsc::UnboundedReceiver<Caught>,
    _tasks: JoinSet<()>,
}

/// A notice as it came in.
pub struct Caught {
    pub method: Method,
    pub headers: HeaderMap,
    pub query: String,
    pub body: Bytes,
}

impl Caught {
    /// What an adapter reads in it.
    pub fn verify(
        &self,
        provider: &dyn PaymentProvider,
        now: Time,
    ) -> Result<Vec<Said>, NoticeError> {
        let Self { method, headers, query, body } = self;
        assert_eq!(*method, provider.notice_method());
        provider.verify_notice(RawNotice { headers, query, body }, now)
    }
}

impl Simulator {
    /// An empty one, at [`START`].
    pub async fn start() -> Self {
        let (sender, inbox) = mpsc::unbounded_channel();
        let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let notify_url = format!("http://{}", receiver.local_addr().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let now_ms = Arc::new(AtomicU64::new(START.as_ms()));
        let config = Config {
            public_url: url.clone(),
            notify_url: Some(notify_url),
            retry_pause: Duration::from_millis(1),
            late_after: Duration::from_millis(1),
            first_serial: 0,
        };
        let clock = Arc::clone(&now_ms);
        let clock = Arc::new(move || clock.load(Ordering::SeqCst));
        let world = World::new(config, clock).unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { serve(listener, world).await.unwrap() });
        let router = Router::new().fallback(catch).with_state(sender);
        tasks.spawn(async move { axum::serve(receiver, router).await.unwrap() });
        let redirect = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().no_proxy().redirect(redirect).build().unwrap();
        Self { url, now_ms, client, inbox, _tasks: tasks }
    }

    /// The API of a provider.
    pub fn api(&self, provider: &str) -> ApiUrl {
        ApiUrl::parse(&format!("{}/{provider}", self.url)).unwrap()
    }

    /// What time it is there.
    pub fn now(&self) -> Time {
        Time::from_ms(self.now_ms.load(Ordering::SeqCst))
    }

    /// The same for an adapter.
    pub fn clock(&self) -> Clock {
        let now_ms = Arc::clone(&self.now_ms);
        Arc::new(move || Time::from_ms(now_ms.load(Ordering::SeqCst)))
    }

    /// Lets time pass there.
    pub fn advance(&self, span: Span) {
        self.now_ms.fetch_add(span.as_ms(), Ordering::SeqCst);
    }

    /// Acts as a buyer: `pay`, `pay?notices=twice`.
    pub async fn act(&self, provider: &str, reference: &str, act: &str) -> StatusCode {
        self.command(&format!("{provider}/{reference}/{act}")).await
    }

    /// The next call to the provider's API goes wrong: `error`, `garbage`, `lost`.
    pub async fn fault(&self, provider: &str, fault: &str) {
        let done = self.command(&format!("{provider}/faults/{fault}")).await;
        assert_eq!(done, StatusCode::NO_CONTENT);
    }

    /// Refunds from now on are `done`, `pending` or `failed`.
    pub async fn refunds(&self, provider: &str, status: &str) {
        let done = self.command(&format!("{provider}/refunds/{status}")).await;
        assert_eq!(done, StatusCode::NO_CONTENT);
    }

    /// Anything below `/sim/`.
    pub async fn command(&self, path: &str) -> StatusCode {
        let request = self.client.post(format!("{}/sim/{path}", self.url));
        request.send().await.unwrap().status()
    }

    /// What a browser sees there, and where it would be sent.
    pub async fn open(&self, url: &str) -> (StatusCode, String) {
        let answer = self.client.get(url).send().await.unwrap();
        let status = answer.status();
        let location = answer.headers().get(header::LOCATION).cloned();
        match location {
            Some(location) => (status, location.to_str().unwrap().to_owned()),
            None => (status, answer.text().await.unwrap()),
        }
    }

    /// The next notice.
    pub async fn caught(&mut self) -> Caught {
        self.inbox.recv().await.unwrap()
    }

    /// Whatever was sent and is not read yet, when everything that there is to send was.
    pub async fn all_caught(&mut self, provider: &str) -> Vec<Caught> {
        while self.books(provider).await["notices"]["waiting"] != 0 {
            tokio::task::yield_now().await;
        }
        let mut all = Vec::new();
        while let Ok(caught) = self.inbox.try_recv() {
            all.push(caught);
        }
        all
    }

    /// The books of a provider.
    pub async fn books(&self, provider: &str) -> Value {
        let answer = self.client.get(format!("{}/sim/books", self.url)).send().await.unwrap();
        answer.json::<Value>().await.unwrap()[provider].take()
    }

    /// How much came and how much went back, in minor units.
    pub async fn sums(&self, provider: &str, currency: &str) -> (u64, u64) {
        let books = self.books(provider).await;
        let sums = &books["sums"][currency];
        let sum = |name: &str| sums[name].as_u64().unwrap_or(0);
        (sum("captured"), sum("refunded"))
    }

    /// A bank takes up a payment of 50.00 for order 1, decides, and takes it up again: each
    /// notice leads to a question, and the answer says how the dispute stands.
    pub async fn disputes(
        &mut self,
        provider: &dyn PaymentProvider,
        reference: &str,
        payment: &str,
    ) {
        let mut known: Vec<DisputeNotice> = Vec::new();
        for status in ["open", "won", "open", "lost", "won"] {
            let path = format!("{}/disputes/{reference}/{status}", provider.name());
            assert_eq!(self.command(&path).await, StatusCode::NO_CONTENT);
            let said = self.caught().await.verify(provider, self.now()).unwrap();
            let [Said::AskDispute(dispute)] = &said[..] else { panic!("{said:?}") };
            let notice = provider.query_dispute(dispute).await.unwrap().unwrap();
            assert_eq!(notice.dispute, *dispute);
            assert_eq!((notice.order, notice.payment.as_str()), (order(1), payment));
            assert_eq!(notice.amount.as_minor(), 5_000);
            known.push(notice);
        }
        let names: BTreeSet<_> = known.iter().map(|notice| &notice.dispute).collect();
        assert_eq!(names.len(), 1, "it keeps its name");
        let (amount, currency) = (known[0].amount, known[0].currency);
        let lost = Some(DisputeEnd::Lost { amount, currency });
        let ends: Vec<_> = known.iter().map(|notice| notice.end).collect();
        assert_eq!(ends, [None, Some(DisputeEnd::Won), None, lost, Some(DisputeEnd::Won)]);
    }

    /// A wish for a page, a quarter of an hour long.
    pub fn wish(&self, number: u32, minor: u64, currency: &str) -> IntentWish {
        IntentWish {
            order: order(number),
            amount: Amount::from_minor(minor),
            currency: code(currency),
            until: self.now() + Span::from_mins(15),
        }
    }
}

async fn catch(
    State(inbox): State<mpsc::UnboundedSender<Caught>>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> &'static str {
    let query = query.unwrap_or_default();
    // Nobody reads any more at the end of a test.
    let _ = inbox.send(Caught { method, headers, query, body });
    CONTENT
}

/// An order.
pub fn order(number: u32) -> OrderId {
    OrderId::new(EventId::new(PartitionId::new(3).unwrap(), 5).unwrap(), number)
}

/// A currency.
pub fn code(text: &str) -> Currency {
    text.parse().unwrap()
}

/// A wish to give something back.
pub fn refund(number: u32, refund: u32, payment: &str, minor: u64, currency: &str) -> RefundWish {
    RefundWish {
        order: order(number),
        refund,
        attempt: 0,
        payment: payment.to_owned(),
        amount: Amount::from_minor(minor),
        currency: code(currency),
    }
}

/// What became of an order's intent, when its money is still wanted.
pub async fn query(
    provider: &dyn PaymentProvider,
    number: u32,
    reference: &str,
) -> Vec<PaymentNotice> {
    let question =
        Question { order: order(number), reference: reference.to_owned(), is_wanted: true };
    provider.query(&question).await.unwrap()
}

/// The only notice there is.
pub fn only(notices: Vec<PaymentNotice>) -> PaymentNotice {
    match <[PaymentNotice; 1]>::try_from(notices) {
        Ok([notice]) => notice,
        Err(others) => panic!("not one notice: {others:?}"),
    }
}

/// What a notice says that is about a payment.
pub fn payment(said: Vec<Said>) -> PaymentNotice {
    match <[Said; 1]>::try_from(said) {
        Ok([Said::Payment(notice) | Said::PaymentIfOrdered(notice)]) => notice,
        other => panic!("not one payment: {other:?}"),
    }
}

/// That the money came.
pub fn captured(
    provider: &str,
    number: u32,
    payment: &str,
    minor: u64,
    currency: &str,
) -> PaymentNotice {
    let (amount, currency) = (Amount::from_minor(minor), code(currency));
    let outcome = PaymentOutcome::Captured { amount, currency };
    says(provider, number, payment, outcome)
}

/// That something else became of it.
pub fn says(provider: &str, number: u32, payment: &str, outcome: PaymentOutcome) -> PaymentNotice {
    let (provider, payment) = (Provider(provider.to_owned()), payment.to_owned());
    PaymentNotice { provider, order: order(number), payment, outcome }
}

/// Whether it is worth asking again.
pub fn is_temporary<T>(result: &Result<T, AskError>) -> bool {
    matches!(result, Err(AskError::Temporary(_)))
}

/// An API that closes every connection without a word.
pub async fn silent_api() -> ApiUrl {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    ApiUrl::parse(&url).unwrap()
}
