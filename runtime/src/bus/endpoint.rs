//! The sink of an endpoint that is managed over the API: it passes over what its owner has nothing
//! to do with, and each attempt is noted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use onsale_bus::event::Event;
use onsale_bus::sink::webhook::{Attempt, Webhook};
use onsale_bus::sink::{Sink, SinkError};
use onsale_control::database::Database;
use onsale_control::id::{OrganiserId, WebhookId};
use onsale_control::webhooks::delivery::Delivery;
use onsale_control::webhooks::feed;
use onsale_core::id::EventId;
use onsale_core::time::{Span, Time};
use tokio::time::sleep;

use super::notes::Notes;
use crate::host::Clock;

/// How soon the database is asked again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What of a failure is noted, in characters.
const FAILURE_CHARS_MAX: usize = 300;

/// An endpoint as a sink.
pub(super) struct EndpointSink {
    audience: Audience,
    line: Line,
    /// What was sent last, and how often it was tried.
    last: Option<(String, u32)>,
}

/// The way to an endpoint. A cheap handle.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) endpoint: WebhookId,
    pub(super) webhook: Webhook,
    pub(super) notes: Notes,
    pub(super) clock: Clock,
}

/// Whose events are wanted.
#[derive(Clone)]
pub(super) enum Audience {
    /// All.
    Platform,
    /// Those of this organiser.
    Organiser(OrganiserId, Owners),
}

/// Whose each event is, as far as somebody has asked. A cheap handle.
#[derive(Clone)]
pub(super) struct Owners {
    database: Database,
    known: Arc<Mutex<Known>>,
}

/// It never changes once an event has facts.
type Known = BTreeMap<EventId, Option<OrganiserId>>;

impl Sink for EndpointSink {
    fn deliver<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<(), SinkError>> {
        async move {
            for (number, event) in events.iter().enumerate() {
                if self.audience.wants(event.key).await {
                    self.send(event).await.into_result(number)?;
                }
            }
            Ok(())
        }
        .boxed()
    }
}

impl EndpointSink {
    /// What its audience wants, on this line.
    pub(super) fn new(audience: Audience, line: Line) -> Self {
        Self { audience, line, last: None }
    }

    async fn send(&mut self, event: &Event) -> Attempt {
        let before = self.last.take().filter(|(id, _)| *id == event.id);
        let count = before.map_or(0, |(_, count)| count).saturating_add(1);
        let attempt = self.line.send(&event.id, event.kind, &event.json, count).await;
        self.last = Some((event.id.clone(), count));
        attempt
    }
}

impl Line {
    /// Sends something once, and notes what came of it.
    pub(super) async fn send(&self, id: &str, kind: &str, json: &str, count: u32) -> Attempt {
        if self.webhook.is_gone() {
            return Attempt::Gone;
        }
        let (at, begun) = (Time::from_ms(self.clock.now_ms()), Instant::now());
        let attempt = self.webhook.attempt(id, json).await;
        let (status, failure) = told(&attempt);
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let delivery = Delivery {
            event: id.to_owned(),
            kind: kind.to_owned(),
            attempt: count,
            status,
            failure,
            took: Span::from_ms(took),
            at,
        };
        self.notes.add(self.endpoint, delivery);
        attempt
    }
}

/// The status of an answer, and what was wrong.
fn told(attempt: &Attempt) -> (Option<u16>, Option<String>) {
    match attempt {
        Attempt::Failed { status, why, .. } => {
            let failure = why.chars().take(FAILURE_CHARS_MAX).collect();
            (status.map(|status| status.as_u16()), Some(failure))
        }
        Attempt::Gone => (Some(410), Some("it answers 410 Gone".to_owned())),
        Attempt::Taken(status) => (Some(status.as_u16()), None),
    }
}

impl Audience {
    async fn wants(&self, event: EventId) -> bool {
        match self {
            Self::Platform => true,
            Self::Organiser(organiser, owners) => owners.of(event).await == Some(*organiser),
        }
    }
}

impl Owners {
    /// As this database says.
    pub(super) fn new(database: Database) -> Self {
        Self { database, known: Arc::default() }
    }

    /// Whose an event is. While the database is away nobody knows, so nothing goes on: what is not
    /// theirs must not be sent, and what is must not be left out.
    async fn of(&self, event: EventId) -> Option<OrganiserId> {
        loop {
            let known = self.known().get(&event).copied();
            if let Some(organiser) = known {
                return organiser;
            }
            match feed::organiser_of(&self.database, event).await {
                Ok(organiser) => {
                    self.known().insert(event, organiser);
                }
                Err(error) => {
                    tracing::debug!(%event, %error, "whose event it is cannot be looked up");
                    sleep(LOOK_AGAIN).await;
                }
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing panics while it is held.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
