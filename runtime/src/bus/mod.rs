//! Brings the facts of every partition to every sink, beside the sale: a task for each of both.
//!
//! A task reads facts from the journal behind its cursor, has `onsale-bus` make events of them,
//! and delivers these in order. The cursor is moved behind what was delivered, never before: what
//! was delivered and not written down when the process died is delivered again. A sink that is away
//! is asked again and again, and nobody waits for it but the facts that it has not got.
//!
//! Sinks are configured, or are endpoints that are managed over the API: a [`Supervisor`] has those
//! sent to that the database says.
//!
//! Deliberately absent: what becomes of a fact, and how a sink takes it (`onsale-bus`).

mod beginning;
mod cursor;
mod endpoint;
mod notes;
mod ping;
mod supervisor;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use onsale_bus::Topic;
use onsale_bus::event::{Currencies, Event, MapError, Mapper};
use onsale_bus::sink::{Schedule, Sink, SinkError};
use onsale_control::database::StoreError;
use onsale_control::projection::{Checkpoint, Journal, Progress, Projected};
use onsale_core::time::Time;
use onsale_storage::journal::{Bookmark, Chain};
use thiserror::Error;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::{Instant, sleep, sleep_until};

use crate::facts::{End, Facts, FactsError, Followed, Following};
use crate::host::Clock;

pub use self::beginning::Beginning;
pub use self::cursor::{Cursor, CursorError, CursorFile};
pub use self::supervisor::{Endpoints, Lags, Sending, Supervisor};

/// About so many facts are delivered together.
const FACTS_MAX: u64 = 256;

/// How often a cursor is written at most: each time the disk is waited for, beside the sale that
/// waits for it, too. So much is delivered twice after a crash.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// How soon something is looked at again that somebody has to look into.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// Brings the facts of one partition to one sink.
pub struct Publisher {
    /// What the sink is called.
    pub name: Arc<str>,
    /// Where the facts are.
    pub facts: Facts,
    /// Which of those who follow them this is.
    pub follower: usize,
    /// Where it is kept how far the sink has got, and of which journal.
    pub cursor: CursorFile,
    /// Where it begins, if that is not kept yet.
    pub beginning: Beginning,
    /// Where they are brought.
    pub sink: Box<dyn Sink>,
    /// When it is tried again.
    pub schedule: Schedule,
    /// What of it is wanted; nothing for everything.
    pub topics: Arc<[Topic]>,
    /// What is said of how it goes.
    pub progress: Progress,
    /// What time it is.
    pub clock: Clock,
}

