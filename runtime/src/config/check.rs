//! Which values make sense.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use axum::http::uri::Scheme;
use onsale_core::id::PartitionId;
use onsale_core::time::Time;
use onsale_net::gateway::limit::shared::{RedisClient, UrlError};
use onsale_net::letters::{MailServer, NotAMailServer, NotASender, Sender};
use onsale_net::oidc::NotAProvider;
use onsale_net::provider::Clock;
use onsale_net::provider::installation::Installation;
use onsale_storage::journal::{self, Identity, JournalId, Tail, Writer};
use thiserror::Error;
use tracing_subscriber::EnvFilter;

use super::bus::{self, NotASink};
use super::{Config, Secret, cores_available};

const SECRET_BYTES_MIN: usize = 16;

/// A setting whose value makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SettingError {
    /// Not where facts can be published.
    #[error("bus {name:?}: {problem}")]
    Bus {
        /// What it is called.
        name: String,
        /// What is wrong with it.
        problem: NotASink,
    },
    /// Not a list of them.
    #[error("bus: set at most 20 sinks, each with a name of its own")]
    BusNames,
    /// More cores than there are.
    #[error("cores is {cores}, but this process may use {available}: set 1 to {available}")]
    Cores {
        /// What was asked for.
        cores: usize,
        /// What there is.
        available: usize,
    },
    /// Not the address of a database that is known here.
    #[error("{0}")]
    Database(String),
    /// Not who letters can be from.
    #[error("letters.from {0}")]
    From(#[from] NotASender),
    /// The journal's numbers do not fit together.
    #[error("journal.{0}")]
    Journal(#[from] journal::ConfigError),
    /// Not what a log filter looks like.
    #[error(
        "log.filter is {filter:?}, which is no filter ({reason}): set a level (error, warn, info, \
         debug, trace) or directives such as \"info,onsale_runtime=debug\""
    )]
    LogFilter {
        /// What was set.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Not how a mail server is reached. There may be a password in it.
    #[error("letters.smtp_url {0}")]
    MailServer(#[from] NotAMailServer),
    /// Not a provider to sign in at.
    #[error("oidc {name:?}: {problem}")]
    Oidc {
        /// What it is called.
        name: String,
        /// What is wrong with it.
        problem: NotAProvider,
    },
    /// Not a list of them.
    #[error("oidc: set at most 20 providers, each with a name of its own")]
    OidcNames,
    /// Not how a payment provider is reached.
    #[error("{name}: {problem}")]
    Payment {
        /// Which setting.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// It takes more memory than Argon2 has use for, or less than it needs.
    #[error("passwords.memory_kib and passwords.passes do not fit together for Argon2")]
    PasswordCost,
    /// Not what can stand in a letter.
    #[error("accounts.platform must be 1 to 100 characters on one line")]
    Platform,
    /// Not an address that a browser can go to.
    #[error(
        "{name} is {url:?}: set how buyers reach this server, such as \
         \"https://tickets.example.org\", without a slash at the end"
    )]
    Url {
        /// Which setting.
        name: &'static str,
        /// What was set.
        url: String,
    },
    /// Too small or too large.
    #[error("{name} is {value}: set {min} to {max}")]
    Range {
        /// Which setting.
        name: &'static str,
        /// What was set.
        value: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// Not where a Redis can be.
    #[error("redis.url: {0}")]
    Redis(#[from] UrlError),
    /// Too easily guessed, or not fit for a header.
    #[error(
        "{name} is too short or has other characters than letters, digits and punctuation: set at \
         least {SECRET_BYTES_MIN} of these, or leave it out and one is drawn"
    )]
    Secret {
        /// Which setting.
        name: &'static str,
    },
}

impl Config {
    /// Whether every value makes sense, alone and together with the others.
    pub fn check(&self) -> Result<(), SettingError> {
        let available = cores_available();
        match self.cores {
            Some(cores) if cores == 0 || cores > available => {
                return Err(SettingError::Cores { cores, available });
            }
            _ => {}
        }
        base_url("public_url", self.public_url.as_ref())?;
        base_url("accounts.site_url", self.accounts.site_url.as_ref())?;
        self.check_ranges()?;
        self.check_gateway()?;
        self.check_account_ranges()?;
        self.check_letters()?;
        self.oidc_providers()?;
        self.check_payments()?;
        bus::check(&self.bus)?;
        self.check_webhooks()?;
        self.check_journal()?;
        self.check_database()?;
        secret("operator_token", self.operator_token.as_ref())?;
        secret("sandbox.webhook_secret", self.sandbox.webhook_secret.as_ref())?;
        self.log_filter().map(|_| ())
    }

    /// What is logged.
    pub(crate) fn log_filter(&self) -> Result<EnvFilter, SettingError> {
        // Without a directive of its own it would be errors: ours must not change that.
        let filter = match self.log.filter.as_str() {
            "" => "error",
            filter => filter,
        };
        // The publisher says what is wrong with a Kafka, and once. Whoever wants all that its
        // client says puts another `rskafka=` behind this one.
        EnvFilter::try_new(format!("rskafka=off,{filter}")).map_err(|error| {
            SettingError::LogFilter { filter: filter.to_owned(), reason: error.to_string() }
        })
    }

