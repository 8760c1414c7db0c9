//! A catalogue with an event that is published, the partitions that are to be told of it, and a way
//! to them on which somebody can be ended.

use std::sync::Arc;
use std::time::Duration;

use onsale_control::Control;
use onsale_control::access::audit::By;
use onsale_control::catalogue::event::details::{self, Details};
use onsale_control::catalogue::event::offer::{Offer, SaleWindow, TicketClass};
use onsale_control::catalogue::event::selling::{self, Configuration, OfferChange};
use onsale_control::catalogue::event::status::Approval;
use onsale_control::catalogue::event::text::Title;
use onsale_control::catalogue::event::{Event, find, lifecycle};
use onsale_control::catalogue::organiser::{self, Profile};
use onsale_control::catalogue::venue::{self, Site};
use onsale_control::database::{Database, DatabaseSettings};
use onsale_control::id::{OrganiserId, VenueId};
use onsale_control::text::{Line, Prose};
use onsale_core::command::{Actor, Command, Request};
use onsale_core::id::{EventId, PartitionId};
use onsale_core::money::Amount;
use onsale_core::query::{Phase, Query, View};
use onsale_core::reply::Reply;
use onsale_core::spec::{ClassId, Quota};
use onsale_core::time::Time;
use onsale_net::port::{CallError, Look, Partitions};
use onsale_net::provider::backoff::Backoff;
use onsale_net::publisher::metrics::PublisherMetrics;
use onsale_net::publisher::{self, Bell, PublisherConfig};
use tempfile::TempDir;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::access::people::operator;
use crate::control_plane::control;
use crate::memory::Memory;

/// Where the events of these tests live.
pub const PARTITION: PartitionId = PartitionId::FIRST;

pub struct Stage {
    pub control: Control,
    pub memory: Memory,
    _folder: Option<TempDir>,
}

impl Stage {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = DatabaseSettings::sqlite(&folder.path().join("control.db"));
        Self { _folder: Some(folder), ..Self::with(&settings).await }
    }

    pub async fn with(settings: &DatabaseSettings) -> Self {
        let database = Database::open(settings).unwrap();
        database.migrate().await.unwrap();
        let memory = Memory::new();
        Self { control: control(database, &memory), memory, _folder: None }
    }

    /// Runs a publisher on this way to the partitions.
    pub fn publisher<P: Partitions>(&self, port: P) -> JoinHandle<()> {
        start_publisher(&self.control, port)
    }

    /// Has a publisher tell what is to be told, and the event as it is then.
    pub async fn settled(&self, id: EventId) -> Event {
        let publisher = self.publisher(self.memory.clone());
        let event = settled(&self.control.database, id).await;
        publisher.abort();
        event
    }

    /// How often something has happened in the partition.
    pub fn facts(&self) -> u64 {
        self.memory.facts(PARTITION)
    }

    /// Where the event is in the sale; `None` where it is not there.
    pub async fn phase(&self, event: EventId) -> Option<Phase> {
        let look = Look { actor: Actor::Operator, query: Query::Event(event), wait: None };
        match self.memory.look(PARTITION, look).await {
            Ok(View::Event(event)) => Some(event.phase),
            _ => None,
        }
    }
}

/// Runs a publisher of what is in this control plane, on this way to the partitions.
pub fn start_publisher<P: Partitions>(control: &Control, port: P) -> JoinHandle<()> {
    let backoff = Backoff { first: Duration::from_millis(1), cap: Duration::from_millis(5) };
    let look_every = Duration::from_millis(20);
    let config = PublisherConfig { backoff, look_every, ..PublisherConfig::default() };
    let (control, metrics) = (control.clone(), PublisherMetrics::default());
    tokio::spawn(publisher::run(port, control, Bell::default(), config, metrics))
}

/// The event once nothing is to be told of it any more.
pub async fn settled(database: &Database, id: EventId) -> Event {
    loop {
        let event = find(database, id).await.unwrap();
        if event.is_settled {
            return event;
        }
        tokio::task::yield_now().await;
    }
}

/// An id that the partition has reserved.
pub async fn reserve(memory: &Memory) -> EventId {
    let request = Request::new(Actor::System, Command::ReserveEvent);
    match memory.execute(PARTITION, request).await {
        Ok(Reply::EventReserved { event }) => event,
        other => panic!("{other:?}"),
    }
}

