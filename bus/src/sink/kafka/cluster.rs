//! A Kafka that is connected: which partitions its topics have, and what is written to them.
//!
//! Deliberately absent: trying again. What failed once is not used any more; whoever has this drops
//! it and connects anew. (The client repeats by itself, for half of the time, what a broker says
//! is only not ready yet.)

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rskafka::BackoffConfig;
use rskafka::client::error::{Error as ClientError, ProtocolError};
use rskafka::client::partition::{Compression, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder};
use rskafka::record::Record;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use thiserror::Error;
use tokio::time::timeout;

use super::settings::{Authorities, KafkaSettings};
use crate::topic::Topic;

/// How long the client waits before it repeats what is not ready yet, at first and at most.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// A partition of Kafka.
pub(super) type Place = (Topic, i32);

/// Why something is not in Kafka.
#[derive(Debug, Error)]
pub(super) enum KafkaError {
    /// It cannot be reached, or refuses.
    #[error("{0}")]
    Client(String),
    /// It says nothing.
    #[error("it did not answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// A topic is missing.
    #[error("there is no topic {name}: make it, or set create ({why})")]
    NoTopic {
        /// What Kafka calls it.
        name: String,
        /// What Kafka says of it.
        why: String,
    },
    /// Nobody can say that it is our Kafka.
    #[error("{}: {why}", path.display())]
    Authorities {
        /// Where they should be.
        path: PathBuf,
        /// What is wrong there.
        why: String,
    },
}

/// A Kafka that is connected.
pub(super) struct Cluster {
    settings: KafkaSettings,
    client: Client,
    /// How many partitions the topics have.
    counts: BTreeMap<Topic, NonZero<u32>>,
    /// A connection for each partition that was written to.
    writers: BTreeMap<Place, PartitionClient>,
}

impl Cluster {
    /// Connects to any of the brokers.
    pub async fn connect(settings: KafkaSettings) -> Result<Self, KafkaError> {
        let mut builder = ClientBuilder::new(settings.brokers.clone())
            .client_id("onsale")
            .backoff_config(BackoffConfig {
                init_backoff: PAUSE,
                max_backoff: PAUSE_MAX,
                base: 2.0,
                deadline: Some(settings.timeout / 2),
            });
        if let Some(authorities) = &settings.tls {
            builder = builder.tls_config(tls(authorities).await?);
        }
        if let Some(login) = &settings.login {
            builder = builder.sasl_config(login.sasl());
        }
        let client = within(settings.timeout, builder.build()).await?;
        Ok(Self { settings, client, counts: BTreeMap::new(), writers: BTreeMap::new() })
    }

    /// How many partitions a topic has. It is made if it is missing.
    pub async fn partitions(&mut self, topic: Topic) -> Result<NonZero<u32>, KafkaError> {
        if let Some(count) = self.counts.get(&topic) {
            return Ok(*count);
        }
        let name = self.name(topic);
        let count = match self.look_up(&name).await? {
            Some(count) => count,
            None => self.make(&name).await?,
        };
        self.counts.insert(topic, count);
        Ok(count)
    }

    /// Writes to several partitions at once; answers for each how it went.
    pub async fn write(&mut self, parts: Vec<(Place, Vec<Record>)>) -> Vec<Result<(), KafkaError>> {
        let mut writes = Vec::with_capacity(parts.len());
        let parts: Vec<_> = parts
            .into_iter()
            .map(|(place, records)| (place, self.writers.remove(&place), records))
            .collect();
        for (place, writer, records) in parts {
            writes.push(self.write_one(place, writer, records));
        }
        let written = join_all(writes).await;
        written
            .into_iter()
            .map(|one| one.map(|(place, writer)| drop(self.writers.insert(place, writer))))
            .collect()
    }

    async fn write_one(
        &self,
        place: Place,
        writer: Option<PartitionClient>,
        records: Vec<Record>,
    ) -> Result<(Place, PartitionClient), KafkaError> {
        let writer = match writer {
            Some(writer) => writer,
            None => self.writer(&self.name(place.0), place.1).await?,
        };
        // Uncompressed: the brokers can do that (`compression.type`). The client asks for all
        // replicas that are in sync (acks=all).
        let written = writer.produce(records, Compression::NoCompression);
        within(self.settings.timeout, written).await?;
        Ok((place, writer))
    }

    /// A connection to whoever leads a partition. To ask for one of a missing topic has Kafka make
    /// the topic, where it does that (`auto.create.topics.enable`).
    async fn writer(&self, name: &str, partition: i32) -> Result<PartitionClient, KafkaError> {
        let handling = UnknownTopicHandling::Retry;
        within(self.settings.timeout, self.client.partition_client(name, partition, handling)).await
    }

    fn name(&self, topic: Topic) -> String {
        format!("{}{topic}", self.settings.prefix)
    }

    async fn look_up(&self, name: &str) -> Result<Option<NonZero<u32>>, KafkaError> {
        let topics = within(self.settings.timeout, self.client.list_topics()).await?;
        let found = topics.iter().find(|topic| topic.name == name);
        let count = found.and_then(|topic| u32::try_from(topic.partitions.len()).ok());
        Ok(count.and_then(NonZero::new))
    }

    async fn make(&self, name: &str) -> Result<NonZero<u32>, KafkaError> {
        within(self.settings.timeout, self.create(name)).await?;
        let asked = self.writer(name, 0).await.err();
        let why = asked.map_or_else(|| "it is not listed".to_owned(), |error| error.to_string());
        let missing = KafkaError::NoTopic { name: name.to_owned(), why };
        self.look_up(name).await?.ok_or(missing)
    }

    /// Makes a topic, if we may.
    async fn create(&self, name: &str) -> Result<(), ClientError> {
        let Some(new) = self.settings.create else { return Ok(()) };
        let timeout_ms = i32::try_from(self.settings.timeout.as_millis()).unwrap_or(i32::MAX);
        let (partitions, replication) = (new.partitions.into(), new.replication.into());
        let controller = self.client.controller_client()?;
        match controller.create_topic(name, partitions, replication, timeout_ms).await {
            // Somebody was faster: each partition of ours has a hand of its own.
            Err(ClientError::ServerError {
                protocol_error: ProtocolError::TopicAlreadyExists,
                ..
            }) => Ok(()),
            made => made,
        }
    }
}

/// Waits for Kafka, but not for ever.
async fn within<T>(
    at_most: Duration,
    work: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, KafkaError> {
    match timeout(at_most, work).await {
        Ok(done) => done.map_err(|error| KafkaError::Client(error.to_string())),
        Err(_) => Err(KafkaError::Timeout(at_most)),
    }
}

async fn tls(authorities: &Authorities) -> Result<Arc<ClientConfig>, KafkaError> {
    let roots = match authorities {
        Authorities::Public => webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(),
        Authorities::File(path) => read_roots(path).await?,
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(|error| KafkaError::Client(error.to_string()))?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

async fn read_roots(path: &Path) -> Result<RootCertStore, KafkaError> {
    let wrong = |why: String| KafkaError::Authorities { path: path.to_owned(), why };
    let pem = tokio::fs::read(path).await.map_err(|error| wrong(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() { Err(wrong("no certificate is in it".to_owned())) } else { Ok(roots) }
}
