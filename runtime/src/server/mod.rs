//! One server, composed: data directory, pinned cores, the slow pool beside them, HTTP on top.
//!
//! ```text
//! core 0          core 1            slow pool (tokio)
//! HTTP, shells    HTTP, shells      effects, reconciliation, sandbox, signals
//!    \________ mailboxes _________________/
//! ```
//!
//! The order of things matters twice. Starting: every partition is recovered before anybody
//! listens. Stopping: HTTP drains first, then the partitions make everything durable, then the
//! process ends.

mod addresses;
mod bus;
mod control;
mod core_main;
mod housekeeping;
mod metrics;
mod models;
mod reload;
mod slow;
mod startup;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{io, thread};

use onsale_core::id::PartitionId;
use onsale_engine::recover::RecoveryError;
use onsale_net::api::{Api, Settings, SettingsError};
use onsale_net::entropy::OsEntropy;
use onsale_net::gateway::{GatewaySettings, HeadBounds};
use onsale_net::provider::sandbox::StartError;
use thiserror::Error;
use tokio::sync::{Barrier, mpsc, watch};

use self::addresses::{Addresses, core_of};
use self::core_main::{CoreMain, Shared};
use self::metrics::ServerMetrics;
use self::slow::SlowPool;
use crate::config::{Bounds, Config, HostKind, Origin, SettingError};
use crate::data_directory::{DataDirectory, DataDirectoryError};
use crate::facts::{Facts, Floor};
use crate::host::preflight::{self, PreflightError};
use crate::host::serve::{ConnectionCounts, Limits};
use crate::host::{self, Clock, RunError};
use crate::mailbox::Mailboxes;
use crate::snapshots::SnapshotMaker;

pub use self::control::ControlError;
pub use self::startup::Startup;

/// Who follows the facts of each partition: the read models, then one sink after the other, those
/// that are configured first.
const READ_MODELS: usize = 0;
const FIRST_SINK: usize = 1;

