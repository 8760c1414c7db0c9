//! Where a Kafka is, and how events are put there.

use std::path::PathBuf;
use std::time::Duration;

use rskafka::client::{Credentials, SaslConfig};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A few are enough: they name the others.
const BROKERS_MAX: usize = 20;

/// Kafka's names have 249 characters at most, and ours 16.
const PREFIX_MAX: usize = 200;

/// Where a Kafka is, and how events are put there.
#[derive(Clone)]
pub struct KafkaSettings {
    /// Some of its brokers, `host:port`.
    pub brokers: Vec<String>,
    /// What stands before our name of a topic in Kafka's.
    pub prefix: String,
    /// How long it may take to answer.
    pub timeout: Duration,
    /// How topics are made that are not there. Not by us, if not set.
    pub create: Option<NewTopics>,
    /// Who says that it is our Kafka. Nothing is encrypted, if not set.
    pub tls: Option<Authorities>,
    /// Who we are. It does not ask, if not set.
    pub login: Option<Login>,
}

/// How topics are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTopics {
    /// How many partitions a topic has.
    pub partitions: u16,
    /// On how many brokers each of them is.
    pub replication: u8,
}

/// Whose certificates are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorities {
    /// Those that browsers believe.
    Public,
    /// Those in this file, as PEM.
    File(PathBuf),
}

/// Who we are.
#[derive(Clone)]
pub struct Login {
    /// How that is proven.
    pub mechanism: Mechanism,
    /// The name.
    pub user: String,
    /// What proves it.
    pub password: String,
}

/// How SASL proves who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mechanism {
    /// The password itself is sent.
    #[serde(rename = "plain")]
    Plain,
    /// `SCRAM-SHA-256`.
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
    /// `SCRAM-SHA-512`.
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
}

/// What is wrong with settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotAKafka {
    /// Not where brokers can be.
    #[error("brokers must be 1 to {BROKERS_MAX} of host:port")]
    Brokers,
    /// Not what a topic can be called.
    #[error("prefix must be up to {PREFIX_MAX} letters, digits, dots, underscores and hyphens")]
    Prefix,
    /// Not how a topic can be made.
    #[error("create.partitions and create.replication must be at least 1")]
    Create,
    /// The password could be read on the way.
    #[error("login.mechanism plain needs tls: it sends the password itself")]
    Plain,
}

impl KafkaSettings {
    /// These, if there can be such a Kafka. Nothing is connected yet.
    pub fn checked(self) -> Result<Self, NotAKafka> {
        let is_plain = self.login.as_ref().is_some_and(|it| it.mechanism == Mechanism::Plain);
        if !(1..=BROKERS_MAX).contains(&self.brokers.len())
            || !self.brokers.iter().all(|broker| is_broker(broker))
        {
            Err(NotAKafka::Brokers)
        } else if self.prefix.len() > PREFIX_MAX || !self.prefix.bytes().all(is_of_a_name) {
            Err(NotAKafka::Prefix)
        } else if self.create.is_some_and(|new| new.partitions == 0 || new.replication == 0) {
            Err(NotAKafka::Create)
        } else if is_plain && self.tls.is_none() {
            Err(NotAKafka::Plain)
        } else {
            Ok(self)
        }
    }
}

impl Login {
    pub(super) fn sasl(&self) -> SaslConfig {
        let credentials = Credentials::new(self.user.clone(), self.password.clone());
        match self.mechanism {
            Mechanism::Plain => SaslConfig::Plain(credentials),
            Mechanism::ScramSha256 => SaslConfig::ScramSha256(credentials),
            Mechanism::ScramSha512 => SaslConfig::ScramSha512(credentials),
        }
    }
}

/// Whether this is a name or an IPv4 address, and a port.
fn is_broker(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
        is_port && !host.is_empty() && host.bytes().all(is_of_a_name)
    })
}

fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut KafkaSettings)) -> Result<(), NotAKafka> {
        let mut settings = KafkaSettings {
            brokers: vec!["kafka-1.example:9092".to_owned(), "127.0.0.1:9092".to_owned()],
            prefix: "sale.".to_owned(),
            timeout: Duration::from_secs(1),
            create: None,
            tls: None,
            login: None,
        };
        change(&mut settings);
        settings.checked().map(drop)
    }

    #[test]
    fn what_cannot_be_a_kafka_is_refused() {
        assert_eq!(with(|_| {}), Ok(()));
        assert_eq!(with(|settings| settings.brokers.clear()), Err(NotAKafka::Brokers));
        for wrong in
            ["", "kafka", ":9092", "kafka:", "kafka:0", "kafka:65536", "http://a:80", "a b:1"]
        {
            let refused = with(|settings| settings.brokers[1] = wrong.to_owned());
            assert_eq!(refused, Err(NotAKafka::Brokers), "{wrong:?}");
        }
        for wrong in ["sale/", "ü", &"a".repeat(PREFIX_MAX + 1)] {
            let refused = with(|settings| settings.prefix = wrong.to_owned());
            assert_eq!(refused, Err(NotAKafka::Prefix), "{wrong:?}");
        }
        for (partitions, replication) in [(0, 1), (1, 0)] {
            let new = NewTopics { partitions, replication };
            assert_eq!(with(|settings| settings.create = Some(new)), Err(NotAKafka::Create));
        }
    }

    #[test]
    fn a_password_is_not_sent_where_it_can_be_read() {
        let login = |mechanism| {
            let (user, password) = ("onsale".to_owned(), "hunter2".to_owned());
            Some(Login { mechanism, user, password })
        };
        assert_eq!(
            with(|settings| settings.login = login(Mechanism::Plain)),
            Err(NotAKafka::Plain)
        );
        assert_eq!(with(|settings| settings.login = login(Mechanism::ScramSha512)), Ok(()));
        let encrypted = with(|settings| {
            settings.login = login(Mechanism::Plain);
            settings.tls = Some(Authorities::Public);
        });
        assert_eq!(encrypted, Ok(()));
    }
}
