//! Snapshots are made beside the sale, not by it: a thread of its own reads the newest snapshot and
//! the journal up to a durable fact, replays, and writes what comes out. The core that sells never
//! pauses, and every snapshot proves that the journal can be replayed. See ADR 0005.
//!
//! One is made at a time, whatever the number of partitions: it costs another copy of one
//! partition's state for as long as it takes.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Instant;

use onsale_core::id::PartitionId;
use onsale_engine::recover::RecoveryCause;
use onsale_engine::snapshots::{MakeError, make};
use onsale_storage::directory::FileDirectory;
use onsale_storage::journal::FactNumber;

use crate::facts::Floor;
use crate::priority::give_way;

/// How many partitions may wait for their snapshot.
const WAITING_MAX: usize = 64;

/// The way to whoever makes snapshots, for whoever starts partitions.
#[derive(Clone, Debug)]
pub struct SnapshotMaker {
    every_facts: u64,
    orders: SyncSender<Wanted>,
}

/// One partition's way to whoever makes snapshots.
#[derive(Debug)]
pub struct Snapshots {
    maker: SnapshotMaker,
    id: PartitionId,
    directory: PathBuf,
    /// The fact of the last snapshot that was made or asked for.
    last: u64,
    floor: Arc<Floor>,
}

/// A snapshot that is to be made.
#[derive(Debug)]
pub struct Wanted {
    /// Of which partition.
    pub id: PartitionId,
    /// Where its files are.
    pub directory: PathBuf,
    /// The number of its last durable fact: the last one to go into the snapshot.
    pub durable: u64,
    /// What says how many facts must stay, when old ones are removed.
    pub floor: Arc<Floor>,
}

impl SnapshotMaker {
    /// Starts a thread that makes one after every `every_facts` facts of a partition.
    pub fn start(every_facts: u64) -> std::io::Result<Self> {
        let (maker, wanted) = Self::without_thread(every_facts);
        thread::Builder::new().name("snapshots".to_owned()).spawn(move || make_all(&wanted))?;
        Ok(maker)
    }

    /// The same, but whoever asks makes what is wanted: under simulation there are no threads.
    pub fn without_thread(every_facts: u64) -> (Self, Receiver<Wanted>) {
        let (orders, wanted) = sync_channel(WAITING_MAX);
        (Self { every_facts, orders }, wanted)
    }

    /// The way of one partition, whose newest snapshot is of fact `last`.
    pub fn of(
        &self,
        id: PartitionId,
        directory: PathBuf,
        last: u64,
        floor: Arc<Floor>,
    ) -> Snapshots {
        Snapshots { maker: self.clone(), id, directory, last, floor }
    }
}

impl Snapshots {
    /// Has a snapshot made if enough has happened since the last. Never waits: with too many
    /// waiting already it is asked for again with the next fact.
    pub fn offer(&mut self, durable: u64) {
        if durable < self.last.saturating_add(self.maker.every_facts) {
            return;
        }
        let (directory, floor) = (self.directory.clone(), Arc::clone(&self.floor));
        let wanted = Wanted { id: self.id, directory, durable, floor };
        if !matches!(self.maker.orders.try_send(wanted), Err(TrySendError::Full(_))) {
            self.last = durable;
        }
    }
}

fn make_all(wanted: &Receiver<Wanted>) {
    give_way("snapshots are made");
    for wanted in wanted {
        let begun = Instant::now();
        let path = wanted.directory.display();
        match make_in(&wanted) {
            Ok(fact) => {
                let took_ms = begun.elapsed().as_millis() as u64;
                tracing::info!(%path, fact = fact.get(), took_ms, "snapshot written");
            }
            Err(error) => tracing::error!(%path, %error, "no snapshot: recovery will take longer"),
        }
    }
}

fn make_in(wanted: &Wanted) -> Result<FactNumber, MakeError> {
    let mut files = FileDirectory::open(&wanted.directory).map_err(RecoveryCause::from)?;
    make(&mut files, wanted.id, FactNumber::new(wanted.durable), wanted.floor.keep_from())
}