/// Why a server did not start, or ended before it was told to.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The API cannot be made.
    #[error(transparent)]
    Api(#[from] SettingsError),
    /// The control plane cannot start.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// A core could not start, or failed.
    #[error(transparent)]
    Cores(#[from] RunError),
    /// The data directory cannot be used.
    #[error(transparent)]
    Data(#[from] DataDirectoryError),
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}: {source}. Is another server running there? See --listen and \
         listen_per_core"
    )]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The machine lacks something.
    #[error(transparent)]
    Preflight(#[from] PreflightError),
    /// A partition cannot be recovered.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// The sandbox payment provider cannot start.
    #[error("the sandbox payment provider: {0}")]
    Sandbox(#[from] StartError),
    /// A setting makes no sense.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The operating system refused a thread or a runtime.
    #[error("cannot start: {0}. Check the limits on threads and memory")]
    System(#[from] io::Error),
}

/// Tells a running server to drain and end. Dropping it does nothing.
#[derive(Clone, Debug)]
pub struct StopHandle(Arc<watch::Sender<bool>>);

impl StopHandle {
    /// Has the server drain and end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Runs a server until it is told to stop, by a signal or by the handle that `on_start` gets once
/// everything is recovered and listening. On SIGHUP it reads its configuration again, if `origin`
/// says where that came from.
pub fn run(
    config: &Config,
    origin: Option<Origin>,
    on_start: impl FnOnce(Startup, StopHandle) + Send + 'static,
) -> Result<(), ServerError> {
    check_machine(config)?;
    let data = Arc::new(DataDirectory::open(config)?);
    let (stop, stopped) = watch::channel(false);
    let stop = StopHandle(Arc::new(stop));
    let cpus = startup::processors(config.cores())?;
    let addresses = Addresses::reserve(config, cpus.len())?;
    let clock = Clock::from_system();

    let (mailboxes, ends) = Mailboxes::new(data.partitions, config.bounds.mailbox, clock.clone());
    let facts = facts(config, &data);
    let counts: Arc<[_]> = cpus.iter().map(|_| Arc::<ConnectionCounts>::default()).collect();
    let (port, address) = (mailboxes.clone(), addresses.shared);
    let pool = SlowPool::start(config, &data, address, port, &stop, &facts)?;
    if let Some(origin) = origin {
        pool.reload_on_signal(origin)?;
    }
    let metrics = ServerMetrics::new(mailboxes.clone(), facts.clone(), counts.clone(), &pool);
    let settings = settings(config, &data, &pool, metrics, &addresses)?;
    let api = Api::new(mailboxes.clone(), settings)?;

    let (reports, recovered) = mpsc::unbounded_channel();
    let mut by_core: Vec<Vec<_>> = cpus.iter().map(|_| Vec::new()).collect();
    for (number, mailbox) in (0..).zip(ends) {
        // There is a core: without one there would be no processor to run this on.
        by_core[core_of(number, cpus.len()).unwrap_or_default()].push((number, mailbox));
    }
    let shared = Arc::new(Shared {
        config: config.clone(),
        data: Arc::clone(&data),
        addresses: addresses.clone(),
        api,
        mailboxes,
        clock: clock.clone(),
        facts,
        counts,
        limits: limits(config),
        snapshots: SnapshotMaker::start(config.snapshots.every_facts)?,
        effects: pool.effects(),
        unpaid: pool.unpaid(),
        ready: Barrier::new(cpus.len()),
        drained: Barrier::new(cpus.len()),
        reports,
        stopped,
        ends: Mutex::new(by_core.into_iter().map(Some).collect()),
    });
    let begun = std::time::Instant::now();
    let opened = startup::Opened::new(config, &data, addresses, cpus.len());
    thread::Builder::new().name("startup".to_owned()).spawn(move || {
        if let Some(startup) = opened.wait(recovered, begun) {
            on_start(startup, stop);
        }
    })?;
    let outcome = run_cores(config.host, &cpus, clock, &shared);
    pool.end();
    outcome?.into_iter().collect::<Result<(), _>>()?;
    Ok(())
}

/// Where the facts of each partition are.
fn facts(config: &Config, data: &DataDirectory) -> Arc<[Facts]> {
    let partitions = (0..data.partitions).filter_map(PartitionId::new);
    let followers = FIRST_SINK + config.bus.len() + config.webhooks.places();
    let facts = partitions.map(|id| Facts {
        id,
        directory: data.partition_path(id),
        gauges: Arc::default(),
        floor: Floor::new(config.journal.keep, followers),
    });
    facts.collect()
}

fn run_cores(
    kind: HostKind,
    cpus: &[usize],
    clock: Clock,
    shared: &Arc<Shared>,
) -> Result<Vec<Result<(), ServerError>>, RunError> {
    match kind {
        HostKind::Glommio => {
            let shared = Arc::clone(shared);
            host::glommio::run_on_cores(cpus, clock, move |core, host| {
                CoreMain::new(core, host, Arc::clone(&shared)).run()
            })
        }
        HostKind::Tokio => {
            let shared = Arc::clone(shared);
            host::tokio::run_on_cores(cpus, clock, move |core, host| {
                CoreMain::new(core, host, Arc::clone(&shared)).run()
            })
        }
    }
}

fn check_machine(config: &Config) -> Result<(), ServerError> {
    let facts = preflight::Facts::probe();
    if config.host == HostKind::Glommio {
        facts.check_glommio()?;
    }
    let connections = config.bounds.connections_per_core * config.cores() as u64;
    if let Err(few) = facts.check_descriptors(connections) {
        tracing::warn!("{few}");
    }
    Ok(())
}

fn settings(
    config: &Config,
    data: &DataDirectory,
    pool: &SlowPool,
    metrics: ServerMetrics,
    addresses: &Addresses,
) -> Result<Settings, ServerError> {
    Ok(Settings {
        operator_token: data.operator_token.expose().to_owned(),
        // No token is good for longer than a guest's.
        keys: data.token_keys.ring(Settings::SESSION_LIFETIME)?,
        session_lifetime: Settings::SESSION_LIFETIME,
        providers: pool.providers(),
        sandbox: pool.sandbox(),
        backstage: Some(pool.backstage()),
        direct_ports: addresses.direct_ports(data.partitions),
        entropy: Arc::new(OsEntropy),
        metrics: Arc::new(metrics),
        gateway: gateway(config, pool),
    })
}

fn gateway(config: &Config, pool: &SlowPool) -> GatewaySettings {
    let Bounds { headers_max, uri_bytes_max, .. } = config.bounds;
    let public_url = config.public_url.as_deref().unwrap_or_default();
    GatewaySettings {
        limits: config.limits.clone(),
        shared_limits: pool.shared_limits(),
        head: HeadBounds { uri_bytes_max, headers_max },
        cors: config.cors.clone(),
        compression: config.compression,
        is_https: public_url.starts_with("https:"),
        slow_request: Duration::from_millis(config.log.slow_request_ms),
    }
}

fn limits(config: &Config) -> Limits {
    Limits {
        connections_max: config.bounds.connections_per_core,
        drain_timeout: Duration::from_secs(config.drain_seconds),
        head_bytes_max: config.bounds.head_bytes_max,
        header_read_timeout: Duration::from_secs(config.bounds.header_timeout_s),
        write_timeout: Duration::from_secs(config.bounds.write_timeout_s),
    }
}
