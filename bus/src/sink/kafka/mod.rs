//! Kafka: a topic for each of ours, a record for each event, keyed by the event that is sold.
//!
//! A batch is written to all partitions of Kafka that it concerns at once, and waits for each. So
//! what has the same key is in order within a topic, which is all the order that Kafka's consumers
//! see; from topic to topic, one may be a batch ahead of another, or further where a partition has
//! no leader. Nothing of the next batch is written before.
//!
//! Source: CloudEvents Kafka Protocol Binding 1.0.2, structured content mode.
//!
//! Deliberately absent: transactions. An event may be there twice; its id says so.

mod cluster;
mod murmur2;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rskafka::chrono::{DateTime, Utc};
use rskafka::record::Record;

use self::cluster::{Cluster, KafkaError, Place};
use super::{Sink, SinkError};
use crate::event::Event;

pub use self::settings::{Authorities, KafkaSettings, Login, Mechanism, NewTopics, NotAKafka};

/// Events of one batch, and bytes of them: all of it may be for one partition, and a broker refuses
/// more than a mebibyte at once (`max.message.bytes`).
const EVENTS_MAX: usize = 512;
const BYTES_MAX: usize = 512 << 10;

/// Events in topics of Kafka.
pub struct KafkaTopics {
    settings: KafkaSettings,
    cluster: Option<Cluster>,
    /// Ids of events that are there, but not all that came before them.
    ahead: BTreeSet<String>,
}

/// For each partition of Kafka, which events of a batch are for it.
type Parts = BTreeMap<Place, Vec<usize>>;

/// Not all of a batch is there.
#[derive(Debug)]
struct Failure {
    /// The first event that is not.
    first: usize,
    why: KafkaError,
}

impl KafkaTopics {
    /// Puts events there.
    pub const fn new(settings: KafkaSettings) -> Self {
        Self { settings, cluster: None, ahead: BTreeSet::new() }
    }

    async fn put(&mut self, events: &[Event]) -> Result<(), Failure> {
        let nothing = |why| Failure { first: 0, why };
        let mut cluster = match self.cluster.take() {
            Some(cluster) => cluster,
            None => Cluster::connect(self.settings.clone()).await.map_err(nothing)?,
        };
        let parts = self.parts(&mut cluster, events).await.map_err(nothing)?;
        let now = now();
        let record = |at: &usize| record(&events[*at], now);
        let records = |part: &Vec<usize>| part.iter().map(record).collect::<Vec<_>>();
        let wanted = parts.iter().map(|(place, part)| (*place, records(part))).collect();
        let written = cluster.write(wanted).await;
        self.judge(events, &parts, written)?;
        // One on which something failed, or was not waited for, is not used again.
        self.cluster = Some(cluster);
        Ok(())
    }

    /// Where each event belongs, apart from those that are there.
    async fn parts(&self, cluster: &mut Cluster, events: &[Event]) -> Result<Parts, KafkaError> {
        let mut parts = Parts::new();
        for (at, event) in events.iter().enumerate() {
            let count = cluster.partitions(event.topic).await?;
            if !self.ahead.contains(&event.id) {
                let partition = murmur2::partition(event.key.to_string().as_bytes(), count);
                parts.entry((event.topic, partition)).or_default().push(at);
            }
        }
        Ok(parts)
    }

    /// What has become of a batch. What is there of one that failed is not put there again.
    fn judge(
        &mut self,
        events: &[Event],
        parts: &Parts,
        written: Vec<Result<(), KafkaError>>,
    ) -> Result<(), Failure> {
        let (mut missing, mut failure) = (BTreeSet::<usize>::new(), None::<Failure>);
        for (part, outcome) in parts.values().zip(written) {
            let (Err(why), Some(first)) = (outcome, part.first().copied()) else { continue };
            missing.extend(part);
            if failure.as_ref().is_none_or(|failure| first < failure.first) {
                failure = Some(Failure { first, why });
            }
        }
        self.ahead.clear();
        let Some(failure) = failure else { return Ok(()) };
        let there = events.iter().enumerate().skip(failure.first);
        let there = there.filter(|(at, _)| !missing.contains(at));
        self.ahead.extend(there.map(|(_, event)| event.id.clone()));
        Err(failure)
    }
}

impl Sink for KafkaTopics {
    fn deliver<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<(), SinkError>> {
        async move {
            let mut delivered = 0;
            while delivered < events.len() {
                let some = batch(&events[delivered..]);
                let put = self.put(some).await;
                put.map_err(|failure| {
                    SinkError::temporary(delivered + failure.first, &failure.why)
                })?;
                delivered += some.len();
            }
            Ok(())
        }
        .boxed()
    }
}

/// The first of them, one at least, that are put together.
fn batch(events: &[Event]) -> &[Event] {
    let mut bytes = 0;
    let fits = |event: &&Event| {
        bytes += event.json.len();
        bytes <= BYTES_MAX
    };
    let count = events.iter().take(EVENTS_MAX).take_while(fits).count();
    &events[..count.max(1)]
}

fn record(event: &Event, now: DateTime<Utc>) -> Record {
    let content_type = b"application/cloudevents+json; charset=utf-8".to_vec();
    Record {
        key: Some(event.key.to_string().into_bytes()),
        value: Some(event.json.clone().into_bytes()),
        headers: BTreeMap::from([("content-type".to_owned(), content_type)]),
        timestamp: now,
    }
}

/// Kafka forgets by this time (`retention.ms`). When it happened is in the event: of an old journal
/// that is published again, it would forget the events at once.
fn now() -> DateTime<Utc> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let ms = i64::try_from(since.as_millis()).unwrap_or_default();
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}
