//! Has the endpoints sent to that the database says: looks into it when somebody rings, and now and
//! then, and starts and stops publishers.
//!
//! An endpoint that runs has one of a fixed number of places among those who follow facts. Until
//! the database has been seen for the first time every place may be somebody's, so the journals
//! keep everything for all of them; from then on nothing stays for a place that is free.
//!
//! Its cursors are in a directory of their own for each turn, `<endpoint>-<turn>`: an endpoint that
//! is to begin anew does so although a crash comes between, for its next turn has no cursor.

mod plan;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fs, io};

use onsale_bus::sink::webhook::{NotAWebhook, Webhook};
use onsale_control::database::{Database, StoreError};
use onsale_control::id::WebhookId;
use onsale_control::projection::Progress;
use onsale_control::webhooks::feed::{self, Feed};
use onsale_core::time::Time;
use onsale_net::publisher::Bell;
use onsale_storage::journal::JournalId;
use thiserror::Error;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;

use self::plan::Plan;
use super::endpoint::{Audience, EndpointSink, Line, Owners};
use super::notes::Notes;
use super::ping::{self, PING};
use super::{Beginning, CursorFile, Publisher};
use crate::data_directory::{DataDirectoryError, create_private};
use crate::facts::{Facts, progress};
use crate::host::Clock;

pub use self::plan::Sending;

/// How often the database is looked into though nobody has rung: others write to it, too, and
/// secrets end by themselves.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How the directory of an endpoint's cursors begins: no sink that is configured is called so.
const PREFIX: &str = "whk_";

/// What endpoints are sent, and how.
pub struct Endpoints {
    /// What says which there are, and keeps what was tried.
    pub database: Database,
    /// Where the facts of each partition are.
    pub facts: Arc<[Facts]>,
    /// The journal of each partition.
    pub journals: Box<[JournalId]>,
    /// The first place of an endpoint among those who follow facts.
    pub first_place: usize,
    /// How many of these places there are.
    pub places: usize,
    /// Where cursors are kept.
    pub directory: PathBuf,
    /// How it is sent.
    pub sending: Sending,
    /// What is said of how it goes.
    pub lags: Lags,
    /// Whoever changes endpoints rings it.
    pub bell: Bell,
    /// What time it is.
    pub clock: Clock,
}

/// How far the endpoints are that run. A cheap handle.
#[derive(Clone, Debug, Default)]
pub struct Lags(Arc<Mutex<Known>>);

type Known = BTreeMap<WebhookId, Progress>;

/// Starts and stops publishers.
pub struct Supervisor {
    endpoints: Endpoints,
    running: BTreeMap<WebhookId, Running>,
    owners: Owners,
    notes: Notes,
    /// The last ping that was sent to each.
    pinged: BTreeMap<WebhookId, String>,
    /// What is wrong, as far as it was said.
    said: BTreeMap<WebhookId, String>,
    /// The directories that were needed when the others were removed.
    swept: BTreeSet<String>,
}

/// An endpoint that is sent to.
struct Running {
    plan: Plan,
    place: usize,
    webhook: Webhook,
    /// One for each partition.
    publishers: JoinSet<()>,
}

