//! What an operator can set: one tree of settings with a default for each.
//!
//! Sources, the later ones win: the defaults here, a file, the environment, flags ([`Config::load`]
//! puts them together). Every value is checked before anything is started.
//!
//! Deliberately absent: looking at the process's environment or arguments (the command line hands
//! them in), and settings of a single event (they are in its specification).

mod accounts;
mod bus;
mod catalogue;
mod check;
mod load;
mod oidc;
mod origin;
mod payments;
mod secret;
mod webhooks;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::Duration;

use onsale_control::database::DatabaseSettings;
use onsale_core::id::PartitionId;
use onsale_net::gateway::HeadBounds;
use onsale_net::gateway::compression::CompressionSettings;
use onsale_net::gateway::cors::CorsSettings;
use onsale_net::gateway::limit::LimitSettings;
use onsale_net::oidc::OidcProviders;
use onsale_storage::journal::JournalConfig;
use serde::{Deserialize, Serialize};

use crate::projection::ProjectionSettings;

pub use self::accounts::{Accounts, Letters, Passwords};
pub use self::bus::{
    Bus, KafkaLogin, KafkaTarget, NdjsonTarget, NotASink, Outlet, RedisTarget, Target,
    WebhookTarget,
};
pub use self::catalogue::Catalogue;
pub use self::check::SettingError;
pub use self::load::{ConfigError, DEFAULT_FILE, ENVIRONMENT_PREFIX, Setting, Sources};
pub use self::oidc::Oidc;
pub use self::origin::{Again, Origin};
pub use self::payments::Payments;
pub use self::secret::Secret;
pub use self::webhooks::Webhooks;

/// All settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where everything that survives is kept.
    pub data: PathBuf,
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// The first of the ports at which each core listens alone, besides `listen`; 0 has the system
    /// choose. If not set, cores have no ports of their own.
    pub listen_per_core: Option<u16>,
    /// What the cores run on.
    pub host: HostKind,
    /// How many cores sell; all that this process may use, if not set.
    pub cores: Option<usize>,
    /// How many partitions a new data directory gets. Fixed from then on.
    pub partitions: Option<u16>,
    /// How buyers and payment providers reach this server, without a slash at the end;
    /// `http://<listen>`, if not set.
    pub public_url: Option<String>,
    /// What an operator proves themselves with; drawn and kept in the data directory, if not set.
    pub operator_token: Option<Secret>,
    /// How long running requests may take to finish when the server is told to stop.
    pub drain_seconds: u64,
    /// How large things in a journal may get.
    pub journal: Journal,
    /// Where accounts, catalogue and read models are kept.
    pub database: Database,
    /// How read models are made.
    pub projection: ProjectionSettings,
    /// The platform's rules for events.
    pub catalogue: Catalogue,
    /// When snapshots are made.
    pub snapshots: Snapshots,
    /// How much is accepted at one time.
    pub bounds: Bounds,
    /// How much one person and one address may ask for.
    pub limits: LimitSettings,
    /// Where cores and machines share their limits.
    pub redis: Redis,
    /// Which pages of others may ask.
    pub cors: CorsSettings,
    /// Compressing large answers.
    pub compression: CompressionSettings,
    /// What is logged, and how.
    pub log: Log,
    /// How long people stay signed in, and how many of what they may have.
    pub accounts: Accounts,
    /// How passwords are hashed.
    pub passwords: Passwords,
    /// How letters are brought.
    pub letters: Letters,
    /// Whom accounts can be opened by.
    pub oidc: Vec<Oidc>,
    /// Who takes money.
    pub payments: Payments,
    /// Where facts are published.
    pub bus: Vec<Bus>,
    /// The webhook endpoints that are managed over the API.
    pub webhooks: Webhooks,
    /// The payment provider for trying things out.
    pub sandbox: Sandbox,
}

