//! One partition in memory, the sandbox, the runner and the reconciler, and a server for the
//! webhooks and the pages.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use onsale_core::Partition;
use onsale_core::command::{Actor, Choice, Command, Provider, Request, Wish};
use onsale_core::effect::Effect;
use onsale_core::id::{EventId, OrderId, PartitionId, PersonId};
use onsale_core::money::Amount;
use onsale_core::order::PaymentStatus;
use onsale_core::query::{Audit, OrderView, Query, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;
use onsale_core::spec::{Class, ClassId, Draft, EventSpec, Limits, Quota, Terms, Window};
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::LotterySeed;
use onsale_net::port::{CallError, Look, Partitions};
use onsale_net::provider::effects::{self, EffectsConfig};
use onsale_net::provider::metrics::{NoticeMetrics, ProviderMetrics};
use onsale_net::provider::reconcile::{self, ReconcileConfig};
use onsale_net::provider::sandbox::{self, Sandbox, SandboxConfig};
use onsale_net::provider::secret::Secret;
use onsale_net::provider::{Clock, PaymentProvider, Providers, webhook};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// When every test begins, in milliseconds since the Unix epoch.
const START_MS: u64 = 1_800_000_000_000;

/// How many tickets there are of the one class.
const CAPACITY: u32 = 2;

/// The port, with a partition behind it. Its time is tokio's.
#[derive(Clone)]
pub struct MemoryPort {
    inner: Arc<Mutex<Inner>>,
    start: Instant,
    /// How many of the next calls find the partition overloaded.
    pub overloaded: Arc<AtomicU32>,
    /// How many notices of payments were passed on.
    pub notices: Arc<AtomicU32>,
}

struct Inner {
    partition: Partition,
    effects: mpsc::Sender<Effect>,
}

impl MemoryPort {
    /// A port whose effects go to the other end of the channel.
    pub fn new() -> (Self, mpsc::Receiver<Effect>) {
        let (effects, queue) = mpsc::channel(1_000);
        let partition = Partition::new(PartitionId::new(0).unwrap());
        let port = Self {
            inner: Arc::new(Mutex::new(Inner { partition, effects })),
            start: Instant::now(),
            overloaded: Arc::default(),
            notices: Arc::default(),
        };
        (port, queue)
    }

    /// The port's clock.
    pub fn clock(&self) -> Clock {
        let port = self.clone();
        Arc::new(move || port.now())
    }

    /// Does at once what somebody asks, and panics if it is refused.
    pub fn apply(&self, actor: Actor, command: Command) -> Reply {
        self.decide(&Request::new(actor, command)).unwrap()
    }

    /// What must be asked of providers, as after a restart; goes to a new channel from now on.
    pub fn restart_effects(&self) -> mpsc::Receiver<Effect> {
        let (effects, queue) = mpsc::channel(1_000);
        let mut inner = self.inner.lock().unwrap();
        inner.partition.effects().into_iter().for_each(|effect| effects.try_send(effect).unwrap());
        inner.effects = effects;
        queue
    }

    /// The intents to be watched, as after a restart.
    pub fn unpaid(&self) -> Vec<reconcile::PendingIntent> {
        let inner = self.inner.lock().unwrap();
        let unpaid = inner.partition.sales().flat_map(|sale| sale.unpaid(Time::ZERO));
        unpaid.filter_map(|(id, order)| reconcile::PendingIntent::of(id, order)).collect()
    }

    fn decide(&self, request: &Request) -> Result<Reply, Refusal> {
        let mut inner = self.inner.lock().unwrap();
        inner.catch_up(self.now());
        inner.decide(self.now(), request)
    }

    fn is_overloaded(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        self.overloaded.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
    }
}

impl Inner {
    fn catch_up(&mut self, now: Time) {
        while self.partition.next_due().is_some_and(|due| due <= now) {
            let before = self.partition.applied();
            self.decide(now, &Request::new(Actor::System, Command::Advance)).unwrap();
            assert!(self.partition.applied() > before, "what is due is done");
        }
    }

    fn decide(&mut self, now: Time, request: &Request) -> Result<Reply, Refusal> {
        let (facts, reply) = self.partition.decide(now, request)?;
        for fact in facts {
            let number = self.partition.applied() + 1;
            self.partition.evolve(number, now, &fact);
            if let Some(effect) = self.partition.effect_of(&fact) {
                let _ = self.effects.try_send(effect);
            }
        }
        Ok(reply)
    }
}

impl Partitions for MemoryPort {
    fn now(&self) -> Time {
        Time::from_ms(START_MS) + Span::from_ms(self.start.elapsed().as_millis() as u64)
    }

    fn count(&self) -> u16 {
        1
    }

    async fn execute(&self, partition: PartitionId, request: Request) -> Result<Reply, CallError> {
        if partition.number() != 0 {
            return Err(CallError::NoSuchPartition);
        }
        if self.is_overloaded() {
            return Err(CallError::Overloaded { retry_after_s: 1 });
        }
        if matches!(request.command, Command::RecordPayment(_)) {
            self.notices.fetch_add(1, Ordering::SeqCst);
        }
        Ok(self.decide(&request)?)
    }

    async fn look(&self, _partition: PartitionId, look: Look) -> Result<View, CallError> {
        let mut inner = self.inner.lock().unwrap();
        inner.catch_up(self.now());
        Ok(inner.partition.query(self.now(), look.actor, look.query)?)
    }
}

/// Everything, running.
pub struct World {
    pub port: MemoryPort,
    pub sandbox: Sandbox,
    pub metrics: ProviderMetrics,
    pub client: reqwest::Client,
    /// Keeps the watcher's channel open, and lets tests give it more.
    pub watch: mpsc::Sender<reconcile::PendingIntent>,
    pub url: String,
    directory: TempDir,
    tasks: JoinSet<()>,
}

impl World {
    /// An empty one.
    pub async fn new() -> Self {
        let (port, queue) = MemoryPort::new();
        Self::start(port, queue, tempfile::tempdir().unwrap()).await
    }

    /// The same partition and the same books after everything else has been killed.
    pub async fn restarted(self) -> Self {
        let Self { port, directory, mut tasks, .. } = self;
        tasks.shutdown().await;
        let queue = port.restart_effects();
        let world = Self::start(port, queue, directory).await;
        for intent in world.port.unpaid() {
            world.watch.send(intent).await.unwrap();
        }
        world
    }

    async fn start(port: MemoryPort, queue: mpsc::Receiver<Effect>, directory: TempDir) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let config = SandboxConfig {
            directory: directory.path().to_owned(),
            public_url: url.clone(),
            webhook_url: format!("{url}/api/v1/webhooks/sandbox"),
            return_url: format!("{url}/sandbox/return"),
            secret: Secret::new("whsec_sandbox"),
        };
        let (sandbox, actor) = Sandbox::open(config, port.clock()).unwrap();
        let providers = Providers::new([Arc::new(sandbox.clone()) as Arc<dyn PaymentProvider>]);
        let router = webhook::routes(port.clone(), providers.clone(), &NoticeMetrics::default())
            .merge(sandbox::routes(sandbox.clone()));
        let metrics = ProviderMetrics::default();
        let (watch, watched) = mpsc::channel(100);
        let mut tasks = JoinSet::new();
        tasks.spawn(tick());
        tasks.spawn(actor.run());
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        tasks.spawn(effects::run(
            port.clone(),
            providers.clone(),
            queue,
            watch.clone(),
            EffectsConfig::default(),
            metrics.clone(),
        ));
        tasks.spawn(reconcile::run(
            port.clone(),
            providers,
            watched,
            ReconcileConfig::default(),
            metrics.clone(),
        ));
        let redirect = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().no_proxy().redirect(redirect).build().unwrap();
        Self { port, sandbox, metrics, client, watch, url, directory, tasks }
    }

    /// An event with [`CAPACITY`] tickets at this price.
    pub fn event(&self, price_minor: u64) -> EventId {
        event(&self.port, price_minor)
    }

    /// Waits until the buyer can pay, and returns where.
    pub async fn page_of(&self, order: OrderId) -> String {
        let ready = |view: &OrderView| matches!(view.payment, PaymentStatus::Ready(_));
        match self.wait_for(order, ready).await.payment {
            PaymentStatus::Ready(url) => url,
            other => panic!("no page: {other:?}"),
        }
    }

    /// Pays at the page, as a program that speaks JSON.
    pub async fn pay(&self, page: &str, behaviour: &str) -> serde_json::Value {
        let request = self.client.post(page).header("accept", "application/json");
        let choice = serde_json::json!({ "behaviour": behaviour });
        let answer = request.json(&choice).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    /// The order as it is now.
    pub async fn order(&self, order: OrderId) -> OrderView {
        order_of(&self.port, order).await
    }

    /// Waits until the order is so.
    pub async fn wait_for(&self, order: OrderId, wanted: impl Fn(&OrderView) -> bool) -> OrderView {
        for _ in 0..20_000 {
            let view = self.order(order).await;
            if wanted(&view) {
                return view;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("the order never became so: {:#?}", self.order(order).await);
    }

    /// Lets two hours go by, in which everything that is under way must come to its end.
    pub async fn let_it_settle(&self) {
        tokio::time::sleep(Duration::from_secs(7_200)).await;
    }

    /// The books of the event.
    pub async fn books(&self, event: EventId) -> Audit {
        let look = Look { actor: Actor::Operator, query: Query::Audit(event), wait: None };
        match self.port.look(event.partition(), look).await.unwrap() {
            View::Audit(audit) => audit,
            other => panic!("not the books: {other:?}"),
        }
    }

    /// The books of the event of a single order, when everything has come to its end. They agree
    /// with themselves and with those of the sandbox.
    pub async fn settled_books(&self, order: OrderId) -> Audit {
        self.let_it_settle().await;
        let audit = self.books(order.event).await;
        assert!(audit.holds(), "{audit:#?}");
        assert_eq!(audit.pending, 0);
        let intent = self.sandbox.find(self.sandbox.intent_of(order)).await;
        if let Some(intent) = intent {
            let sum =
                |amounts: Vec<Amount>| amounts.iter().map(|each| each.as_minor()).sum::<u64>();
            let captured = sum(intent.captures.iter().map(|each| each.amount_minor).collect());
            let refunded = sum(intent.refunds.iter().map(|each| each.amount_minor).collect());
            assert_eq!(captured - refunded, audit.ticket_value.as_minor());
            assert!(intent.notices.is_empty(), "everything was said");
        }
        audit
    }
}

/// The paused clock jumps to the next timer whenever nothing is ready to run, which may be while
/// bytes are on their way through the kernel. This keeps every such jump small.
async fn tick() {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Defines and opens an event on the port's partition.
pub fn event(port: &MemoryPort, price_minor: u64) -> EventId {
    let class = Class {
        name: "Standing".into(),
        price: Amount::from_minor(price_minor),
        window: Window { opens_at: Time::ZERO, closes_at: Time::MAX },
        per_buyer: None,
    };
    let quota = Quota { name: "Floor".into(), capacity: CAPACITY, classes: vec![ClassId(0)] };
    let draft = Draft {
        name: "Concert".into(),
        currency: "EUR".parse().unwrap(),
        classes: vec![class],
        quotas: vec![quota],
        plan: None,
        waitroom: None,
        limits: Limits { per_buyer: 2, per_hold: 2, refuse_orphans: false },
        terms: Terms {
            hold: Span::from_mins(10),
            order: Span::from_mins(15),
            payment_grace: Span::from_mins(10),
        },
    };
    let spec = Box::new(EventSpec::parse(draft).unwrap());
    let define = Command::DefineEvent { event: None, spec, seed: LotterySeed([7; 32]) };
    let Reply::EventDefined { event, .. } = port.apply(Actor::Operator, define) else { panic!() };
    port.apply(Actor::Operator, Command::OpenEvent(event));
    event
}

/// Orders tickets as the person with this number.
pub fn place_order(port: &MemoryPort, event: EventId, person: u128, count: u32) -> OrderId {
    place_order_at("sandbox", port, event, person, count)
}

/// The same, to be paid at this provider.
pub fn place_order_at(
    provider: &str,
    port: &MemoryPort,
    event: EventId,
    person: u128,
    count: u32,
) -> OrderId {
    let buyer = Actor::Person(PersonId::from_u128(person));
    let wishes = vec![Wish { class: ClassId(0), choice: Choice::Any(count) }];
    let take = Command::TakeHold { event, place: None, wishes };
    let Reply::HoldTaken(hold) = port.apply(buyer, take) else { panic!() };
    let provider = Provider(provider.into());
    let place = Command::PlaceOrder { hold: hold.hold, provider, accept_other_seats: false };
    let Reply::OrderPlaced { order, .. } = port.apply(buyer, place) else { panic!() };
    order
}

/// The order as the server sees it.
pub async fn order_of(port: &MemoryPort, order: OrderId) -> OrderView {
    let look = Look { actor: Actor::System, query: Query::Order(order), wait: None };
    match port.look(order.event.partition(), look).await.unwrap() {
        View::Order(view) => view,
        other => panic!("not an order: {other:?}"),
    }
}