    fn check_payments(&self) -> Result<(), SettingError> {
        let clock: Clock = Arc::new(|| Time::ZERO);
        base_url("payments.return_url", self.payments.return_url.as_ref())?;
        // Whose orders they are is not known yet, and nothing is asked for here.
        self.payments.providers("", &clock, &Installation::of(0)).map(|_| ())
    }

    fn check_ranges(&self) -> Result<(), SettingError> {
        const MILLION: u64 = 1_000_000;
        let bounds = &self.bounds;
        let partitions = u64::from(self.partitions_when_created());
        let first_port = u64::from(self.listen_per_core.unwrap_or_default());
        let first_port_max = (u64::from(u16::MAX) + 1).saturating_sub(self.cores() as u64);
        range("listen_per_core", first_port, 0..=first_port_max)?;
        range("partitions", partitions, 1..=u64::from(PartitionId::COUNT_MAX))?;
        range("drain_seconds", self.drain_seconds, 0..=3_600)?;
        range("journal.writes_in_flight", self.journal.writes_in_flight as u64, 1..=64)?;
        let database = &self.database;
        range("database.connections", database.connections.into(), 1..=1_000)?;
        range("database.acquire_timeout_ms", database.acquire_timeout_ms, 1..=600_000)?;
        range("database.statement_timeout_ms", database.statement_timeout_ms, 1..=600_000)?;
        let projection = &self.projection;
        range("projection.batch_facts_max", projection.batch_facts_max, 1..=MILLION)?;
        range("projection.batch_ms", projection.batch_ms, 1..=10_000)?;
        range("projection.behind_s", projection.behind_s, 1..=86_400)?;
        range("projection.waits", projection.waits as u64, 0..=MILLION)?;
        range("projection.exports", projection.exports as u64, 0..=1_000)?;
        let catalogue = &self.catalogue;
        range("catalogue.images_max", catalogue.images_max.into(), 0..=100)?;
        let image_bytes = catalogue.image_bytes_max as u64;
        range("catalogue.image_bytes_max", image_bytes, 1_024..=64 * MILLION)?;
        range("snapshots.every_facts", self.snapshots.every_facts, 1..=1_000 * MILLION)?;
        range("bounds.mailbox", bounds.mailbox as u64, 1..=MILLION)?;
        range("bounds.parked", bounds.parked as u64, 1..=10 * MILLION)?;
        range("bounds.watches", bounds.watches as u64, 1..=10 * MILLION)?;
        range("bounds.jobs", bounds.jobs as u64, 1..=MILLION)?;
        range("bounds.connections_per_core", bounds.connections_per_core, 1..=MILLION)?;
        // Below 8 KiB the HTTP library cannot work.
        range("bounds.head_bytes_max", bounds.head_bytes_max as u64, 8_192..=MILLION)?;
        range("bounds.header_timeout_s", bounds.header_timeout_s, 1..=3_600)?;
        range("bounds.headers_max", bounds.headers_max as u64, 16..=100)?;
        range("bounds.uri_bytes_max", bounds.uri_bytes_max as u64, 256..=65_534)?;
        range("bounds.write_timeout_s", bounds.write_timeout_s, 1..=3_600)
    }

    /// What stands before the handlers.
    fn check_gateway(&self) -> Result<(), SettingError> {
        const MILLION: u64 = 1_000_000;
        let entries = self.limits.entries_per_core as u64;
        range("limits.entries_per_core", entries, 1_024..=16 * MILLION)?;
        range("compression.from_bytes", self.compression.from_bytes, 256..=1_000 * MILLION)?;
        range("compression.at_once", self.compression.at_once as u64, 0..=1_024)?;
        range("log.slow_request_ms", self.log.slow_request_ms, 1..=3_600_000)?;
        range("redis.timeout_ms", self.redis.timeout_ms, 1..=10_000)?;
        self.redis_client().map(|_| ())
    }

    /// The Redis that limits are shared in, if there is one.
    pub(crate) fn redis_client(&self) -> Result<Option<RedisClient>, SettingError> {
        let timeout = Duration::from_millis(self.redis.timeout_ms);
        let client = |url: &Secret| RedisClient::new(url.expose(), timeout);
        Ok(self.redis.url.as_ref().map(client).transpose()?)
    }

    fn check_webhooks(&self) -> Result<(), SettingError> {
        let webhooks = &self.webhooks;
        range("webhooks.endpoints_max", webhooks.endpoints_max.into(), 0..=1_000)?;
        range("webhooks.per_organiser_max", webhooks.per_organiser_max.into(), 0..=1_000)?;
        range("webhooks.timeout_s", webhooks.timeout_s, 1..=bus::WEBHOOK_TIMEOUT_S_MAX)?;
        let waits = webhooks.retry_s.len() as u64;
        range("the count of webhooks.retry_s", waits, 1..=bus::RETRIES_MAX as u64)?;
        let longest = webhooks.retry_s.iter().copied().max().unwrap_or_default();
        range("webhooks.retry_s", longest, 0..=bus::RETRY_S_MAX)
    }

