//! Where facts are published.

mod kafka;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use onsale_bus::Topic;
use onsale_bus::sink::kafka::{KafkaSettings, KafkaTopics, NotAKafka};
use onsale_bus::sink::ndjson::Ndjson;
use onsale_bus::sink::redis::{NotARedis, RedisSettings, RedisStreams};
use onsale_bus::sink::webhook::{self, NotAWebhook, Webhook, WebhookSettings};
use onsale_bus::sink::{Schedule, Sink};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use self::kafka::TIMEOUT_MS_MAX as KAFKA_TIMEOUT_MS_MAX;
use super::{Secret, SettingError};

pub use self::kafka::{KafkaLogin, KafkaTarget};

/// Each has a task for every partition.
const SINKS_MAX: usize = 20;

/// The longest name: a directory is called so.
const NAME_MAX: usize = 40;

/// How long a webhook is waited for, and between attempts, at most.
pub(super) const WEBHOOK_TIMEOUT_S_MAX: u64 = 30;
pub(super) const RETRY_S_MAX: u64 = 86_400;
pub(super) const RETRIES_MAX: usize = 20;

/// How long Redis is waited for at most.
const REDIS_TIMEOUT_MS_MAX: u64 = 60_000;

/// A sink that facts are published to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bus {
    /// What it is called: its place in every partition is kept under this name.
    pub name: String,
    /// What it is given; everything, if there are none.
    #[serde(default)]
    pub topics: Vec<Topic>,
    /// Where it is.
    pub to: Target,
}

/// Where a sink is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Topics.
    Kafka(KafkaTarget),
    /// Lines of JSON.
    Ndjson(NdjsonTarget),
    /// Streams.
    Redis(RedisTarget),
    /// Signed requests.
    Webhook(WebhookTarget),
}

/// Lines of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NdjsonTarget {
    /// The file; the standard output, if not set.
    pub path: Option<PathBuf>,
}

/// Streams in Redis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisTarget {
    /// Its address, `redis://[user:password@]host[:port][/database]`.
    pub url: Secret,
    /// What stands before the topic in the name of a stream.
    #[serde(default)]
    pub prefix: String,
    /// About so many entries are kept in each stream; all of them, if not set.
    pub maxlen: Option<u64>,
    /// How long it may take to answer.
    #[serde(default = "usual_redis_timeout_ms")]
    pub timeout_ms: u64,
}

/// Signed requests to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookTarget {
    /// Where they are sent.
    pub url: String,
    /// What they are signed with; several while it is being changed.
    pub secrets: Vec<Secret>,
    /// How long the receiver may take to answer.
    #[serde(default = "usual_webhook_timeout_s")]
    pub timeout_s: u64,
    /// How long is waited before the second attempt, the third, and so on.
    #[serde(default = "usual_retry_s")]
    pub retry_s: Vec<u64>,
    /// Whether it may be in this network, and without TLS.
    #[serde(default)]
    pub private_addresses: bool,
}

const fn usual_redis_timeout_ms() -> u64 {
    2_000
}

const fn usual_webhook_timeout_s() -> u64 {
    webhook::TIMEOUT_S
}

fn usual_retry_s() -> Vec<u64> {
    webhook::RETRY_S.into()
}

/// What is wrong with a sink.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotASink {
    /// It cannot be called so.
    #[error("name must be 1 to {NAME_MAX} small letters, digits and hyphens")]
    Name,
    /// Not where a Kafka can be.
    #[error("kafka.{0}")]
    Kafka(#[from] NotAKafka),
    /// Not how long Kafka can be waited for.
    #[error("kafka.timeout_ms must be 1 to {KAFKA_TIMEOUT_MS_MAX}")]
    KafkaTimeout,
    /// Certificates that nothing is checked against.
    #[error("kafka.ca needs kafka.tls = true")]
    KafkaAuthorities,
    /// Not where a Redis can be. There may be a password in it.
    #[error("redis.url {0}")]
    Redis(#[from] NotARedis),
    /// Not how long Redis can be waited for, or how long a stream can be.
    #[error("redis.timeout_ms must be 1 to {REDIS_TIMEOUT_MS_MAX}, redis.maxlen at least 1")]
    RedisNumbers,
    /// Not where webhooks can be sent.
    #[error("webhook.{0}")]
    Webhook(#[from] NotAWebhook),
    /// Not when a webhook can be sent again.
    #[error(
        "webhook.timeout_s must be 1 to {WEBHOOK_TIMEOUT_S_MAX}, webhook.retry_s 1 to \
         {RETRIES_MAX} numbers up to {RETRY_S_MAX}"
    )]
    WebhookNumbers,
}

