//! One run of the server on its machine: recover, drive the shells, serve HTTP, drain, end. The
//! composition of `onsale_runtime::server`, without threads, configuration and a data directory.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use madsim::plugin;
use madsim::rand::{RngCore, thread_rng};
use madsim::runtime::Handle;
use madsim::time::sleep;
use onsale_core::command::{Actor, Command, IntentOutcome, RefundOutcome, Request};
use onsale_core::effect::{Effect, EffectKind};
use onsale_core::id::PartitionId;
use onsale_core::time::Time;
use onsale_engine::Engine;
use onsale_engine::recover::{Recovered, recover_from};
use onsale_engine::snapshots::{MakeError, make};
use onsale_net::api::{self, Api, Settings};
use onsale_net::auth::keys::{KeyRing, new_signing_key};
use onsale_net::entropy::{Entropy, NoEntropy};
use onsale_net::gateway::GatewaySettings;
use onsale_net::port::{CallError, Partitions};
use onsale_net::provider::{AskError, IntentWish, PaymentProvider, Providers, RefundWish};
use onsale_runtime::config::Keep;
use onsale_runtime::facts::Floor;
use onsale_runtime::gauges::Gauges;
use onsale_runtime::host::serve::{ConnectionCounts, Limits, serve};
use onsale_runtime::host::{Clock, Host};
use onsale_runtime::mailbox::{Mailbox, Mailboxes};
use onsale_runtime::shell::{self, JournalFailed, Surroundings};
use onsale_runtime::snapshots::{SnapshotMaker, Wanted};
use onsale_storage::journal::{FactNumber, JournalId};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::bank::Bank;
use crate::disk::Disk;
use crate::host::SimHost;
use crate::swarm::{Swarm, chance, up_to_ms};

/// Whoever sends this runs the events.
pub const OPERATOR_TOKEN: &str = "an-operator-token-of-32-bytes-or-more";

/// How often whoever makes snapshots looks whether one is wanted.
const SNAPSHOT_PAUSE: Duration = Duration::from_millis(200);

/// A machine: what of it survives a loss of power, and what a test sees of its runs.
pub struct Machine {
    /// Where it is.
    pub address: SocketAddr,
    /// What it is like.
    pub swarm: Swarm,
    /// Its disk.
    pub disk: Disk,
    /// Who takes the money.
    pub bank: Bank,
    /// Tells the present run to drain and to end.
    pub stop: Notify,
    seen: Mutex<Seen>,
    starts: AtomicU64,
}

/// What was seen of the runs.
#[derive(Default)]
struct Seen {
    failures: Vec<JournalFailed>,
    stopped_at: Option<Vec<u64>>,
}

impl Machine {
    /// A machine with an empty disk.
    pub fn new(address: SocketAddr, swarm: Swarm) -> Self {
        Self {
            address,
            disk: Disk::new(swarm.disk_slowest),
            swarm,
            bank: Bank::default(),
            stop: Notify::new(),
            seen: Mutex::default(),
            starts: AtomicU64::new(0),
        }
    }

    /// How often it has begun to serve.
    pub fn starts(&self) -> u64 {
        self.starts.load(Ordering::Relaxed)
    }

    /// Takes what made runs end that nobody had told to.
    pub fn take_failures(&self) -> Vec<JournalFailed> {
        std::mem::take(&mut self.seen().failures)
    }

    /// Takes what a run that was told to stop said at its end: the last durable fact of each
    /// partition. `None` while none has.
    pub fn take_stopped(&self) -> Option<Vec<u64>> {
        self.seen().stopped_at.take()
    }

    /// What recovery finds on the disk now.
    ///
    /// # Panics
    /// If it finds damage: nothing that this world does to a disk may look like that.
    pub fn recovered(&self, id: PartitionId) -> Recovered {
        let files = self.disk.directory(&directory(id));
        recover_from(&files, id, JournalId(u128::from(id.number())))
            .unwrap_or_else(|error| panic!("{id:?}: {error}"))
    }

