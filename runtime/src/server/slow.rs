//! The slow pool: a small tokio runtime beside the cores for what waits for others: payment
//! providers, reconciliation, the control plane, Redis, signals. A core hands work over and never
//! blocks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use onsale_control::accounts::letters::deliver::Courier;
use onsale_control::projection::Progress;
use onsale_core::effect::Effect;
use onsale_net::gateway::limit::shared::SharedLimits;
use onsale_net::letters::{LetterFiles, MailServer, Sender};
use onsale_net::port::Partitions;
use onsale_net::provider::disputes::{self, DisputesConfig};
use onsale_net::provider::effects::{self, EffectsConfig};
use onsale_net::provider::metrics::ProviderMetrics;
use onsale_net::provider::reconcile::{self, PendingIntent, ReconcileConfig};
use onsale_net::provider::sandbox::{Sandbox, SandboxConfig};
use onsale_net::provider::secret::Secret;
use onsale_net::provider::{Clock, PaymentProvider, Providers};
use onsale_net::publisher::metrics::PublisherMetrics;
use onsale_net::publisher::{self, PublisherConfig};
use onsale_net::slow::Backstage;
use prometheus_client::registry::Registry;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::bus::{Bus, BusMetrics, Signals};
use super::housekeeping::{self, AccountMetrics};
use super::models::Models;
use super::{ServerError, StopHandle, control, reload};
use crate::config::{Config, Origin, SettingError};
use crate::data_directory::DataDirectory;
use crate::facts::{Facts, progress};
use crate::mailbox::Mailboxes;

/// Few threads: they wait more than they work, and the cores are for selling.
const THREADS: usize = 2;

/// How many effects and intents wait for their runners; the others wait before.
const QUEUE: usize = 1_024;

pub(super) struct SlowPool {
    runtime: Runtime,
    models: Models,
    bus: Bus,
    providers: Providers,
    sandbox: Option<Sandbox>,
    backstage: Backstage,
    progress: Progress,
    effects: mpsc::UnboundedSender<Effect>,
    unpaid: mpsc::Sender<PendingIntent>,
    metrics: ProviderMetrics,
    published: PublisherMetrics,
    shared_limits: Option<SharedLimits>,
    accounts: AccountMetrics,
}

impl SlowPool {
    pub(super) fn start(
        config: &Config,
        data: &DataDirectory,
        address: SocketAddr,
        port: Mailboxes,
        stop: &StopHandle,
        facts: &Arc<[Facts]>,
    ) -> Result<Self, ServerError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("slow")
            .enable_all()
            .build()?;
        let guard = runtime.enter();
        let sandbox = config
            .sandbox
            .enabled
            .then(|| start_sandbox(config, data, address, &port, &runtime))
            .transpose()?;
        let progress = progress(facts);
        let (control, is_ready) =
            runtime.block_on(control::open(config, data, address, progress.clone()))?;
        let models = Models::start(config, data, facts, &progress, &port.clock(), &is_ready)?;
        let handle = runtime.handle().clone();
        let courier = courier(config, data)?;
        let accounts = housekeeping::start(&handle, &control.accounts, courier, &port, &is_ready);
        let backstage = control::backstage(control, handle, config);
        let signals = Signals { is_ready: &is_ready, bell: backstage.webhooks().clone() };
        let bus = Bus::start(config, data, facts, &port.clock(), signals)?;
        let (unpaid, watched) = mpsc::channel(QUEUE);
        let providers = providers(config, data, address, &port, sandbox.as_ref())?;
        let (disputed, disputes) = mpsc::channel(QUEUE);
        let providers = providers.asked_by(unpaid.clone()).disputes_asked_by(disputed);
        let metrics = ProviderMetrics::default();
        let (effects, wanted) = mpsc::unbounded_channel();
        let (bounded, queue) = mpsc::channel(QUEUE);
        runtime.spawn(forward(wanted, bounded));
        let (all, counted) = (providers.clone(), metrics.clone());
        let (asks, limits) = (unpaid.clone(), EffectsConfig::default());
        runtime.spawn(effects::run(port.clone(), all, queue, asks, limits, counted));
        let (all, counted) = (providers.clone(), metrics.clone());
        let limits = ReconcileConfig::default();
        runtime.spawn(reconcile::run(port.clone(), all, watched, limits, counted));
        let (all, limits) = (providers.clone(), DisputesConfig::default());
        runtime.spawn(disputes::run(port.clone(), all, disputes, limits));
        let published = start_publisher(&runtime, port, &backstage, is_ready);
        runtime.spawn(stop_on_signal(stop.clone())?);
        let shared_limits = config.redis_client()?.map(|client| {
            let (shared, hub) = SharedLimits::new(&config.limits);
            runtime.spawn(hub.run(client));
            shared
        });
        drop(guard);
        Ok(Self {
            runtime,
            models,
            bus,
            providers,
            sandbox,
            backstage,
            progress,
            effects,
            unpaid,
            metrics,
            published,
            shared_limits,
            accounts,
        })
    }

    /// Has the configuration read again whenever SIGHUP comes.
    pub(super) fn reload_on_signal(&self, origin: Origin) -> std::io::Result<()> {
        let _guard = self.runtime.enter();
        self.runtime.spawn(reload::on_signal(origin, self.providers())?);
        Ok(())
    }

    pub(super) fn providers(&self) -> Providers {
        self.providers.clone()
    }

    pub(super) fn sandbox(&self) -> Option<Sandbox> {
        self.sandbox.clone()
    }

    pub(super) fn backstage(&self) -> Backstage {
        self.backstage.clone()
    }

    /// How far the read models are behind.
    pub(super) fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// How far the sinks are behind.
    pub(super) fn bus(&self) -> BusMetrics {
        self.bus.metrics()
    }

    pub(super) fn effects(&self) -> mpsc::UnboundedSender<Effect> {
        self.effects.clone()
    }

    pub(super) fn unpaid(&self) -> mpsc::Sender<PendingIntent> {
        self.unpaid.clone()
    }

    /// The limits that are shared, if a Redis is configured.
    pub(super) fn shared_limits(&self) -> Option<SharedLimits> {
        self.shared_limits.clone()
    }

    /// What is counted here.
    pub(super) fn registry(&self) -> Registry {
        let mut registry = Registry::default();
        self.metrics.register(&mut registry);
        self.published.register(&mut registry);
        if let Some(shared) = &self.shared_limits {
            shared.metrics().register(&mut registry);
        }
        registry
    }

    /// What is counted about accounts.
    pub(super) fn accounts(&self) -> AccountMetrics {
        self.accounts.clone()
    }

    /// Ends what still runs: effects that are not settled are derived again at the next start.
    pub(super) fn end(self) {
        self.models.end();
        self.bus.end();
        self.runtime.shutdown_timeout(Duration::from_secs(1));
    }
}

