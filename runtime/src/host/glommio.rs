//! The glommio host: one pinned `io_uring` executor per core.
//!
//! Nothing here reaches below glommio's public surface, but for the flags of its rings: [`ring`].
//!
//! [`ring`]: super::ring
//!
//! Contains one `unsafe` call: glommio's own `bind` keeps the descriptor to itself, and a listener
//! must be shut down by it; taking a socket made elsewhere has no safe way.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use ::glommio::io::{DmaFile, OpenOptions};
use ::glommio::net::{TcpListener, TcpStream};
use ::glommio::{
    Latency, LocalExecutorBuilder, Placement, PoolPlacement, Shares, TaskQueueHandle, executor,
    spawn_local_into,
};
use ::tokio::sync::oneshot;
use futures_util::io::{AsyncRead, AsyncWrite};
use hyper::rt::ReadBufCursor;
use rustix::fs::OFlags;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType};

use super::file::{check_aligned, check_complete, flag_bits, prezero, settle};
use super::pacemaker::Pacemaker;
use super::{BACKLOG, Clock, DurableFile, Host, Listener, RunError, cores};

/// Memory for direct IO per executor; glommio registers three times as much with the kernel.
/// Journal blocks in flight need far less; what does not fit comes from the allocator.
const IO_MEMORY_BYTES: usize = 1 << 20;

/// How long tasks that are always ready may keep the executor from looking at its rings: a busy
/// core must not hear of its completed writes only every 100 ms, which is glommio's default.
const PREEMPT_AFTER: Duration = Duration::from_millis(2);

/// Against 1,000 for everything else on the core.
const BACKGROUND_SHARES: usize = 100;

/// What one read from a socket takes at most.
const READ_BYTES: usize = 16 << 10;

/// The host of the executor it is used in.
#[derive(Clone, Debug)]
pub struct GlommioHost {
    background: TaskQueueHandle,
    clock: Clock,
    read_buffer: Rc<RefCell<Vec<u8>>>,
}

/// Runs `body(core, host)` on one executor per processor, pinned to it, and returns the results in
/// the order of `cpus`. Check [`super::preflight`] first: its errors say more.
///
/// # Errors
/// The first core that could not start or panicked, at once: see [`RunError`].
pub fn run_on_cores<F, Fut>(
    cpus: &[usize],
    clock: Clock,
    body: F,
) -> Result<Vec<Fut::Output>, RunError>
where
    F: Fn(usize, GlommioHost) -> Fut + Clone + Send + 'static,
    Fut: Future<Output: Send + 'static> + 'static,
{
    let pacemaker = Pacemaker::start(cpus.len()).map_err(RunError::Pacemaker)?;
    let pacemaker = Arc::new(pacemaker);
    cores::run_all(cpus, move |core, cpu| {
        let (body, clock) = (body.clone(), clock.clone());
        let executor = LocalExecutorBuilder::new(Placement::Fixed(cpu))
            .io_memory(IO_MEMORY_BYTES)
            .preempt_timer(PREEMPT_AFTER)
            // Zeroing a segment must not steal the pinned processor.
            .blocking_thread_pool_placement(PoolPlacement::Unbound(1))
            .make()?;
        let listener = pacemaker.listener(core);
        executor.run(async move {
            let host = GlommioHost::new(clock);
            host.spawn_local(listener.listen());
            let (done, result) = oneshot::channel();
            // The root task is awaited by a handle, so no foreign thread may hold its waker: the
            // body runs in a task of its own (see "Wakers that cross executors").
            host.spawn_local({
                let host = host.clone();
                async move {
                    let _ = done.send(body(core, host).await);
                }
            });
            let outcome = result.await.map_err(io::Error::other);
            drop(listener);
            outcome
        })
    })
}

impl GlommioHost {
    fn new(clock: Clock) -> Self {
        let background = executor().create_task_queue(
            Shares::Static(BACKGROUND_SHARES),
            Latency::NotImportant,
            "background",
        );
        Self { background, clock, read_buffer: Rc::new(RefCell::new(vec![0; READ_BYTES])) }
    }

    fn spawn(future: impl Future<Output = ()> + 'static, queue: TaskQueueHandle) {
        match spawn_local_into(future, queue) {
            Ok(task) => drop(task.detach()),
            // Both queues are made before the first task and never removed.
            Err(error) => unreachable!("a task queue is gone: {error}"),
        }
    }
}

impl Host for GlommioHost {
    type File = GlommioFile;
    type Listener = GlommioListener;

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn now_ms(&self) -> u64 {
        self.clock.ms_at(self.now())
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + 'static {
        ::glommio::timer::sleep(duration)
    }

    fn spawn_local(&self, future: impl Future<Output = ()> + 'static) {
        // Named, or a task started from the background would inherit its small share.
        Self::spawn(future, TaskQueueHandle::default());
    }

    fn spawn_background(&self, future: impl Future<Output = ()> + 'static) {
        Self::spawn(future, self.background);
    }

    async fn listen(&self, address: SocketAddr) -> io::Result<GlommioListener> {
        GlommioListener::bind(address, Rc::clone(&self.read_buffer))
    }

