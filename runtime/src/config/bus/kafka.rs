//! Where facts are published in Kafka.

use std::path::PathBuf;
use std::time::Duration;

use onsale_bus::sink::kafka::{Authorities, KafkaSettings, Login, Mechanism, NewTopics};
use serde::{Deserialize, Serialize};

use super::{NotASink, Outlet};
use crate::config::Secret;

/// How long Kafka is waited for at most.
pub(super) const TIMEOUT_MS_MAX: u64 = 120_000;

/// Topics in Kafka.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaTarget {
    /// Some of its brokers, `host:port`: they name the others.
    pub brokers: Vec<String>,
    /// What stands before the topic in Kafka's name for it.
    #[serde(default)]
    pub prefix: String,
    /// How long it may take to answer.
    #[serde(default = "usual_timeout_ms")]
    pub timeout_ms: u64,
    /// Whether it is spoken to over TLS.
    #[serde(default)]
    pub tls: bool,
    /// The certificates of who says that it is our Kafka; those that browsers believe, if not set.
    pub ca: Option<PathBuf>,
    /// How topics are made that are not there. Not by us, if not set.
    pub create: Option<NewTopics>,
    /// Who we are. It does not ask, if not set.
    pub login: Option<KafkaLogin>,
}

/// Who we are, and how that is proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaLogin {
    /// How it is proven.
    pub mechanism: Mechanism,
    /// The name.
    pub user: String,
    /// What proves it.
    pub password: Secret,
}

const fn usual_timeout_ms() -> u64 {
    10_000
}

impl KafkaTarget {
    pub(super) fn outlet(&self) -> Result<Outlet, NotASink> {
        if !(1..=TIMEOUT_MS_MAX).contains(&self.timeout_ms) {
            return Err(NotASink::KafkaTimeout);
        }
        let settings = KafkaSettings {
            brokers: self.brokers.clone(),
            prefix: self.prefix.clone(),
            timeout: Duration::from_millis(self.timeout_ms),
            create: self.create,
            tls: self.authorities()?,
            login: self.login.as_ref().map(KafkaLogin::login),
        };
        Ok(Outlet::Kafka(settings.checked()?))
    }

    fn authorities(&self) -> Result<Option<Authorities>, NotASink> {
        match (self.tls, &self.ca) {
            (false, None) => Ok(None),
            (false, Some(_)) => Err(NotASink::KafkaAuthorities),
            (true, None) => Ok(Some(Authorities::Public)),
            (true, Some(path)) => Ok(Some(Authorities::File(path.clone()))),
        }
    }
}

impl KafkaLogin {
    fn login(&self) -> Login {
        let (user, password) = (self.user.clone(), self.password.expose().to_owned());
        Login { mechanism: self.mechanism, user, password }
    }
}
