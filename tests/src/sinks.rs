//! A sink of every kind that facts are published to, and what has come to each.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use onsale_testbed::Redis;
use redis::aio::MultiplexedConnection;
use serde_json::Value;
use tempfile::TempDir;

use crate::facts::{self, Fact};
use crate::hook::Hook;

const TOPICS: [&str; 4] = ["inventory-events", "order-events", "payment-events", "queue-events"];

/// What stands before the topic in the name of a stream.
const PREFIX: &str = "sale:";

/// All sinks, each of everything.
pub struct Sinks {
    folder: TempDir,
    redis: Redis,
    streams: MultiplexedConnection,
    hook: Hook,
}

#[derive(Clone, Copy)]
enum Kind {
    Lines,
    Streams,
    Hook,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Lines, Self::Streams, Self::Hook];

    const fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Streams => "streams",
            Self::Hook => "hook",
        }
    }
}

impl Sinks {
    /// Sinks that have nothing yet, and the configuration of a server that publishes to them.
    ///
    /// # Panics
    /// If they cannot be had.
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        let redis = Redis::start().expect("there is a Redis");
        let client = redis::Client::open(redis.url()).expect("it has an address");
        let streams = client.get_multiplexed_async_connection().await.expect("it listens");
        let hook = Hook::listen().await;
        let sinks = Self { folder, redis, streams, hook };
        fs::write(sinks.config(), sinks.settings()).expect("there is room");
        sinks
    }

    /// The configuration file of a server that publishes to all of them.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("onsale.toml")
    }

    /// What `/metrics` says of each.
    pub fn metrics() -> impl Iterator<Item = String> {
        let behind = |kind: Kind| format!("bus_facts_behind{{sink=\"{}\",", kind.name());
        Kind::ALL.into_iter().map(behind)
    }

    /// Waits until each holds all of these, in order for each event of the sale.
    ///
    /// # Panics
    /// If one holds something else, or in another order.
    pub async fn until_all_hold(&self, expected: &BTreeSet<Fact>) {
        for kind in Kind::ALL {
            while !facts::are_held(expected, &self.come_to(kind).await) {
                tokio::task::yield_now().await;
            }
            println!("{} holds {} facts", kind.name(), expected.len());
        }
    }

    /// What has come to a sink: one list, or several that are each in order.
    async fn come_to(&self, kind: Kind) -> Vec<Vec<Value>> {
        match kind {
            Kind::Lines => vec![read_lines(&self.lines())],
            Kind::Streams => self.read_streams().await,
            Kind::Hook => vec![self.hook.taken()],
        }
    }

    async fn read_streams(&self) -> Vec<Vec<Value>> {
        let (mut connection, mut streams) = (self.streams.clone(), Vec::new());
        for topic in TOPICS {
            streams.push(read_stream(&mut connection, topic).await);
        }
        streams
    }

    fn lines(&self) -> PathBuf {
        self.folder.path().join("events.ndjson")
    }

    fn settings(&self) -> String {
        let [lines_name, streams_name, hook_name] = Kind::ALL.map(Kind::name);
        let (lines, redis) = (self.lines(), self.redis.url());
        let (lines, url, secret) = (lines.display(), self.hook.url(), Hook::secret());
        format!(
            "[[bus]]\nname = \"{lines_name}\"\n[bus.to.ndjson]\npath = \"{lines}\"\n\
             [[bus]]\nname = \"{streams_name}\"\n[bus.to.redis]\nurl = \"{redis}\"\n\
             prefix = \"{PREFIX}\"\n\
             [[bus]]\nname = \"{hook_name}\"\n[bus.to.webhook]\nurl = \"{url}\"\n\
             retry_s = [0]\nsecrets = [\"{secret}\"]\nprivate_addresses = true\n"
        )
    }
}

fn read_lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    // The last one may be half written.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

type Entries = Vec<(String, Vec<(String, String)>)>;

async fn read_stream(connection: &mut MultiplexedConnection, topic: &str) -> Vec<Value> {
    let mut ask = redis::cmd("XRANGE");
    ask.arg(format!("{PREFIX}{topic}")).arg("-").arg("+");
    let entries: Entries = ask.query_async(connection).await.expect("Redis answers");
    let event = |(_, fields): (String, Vec<(String, String)>)| {
        let json = fields.into_iter().find(|(name, _)| name == "event").map(|(_, json)| json);
        let event = serde_json::from_str::<Value>(&json.unwrap_or_default());
        let event = event.expect("an entry has an event");
        assert_eq!(event["topic"], topic);
        event
    };
    entries.into_iter().map(event).collect()
}