    fn create_prezeroed(
        &self,
        path: &Path,
        bytes: u64,
    ) -> impl Future<Output = io::Result<GlommioFile>> + 'static {
        let path = path.to_owned();
        async move {
            let target = path.clone();
            executor().spawn_blocking(move || prezero(&target, bytes)).await?;
            GlommioFile::open(path).await
        }
    }

    fn open_for_write(
        &self,
        path: &Path,
    ) -> impl Future<Output = io::Result<GlommioFile>> + 'static {
        let path = path.to_owned();
        async move {
            let target = path.clone();
            executor().spawn_blocking(move || settle(&target)).await?;
            GlommioFile::open(path).await
        }
    }
}

/// A listening socket of this executor.
pub struct GlommioListener {
    /// Kept here while it runs: glommio would leak a connection that is accepted just as the
    /// future is dropped, and its client would wait for ever.
    accepting: RefCell<Option<Accepting>>,
    listener: Rc<TcpListener>,
    read_buffer: Rc<RefCell<Vec<u8>>>,
    socket: OwnedFd,
}

type Accepting = Pin<Box<dyn Future<Output = io::Result<TcpStream>>>>;

impl GlommioListener {
    fn bind(address: SocketAddr, read_buffer: Rc<RefCell<Vec<u8>>>) -> io::Result<Self> {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = net::socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        net::sockopt::set_socket_reuseport(&socket, true)?;
        // Its connections inherit it, and those that linger after a stop do not block the next
        // start.
        net::sockopt::set_socket_reuseaddr(&socket, true)?;
        net::bind(&socket, &address)?;
        net::listen(&socket, BACKLOG)?;
        let owned = socket.try_clone()?.into_raw_fd();
        // SAFETY: the descriptor was just made, listens, and belongs to nobody else.
        let listener = Rc::new(unsafe { TcpListener::from_raw_fd(owned) });
        Ok(Self { accepting: RefCell::new(None), listener, read_buffer, socket })
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<TcpStream>> {
        let mut accepting = self.accepting.borrow_mut();
        let under_way = accepting.get_or_insert_with(|| {
            let listener = Rc::clone(&self.listener);
            Box::pin(async move { Ok(listener.accept().await?) })
        });
        let accepted = ready!(under_way.as_mut().poll(cx));
        *accepting = None;
        Poll::Ready(accepted)
    }
}

impl Listener for GlommioListener {
    type Stream = GlommioStream;

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    async fn accept(&self) -> io::Result<(GlommioStream, SocketAddr)> {
        let stream = poll_fn(|cx| self.poll_accept(cx)).await?;
        stream.set_nodelay(true)?;
        let peer = stream.peer_addr()?;
        Ok((GlommioStream { stream, read_buffer: Rc::clone(&self.read_buffer) }, peer))
    }

    async fn close(self) {
        // Ends the accept under way, which alone would keep the socket listening after all
        // descriptors are closed. It cannot fail on a listening socket.
        let _ = net::shutdown(&self.socket, net::Shutdown::Both);
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.await);
        }
    }
}

/// A connection. All connections of a core read through one buffer: hyper's own is uninitialised
/// memory, and a buffer each would be most of what an idle connection costs.
#[derive(Debug)]
pub struct GlommioStream {
    stream: TcpStream,
    read_buffer: Rc<RefCell<Vec<u8>>>,
}

impl hyper::rt::Read for GlommioStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, read_buffer } = &mut *self;
        let mut read_buffer = read_buffer.borrow_mut();
        let wanted = buf.remaining().min(READ_BYTES);
        let read = ready!(Pin::new(stream).poll_read(cx, &mut read_buffer[..wanted]))?;
        buf.put_slice(&read_buffer[..read]);
        Poll::Ready(Ok(()))
    }
}

impl hyper::rt::Write for GlommioStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

/// A file written through this executor's ring, direct and synchronous.
#[derive(Clone, Debug)]
pub struct GlommioFile {
    file: Rc<DmaFile>,
    stays_here: PhantomData<Rc<()>>,
}

impl GlommioFile {
    /// glommio adds `O_DIRECT` itself, except on tmpfs, which has nothing to bypass.
    async fn open(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new()
            // Nothing is read, but glommio probes the device by reading.
            .read(true)
            .write(true)
            .custom_flags(flag_bits(OFlags::DSYNC))
            .dma_open(&path)
            .await?;
        Ok(Self { file: Rc::new(file), stays_here: PhantomData })
    }
}

impl DurableFile for GlommioFile {
    fn write_durable(
        &self,
        offset: u64,
        bytes: &[u8],
    ) -> impl Future<Output = io::Result<()>> + 'static {
        let file = Rc::clone(&self.file);
        let length = bytes.len();
        let block = check_aligned(offset, length).map(|()| {
            let mut block = file.alloc_dma_buffer(length);
            block.as_bytes_mut().copy_from_slice(bytes);
            block
        });
        async move {
            let written = file.write_at(block?, offset).await?;
            check_complete(written, length, offset)
        }
    }
}