/// Publishes an event with this id.
pub async fn publish(database: &Database, id: EventId) -> Event {
    let (event, by) = (configured(database, id).await, operator());
    let published =
        lifecycle::publish(database, &by, event.id, event.version, Approval::NotNeeded).await;
    published.unwrap()
}

/// A new organiser of this name, and a venue of theirs.
pub async fn house(database: &Database, by: &By, name: &str) -> (OrganiserId, VenueId) {
    let profile = Profile {
        name: line(name),
        description: Prose::default(),
        website: None,
        logo: None,
        contact: None,
    };
    let organiser = organiser::create(database, by, &profile).await.unwrap().id;
    let site = Site {
        name: line("Kulturhaus"),
        street: line("Am Markt 1"),
        postal_code: None,
        ward: None,
        district: None,
        city: line("Köln"),
        region: None,
        country: "DE".parse().unwrap(),
        time_zone: "Europe/Berlin".parse().unwrap(),
        coordinates: None,
        capacity: None,
    };
    let venue = venue::create(database, by, Some(organiser), &site).await.unwrap().id;
    (organiser, venue)
}

pub async fn configured(database: &Database, id: EventId) -> Event {
    let by = operator();
    let (organiser, venue) = house(database, &by, &format!("Organiser {id}")).await;
    let details = Details {
        title: Title::parse("The Lanterns").unwrap(),
        description: Prose::default(),
        venue: Some(venue),
        zone: None,
        starts: "2026-12-01T20:00".parse().ok(),
        ends: None,
        categories: [].into(),
        is_public: true,
    };
    let mut event = details::create(database, &by, id, organiser, &details).await.unwrap();
    let Offer { max_attendees, waitroom, limits, terms, .. } = Offer::default();
    let currency = "EUR".parse().ok();
    let sale = SaleWindow { opens: "2026-10-03T10:00".parse().ok(), closes: None };
    let configuration = Configuration { currency, sale, max_attendees, waitroom, limits, terms };
    let (price, window) = (Amount::from_minor(2_500), SaleWindow::default());
    let class = TicketClass { name: "Standing".to_owned(), price, window, per_buyer: None };
    let quota = Quota { name: "Hall".to_owned(), capacity: 100, classes: vec![ClassId(0)] };
    for change in [
        OfferChange::Configure(configuration),
        OfferChange::AddClass(class),
        OfferChange::AddQuota(quota),
    ] {
        event = selling::change(database, &by, id, event.version, change).await.unwrap();
    }
    lifecycle::configure(database, &by, id, event.version).await.unwrap()
}

fn line<const MAX: usize>(text: &str) -> Line<MAX> {
    Line::parse(text).unwrap()
}

/// A way to the partitions on which whoever asks for the `at`-th time waits for an answer: before
/// the partition has heard of it, or after it has done it.
#[derive(Clone)]
pub struct Silent {
    memory: Memory,
    calls: Arc<watch::Sender<u32>>,
    at: u32,
    is_done: bool,
    /// Somebody waits.
    pub waits: Arc<Notify>,
    /// Lets them go on.
    pub answers: Arc<Notify>,
}

impl Silent {
    pub fn new(memory: &Memory, at: u32, is_done: bool) -> Self {
        let (memory, calls) = (memory.clone(), Arc::new(watch::Sender::new(0)));
        Self { memory, calls, at, is_done, waits: Arc::default(), answers: Arc::default() }
    }

    /// So many questions were answered.
    pub async fn told(&self, count: u32) {
        self.calls.subscribe().wait_for(|calls| *calls >= count).await.unwrap();
    }

    async fn answer<T>(&self, answer: impl Future<Output = T>) -> T {
        let is_it = *self.calls.borrow() == self.at;
        if is_it && !self.is_done {
            self.wait().await;
        }
        let answer = answer.await;
        if is_it && self.is_done {
            self.wait().await;
        }
        self.calls.send_modify(|calls| *calls += 1);
        answer
    }

    async fn wait(&self) {
        self.waits.notify_one();
        self.answers.notified().await;
    }
}

impl Partitions for Silent {
    fn now(&self) -> Time {
        self.memory.now()
    }

    fn count(&self) -> u16 {
        self.memory.count()
    }

    async fn execute(&self, partition: PartitionId, request: Request) -> Result<Reply, CallError> {
        self.answer(self.memory.execute(partition, request)).await
    }

    async fn look(&self, partition: PartitionId, look: Look) -> Result<View, CallError> {
        self.answer(self.memory.look(partition, look)).await
    }
}