    fn check_account_ranges(&self) -> Result<(), SettingError> {
        let (accounts, passwords) = (&self.accounts, &self.passwords);
        range("accounts.access_token_s", accounts.access_token_s, 60..=3_600)?;
        range("accounts.idle_days", accounts.idle_days, 1..=365)?;
        range("accounts.session_days", accounts.session_days, accounts.idle_days..=3_650)?;
        range("accounts.refresh_grace_s", accounts.refresh_grace_s, 0..=300)?;
        range("accounts.sessions", accounts.sessions.into(), 1..=1_000)?;
        range("accounts.confirm_hours", accounts.confirm_hours, 1..=168)?;
        range("accounts.reset_minutes", accounts.reset_minutes, 5..=1_440)?;
        range("accounts.letters_per_hour", accounts.letters_per_hour.into(), 1..=100)?;
        range("accounts.addresses", accounts.addresses.into(), 1..=100)?;
        range("passwords.memory_kib", passwords.memory_kib.into(), 7_168..=4_194_304)?;
        range("passwords.passes", passwords.passes.into(), 1..=100)?;
        range("passwords.threads", passwords.threads as u64, 1..=64)?;
        range("passwords.queue", passwords.queue as u64, 1..=10_000)?;
        passwords.cost().map(|_| ()).ok_or(SettingError::PasswordCost)
    }

    /// Looks at the addresses only: the mail server need not be there yet.
    fn check_letters(&self) -> Result<(), SettingError> {
        let platform = self.accounts.platform.trim().chars().count();
        if !(1..=100).contains(&platform) || self.accounts.platform.chars().any(char::is_control) {
            return Err(SettingError::Platform);
        }
        let sender = Sender::parse(&self.letters.from)?;
        if let Some(url) = &self.letters.smtp_url {
            MailServer::new(sender, url.expose())?;
        }
        Ok(())
    }

    /// Looks at the address only: the database need not be there yet.
    fn check_database(&self) -> Result<(), SettingError> {
        let settings = self.database.settings(Path::new("control.db"));
        let checked = settings.check();
        checked.map_err(|error| SettingError::Database(error.to_string()))
    }

    /// A journal knows its own limits: what no writer takes is refused.
    fn check_journal(&self) -> Result<(), SettingError> {
        let nowhere = Tail::new_journal(Identity { partition: 0, journal: JournalId(0) });
        Writer::new(self.journal.into(), &nowhere)?;
        Ok(())
    }
}

fn range(name: &'static str, value: u64, allowed: RangeInclusive<u64>) -> Result<(), SettingError> {
    if allowed.contains(&value) {
        return Ok(());
    }
    let (min, max) = allowed.into_inner();
    Err(SettingError::Range { name, value, min, max })
}

fn secret(name: &'static str, secret: Option<&Secret>) -> Result<(), SettingError> {
    let is_good = |secret: &Secret| {
        let text = secret.expose().as_bytes();
        text.len() >= SECRET_BYTES_MIN && text.iter().all(u8::is_ascii_graphic)
    };
    if secret.is_none_or(is_good) { Ok(()) } else { Err(SettingError::Secret { name }) }
}

fn base_url(name: &'static str, url: Option<&String>) -> Result<(), SettingError> {
    match url {
        Some(url) if !is_base_url(url) => Err(SettingError::Url { name, url: url.clone() }),
        _ => Ok(()),
    }
}

fn is_base_url(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let is_web = [&Scheme::HTTP, &Scheme::HTTPS].into_iter().any(|web| uri.scheme() == Some(web));
    is_web && uri.query().is_none() && !url.ends_with('/') && !url.contains('#')
}

#[cfg(test)]
mod tests {
    use tracing::Level;
    use tracing_subscriber::prelude::*;

    use super::*;

    /// Whether errors are logged: ours, and those of Kafka's client.
    fn logged(filter: &str) -> (bool, bool) {
        let mut config = Config::default();
        filter.clone_into(&mut config.log.filter);
        let log = tracing_subscriber::registry().with(config.log_filter().unwrap());
        tracing::subscriber::with_default(log, || {
            let of_kafka = tracing::enabled!(target: "rskafka::client", Level::ERROR);
            (tracing::enabled!(Level::ERROR), of_kafka)
        })
    }

    #[test]
    fn errors_are_logged_unless_somebody_wants_none_and_those_of_kafka_if_somebody_wants_them() {
        assert_eq!(logged(""), (true, false));
        assert_eq!(logged("info"), (true, false));
        assert_eq!(logged("info,rskafka=warn"), (true, true));
        assert_eq!(logged("off"), (false, false));
    }
}
