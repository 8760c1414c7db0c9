//! The server's machine: recovery, engines in their shells, effects, reconciliation and the Router,
//! all as shipped, put together as the binary does.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use onsale_core::effect::Effect;
use onsale_core::id::PartitionId;
use onsale_core::time::{Span, Time};
use onsale_engine::recover::{Recovered, recover_from};
use onsale_engine::snapshots::make;
use onsale_engine::{Bounds, Engine};
use onsale_net::api::{Api, Settings, router};
use onsale_net::auth::keys::{KeyRing, new_signing_key};
use onsale_net::entropy::{Entropy, NoEntropy};
use onsale_net::gateway::GatewaySettings;
use onsale_net::provider::effects::{self, EffectsConfig};
use onsale_net::provider::metrics::ProviderMetrics;
use onsale_net::provider::reconcile::{self, PendingIntent, ReconcileConfig};
use onsale_net::provider::secret::Secret;
use onsale_net::provider::{PaymentProvider, Providers};
use onsale_runtime::config::Keep;
use onsale_runtime::facts::Floor;
use onsale_runtime::gauges::Gauges;
use onsale_runtime::host::Host;
use onsale_runtime::host::serve::{ConnectionCounts, Limits, serve};
use onsale_runtime::mailbox::{Mailbox, Mailboxes};
use onsale_runtime::shell::{self, Surroundings};
use onsale_runtime::snapshots::{SnapshotMaker, Wanted};
use onsale_storage::journal::{FactNumber, JournalConfig, JournalId};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::sync::mpsc;

use crate::disk::Disk;
use crate::host::{WireHost, clock};
use crate::http::PORT;
use crate::teller::Teller;

/// What the operator proves themselves with.
pub const OPERATOR: &str = "the-operator-token-of-the-simulation";

const PARTITIONS: u16 = 2;

/// Small, so that a run of seconds has several segments and snapshots.
const JOURNAL: JournalConfig = JournalConfig {
    segment_bytes: 32 << 10,
    batch_bytes_max: 16 << 10,
    writes_in_flight: 4,
    queued_bytes_max: 64 << 10,
};
const SNAPSHOT_EVERY: u64 = 25;

/// For how long after its end an order's payment is still asked for after a restart.
const LATE_PAYMENTS: Span = Span::from_mins(60);

/// What the server's machine has when it starts, and what outlives its crashes.
#[derive(Clone)]
pub struct Machine {
    disk: Disk,
    secret: Secret,
    entropy: Arc<dyn Entropy>,
}

impl Machine {
    /// A machine whose disk and dice follow from the seed.
    pub fn new(seed: u64, secret: Secret) -> Self {
        let dice = Dice(Mutex::new(ChaCha8Rng::seed_from_u64(seed ^ 0x0D1C_E000)));
        Self { disk: Disk::new(seed), secret, entropy: Arc::new(dice) }
    }