/// The mail server that is configured, or else files.
fn courier(config: &Config, data: &DataDirectory) -> Result<Arc<dyn Courier>, SettingError> {
    let sender = Sender::parse(&config.letters.from)?;
    Ok(match &config.letters.smtp_url {
        Some(url) => Arc::new(MailServer::new(sender, url.expose())?),
        None => Arc::new(LetterFiles::new(sender, data.letters_path())),
    })
}

/// Those that are configured, and the sandbox.
fn providers(
    config: &Config,
    data: &DataDirectory,
    address: SocketAddr,
    port: &Mailboxes,
    sandbox: Option<&Sandbox>,
) -> Result<Providers, SettingError> {
    let clock = clock(port);
    let site_url = config.accounts.settings(&config.public_url(address)).site_url;
    let return_url = format!("{site_url}/checkout/return");
    let mut all = config.payments.providers(&return_url, &clock, &data.installation())?;
    all.extend(sandbox.map(|sandbox| Arc::new(sandbox.clone()) as Arc<dyn PaymentProvider>));
    Ok(Providers::new(all))
}

/// The server's clock, for providers.
fn clock(port: &Mailboxes) -> Clock {
    let port = port.clone();
    Arc::new(move || port.now())
}

/// Works on the database once its tables are there; not at all if they never will be.
pub(super) async fn once_ready(
    mut is_ready: watch::Receiver<bool>,
    work: impl Future<Output = ()>,
) {
    if is_ready.wait_for(|is_ready| *is_ready).await.is_ok() {
        work.await;
    }
}

fn start_publisher(
    runtime: &Runtime,
    port: Mailboxes,
    backstage: &Backstage,
    is_ready: watch::Receiver<bool>,
) -> PublisherMetrics {
    let (control, bell) = (backstage.control().clone(), backstage.publisher().clone());
    let (limits, metrics) = (PublisherConfig::default(), PublisherMetrics::default());
    let work = publisher::run(port, control, bell, limits, metrics.clone());
    runtime.spawn(once_ready(is_ready, work));
    metrics
}

fn start_sandbox(
    config: &Config,
    data: &DataDirectory,
    address: SocketAddr,
    port: &Mailboxes,
    runtime: &Runtime,
) -> Result<Sandbox, ServerError> {
    let public_url = config.public_url(address);
    let sandbox = SandboxConfig {
        directory: data.sandbox_path(),
        return_url: format!("{public_url}/sandbox/return"),
        webhook_url: format!("http://{address}/api/v1/webhooks/sandbox"),
        public_url,
        secret: Secret::new(data.sandbox_secret.expose()),
    };
    let (sandbox, actor) = Sandbox::open(sandbox, clock(port))?;
    runtime.spawn(actor.run());
    Ok(sandbox)
}

/// Cores never wait to hand an effect over. What piles up here is bounded by the orders that wait
/// for their payment or a refund, and those are bounded by the stock.
async fn forward(mut wanted: mpsc::UnboundedReceiver<Effect>, queue: mpsc::Sender<Effect>) {
    while let Some(effect) = wanted.recv().await {
        if queue.send(effect).await.is_err() {
            return;
        }
    }
}

fn stop_on_signal(stop: StopHandle) -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: running requests may finish; a second signal does not wait");
        stop.stop();
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::process::exit(130);
    })
}
