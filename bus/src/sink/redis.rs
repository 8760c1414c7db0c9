//! Redis streams: one for each topic, an entry for each event.
//!
//! A batch is one transaction, so that none of a stream is left out in the middle. What a Redis
//! loses that keeps nothing on its disk is lost: see its `appendonly`.

use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Client, Pipeline, RedisError, RedisResult};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use thiserror::Error;

use super::{Sink, SinkError};
use crate::event::Event;

/// Entries of one transaction: nothing else runs in Redis meanwhile.
const ENTRIES_MAX: usize = 128;

/// How events are put into Redis.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    client: Client,
    /// How long it may take to answer.
    timeout: Duration,
    /// What stands before the name of the topic in that of the stream.
    prefix: String,
    /// About so many entries are kept in each stream; all of them, if not set.
    entries_max: Option<u64>,
}

/// The text is not an address of Redis. It is not repeated: there may be a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be redis://[user:password@]host[:port][/database]")]
pub struct NotARedis;

/// Events in streams.
pub struct RedisStreams {
    settings: RedisSettings,
    connection: Option<MultiplexedConnection>,
}

impl RedisSettings {
    /// A Redis at `url`. Nothing is connected yet.
    pub fn new(
        url: &str,
        timeout: Duration,
        prefix: String,
        entries_max: Option<u64>,
    ) -> Result<Self, NotARedis> {
        // TLS is not built in: it needs a tunnel.
        if !url.starts_with("redis://") {
            return Err(NotARedis);
        }
        let client = Client::open(url).map_err(|_| NotARedis)?;
        Ok(Self { client, timeout, prefix, entries_max })
    }

    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(Some(self.timeout));
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }

    fn transaction(&self, events: &[Event]) -> Pipeline {
        let mut transaction = Pipeline::with_capacity(events.len());
        transaction.atomic();
        for event in events {
            transaction.cmd("XADD").arg(format!("{}{}", self.prefix, event.topic));
            if let Some(entries) = self.entries_max {
                transaction.arg("MAXLEN").arg("~").arg(entries);
            }
            transaction.arg("*").arg("id").arg(&event.id).arg("type").arg(event.kind);
            transaction.arg("event").arg(&event.json).ignore();
        }
        transaction
    }
}

impl RedisStreams {
    /// Puts events there.
    pub const fn new(settings: RedisSettings) -> Self {
        Self { settings, connection: None }
    }

    async fn put(&mut self, events: &[Event]) -> Result<(), RedisError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.settings.connect().await?,
        };
        self.settings.transaction(events).exec_async(&mut connection).await?;
        // One on which something failed, or was not waited for, is not used again.
        self.connection = Some(connection);
        Ok(())
    }
}

impl Sink for RedisStreams {
    fn deliver<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<(), SinkError>> {
        async move {
            let mut delivered = 0;
            for some in events.chunks(ENTRIES_MAX) {
                let put = self.put(some).await;
                put.map_err(|error| SinkError::temporary(delivered, &error))?;
                delivered += some.len();
            }
            Ok(())
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use onsale_testbed::Redis;

    use super::*;
    use crate::sink::testing::{event, events};

    const TIMEOUT: Duration = Duration::from_millis(500);

    fn sink(redis: &Redis, entries_max: Option<u64>) -> RedisStreams {
        let settings = RedisSettings::new(&redis.url(), TIMEOUT, "sale:".to_owned(), entries_max);
        RedisStreams::new(settings.unwrap())
    }

    type Entries = Vec<(String, Vec<(String, String)>)>;

    async fn stored(redis: &Redis) -> Vec<String> {
        let client = Client::open(redis.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut ask = ::redis::cmd("XRANGE");
        ask.arg("sale:inventory-events").arg("-").arg("+");
        let entries: Entries = ask.query_async(&mut connection).await.unwrap();
        let json = |fields: Vec<(String, String)>| fields.into_iter().find(|(k, _)| k == "event");
        entries.into_iter().map(|(_, fields)| json(fields).unwrap().1).collect()
    }

    #[tokio::test]
    async fn events_are_in_the_stream_of_their_topic_in_order() {
        let redis = Redis::start().unwrap();
        let mut sink = sink(&redis, None);
        // More than one transaction.
        let all = events(300);
        sink.deliver(&all).await.unwrap();
        let expected: Vec<_> = all.into_iter().map(|event| event.json).collect();
        assert_eq!(stored(&redis).await, expected);
        assert_eq!(redis.ask("EXISTS sale:order-events").as_deref(), Some(":0"));
    }

    #[tokio::test]
    async fn one_that_goes_and_comes_back_gets_what_it_missed() {
        let mut redis = Redis::start().unwrap();
        let mut sink = sink(&redis, None);
        sink.deliver(&events(2)).await.unwrap();
        redis.kill();
        let error = sink.deliver(&[event(3)]).await.unwrap_err();
        assert!(matches!(error, SinkError::Temporary { delivered: 0, .. }), "{error:?}");
        redis.start_again().unwrap();
        sink.deliver(&[event(3)]).await.unwrap();
        assert_eq!(stored(&redis).await, [event(3).json], "this one keeps nothing");
        redis.freeze();
        assert!(sink.deliver(&[event(4)]).await.is_err(), "it answers nothing");
        redis.thaw();
        sink.deliver(&[event(4)]).await.unwrap();
        let mut seen = stored(&redis).await;
        seen.dedup();
        assert_eq!(seen, [event(3).json, event(4).json]);
    }

    #[tokio::test]
    async fn a_stream_is_kept_about_as_long_as_it_may_be() {
        let redis = Redis::start().unwrap();
        let mut sink = sink(&redis, Some(100));
        sink.deliver(&events(1_000)).await.unwrap();
        let length: String = redis.ask("XLEN sale:inventory-events").unwrap();
        let length: u64 = length.trim_start_matches(':').parse().unwrap();
        // Whole nodes of 100 entries are cut off.
        assert!((100..=300).contains(&length), "{length}");
        assert_eq!(stored(&redis).await.last(), Some(&event(1_000).json));
    }

    #[test]
    fn what_is_no_address_of_a_redis_is_refused_without_repeating_it() {
        for wrong in ["", "rediss://:secret@a", "redis://a:b"] {
            let error = RedisSettings::new(wrong, TIMEOUT, String::new(), None).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{wrong}");
        }
    }
}