/// A sink that can be used: a hand for each partition.
pub enum Outlet {
    /// Topics in Kafka.
    Kafka(KafkaSettings),
    /// Lines of JSON.
    Ndjson(Ndjson),
    /// Streams in Redis.
    Redis(RedisSettings),
    /// Signed requests, and when they are sent again.
    Webhook(Webhook, Schedule),
}

impl Outlet {
    /// A hand for one partition.
    pub fn sink(&self) -> Box<dyn Sink> {
        match self {
            Self::Kafka(settings) => Box::new(KafkaTopics::new(settings.clone())),
            Self::Ndjson(sink) => Box::new(sink.clone()),
            Self::Redis(settings) => Box::new(RedisStreams::new(settings.clone())),
            Self::Webhook(sink, _) => Box::new(sink.clone()),
        }
    }

    /// When it is tried again.
    pub fn schedule(&self) -> Schedule {
        match self {
            Self::Kafka(_) | Self::Ndjson(_) | Self::Redis(_) => Schedule::near(),
            Self::Webhook(_, schedule) => schedule.clone(),
        }
    }
}

/// Whether all sinks that are set make sense.
pub(super) fn check(all: &[Bus]) -> Result<(), SettingError> {
    let names: BTreeSet<_> = all.iter().map(|one| &one.name).collect();
    if names.len() != all.len() || all.len() > SINKS_MAX {
        return Err(SettingError::BusNames);
    }
    all.iter().try_for_each(|one| one.outlet().map(|_| ()))
}

impl Bus {
    /// The sink, of which nothing is opened yet.
    pub fn outlet(&self) -> Result<Outlet, SettingError> {
        let wrong = |problem| SettingError::Bus { name: self.name.clone(), problem };
        if !is_name(&self.name) {
            return Err(wrong(NotASink::Name));
        }
        match &self.to {
            Target::Kafka(target) => target.outlet().map_err(wrong),
            Target::Ndjson(NdjsonTarget { path: Some(path) }) => {
                Ok(Outlet::Ndjson(Ndjson::file(path.clone())))
            }
            Target::Ndjson(NdjsonTarget { path: None }) => Ok(Outlet::Ndjson(Ndjson::standard())),
            Target::Redis(target) => target.outlet().map_err(wrong),
            Target::Webhook(target) => target.outlet().map_err(wrong),
        }
    }
}

impl RedisTarget {
    fn outlet(&self) -> Result<Outlet, NotASink> {
        let Self { url, prefix, maxlen, timeout_ms } = self;
        if !(1..=REDIS_TIMEOUT_MS_MAX).contains(timeout_ms) || *maxlen == Some(0) {
            return Err(NotASink::RedisNumbers);
        }
        let timeout = Duration::from_millis(*timeout_ms);
        Ok(Outlet::Redis(RedisSettings::new(url.expose(), timeout, prefix.clone(), *maxlen)?))
    }
}

impl WebhookTarget {
    fn outlet(&self) -> Result<Outlet, NotASink> {
        let Self { url, secrets, timeout_s, retry_s, private_addresses } = self;
        let can_wait = (1..=RETRIES_MAX).contains(&retry_s.len())
            && retry_s.iter().all(|wait| *wait <= RETRY_S_MAX);
        if !can_wait || !(1..=WEBHOOK_TIMEOUT_S_MAX).contains(timeout_s) {
            return Err(NotASink::WebhookNumbers);
        }
        let secrets: Vec<_> = secrets.iter().map(Secret::expose).collect();
        let timeout = Duration::from_secs(*timeout_s);
        let settings = WebhookSettings::new(url, &secrets, timeout, *private_addresses)?;
        let waits = retry_s.iter().copied().map(Duration::from_secs).collect();
        Ok(Outlet::Webhook(Webhook::new(settings), Schedule::new(waits)))
    }
}

fn is_name(name: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(is_fit)
}
