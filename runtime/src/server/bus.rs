//! Publishing, on a thread of its own that runs when the processors have nothing better to do. The
//! sinks that are configured need no database: while that is away facts go out all the same. Which
//! endpoints there are it has to say once.

use std::sync::Arc;
use std::time::Duration;

use onsale_control::projection::{Lag, Progress};
use onsale_core::time::Time;
use onsale_net::publisher::Bell;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::metrics::{Family, write_family};
use super::models::open;
use super::slow::once_ready;
use super::{FIRST_SINK, ServerError};
use crate::bus::{Beginning, CursorFile, Endpoints, Lags, Publisher, Supervisor};
use crate::config::{Bus as Setting, Config};
use crate::data_directory::{DataDirectory, create_private};
use crate::facts::{Facts, progress};
use crate::host::Clock;
use crate::priority::give_way;

/// What is asked about endpoints is little, and nobody waits for it.
const CONNECTIONS: u32 = 2;

const PUBLISHING: [Family<Lag>; 6] = [
    ("bus_facts_behind", "gauge", "Durable facts that were not delivered", |lag| lag.facts),
    ("bus_seconds_behind", "gauge", "Age of the oldest of them, at most", |lag| {
        lag.since.as_ms().div_ceil(1_000)
    }),
    ("bus_stopped", "gauge", "Whether somebody must look into it", |lag| u64::from(lag.is_stopped)),
    ("bus_facts", "counter", "Facts that were looked at", |lag| lag.facts_taken),
    ("bus_delivered", "counter", "Events delivered", |lag| lag.rows),
    ("bus_failures", "counter", "Deliveries that failed", |lag| lag.errors),
];

/// What publishes.
pub(super) struct Bus {
    /// None where there is nothing to publish to.
    runtime: Option<Runtime>,
    metrics: BusMetrics,
}

/// How far each sink has got.
#[derive(Clone, Default)]
pub(super) struct BusMetrics {
    /// Those that are configured.
    sinks: Arc<[(Arc<str>, Progress)]>,
    endpoints: Lags,
}

/// What says which endpoints there are.
pub(super) struct Signals<'a> {
    /// Whether the tables are there.
    pub(super) is_ready: &'a watch::Receiver<bool>,
    /// Whoever changes endpoints rings it.
    pub(super) bell: Bell,
}

impl Bus {
    pub(super) fn start(
        config: &Config,
        data: &DataDirectory,
        facts: &Arc<[Facts]>,
        clock: &Clock,
        signals: Signals<'_>,
    ) -> Result<Self, ServerError> {
        if config.bus.is_empty() && config.webhooks.endpoints_max == 0 {
            return Ok(Self { runtime: None, metrics: BusMetrics::default() });
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("bus")
            .on_thread_start(|| give_way("facts are published"))
            .enable_all()
            .build()?;
        let mut all = Vec::new();
        for (follower, setting) in (FIRST_SINK..).zip(&config.bus) {
            let progress = progress(facts);
            all.push((Arc::from(setting.name.as_str()), progress.clone()));
            start_sink(&runtime, setting, follower, data, facts, &progress, clock)?;
        }
        let metrics = BusMetrics { sinks: all.into(), endpoints: Lags::default() };
        if config.webhooks.endpoints_max > 0 {
            let database = config.database.settings(&data.control_path());
            let endpoints = Endpoints {
                database: open(&runtime, &database, CONNECTIONS)?,
                facts: Arc::clone(facts),
                journals: facts.iter().map(|facts| data.journal_id(facts.id)).collect(),
                first_place: FIRST_SINK + config.bus.len(),
                places: config.webhooks.places(),
                directory: data.bus_directory(),
                sending: config.webhooks.sending(),
                lags: metrics.endpoints.clone(),
                bell: signals.bell,
                clock: clock.clone(),
            };
            let work = Supervisor::new(endpoints).run();
            runtime.spawn(once_ready(signals.is_ready.clone(), work));
        }
        Ok(Self { runtime: Some(runtime), metrics })
    }

    pub(super) fn metrics(&self) -> BusMetrics {
        self.metrics.clone()
    }

    /// Ends at once: what is not written down as delivered is delivered at the next start.
    pub(super) fn end(self) {
        if let Some(runtime) = self.runtime {
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }
}

/// Starts a task for each partition.
fn start_sink(
    runtime: &Runtime,
    setting: &Setting,
    follower: usize,
    data: &DataDirectory,
    facts: &[Facts],
    progress: &Progress,
    clock: &Clock,
) -> Result<(), ServerError> {
    let directory = data.bus_path(&setting.name);
    for level in [&data.bus_directory(), &directory] {
        create_private(level)?;
    }
    let outlet = setting.outlet()?;
    let (name, topics) = (Arc::<str>::from(setting.name.as_str()), Arc::from(&setting.topics[..]));
    for facts in facts {
        let publisher = Publisher {
            name: Arc::clone(&name),
            facts: facts.clone(),
            follower,
            cursor: CursorFile::new(directory.clone(), facts.id, data.journal_id(facts.id)),
            beginning: Beginning::First,
            sink: outlet.sink(),
            schedule: outlet.schedule(),
            topics: Arc::clone(&topics),
            progress: progress.clone(),
            clock: clock.clone(),
        };
        runtime.spawn(publisher.run());
    }
    Ok(())
}

impl BusMetrics {
    pub(super) fn write(&self, now: Time, out: &mut String) {
        let endpoints = self.endpoints.all();
        let all = self.sinks.iter().chain(&endpoints);
        let lags = all.map(|(name, progress)| (name, progress.lags(now).collect::<Vec<_>>()));
        let lags: Vec<_> = lags.collect();
        if lags.is_empty() {
            return;
        }
        for (name, kind, help, value) in PUBLISHING {
            let values = lags.iter().flat_map(|(sink, lags)| {
                lags.iter().enumerate().map(move |(partition, lag)| {
                    let labels = format!("{{sink=\"{sink}\",partition=\"{partition}\"}}");
                    (labels, value(lag))
                })
            });
            write_family(out, (name, kind, help), values);
        }
    }
}