/// Why nothing more is delivered for now.
#[derive(Debug, Error)]
pub enum Halt {
    /// It is not known how far the sink has got.
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// The journal's directory cannot be opened.
    #[error("the journal's directory: {0}")]
    Directory(#[from] io::Error),
    /// Facts cannot be followed.
    #[error(transparent)]
    Facts(#[from] FactsError),
    /// The sink wants no more.
    #[error("{0}")]
    Gone(String),
    /// A fact cannot be published.
    #[error(transparent)]
    Map(#[from] MapError),
    /// Whoever read the journal is gone.
    #[error("reading the journal: {0}")]
    Reading(#[from] JoinError),
    /// What events are sold in cannot be looked up.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Facts that are to be delivered together, as events.
struct Batch {
    events: Vec<Event>,
    /// Where decisions end.
    ends: Vec<DecisionEnd>,
}

/// Where a decision ends.
struct DecisionEnd {
    /// How many events of the batch there are up to here.
    events: usize,
    /// How many of them, and how many facts, are its own.
    own_events: u64,
    facts: u64,
    bookmark: Bookmark,
    at: Time,
}

/// How far it has got.
struct Place {
    following: Following,
    mapper: Mapper,
    /// Behind what was delivered.
    delivered: Bookmark,
    /// What is written down of it, and when it was tried last.
    saved: Bookmark,
    saved_at: Instant,
    /// What is wrong with the sink, as far as it was said.
    trouble: Option<String>,
}

impl Publisher {
    /// Delivers for as long as the sink wants anything.
    pub async fn run(mut self) {
        let mut said = None;
        loop {
            let Err(halt) = self.follow().await;
            self.progress.stopped(self.facts.id, self.now());
            let what = halt.to_string();
            if said.as_ref() != Some(&what) {
                let partition = self.facts.id.number();
                tracing::error!(sink = %self.name, partition, "publishing stops: {what}");
                said = Some(what);
            }
            if matches!(halt, Halt::Gone(_)) {
                return;
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Delivers what comes behind the cursor for as long as that goes well.
    async fn follow(&mut self) -> Result<Infallible, Halt> {
        // Before, nobody knows how many facts there are.
        self.facts.gauges.durable_past(0).await;
        let Cursor { bookmark, currencies } = self.place().await?;
        let mut place = Place {
            following: self.facts.follow(self.follower, bookmark)?,
            mapper: Mapper::new(self.cursor.journal().0, self.facts.id, currencies),
            delivered: bookmark,
            saved: bookmark,
            saved_at: Instant::now(),
            trouble: None,
        };
        self.progress.began(&self.checkpoint(bookmark, Time::ZERO));
        loop {
            let read = place.following.read(FACTS_MAX).await?;
            place.following = read.following;
            let batch = self.batch(&mut place.mapper, &read.decisions)?;
            self.publish(&mut place, &batch).await?;
            if place.saved_at.elapsed() >= SAVE_EVERY && self.save(&mut place).await {
                self.goes_on(&mut place);
            }
            match read.end {
                End::Full => {}
                End::Over => {
                    self.rest(&mut place).await;
                    self.progress.fell_behind(self.facts.id, self.now());
                }
                End::Unreadable(error) => {
                    self.save(&mut place).await;
                    return Err(error.into());
                }
            }
        }
    }

    /// How far the sink has got; where it begins, if nobody knows.
    async fn place(&mut self) -> Result<Cursor, Halt> {
        let file = self.cursor.clone();
        if let Some(cursor) = spawn_blocking(move || file.read()).await?? {
            return Ok(cursor);
        }
        let cursor = self.beginning.find(&self.facts, self.follower).await?;
        if cursor != Cursor::beginning() {
            // It may have been a long way.
            let (file, found) = (self.cursor.clone(), cursor.clone());
            spawn_blocking(move || file.write(&found)).await??;
        }
        Ok(cursor)
    }

    fn batch(&self, mapper: &mut Mapper, decisions: &[Followed]) -> Result<Batch, MapError> {
        let mut batch = Batch { events: Vec::new(), ends: Vec::with_capacity(decisions.len()) };
        for Followed { first, decision, bookmark } in decisions {
            let before = batch.events.len();
            let events = mapper.events(*first, decision)?;
            batch.events.extend(events.into_iter().filter(|event| self.wants(event.topic)));
            batch.ends.push(DecisionEnd {
                events: batch.events.len(),
                own_events: (batch.events.len() - before) as u64,
                facts: decision.facts.len() as u64,
                bookmark: *bookmark,
                at: decision.at,
            });
        }
        Ok(batch)
    }

    fn wants(&self, topic: Topic) -> bool {
        self.topics.is_empty() || self.topics.contains(&topic)
    }

    /// Delivers a batch, however long that takes.
    async fn publish(&mut self, place: &mut Place, batch: &Batch) -> Result<(), Halt> {
        let (mut delivered, mut failures, mut ends) = (0, 0, batch.ends.as_slice());
        while delivered < batch.events.len() {
            let Err(error) = self.sink.deliver(&batch.events[delivered..]).await else { break };
            if error.delivered() > 0 {
                failures = 0;
            }
            failures += 1;
            delivered += error.delivered();
            ends = self.took(place, ends, delivered);
            // It may be away for long.
            self.save(place).await;
            let asked = match error {
                SinkError::Permanent { why, .. } => return Err(Halt::Gone(why)),
                SinkError::Temporary { why, retry_after, .. } => {
                    self.failed(place, why);
                    retry_after
                }
            };
            let random = getrandom::u32().unwrap_or_default();
            sleep(self.schedule.wait(failures, asked, random)).await;
        }
        self.took(place, ends, batch.events.len());
        Ok(())
    }

    /// Notes that so many events of a batch were delivered; answers which decisions are left.
    fn took<'a>(
        &self,
        place: &mut Place,
        ends: &'a [DecisionEnd],
        delivered: usize,
    ) -> &'a [DecisionEnd] {
        let whole = ends.partition_point(|end| end.events <= delivered);
        let (done, left) = ends.split_at(whole);
        if let Some(last) = done.last() {
            place.delivered = last.bookmark;
            let facts = done.iter().map(|end| end.facts).sum();
            // What read models have as rows, this has as events.
            let rows = done.iter().map(|end| end.own_events).sum();
            let checkpoint = self.checkpoint(last.bookmark, last.at);
            self.progress.took(&Projected { checkpoint, facts, rows });
        }
        left
    }

    /// Waits for more, and writes down meanwhile what was delivered.
    async fn rest(&mut self, place: &mut Place) {
        while place.saved != place.delivered {
            tokio::select! {
                () = place.following.moved() => return,
                () = sleep_until(place.saved_at + SAVE_EVERY) => {}
            }
            if self.save(place).await {
                self.goes_on(place);
            }
        }
        place.following.moved().await;
    }

    /// Writes down what was delivered; answers whether anything was. If that fails it is tried
    /// again later: until then a crash has more delivered twice.
    async fn save(&mut self, place: &mut Place) -> bool {
        if place.saved == place.delivered {
            return false;
        }
        place.saved_at = Instant::now();
        match self.write(place.delivered, place.mapper.currencies().clone()).await {
            Ok(()) => {
                place.saved = place.delivered;
                place.following.taken(place.saved);
                true
            }
            Err(why) => {
                self.failed(place, why);
                false
            }
        }
    }

    async fn write(&mut self, bookmark: Bookmark, currencies: Currencies) -> Result<(), String> {
        self.sink.settle().await.map_err(|error| error.to_string())?;
        let (file, cursor) = (self.cursor.clone(), Cursor { bookmark, currencies });
        let written = spawn_blocking(move || file.write(&cursor)).await;
        let written = written.map_err(|error| error.to_string())?;
        written.map_err(|error| error.to_string())
    }

    /// Says that what was wrong is not any more.
    fn goes_on(&self, place: &mut Place) {
        if place.trouble.take().is_some() {
            let partition = self.facts.id.number();
            tracing::info!(sink = %self.name, partition, "publishing goes on");
        }
    }

    /// Says what is wrong once, however often it happens.
    fn failed(&self, place: &mut Place, why: String) {
        self.progress.failed(self.facts.id, self.now());
        if place.trouble.as_ref() != Some(&why) {
            let partition = self.facts.id.number();
            tracing::warn!(sink = %self.name, partition, "publishing waits: {why}");
            place.trouble = Some(why);
        }
    }

    fn checkpoint(&self, bookmark: Bookmark, at: Time) -> Checkpoint {
        Checkpoint {
            partition: self.facts.id,
            journal: Journal(self.cursor.journal().0),
            fact: bookmark.fact.get(),
            chain: bookmark.chain.map(Chain::get),
            at,
        }
    }

    fn now(&self) -> Time {
        Time::from_ms(self.clock.now_ms())
    }
}