    /// All partitions.
    pub fn partitions(&self) -> impl Iterator<Item = PartitionId> {
        (0..self.swarm.partitions).filter_map(PartitionId::new)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn directory(id: PartitionId) -> PathBuf {
    PathBuf::from(format!("/partitions/{}", id.number()))
}

/// Runs the server until it is told to stop, its journal fails, or the machine goes down.
pub async fn run(machine: Arc<Machine>) {
    let running = Running::start(&machine).await;
    serve_until_stopped(&running).await;
    let durable = running.end().await;
    machine.seen().stopped_at = Some(durable);
}

/// Runs partitions without anything that speaks to the outside, until they are told to stop; who
/// gave `handed` speaks to them.
pub async fn run_bare(machine: Arc<Machine>, handed: mpsc::UnboundedSender<Mailboxes>) {
    let running = Running::start(&machine).await;
    let _ = handed.send(running.mailboxes.clone());
    machine.stop.notified().await;
    let durable = running.end().await;
    machine.seen().stopped_at = Some(durable);
}

/// Partitions that run.
struct Running {
    machine: Arc<Machine>,
    host: SimHost,
    mailboxes: Mailboxes,
    shells: Vec<(oneshot::Receiver<()>, Arc<Gauges>)>,
}

impl Running {
    /// Recovers all partitions and starts their shells. The machine may go down in it.
    async fn start(machine: &Arc<Machine>) -> Self {
        let clock = Clock::from_system();
        let host = SimHost::new(clock.clone(), machine.disk.clone());
        let Swarm { partitions, room, snapshot_every, .. } = machine.swarm;
        let (mailboxes, ends) = Mailboxes::new(partitions, room, clock);
        let (effects, asked) = mpsc::unbounded_channel();
        let (maker, wanted) = SnapshotMaker::without_thread(snapshot_every);
        let mut shells = Vec::new();
        for (id, mailbox) in machine.partitions().zip(ends) {
            machine.disk.read_time().await;
            shells.push(start_partition(&host, machine, &maker, &effects, id, mailbox));
            machine.disk.read_time().await;
        }
        host.spawn_local(settle_all(machine.bank.clone(), mailboxes.clone(), asked));
        host.spawn_local(make_snapshots(machine.disk.clone(), wanted));
        Self { machine: machine.clone(), host, mailboxes, shells }
    }

    /// Tells all shells to stop, waits until they have, and answers the last durable fact of each.
    async fn end(self) -> Vec<u64> {
        self.mailboxes.stop().await;
        let mut durable = Vec::new();
        for (ended, gauges) in self.shells {
            ended.await.expect("a shell returns when it is told to stop");
            let reading = gauges.read();
            assert_eq!(reading.applied, reading.durable, "a shell ended with facts not durable");
            durable.push(reading.durable);
        }
        durable
    }
}

fn start_partition(
    host: &SimHost,
    machine: &Arc<Machine>,
    maker: &SnapshotMaker,
    effects: &mpsc::UnboundedSender<Effect>,
    id: PartitionId,
    mailbox: Mailbox,
) -> (oneshot::Receiver<()>, Arc<Gauges>) {
    let Recovered { partition, tail, snapshot, .. } = machine.recovered(id);
    let Swarm { journal, bounds, .. } = machine.swarm;
    let now = Time::from_ms(host.now_ms());
    let engine = Engine::new(partition, &tail, journal, bounds, now).expect("sound numbers");
    let directory = directory(id);
    let gauges = Arc::<Gauges>::default();
    let surroundings = Surroundings {
        snapshots: maker.of(id, directory.clone(), snapshot, Floor::new(Keep::Needed, 0)),
        directory,
        mailbox,
        effects: effects.clone(),
        gauges: gauges.clone(),
    };
    let (end, ended) = oneshot::channel();
    let shell = shell::run(host.clone(), engine, surroundings);
    let machine = machine.clone();
    host.spawn_local(async move {
        match shell.await {
            Ok(()) => drop(end.send(())),
            Err(failed) => exit(&machine, failed),
        }
    });
    (ended, gauges)
}

/// As the server does: the process ends at once, and nothing that was about to happen does.
fn exit(machine: &Machine, failed: JournalFailed) {
    machine.seen().failures.push(failed);
    Handle::current().kill(plugin::node());
}

async fn serve_until_stopped(running: &Running) {
    let Running { machine, host, mailboxes, .. } = running;
    let bank: Arc<dyn PaymentProvider> = Arc::new(machine.bank.clone());
    let api = Api::new(mailboxes.clone(), settings(Providers::new([bank]))).expect("good settings");
    let listener = host.listen(machine.address).await.expect("nobody else is there");
    let limits = Limits {
        connections_max: machine.swarm.connections_max,
        drain_timeout: Duration::from_secs(10),
        head_bytes_max: 32 << 10,
        header_read_timeout: Duration::from_secs(20),
        write_timeout: Duration::from_secs(30),
    };
    let counts = Arc::<ConnectionCounts>::default();
    let router = api::router(api.clone());
    machine.starts.fetch_add(1, Ordering::Relaxed);
    let told = async {
        machine.stop.notified().await;
        api.stop();
    };
    serve(host.clone(), listener, router, limits, counts, told).await;
}

fn settings(providers: Providers) -> Settings {
    Settings {
        operator_token: OPERATOR_TOKEN.to_owned(),
        keys: keys(),
        session_lifetime: Settings::SESSION_LIFETIME,
        providers,
        sandbox: None,
        backstage: None,
        direct_ports: Vec::new(),
        entropy: Arc::new(SeededEntropy),
        metrics: Arc::new(()),
        gateway: GatewaySettings::unlimited(),
    }
}

fn keys() -> KeyRing {
    let pkcs8 = new_signing_key(&[7; 32]).expect("any 32 bytes are a key");
    KeyRing::fixed(pkcs8).expect("a key that was just made")
}

/// The seed's.
struct SeededEntropy;

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        thread_rng().fill_bytes(bytes);
        Ok(())
    }
}

