//! The tokio host: one current-thread runtime and `LocalSet` per core.
//!
//! For machines without `io_uring` and for simulation, so it touches the system in few places:
//! sockets in [`TokioHost::listen`], files in [`TokioFile`], threads in [`run_on_cores`].

use std::fs::File;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::tokio::net::{TcpListener, TcpSocket, TcpStream};
use ::tokio::task::{LocalSet, spawn_blocking, spawn_local};
use hyper_util::rt::TokioIo;
use rustix::thread::{CpuSet, sched_setaffinity};

use super::file::{BLOCK_BYTES, check_aligned, open_durable, prezero, settle};
use super::{BACKLOG, Clock, DurableFile, Host, Listener, RunError, cores};

/// The host of the current-thread runtime it is used in.
#[derive(Clone, Debug)]
pub struct TokioHost {
    clock: Clock,
    stays_here: PhantomData<Rc<()>>,
}

/// Runs `body(core, host)` on one thread per processor, pinned to it, and returns the results in
/// the order of `cpus`.
///
/// # Errors
/// The first core that could not start or panicked, at once: see [`RunError`].
pub fn run_on_cores<F, Fut>(
    cpus: &[usize],
    clock: Clock,
    body: F,
) -> Result<Vec<Fut::Output>, RunError>
where
    F: Fn(usize, TokioHost) -> Fut + Clone + Send + 'static,
    Fut: Future<Output: Send + 'static> + 'static,
{
    cores::run_all(cpus, move |core, cpu| {
        let mut only = CpuSet::new();
        if cpu < CpuSet::MAX_CPU {
            only.set(cpu);
        }
        sched_setaffinity(None, &only)?;
        let runtime = ::tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let host = TokioHost::new(clock.clone());
        Ok(LocalSet::new().block_on(&runtime, body(core, host)))
    })
}

impl TokioHost {
    /// For use within a `LocalSet` of a current-thread runtime.
    pub fn new(clock: Clock) -> Self {
        Self { clock, stays_here: PhantomData }
    }
}

impl Host for TokioHost {
    type File = TokioFile;
    type Listener = TcpListener;

    fn now(&self) -> Instant {
        ::tokio::time::Instant::now().into_std()
    }

    fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + 'static {
        ::tokio::time::sleep(duration)
    }

    fn spawn_local(&self, future: impl Future<Output = ()> + 'static) {
        spawn_local(future);
    }

    fn spawn_background(&self, future: impl Future<Output = ()> + 'static) {
        spawn_local(future);
    }

    async fn listen(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseport(true)?;
        // Its connections inherit it, and those that linger after a stop do not block the next
        // start.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG.cast_unsigned())
    }

    fn create_prezeroed(
        &self,
        path: &Path,
        bytes: u64,
    ) -> impl Future<Output = io::Result<TokioFile>> + 'static {
        let path = path.to_owned();
        on_thread(move || {
            prezero(&path, bytes)?;
            TokioFile::open(&path)
        })
    }

    fn open_for_write(&self, path: &Path) -> impl Future<Output = io::Result<TokioFile>> + 'static {
        let path = path.to_owned();
        on_thread(move || {
            settle(&path)?;
            TokioFile::open(&path)
        })
    }
}

impl Listener for TcpListener {
    type Stream = TokioIo<TcpStream>;

    fn local_addr(&self) -> io::Result<SocketAddr> {
        TcpListener::local_addr(self)
    }

    async fn accept(&self) -> io::Result<(Self::Stream, SocketAddr)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        stream.set_nodelay(true)?;
        Ok((TokioIo::new(stream), peer))
    }

    async fn close(self) {}
}

/// A file written by blocking threads, direct where the file system allows it.
#[derive(Clone, Debug)]
pub struct TokioFile(Arc<File>);

impl TokioFile {
    fn open(path: &Path) -> io::Result<Self> {
        let file = match open_durable(path, true) {
            // What file systems without direct IO answer.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                tracing::warn!(path = %path.display(), "no direct IO here: journal writes pass \
                    through the page cache, still durable but slower");
                open_durable(path, false)?
            }
            opened => opened?,
        };
        Ok(Self(Arc::new(file)))
    }
}

impl DurableFile for TokioFile {
    fn write_durable(
        &self,
        offset: u64,
        bytes: &[u8],
    ) -> impl Future<Output = io::Result<()>> + 'static {
        let file = Arc::clone(&self.0);
        let block = check_aligned(offset, bytes.len()).map(|()| AlignedCopy::of(bytes));
        async move {
            let block = block?;
            on_thread(move || file.write_all_at(block.as_slice(), offset)).await
        }
    }
}

/// A copy of a slice at an address direct IO accepts.
struct AlignedCopy {
    buffer: Vec<u8>,
    start: usize,
}

impl AlignedCopy {
    fn of(bytes: &[u8]) -> Self {
        let mut buffer = vec![0; bytes.len() + BLOCK_BYTES];
        let start = buffer.as_ptr().align_offset(BLOCK_BYTES);
        buffer[start..start + bytes.len()].copy_from_slice(bytes);
        buffer.truncate(start + bytes.len());
        Self { buffer, start }
    }

    fn as_slice(&self) -> &[u8] {
        &self.buffer[self.start..]
    }
}

async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}
