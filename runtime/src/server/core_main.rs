//! What one core does: recover its partitions, drive their shells, serve HTTP, drain, end.

use std::process::exit;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_util::future::join_all;
use onsale_core::effect::Effect;
use onsale_core::id::PartitionId;
use onsale_core::time::{Span, Time};
use onsale_engine::recover::{Recovered, recover};
use onsale_engine::{Bounds, Engine};
use onsale_net::api::{self, Api};
use onsale_net::provider::reconcile::PendingIntent;
use tokio::sync::{Barrier, mpsc, oneshot, watch};

use super::ServerError;
use super::addresses::Addresses;
use crate::config::Config;
use crate::data_directory::DataDirectory;
use crate::facts::Facts;
use crate::host::serve::{ConnectionCounts, Drained, Limits, serve};
use crate::host::{Clock, Host};
use crate::mailbox::{Mailbox, Mailboxes};
use crate::shell::{self, Surroundings};
use crate::snapshots::SnapshotMaker;

/// The exit status when the journal cannot be written any more: `EX_IOERR` of sysexits(3).
const EXIT_IO: i32 = 74;

/// For how long after its end an order's payment is still asked for after a restart.
const LATE_PAYMENTS: Span = Span::from_mins(60);

/// What all cores share. Handles and counters only: no core waits for another in it, but at the
/// start and at the end.
pub(super) struct Shared {
    pub config: Config,
    pub data: Arc<DataDirectory>,
    pub addresses: Addresses,
    pub api: Api<Mailboxes>,
    pub mailboxes: Mailboxes,
    pub clock: Clock,
    /// Where the facts of each partition are.
    pub facts: Arc<[Facts]>,
    pub counts: Arc<[Arc<ConnectionCounts>]>,
    pub limits: Limits,
    pub snapshots: SnapshotMaker,
    pub effects: mpsc::UnboundedSender<Effect>,
    pub unpaid: mpsc::Sender<PendingIntent>,
    /// All partitions of all cores are recovered: the clock stands where the sale goes on.
    pub ready: Barrier,
    /// No core serves HTTP any more.
    pub drained: Barrier,
    pub reports: mpsc::UnboundedSender<Report>,
    pub stopped: watch::Receiver<bool>,
    /// What each core takes at its start.
    pub ends: Mutex<Vec<Option<CoreEnds>>>,
}

/// The partitions of one core, with the receiving ends of their mailboxes.
pub(super) type CoreEnds = Vec<(u16, Mailbox)>;

/// What a core says while it starts.
pub(super) enum Report {
    /// A partition is recovered.
    Recovered { facts: u64, replayed: u64, torn: bool },
    /// The core listens.
    Listening,
}

pub(super) struct CoreMain<H> {
    core: usize,
    host: H,
    shared: Arc<Shared>,
}

impl<H: Host> CoreMain<H> {
    pub(super) fn new(core: usize, host: H, shared: Arc<Shared>) -> Self {
        Self { core, host, shared }
    }

    pub(super) async fn run(self) -> Result<(), ServerError> {
        let Self { core, host, shared } = self;
        let recovered = match recover_partitions(&shared, core) {
            Ok(recovered) => recovered,
            // The other cores wait for this one: the process must not.
            Err(error) => fail(&error, 1),
        };
        shared.ready.wait().await;
        let mut shells = Vec::new();
        for partition in recovered {
            shells.push(start_partition(&host, &shared, partition).await);
        }
        let mut listeners = Vec::new();
        for address in shared.addresses.of_core(core) {
            match host.listen(address).await {
                Ok(listener) => listeners.push(listener),
                Err(source) => fail(&ServerError::Listen { address, source }, 1),
            }
        }
        let _ = shared.reports.send(Report::Listening);
        serve_until_stopped(&host, &shared, core, listeners).await;
        if shared.drained.wait().await.is_leader() {
            shared.mailboxes.stop().await;
        }
        for ended in shells {
            // A shell that failed has ended the process already.
            let _ = ended.await;
        }
        Ok(())
    }
}

fn take_ends(shared: &Shared, core: usize) -> Vec<(u16, Mailbox)> {
    let mut ends = shared.ends.lock().unwrap_or_else(PoisonError::into_inner);
    ends.get_mut(core).and_then(Option::take).unwrap_or_default()
}

/// A partition that does not run yet.
struct Resting {
    id: PartitionId,
    recovered: Recovered,
    mailbox: Mailbox,
}