    /// Starts the server and serves until the machine crashes.
    ///
    /// # Panics
    /// If a partition cannot be recovered, or its journal cannot be written: nothing here may lead
    /// to that.
    pub async fn serve(self) -> turmoil::Result {
        let host = WireHost::here(self.disk.clone());
        let (mailboxes, ends) = Mailboxes::new(PARTITIONS, 256, clock());
        let teller: Arc<dyn PaymentProvider> = Arc::new(Teller::new(self.secret.clone()));
        let providers = Providers::new([teller]);
        let (effects, unpaid) = Self::start_provider_tasks(&mailboxes, &providers);
        let (snapshots, wanted) = SnapshotMaker::without_thread(SNAPSHOT_EVERY);
        host.spawn_local(make_snapshots(self.disk.clone(), wanted));
        for (number, mailbox) in (0..).zip(ends) {
            let id = PartitionId::new(number).expect("there are two");
            self.start_partition(&host, id, mailbox, &effects, &unpaid, &snapshots).await;
        }
        let listener = host.listen(SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT))).await?;
        let api = Api::new(mailboxes, self.settings(providers))?;
        let counts = Arc::<ConnectionCounts>::default();
        serve(host, listener, router(api), limits(), counts, std::future::pending()).await;
        Ok(())
    }

    fn start_provider_tasks(
        port: &Mailboxes,
        providers: &Providers,
    ) -> (mpsc::UnboundedSender<Effect>, mpsc::Sender<PendingIntent>) {
        let metrics = ProviderMetrics::default();
        let (effects, mut wanted) = mpsc::unbounded_channel();
        let (bounded, queue) = mpsc::channel(64);
        let (unpaid, watched) = mpsc::channel(64);
        tokio::spawn(async move {
            while let Some(effect) = wanted.recv().await {
                if bounded.send(effect).await.is_err() {
                    return;
                }
            }
        });
        let (asks, limits) = (unpaid.clone(), EffectsConfig::default());
        let run =
            effects::run(port.clone(), providers.clone(), queue, asks, limits, metrics.clone());
        tokio::spawn(run);
        let limits = ReconcileConfig::default();
        tokio::spawn(reconcile::run(port.clone(), providers.clone(), watched, limits, metrics));
        (effects, unpaid)
    }

    async fn start_partition(
        &self,
        host: &WireHost,
        id: PartitionId,
        mailbox: Mailbox,
        effects: &mpsc::UnboundedSender<Effect>,
        unpaid: &mpsc::Sender<PendingIntent>,
        snapshots: &SnapshotMaker,
    ) {
        let directory = path_of(id);
        let fresh = JournalId(u128::from(id.number()) + 1);
        let recovered = recover_from(&self.disk.directory(&directory), id, fresh)
            .unwrap_or_else(|cause| panic!("{} does not start: {cause}", directory.display()));
        assert!(recovered.rejected.is_empty(), "snapshots are whole: {:?}", recovered.rejected);
        let now = Time::from_ms(host.now_ms());
        let sales = recovered.partition.sales();
        let open = sales.flat_map(|sale| sale.unpaid(now - LATE_PAYMENTS));
        for pending in open.filter_map(|(id, order)| PendingIntent::of(id, order)) {
            let _ = unpaid.send(pending).await;
        }
        let Recovered { partition, tail, snapshot, .. } = recovered;
        let bounds = Bounds { parked_max: 256, watches_max: 64 };
        let engine = Engine::new(partition, &tail, JOURNAL, bounds, now).expect("good numbers");
        let surroundings = Surroundings {
            snapshots: snapshots.of(id, directory.clone(), snapshot, Floor::new(Keep::Needed, 0)),
            directory,
            mailbox,
            effects: effects.clone(),
            gauges: Arc::<Gauges>::default(),
        };
        let shell = shell::run(host.clone(), engine, surroundings);
        host.spawn_local(async move {
            if let Err(error) = shell.await {
                panic!("{error}");
            }
        });
    }

    fn settings(&self, providers: Providers) -> Settings {
        Settings {
            operator_token: OPERATOR.to_owned(),
            keys: keys(),
            session_lifetime: Settings::SESSION_LIFETIME,
            providers,
            sandbox: None,
            backstage: None,
            direct_ports: Vec::new(),
            entropy: Arc::clone(&self.entropy),
            metrics: Arc::new(()),
            gateway: GatewaySettings::unlimited(),
        }
    }
}

fn keys() -> KeyRing {
    let pkcs8 = new_signing_key(&[7; 32]).expect("any 32 bytes are a key");
    KeyRing::fixed(pkcs8).expect("a key that was just made")
}

/// The binary's, but for a shorter wait for a request's head.
fn limits() -> Limits {
    Limits {
        connections_max: 512,
        drain_timeout: Duration::from_secs(10),
        head_bytes_max: 32 << 10,
        header_read_timeout: Duration::from_secs(5),
        write_timeout: Duration::from_secs(30),
    }
}

fn path_of(id: PartitionId) -> PathBuf {
    PathBuf::from(format!("partition-{}", id.number()))
}

async fn make_snapshots(disk: Disk, wanted: Receiver<Wanted>) {
    loop {
        while let Ok(Wanted { id, directory, durable, floor }) = wanted.try_recv() {
            let mut files = disk.directory(&directory);
            let (last, keep_from) = (FactNumber::new(durable), floor.keep_from());
            make(&mut files, id, last, keep_from).expect("the journal can be replayed");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Entropy that a seed repeats.
struct Dice(Mutex<ChaCha8Rng>);

impl Entropy for Dice {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        self.0.lock().map_err(|_| NoEntropy)?.fill_bytes(bytes);
        Ok(())
    }
}
