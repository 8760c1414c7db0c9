//! The server's disk: in memory, written when a write completes, and still there when the server is
//! not. A write that a crash cuts off leaves any of its blocks behind, or none.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use onsale_runtime::host::{BLOCK_BYTES, DurableFile};
use onsale_storage::directory::{Directory, FileEntry, MemoryDirectory};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The longest that a write takes, one of these by the seed: from well below to well above the time
/// that a message takes.
const WRITE_MS_MAX: [u64; 3] = [2, 10, 60];

/// A disk with directories. A handle: the disk lives as long as one of them.
#[derive(Clone)]
pub struct Disk(Arc<Mutex<Inner>>);

struct Inner {
    directories: BTreeMap<PathBuf, MemoryDirectory>,
    rng: ChaCha8Rng,
    write_ms_max: u64,
}

impl Disk {
    /// An empty disk, as slow and as torn by crashes as the seed says.
    pub fn new(seed: u64) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed);
        let write_ms_max = WRITE_MS_MAX[(seed % 3) as usize];
        let directories = BTreeMap::new();
        Self(Arc::new(Mutex::new(Inner { directories, rng, write_ms_max })))
    }

    /// A directory on it; made by whatever is first written there.
    pub fn directory(&self, path: &Path) -> DiskDirectory {
        DiskDirectory { disk: self.clone(), path: path.to_owned() }
    }

    /// Creates a file of zeros.
    pub(crate) async fn create(&self, path: &Path, bytes: u64) -> io::Result<DiskFile> {
        self.latency().await;
        let file = DiskFile::new(self, path);
        self.directory(&file.directory).create_zeroed(&file.name, bytes)?;
        Ok(file)
    }

    /// Opens a file that is there.
    pub(crate) fn open(&self, path: &Path) -> io::Result<DiskFile> {
        let file = DiskFile::new(self, path);
        self.directory(&file.directory).sync(&file.name)?;
        Ok(file)
    }

    fn latency(&self) -> impl Future<Output = ()> + use<> {
        let ms = {
            let disk = &mut *self.lock();
            disk.rng.next_u64() % (disk.write_ms_max + 1)
        };
        tokio::time::sleep(Duration::from_millis(ms))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file of a [`Disk`].
#[derive(Clone)]
pub struct DiskFile {
    disk: Disk,
    directory: PathBuf,
    name: String,
}

impl DiskFile {
    fn new(disk: &Disk, path: &Path) -> Self {
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { disk: disk.clone(), directory, name }
    }
}

impl DurableFile for DiskFile {
    fn write_durable(
        &self,
        offset: u64,
        bytes: &[u8],
    ) -> impl Future<Output = io::Result<()>> + 'static {
        let unfinished = Unfinished { file: self.clone(), offset, bytes: bytes.to_vec() };
        async move {
            unfinished.file.disk.latency().await;
            unfinished.finish()
        }
    }
}

/// A write under way. Dropped, it leaves some of its blocks on the disk.
struct Unfinished {
    file: DiskFile,
    offset: u64,
    bytes: Vec<u8>,
}

impl Unfinished {
    fn finish(mut self) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.bytes);
        write(&mut self.file.disk.lock().directories, &self.file, self.offset, &bytes)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut disk = self.file.disk.lock();
        let Inner { directories, rng, .. } = &mut *disk;
        for (offset, block) in
            (self.offset..).step_by(BLOCK_BYTES).zip(self.bytes.chunks(BLOCK_BYTES))
        {
            if rng.next_u64() % 2 == 0 {
                // The file was there when the write began.
                let _ = write(directories, &self.file, offset, block);
            }
        }
    }
}

fn write(
    directories: &mut BTreeMap<PathBuf, MemoryDirectory>,
    file: &DiskFile,
    offset: u64,
    bytes: &[u8],
) -> io::Result<()> {
    let directory = directories.get_mut(&file.directory).ok_or(io::ErrorKind::NotFound)?;
    directory.write_at(&file.name, offset, bytes)
}

/// A directory of a [`Disk`], for recovery and for snapshots.
pub struct DiskDirectory {
    disk: Disk,
    path: PathBuf,
}

impl DiskDirectory {
    fn with<T>(&self, act: impl FnOnce(&mut MemoryDirectory) -> T) -> T {
        act(self.disk.lock().directories.entry(self.path.clone()).or_default())
    }
}

impl Directory for DiskDirectory {
    fn list(&self) -> io::Result<Vec<FileEntry>> {
        self.with(|files| files.list())
    }

    fn read(&self, name: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        self.with(|files| files.read(name, range))
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        self.with(|files| files.sync(name))
    }

    fn create_zeroed(&mut self, name: &str, bytes: u64) -> io::Result<()> {
        self.with(|files| files.create_zeroed(name, bytes))
    }

    fn write_atomically(&mut self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        self.with(|files| files.write_atomically(name, parts))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.with(|files| files.remove(name))
    }
}
