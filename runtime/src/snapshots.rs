//! Snapshots are made beside the sale, not by it: a thread of its own reads the newest snapshot and
//! the journal up to a durable fact, replays, and writes what comes out. The core that sells never
//! pauses, and every snapshot proves that the journal can be replayed. See ADR 0005.
//!
//! One is made at a time, whatever the number of partitions: it costs another copy of one
//! partition's state for as long as it takes.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Instant;

use onsale_core::id::PartitionId;
use onsale_engine::recover::RecoveryCause;
use onsale_engine::snapshots::{MakeError, make};
use onsale_storage::directory::FileDirectory;
use onsale_storage::journal::FactNumber;

/// How many partitions may wait for their snapshot.
const WAITING_MAX: usize = 64;

/// The thread that makes snapshots, for whoever starts partitions.
#[derive(Clone, Debug)]
pub struct SnapshotThread {
    every_facts: u64,
    orders: SyncSender<Wanted>,
}

/// One partition's way to the snapshot thread.
#[derive(Debug)]
pub struct Snapshots {
    thread: SnapshotThread,
    id: PartitionId,
    directory: PathBuf,
    /// The fact of the last snapshot that was made or asked for.
    last: u64,
}

/// A snapshot that is to be made.
#[derive(Debug)]
struct Wanted {
    id: PartitionId,
    directory: PathBuf,
    durable: u64,
}

impl SnapshotThread {
    /// Starts it; a snapshot is made after every `every_facts` facts of a partition.
    pub fn start(every_facts: u64) -> std::io::Result<Self> {
        let (orders, wanted) = sync_channel(WAITING_MAX);
        thread::Builder::new().name("snapshots".to_owned()).spawn(move || make_all(&wanted))?;
        Ok(Self { every_facts, orders })
    }

    /// The way of one partition, whose newest snapshot is of fact `last`.
    pub fn of(&self, id: PartitionId, directory: PathBuf, last: u64) -> Snapshots {
        Snapshots { thread: self.clone(), id, directory, last }
    }
}

impl Snapshots {
    /// Has a snapshot made if enough has happened since the last. Never waits: with too many
    /// waiting already it is asked for again with the next fact.
    pub fn offer(&mut self, durable: u64) {
        if durable < self.last.saturating_add(self.thread.every_facts) {
            return;
        }
        let wanted = Wanted { id: self.id, directory: self.directory.clone(), durable };
        if !matches!(self.thread.orders.try_send(wanted), Err(TrySendError::Full(_))) {
            self.last = durable;
        }
    }
}

fn make_all(wanted: &Receiver<Wanted>) {
    // Behind everything that serves buyers.
    let _ = rustix::process::nice(10);
    for Wanted { id, directory, durable } in wanted {
        let begun = Instant::now();
        let path = directory.display();
        match make_in(&directory, id, FactNumber::new(durable)) {
            Ok(fact) => {
                let took_ms = begun.elapsed().as_millis() as u64;
                tracing::info!(%path, fact = fact.get(), took_ms, "snapshot written");
            }
            Err(error) => tracing::error!(%path, %error, "no snapshot: recovery will take longer"),
        }
    }
}

fn make_in(directory: &Path, id: PartitionId, last: FactNumber) -> Result<FactNumber, MakeError> {
    let mut files = FileDirectory::open(directory).map_err(RecoveryCause::from)?;
    make(&mut files, id, last)
}