/// What the cores run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostKind {
    /// Pinned threads on `io_uring`: what is meant to be used.
    Glommio,
    /// Where `io_uring` is missing.
    Tokio,
}

/// How large things in a journal may get, and how long they stay. See [`JournalConfig`], which most
/// of this becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Journal {
    /// Length of a segment file: a multiple of 4096.
    pub segment_bytes: u64,
    /// Most bytes in one write, unless a single decision needs more.
    pub batch_bytes_max: usize,
    /// Most writes under way at once.
    pub writes_in_flight: usize,
    /// Most bytes that wait for a write.
    pub queued_bytes_max: usize,
    /// Which facts are kept.
    pub keep: Keep,
}

/// Which facts of a journal are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// All there ever were: whatever is made of facts can be made anew from the first.
    All,
    /// Those that recovery or somebody who follows them still needs.
    Needed,
}

/// Where accounts, catalogue and read models are kept, and how long anybody waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `postgres://user:password@host/name` or `sqlite:///path/to/file`; a file of SQLite in the
    /// data directory, if not set.
    pub url: Option<Secret>,
    /// Most connections at once.
    pub connections: u32,
    /// How long something waits for a connection.
    pub acquire_timeout_ms: u64,
    /// How long one statement may take.
    pub statement_timeout_ms: u64,
    /// Whether the tables are brought up to date at the start; `onsale migrate` does it too.
    pub migrate: bool,
}

/// When snapshots are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Snapshots {
    /// After how many facts of a partition its next snapshot is made.
    pub every_facts: u64,
}

/// How much is accepted at one time; what exceeds it is refused at once, with 503.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bounds {
    /// Requests that wait for one partition.
    pub mailbox: usize,
    /// Replies of one partition that wait for the disk.
    pub parked: usize,
    /// Requests of one partition that wait for something to change.
    pub watches: usize,
    /// Requests that the control plane works on: accounts, catalogue, histories.
    pub jobs: usize,
    /// Connections of one core.
    pub connections_per_core: u64,
    /// Bytes of a request's head.
    pub head_bytes_max: usize,
    /// How long a client may take to send a request's head, and each piece of its body, and how
    /// long an idle connection is kept.
    pub header_timeout_s: u64,
    /// Headers of a request.
    pub headers_max: usize,
    /// Bytes of a request's address, parameters included.
    pub uri_bytes_max: usize,
    /// How long a client may take no byte of an answer that waits for it.
    pub write_timeout_s: u64,
}

/// Where cores and machines share their limits: each limits alone, if not set, or while Redis is
/// away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redis {
    /// Its address, `redis://[user:password@]host[:port][/database]`.
    pub url: Option<Secret>,
    /// How long it may take to answer.
    pub timeout_ms: u64,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// What: a level, or directives such as `info,onsale_runtime=debug`.
    pub filter: String,
    /// How.
    pub format: LogFormat,
    /// From when on a request is logged as slow.
    pub slow_request_ms: u64,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The payment provider for trying things out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sandbox {
    /// Whether buyers can pay with it: with money that does not exist.
    pub enabled: bool,
    /// What its webhooks are signed with; drawn and kept in the data directory, if not set.
    pub webhook_secret: Option<Secret>,
}

impl Config {
    /// How many cores sell.
    pub fn cores(&self) -> usize {
        self.cores.unwrap_or_else(cores_available)
    }

    /// How many partitions a data directory gets when it is created now.
    pub fn partitions_when_created(&self) -> u16 {
        const PER_CORE: usize = 4;
        const AT_LEAST: usize = 8;
        let most = usize::from(PartitionId::COUNT_MAX);
        let default = self.cores().saturating_mul(PER_CORE).clamp(AT_LEAST, most);
        self.partitions.unwrap_or(default as u16)
    }