/// Reads the partitions of a core, and has the clock go on behind all of them.
fn recover_partitions(shared: &Shared, core: usize) -> Result<Vec<Resting>, ServerError> {
    let recover_one = |(number, mailbox)| {
        let id = PartitionId::new(number).expect("a data directory has no more than fit an id");
        let recovered = recover(&shared.data.partition_path(id), id, shared.data.journal_id(id))?;
        shared.clock.not_before(recovered.partition.last_time().as_ms());
        report(shared, number, &recovered);
        Ok(Resting { id, recovered, mailbox })
    };
    take_ends(shared, core).into_iter().map(recover_one).collect()
}

/// Has a partition run. Not before all are recovered: if the clock jumped under a running engine,
/// everybody in its waitrooms would have been silent for too long.
async fn start_partition<H: Host>(
    host: &H,
    shared: &Shared,
    resting: Resting,
) -> oneshot::Receiver<()> {
    let Resting { id, recovered, mailbox } = resting;
    watch_unpaid(host, shared, &recovered).await;
    let Recovered { partition, tail, snapshot, .. } = recovered;
    let bounds = Bounds {
        parked_max: shared.config.bounds.parked,
        watches_max: shared.config.bounds.watches,
    };
    let now = Time::from_ms(host.now_ms());
    let engine = Engine::new(partition, &tail, shared.config.journal.into(), bounds, now)
        .expect("the configuration was checked with these very numbers");
    let Facts { directory, gauges, floor, .. } = shared.facts[usize::from(id.number())].clone();
    let surroundings = Surroundings {
        snapshots: shared.snapshots.of(id, directory.clone(), snapshot, floor),
        directory,
        mailbox,
        effects: shared.effects.clone(),
        gauges,
    };
    let (end, ended) = oneshot::channel();
    let shell = shell::run(host.clone(), engine, surroundings);
    host.spawn_local(async move {
        match shell.await {
            Ok(()) => drop(end.send(())),
            Err(error) => fail(&error, EXIT_IO),
        }
    });
    ended
}

fn report(shared: &Shared, number: u16, recovered: &Recovered) {
    for reason in &recovered.rejected {
        tracing::warn!(partition = number, reason, "a snapshot could not be used");
    }
    if let Some(torn) = recovered.torn {
        tracing::info!(partition = number, ?torn, "an unfinished write was cut off");
    }
    let _ = shared.reports.send(Report::Recovered {
        facts: recovered.partition.applied(),
        replayed: recovered.replayed,
        torn: recovered.torn.is_some(),
    });
}

/// Payments may have come while nobody listened: their providers are asked.
async fn watch_unpaid<H: Host>(host: &H, shared: &Shared, recovered: &Recovered) {
    let since = Time::from_ms(host.now_ms()) - LATE_PAYMENTS;
    let unpaid = recovered.partition.sales().flat_map(|sale| sale.unpaid(since));
    for pending in unpaid.filter_map(|(id, order)| PendingIntent::of(id, order)) {
        // The reconciler ends after the partitions do.
        let _ = shared.unpaid.send(pending).await;
    }
}

async fn serve_until_stopped<H: Host>(
    host: &H,
    shared: &Shared,
    core: usize,
    listeners: Vec<H::Listener>,
) {
    let begun = Instant::now();
    let router = api::router(shared.api.clone());
    let serve_one = |listener| {
        let counts = Arc::clone(&shared.counts[core]);
        serve(host.clone(), listener, router.clone(), shared.limits, counts, told_to_stop(shared))
    };
    let drained = join_all(listeners.into_iter().map(serve_one)).await;
    let open = drained.into_iter().find_map(|drained| match drained {
        Drained::Clean => None,
        // Counted over all listeners.
        Drained::TimedOut { open } => Some(open),
    });
    if let Some(open) = open {
        let after_ms = begun.elapsed().as_millis() as u64;
        tracing::warn!(core, open, after_ms, "connections were cut: they took too long to finish");
    }
}

fn told_to_stop(shared: &Shared) -> impl Future<Output = ()> + use<> {
    let (mut stopped, api) = (shared.stopped.clone(), shared.api.clone());
    async move {
        // The sender lives as long as the server.
        let _ = stopped.wait_for(|stopped| *stopped).await;
        api.stop();
    }
}

/// Ends the process at once: whatever has not been acknowledged never will be.
fn fail(error: &dyn std::error::Error, status: i32) -> ! {
    tracing::error!("{error}");
    eprintln!("onsale: {error}");
    exit(status)
}