/// In place of the thread: looks now and then, as a busy machine would.
async fn make_snapshots(disk: Disk, wanted: Receiver<Wanted>) {
    loop {
        while let Ok(Wanted { id, directory, durable, floor }) = wanted.try_recv() {
            sleep(up_to_ms(100)).await;
            let (last, keep_from) = (FactNumber::new(durable), floor.keep_from());
            match disk.change(&directory, |files| make(files, id, last, keep_from)) {
                Ok(_) => {}
                // Two were wanted of one fact, and the first is there.
                Err(MakeError::Empty) => {}
                Err(error) => panic!("no snapshot of a durable journal: {error}"),
            }
        }
        sleep(SNAPSHOT_PAUSE).await;
    }
}

/// In place of the slow pool's runner, which waits on tokio's own timers.
async fn settle_all(bank: Bank, mailboxes: Mailboxes, mut asked: mpsc::UnboundedReceiver<Effect>) {
    while let Some(effect) = asked.recv().await {
        let (bank, mailboxes) = (bank.clone(), mailboxes.clone());
        madsim::task::spawn(async move { settle(&bank, &mailboxes, &effect).await });
    }
}

async fn settle(bank: &Bank, mailboxes: &Mailboxes, effect: &Effect) {
    let outcome = loop {
        match ask(bank, effect).await {
            Ok(command) => break command,
            Err(_) => sleep(Duration::from_millis(100) + up_to_ms(900)).await,
        }
    };
    // The first may not have been heard: the rules take an outcome once.
    for _ in 0..=u32::from(chance(0.2)) {
        loop {
            let request = Request::new(Actor::System, outcome.clone());
            match mailboxes.execute(effect.order.event.partition(), request).await {
                Err(CallError::Overloaded { .. }) => sleep(Duration::from_secs(1)).await,
                _ => break,
            }
        }
    }
}

async fn ask(bank: &Bank, effect: &Effect) -> Result<Command, AskError> {
    let order = effect.order;
    match effect.kind.clone() {
        EffectKind::CreateIntent { amount, currency, until } => {
            let wish = IntentWish { order, amount, currency, until };
            let page = bank.create_intent(&wish).await?;
            let outcome = IntentOutcome::Ready { reference: page.reference, url: page.url };
            Ok(Command::RecordIntent { order, outcome })
        }
        EffectKind::Refund { refund, attempt, payment, amount, currency } => {
            let wish = RefundWish { order, refund, attempt, payment, amount, currency };
            let receipt = bank.refund(&wish).await?;
            let outcome = RefundOutcome::Done { reference: receipt.reference };
            Ok(Command::RecordRefund { order, refund, attempt, outcome })
        }
    }
}