    /// How this server is reached, listening there.
    pub fn public_url(&self, address: SocketAddr) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{address}"))
    }

    /// Whom accounts can be opened by.
    pub fn oidc_providers(&self) -> Result<OidcProviders, SettingError> {
        oidc::providers(&self.oidc)
    }

    /// The settings as they take effect, as TOML. Secrets are shown as `***`; one that is drawn is
    /// not shown.
    pub fn effective_toml(&self) -> Result<String, toml::ser::Error> {
        let public_url = self.public_url(self.listen);
        let site_url = self.accounts.site_url.clone().unwrap_or_else(|| public_url.clone());
        let effective = Self {
            cores: Some(self.cores()),
            partitions: Some(self.partitions_when_created()),
            public_url: Some(public_url),
            accounts: Accounts { site_url: Some(site_url), ..self.accounts.clone() },
            ..self.clone()
        };
        toml::to_string(&effective)
    }
}

/// How many cores this process may use: what the machine has, less what an administrator or a
/// container keeps from it.
pub fn cores_available() -> usize {
    // Where the system does not say, there is at least the core that asks.
    available_parallelism().map_or(1, usize::from)
}

impl Database {
    /// The database that is set, or the file at `default`.
    pub fn settings(&self, default: &Path) -> DatabaseSettings {
        let usual = match &self.url {
            Some(url) => DatabaseSettings::of(url.expose().to_owned()),
            None => DatabaseSettings::sqlite(default),
        };
        DatabaseSettings {
            connections_max: self.connections,
            acquire_timeout: Duration::from_millis(self.acquire_timeout_ms),
            statement_timeout: Duration::from_millis(self.statement_timeout_ms),
            ..usual
        }
    }
}

impl From<Journal> for JournalConfig {
    fn from(journal: Journal) -> Self {
        Self {
            segment_bytes: journal.segment_bytes,
            batch_bytes_max: journal.batch_bytes_max,
            writes_in_flight: journal.writes_in_flight,
            queued_bytes_max: journal.queued_bytes_max,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("./onsale-data"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            listen_per_core: None,
            host: HostKind::Glommio,
            cores: None,
            partitions: None,
            public_url: None,
            operator_token: None,
            drain_seconds: 10,
            journal: Journal::default(),
            database: Database::default(),
            projection: ProjectionSettings::default(),
            catalogue: Catalogue::default(),
            snapshots: Snapshots::default(),
            bounds: Bounds::default(),
            limits: LimitSettings::default(),
            redis: Redis::default(),
            cors: CorsSettings::default(),
            compression: CompressionSettings::default(),
            log: Log::default(),
            accounts: Accounts::default(),
            passwords: Passwords::default(),
            letters: Letters::default(),
            oidc: Vec::new(),
            payments: Payments::default(),
            bus: Vec::new(),
            webhooks: Webhooks::default(),
            sandbox: Sandbox::default(),
        }
    }
}

impl Default for Journal {
    fn default() -> Self {
        let JournalConfig { segment_bytes, batch_bytes_max, writes_in_flight, queued_bytes_max } =
            JournalConfig::default();
        let keep = Keep::All;
        Self { segment_bytes, batch_bytes_max, writes_in_flight, queued_bytes_max, keep }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: None,
            connections: 8,
            acquire_timeout_ms: 3_000,
            statement_timeout_ms: 5_000,
            migrate: true,
        }
    }
}

impl Default for Snapshots {
    fn default() -> Self {
        Self { every_facts: 500_000 }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        let head = HeadBounds::default();
        Self {
            mailbox: 4_096,
            parked: 65_536,
            watches: 200_000,
            jobs: 256,
            connections_per_core: 8_000,
            head_bytes_max: 32_768,
            header_timeout_s: 15,
            headers_max: head.headers_max,
            uri_bytes_max: head.uri_bytes_max,
            write_timeout_s: 30,
        }
    }
}

impl Default for Redis {
    fn default() -> Self {
        Self { url: None, timeout_ms: 100 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text, slow_request_ms: 1_000 }
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self { enabled: true, webhook_secret: None }
    }
}
