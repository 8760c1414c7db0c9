//! Stand-ins for six payment providers: one program with their APIs, pay pages, signatures and
//! webhooks, so that the server's adapters and the providers' own SDKs can be tried without them.
//!
//! ```text
//! adapter, SDK --HTTP--> /<name>/…            the provider's API      (stripe.rs, paypal.rs, …)
//! a buyer -------------> /<name>/pay/{…}      its pay page            (buyer.rs)
//! a test --------------> /sim/…               buyers' acts, faults, books
//! /<notify URL>/<name> <-- signed notices     again until accepted    (notify.rs)
//! ```
//!
//! What lives here: the [`World`] with the books of all providers, and how it is served. A provider
//! is a module with a type that implements [`protocol::Protocol`]; its handlers take
//! `State<Arc<World>>`, lock [`World::books`] for as long as they change something (never across an
//! `await`), repeat answers with [`World::once`] and tell what happened with [`World::tell`].
//!
//! Deliberately absent: anything of the server. What is proven here must not come from the code
//! that is to be proven. Nothing survives a restart.

pub mod answers;
pub mod books;
mod buyer;
pub mod credentials;
pub mod faults;
pub mod form;
pub mod notify;
pub mod payos;
pub mod paypal;
pub mod protocol;
pub mod razorpay;
pub mod sign;
pub mod stripe;
mod vietnam;
pub mod vnpay;
pub mod zalopay;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use serde_json::Value;
use tokio::net::TcpListener;

use self::answers::{Answer, Answers, KeyUsed};
use self::books::{ActError, Books, Intent};
use self::faults::{Fault, Planned};
use self::notify::{Delivered, Post};
use self::protocol::{ActWish, Manner, News, Provider, What};

/// How many events of a provider are kept.
const EVENTS_MAX: usize = 1_000;

/// What time it is: Unix milliseconds.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What the simulator needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where browsers and merchants reach it, such as `http://127.0.0.1:9090`, without a last
    /// slash.
    pub public_url: String,
    /// Where notices go, without the last part: `http://127.0.0.1:8080/api/v1/webhooks`. Without
    /// it they are given up on, unless the merchant names a place for an intent.
    pub notify_url: Option<String>,
    /// How long to wait before a notice is sent a second time; doubles from then on, six times.
    pub retry_pause: Duration,
    /// How late notices are that are to be late.
    pub late_after: Duration,
    /// What names are numbered from. Two simulators that work for the same server, one after the
    /// other, must not give the same names.
    pub first_serial: u64,
}

/// Everything that there is.
pub struct World {
    /// What it was told at the start.
    pub config: Config,
    clock: Clock,
    post: Post,
    sites: BTreeMap<Provider, Site>,
}

/// What changes at one provider.
struct Site {
    books: Mutex<Books>,
    answers: Mutex<Answers>,
    faults: Mutex<Planned>,
    events: Mutex<BTreeMap<String, Value>>,
}

impl World {
    /// An empty one.
    ///
    /// # Errors
    /// If there is no way to send notices.
    pub fn new(config: Config, clock: Clock) -> Result<Arc<Self>, reqwest::Error> {
        let site = |provider| {
            let books = Mutex::new(Books::new(config.first_serial));
            let (answers, faults) = (Mutex::default(), Mutex::default());
            (provider, Site { books, answers, faults, events: Mutex::default() })
        };
        let sites = Provider::ALL.into_iter().map(site).collect();
        Ok(Arc::new(Self { config, clock, post: Post::new()?, sites }))
    }

    /// What time it is, in Unix milliseconds.
    pub fn now_ms(&self) -> u64 {
        (self.clock)()
    }

    /// What time it is, in Unix seconds.
    pub fn now_s(&self) -> u64 {
        self.now_ms() / 1_000
    }

