//! A disk that survives its machine. What was completed is durable; of what was under way when the
//! machine went down any blocks may have arrived, as with a loss of power.
//!
//! Deliberately absent: bit rot, misdirected writes, lost syncs. Those are faults of the disk's
//! content, and the simulator without async has them all.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use madsim::rand::{Rng, seq::SliceRandom, thread_rng};
use madsim::time::sleep;
use onsale_runtime::host::{BLOCK_BYTES, DurableFile};
use onsale_storage::directory::{Directory, MemoryDirectory};
use tokio::sync::Notify;

/// One change in so many takes many times as long as it should.
const STALL_CHANCE: f64 = 0.02;

/// How many times as long.
const STALL_FACTOR: u32 = 30;

/// What the operating system says when the disk is broken.
const EIO: i32 = 5;

/// All directories of one machine. A cheap handle; whoever holds one keeps the content.
#[derive(Clone)]
pub struct Disk(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    moved: Notify,
    slowest: Duration,
}

#[derive(Default)]
struct State {
    directories: BTreeMap<PathBuf, MemoryDirectory>,
    in_flight: BTreeMap<u64, Change>,
    next: u64,
    /// So many changes succeed before all fail.
    good_for: Option<u64>,
}

/// A change that has begun and is not durable yet.
struct Change {
    directory: PathBuf,
    name: String,
    what: What,
}

enum What {
    Create { bytes: u64 },
    Write { offset: u64, bytes: Vec<u8> },
}

impl Disk {
    /// An empty disk whose changes take up to `slowest`, but for those that stall.
    pub fn new(slowest: Duration) -> Self {
        Self(Arc::new(Inner { state: Mutex::default(), moved: Notify::new(), slowest }))
    }

    /// What can be read of a directory now.
    pub fn directory(&self, path: &Path) -> MemoryDirectory {
        self.state().directories.get(path).cloned().unwrap_or_default()
    }

    /// Changes a directory at once, durably: for what does not go through the journal.
    pub fn change<T>(&self, path: &Path, change: impl FnOnce(&mut MemoryDirectory) -> T) -> T {
        change(self.state().directories.entry(path.to_owned()).or_default())
    }

    /// The machine has lost its power: any part of what was under way has arrived, in any order.
    pub fn crash(&self) {
        let mut state = self.state();
        let mut lost: Vec<_> = std::mem::take(&mut state.in_flight).into_values().collect();
        lost.shuffle(&mut thread_rng());
        for change in lost {
            state.apply_some(change);
        }
    }

    /// After so many more changes every one fails, having been made in part.
    pub fn break_after(&self, changes: u64) {
        self.state().good_for = Some(changes);
    }

    /// The disk was replaced by a good copy of what could be read.
    pub fn repair(&self) {
        self.state().good_for = None;
    }

    /// Waits for the next beginning or end of a change.
    pub async fn moved(&self) {
        self.0.moved.notified().await;
    }

    /// Takes as long as a read does.
    pub async fn read_time(&self) {
        sleep(self.latency()).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn latency(&self) -> Duration {
        let mut rng = thread_rng();
        let usual = rng.gen_range(Duration::ZERO..self.0.slowest);
        if rng.gen_bool(STALL_CHANCE) { usual * STALL_FACTOR } else { usual }
    }

    async fn perform(self, change: Change) -> io::Result<()> {
        let id = self.state().begin(change);
        self.0.moved.notify_waiters();
        sleep(self.latency()).await;
        let result = self.state().finish(id);
        self.0.moved.notify_waiters();
        result
    }
}

impl State {
    fn begin(&mut self, change: Change) -> u64 {
        self.next += 1;
        self.in_flight.insert(self.next, change);
        self.next
    }

    fn finish(&mut self, id: u64) -> io::Result<()> {
        let change = self.in_flight.remove(&id).ok_or(io::ErrorKind::Interrupted)?;
        match &mut self.good_for {
            Some(0) => {
                self.apply_some(change);
                return Err(io::Error::from_raw_os_error(EIO));
            }
            Some(left) => *left -= 1,
            None => {}
        }
        self.apply(change, |_| true)
    }

    /// Wholly, not at all, or any subset of its blocks.
    fn apply_some(&mut self, change: Change) {
        let share = *[0.0, 0.5, 1.0].choose(&mut thread_rng()).expect("there are three");
        // What it would have failed with is lost with the machine.
        let _ = self.apply(change, |rng| rng.gen_bool(share));
    }

    fn apply(
        &mut self,
        change: Change,
        arrives: impl Fn(&mut madsim::rand::GlobalRng) -> bool,
    ) -> io::Result<()> {
        let mut rng = thread_rng();
        let directory = self.directories.entry(change.directory).or_default();
        match change.what {
            What::Create { bytes } if arrives(&mut rng) => {
                directory.create_zeroed(&change.name, bytes)
            }
            What::Create { .. } => Ok(()),
            What::Write { offset, bytes } => {
                for (block, at) in bytes.chunks(BLOCK_BYTES).zip((offset..).step_by(BLOCK_BYTES)) {
                    if arrives(&mut rng) {
                        directory.write_at(&change.name, at, block)?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// A file on a [`Disk`].
#[derive(Clone)]
pub struct DiskFile {
    disk: Disk,
    directory: PathBuf,
    name: String,
}

impl DiskFile {
    /// Creates it, in place of one that is there; whole or not at all.
    pub async fn create(disk: Disk, path: PathBuf, bytes: u64) -> io::Result<Self> {
        let file = Self::at(disk, &path)?;
        file.disk.clone().perform(file.change(What::Create { bytes })).await?;
        Ok(file)
    }

    /// Opens one that is there. All that can be read is durable already.
    pub async fn open(disk: Disk, path: PathBuf) -> io::Result<Self> {
        let file = Self::at(disk, &path)?;
        file.disk.read_time().await;
        file.disk.directory(&file.directory).sync(&file.name)?;
        Ok(file)
    }

    fn at(disk: Disk, path: &Path) -> io::Result<Self> {
        let name = path.file_name().and_then(|name| name.to_str());
        let (Some(directory), Some(name)) = (path.parent(), name) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        Ok(Self { disk, directory: directory.to_owned(), name: name.to_owned() })
    }

    fn change(&self, what: What) -> Change {
        Change { directory: self.directory.clone(), name: self.name.clone(), what }
    }
}

impl DurableFile for DiskFile {
    fn write_durable(
        &self,
        offset: u64,
        bytes: &[u8],
    ) -> impl Future<Output = io::Result<()>> + 'static {
        let block = BLOCK_BYTES as u64;
        let whole = offset.is_multiple_of(block) && bytes.len().is_multiple_of(BLOCK_BYTES);
        let change = self.change(What::Write { offset, bytes: bytes.to_vec() });
        let disk = self.disk.clone();
        async move {
            if !whole {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            disk.perform(change).await
        }
    }
}