/// Why an endpoint is not sent to.
#[derive(Debug, Error)]
enum NotStarted {
    #[error(transparent)]
    Directory(#[from] DataDirectoryError),
    #[error("other endpoints have all places: see webhooks.endpoints_max")]
    NoPlace,
    #[error(transparent)]
    Webhook(#[from] NotAWebhook),
}

impl Supervisor {
    /// Of these endpoints. Nothing is sent yet.
    pub fn new(endpoints: Endpoints) -> Self {
        Self {
            owners: Owners::new(endpoints.database.clone()),
            notes: Notes::default(),
            endpoints,
            running: BTreeMap::new(),
            pinged: BTreeMap::new(),
            said: BTreeMap::new(),
            swept: BTreeSet::new(),
        }
    }

    /// Has them sent to for as long as it is polled, on a tokio runtime.
    pub async fn run(mut self) {
        tokio::spawn(self.notes.clone().keep(self.endpoints.database.clone()));
        loop {
            if let Err(error) = self.look().await {
                // Those that run go on meanwhile.
                tracing::debug!(%error, "which webhook endpoints there are is not seen");
            }
            let _ = timeout(LOOK_EVERY, self.endpoints.bell.rung()).await;
        }
    }

    /// Has everything as the database says.
    async fn look(&mut self) -> Result<(), StoreError> {
        self.say_who_is_gone().await?;
        let feeds = feed::all(&self.endpoints.database).await?;
        let now = self.now();
        let wanted: BTreeMap<_, _> =
            feeds.iter().filter_map(|feed| Some((feed.id, Plan::of(feed, now)?))).collect();
        let is_unwanted = |(id, running): (&WebhookId, &Running)| {
            (wanted.get(id) != Some(&running.plan)).then_some(*id)
        };
        let unwanted: Vec<_> = self.running.iter().filter_map(is_unwanted).collect();
        for id in unwanted {
            self.stop(id).await;
        }
        self.said.retain(|id, _| wanted.contains_key(id));
        for (id, plan) in wanted {
            self.keep_running(id, plan);
        }
        self.forget_free_places();
        self.sweep(&feeds).await;
        self.send_pings(&feeds);
        Ok(())
    }

    /// Says who wants nothing any more; whoever is wanted all the same is begun with anew.
    async fn say_who_is_gone(&mut self) -> Result<(), StoreError> {
        let gone = self.running.iter().filter(|(_, running)| running.webhook.is_gone());
        let gone: Vec<_> = gone.map(|(id, running)| (*id, running.plan.url.clone())).collect();
        for (id, url) in gone {
            feed::gone(&self.endpoints.database, id, &url, self.now()).await?;
            self.stop(id).await;
        }
        Ok(())
    }

    /// Starts an endpoint that does not run.
    fn keep_running(&mut self, id: WebhookId, plan: Plan) {
        if self.running.contains_key(&id) {
            return;
        }
        match self.start(id, plan) {
            Ok(running) => {
                self.said.remove(&id);
                self.running.insert(id, running);
            }
            Err(error) => {
                let what = error.to_string();
                if self.said.get(&id) != Some(&what) {
                    tracing::error!(endpoint = %id, "nothing is sent to it: {what}");
                    self.said.insert(id, what);
                }
            }
        }
    }

    /// Starts a publisher for each partition.
    fn start(&self, id: WebhookId, plan: Plan) -> Result<Running, NotStarted> {
        let Endpoints { facts, journals, directory, sending, bell, clock, .. } = &self.endpoints;
        let place = self.free_places().next().ok_or(NotStarted::NoPlace)?;
        let webhook = sending.webhook(&plan.url, &plan.secrets)?;
        let cursors = directory.join(directory_name(id, plan.turn));
        for level in [directory, &cursors] {
            create_private(level)?;
        }
        let audience = match plan.organiser {
            Some(organiser) => Audience::Organiser(organiser, self.owners.clone()),
            None => Audience::Platform,
        };
        let progress = progress(facts);
        let (name, topics) = (Arc::<str>::from(id.to_string()), Arc::from(&plan.topics[..]));
        let mut publishers = JoinSet::new();
        for (facts, journal) in facts.iter().zip(journals.iter()) {
            facts.floor.claim(place);
            let publisher = Publisher {
                name: Arc::clone(&name),
                facts: facts.clone(),
                follower: place,
                cursor: CursorFile::new(cursors.clone(), facts.id, *journal),
                beginning: Beginning::Since(plan.since, self.endpoints.database.clone()),
                sink: Box::new(EndpointSink::new(audience.clone(), self.line(id, &webhook))),
                schedule: sending.schedule.clone(),
                topics: Arc::clone(&topics),
                progress: progress.clone(),
                clock: clock.clone(),
            };
            let bell = bell.clone();
            publishers.spawn(async move {
                publisher.run().await;
                // It is gone.
                bell.ring();
            });
        }
        self.endpoints.lags.lock().insert(id, progress);
        Ok(Running { plan, place, webhook, publishers })
    }

    /// Ends at once: what is not written down as delivered is delivered again.
    async fn stop(&mut self, id: WebhookId) {
        if let Some(mut running) = self.running.remove(&id) {
            running.publishers.shutdown().await;
            self.endpoints.lags.lock().remove(&id);
        }
    }

    /// The places that nobody has.
    fn free_places(&self) -> impl Iterator<Item = usize> + use<> {
        let Endpoints { first_place, places, .. } = self.endpoints;
        let taken: BTreeSet<_> = self.running.values().map(|running| running.place).collect();
        (first_place..first_place + places).filter(move |place| !taken.contains(place))
    }

    /// Has nothing stay in the journals for places that nobody has.
    fn forget_free_places(&self) {
        for place in self.free_places() {
            for facts in &*self.endpoints.facts {
                facts.floor.free(place);
            }
        }
    }

    /// Removes the cursors of endpoints that are no more, and of turns that are over.
    async fn sweep(&mut self, feeds: &[Feed]) {
        let needed: BTreeSet<_> =
            feeds.iter().map(|feed| directory_name(feed.id, feed.turn)).collect();
        if needed == self.swept {
            return;
        }
        let (directory, kept) = (self.endpoints.directory.clone(), needed.clone());
        match spawn_blocking(move || remove_others(&directory, &kept)).await {
            Ok(Ok(())) => self.swept = needed,
            Ok(Err(error)) => tracing::warn!(%error, "old cursors cannot be removed"),
            Err(error) => tracing::warn!(%error, "old cursors cannot be removed"),
        }
    }

    /// Sends the pings that are wanted, whatever state an endpoint has.
    fn send_pings(&mut self, feeds: &[Feed]) {
        self.pinged.retain(|id, _| feeds.iter().any(|feed| feed.id == *id));
        for feed in feeds {
            let Some(ping) = &feed.ping else { continue };
            if self.pinged.get(&feed.id) == Some(ping) {
                continue;
            }
            self.pinged.insert(feed.id, ping.clone());
            let now = self.now();
            // One that cannot be sent to is not started either, which is said.
            let Ok(webhook) = self.endpoints.sending.webhook(&feed.url, &feed.secrets(now)) else {
                continue;
            };
            let (line, database) = (self.line(feed.id, &webhook), self.endpoints.database.clone());
            let (id, ping) = (feed.id, ping.clone());
            tokio::spawn(async move {
                line.send(&ping, PING, &ping::json(&ping, id, now), 1).await;
                if let Err(error) = feed::pinged(&database, id, &ping).await {
                    tracing::debug!(%error, "a ping may be sent again after a restart");
                }
            });
        }
    }

    fn line(&self, endpoint: WebhookId, webhook: &Webhook) -> Line {
        let (webhook, notes) = (webhook.clone(), self.notes.clone());
        Line { endpoint, webhook, notes, clock: self.endpoints.clock.clone() }
    }

    fn now(&self) -> Time {
        Time::from_ms(self.endpoints.clock.now_ms())
    }
}

impl Lags {
    /// Of each endpoint that runs.
    pub fn all(&self) -> Vec<(Arc<str>, Progress)> {
        let all = self.lock();
        all.iter().map(|(id, progress)| (id.to_string().into(), progress.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn directory_name(id: WebhookId, turn: u64) -> String {
    format!("{id}-{turn}")
}

/// Removes what endpoints have in there and nobody needs.
fn remove_others(directory: &Path, needed: &BTreeSet<String>) -> io::Result<()> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let is_old =
            name.to_str().is_some_and(|name| name.starts_with(PREFIX) && !needed.contains(name));
        if is_old {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