    /// The books of a provider, for as long as nobody else looks at them.
    pub fn books(&self, provider: Provider) -> MutexGuard<'_, Books> {
        lock(&self.sites[&provider].books)
    }

    /// Where the pay page of an intent is. Its name must be one that a path can have as it is.
    pub fn page_url(&self, provider: Provider, reference: &str) -> String {
        format!("{}/{}/pay/{reference}", self.config.public_url, provider.name())
    }

    /// What was answered under this key already.
    pub fn answered(
        &self,
        provider: Provider,
        key: &str,
        request: &str,
    ) -> Result<Option<Answer>, KeyUsed> {
        lock(&self.sites[&provider].answers).find(key, request)
    }

    /// Answers, or gives the same answer again. `request` is whatever tells requests apart. Two
    /// requests under one key, at once, are one after the other.
    pub fn once(
        &self,
        provider: Provider,
        key: Option<&str>,
        request: &str,
        answer: impl FnOnce() -> Answer,
    ) -> Result<Answer, KeyUsed> {
        let Some(key) = key else { return Ok(answer()) };
        let mut answers = lock(&self.sites[&provider].answers);
        if let Some(answer) = answers.find(key, request)? {
            return Ok(answer);
        }
        let answer = answer();
        answers.keep(key, request, &answer);
        Ok(answer)
    }

    /// Forgets the answers of a provider, as all of them do after a while.
    pub fn forget(&self, provider: Provider) {
        *lock(&self.sites[&provider].answers) = Answers::default();
    }

    /// Keeps an event for whoever asks for it by name. The same name is the same event; of names,
    /// the first in their order are forgotten first.
    pub fn keep_event(&self, provider: Provider, name: &str, event: &Value) {
        let mut events = lock(&self.sites[&provider].events);
        events.entry(name.to_owned()).or_insert_with(|| event.clone());
        if events.len() > EVENTS_MAX {
            events.pop_first();
        }
    }

    /// The events of a provider by name, the last first.
    pub fn events(&self, provider: Provider) -> Vec<(String, Value)> {
        let events = lock(&self.sites[&provider].events);
        events.iter().rev().map(|(name, event)| (name.clone(), event.clone())).collect()
    }

    /// Lets a buyer act, and tells what happened. `Forged` acts happen in a copy of the books.
    pub fn act(
        self: &Arc<Self>,
        provider: Provider,
        wish: &ActWish<'_>,
        manner: Manner,
    ) -> Result<Intent, ActError> {
        let (whats, intent) = {
            let mut books = self.books(provider);
            let mut imagined = (manner == Manner::Forged).then(|| books.clone());
            let books = imagined.as_mut().unwrap_or(&mut books);
            let whats = provider.protocol().act(books, wish)?;
            let intent = books.find(wish.reference).cloned().ok_or(ActError::NotFound)?;
            (whats, intent)
        };
        for what in whats {
            self.tell_of(provider, intent.clone(), what, manner);
        }
        Ok(intent)
    }

    /// Tells what happened to an intent, by its name or by that of one of its payments or refunds.
    /// Does nothing if there is no such intent. Wants a tokio runtime.
    pub fn tell(self: &Arc<Self>, provider: Provider, name: &str, what: What, manner: Manner) {
        let intent = {
            let books = self.books(provider);
            books.find(name).or_else(|| books.owner_of(name)).cloned()
        };
        if let Some(intent) = intent {
            self.tell_of(provider, intent, what, manner);
        }
    }

    /// Ends what is over by the clock, and tells it. Wants a tokio runtime.
    pub fn expire_due(self: &Arc<Self>) {
        for provider in Provider::ALL {
            let ended = self.books(provider).expire_due(self.now_s());
            for intent in ended {
                self.tell_of(provider, intent, What::Expired, Manner::Once);
            }
        }
    }

    /// The next calls to a provider's API go wrong.
    pub fn plan_faults(&self, provider: Provider, fault: Fault, count: u32) {
        *lock(&self.sites[&provider].faults) = Some((fault, count));
    }

    /// What became of a provider's notices.
    pub fn delivered(&self, provider: Provider) -> Delivered {
        self.post.delivered(provider)
    }

    fn take_fault(&self, provider: Provider, is_reading: bool) -> Option<Fault> {
        let mut faults = lock(&self.sites[&provider].faults);
        let (fault, left) = faults.filter(|(_, left)| *left > 0)?;
        if fault == Fault::Lost && is_reading {
            return None;
        }
        *faults = Some((fault, left - 1));
        Some(fault)
    }

    fn tell_of(self: &Arc<Self>, provider: Provider, intent: Intent, what: What, manner: Manner) {
        let serial = self.books(provider).next_serial();
        let news = News { serial, at_s: self.now_s(), what, intent };
        notify::tell(self, provider, news, manner);
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Everything over HTTP.
pub fn routes(world: &Arc<World>) -> Router {
    let mut router = buyer::routes(Arc::clone(world));
    for provider in Provider::ALL {
        let state = (Arc::clone(world), provider);
        let api = provider.protocol().routes(Arc::clone(world));
        let api = api.layer(from_fn_with_state(state, faults::interfere));
        let site = api.merge(buyer::page(Arc::clone(world), provider));
        router = router.nest(&format!("/{}", provider.name()), site);
    }
    router
}

/// Serves, and ends what is over once a second, until the listener fails.
///
/// # Errors
/// If the listener fails.
pub async fn serve(listener: TcpListener, world: Arc<World>) -> std::io::Result<()> {
    let router = routes(&world);
    tokio::select! {
        ended = axum::serve(listener, router).into_future() => ended,
        () = keep_time(&world) => Ok(()),
    }
}

async fn keep_time(world: &Arc<World>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.expire_due();
    }
}

/// What a handler that failed left behind is whole: every change is a single call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
