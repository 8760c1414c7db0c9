//! The host of the shell under simulation: time, tasks and sockets are the executor's, files are on
//! a simulated disk.
//!
//! It stands in for `onsale_runtime::host::tokio`, which cannot run here: its listener needs
//! `SO_REUSEPORT` sockets, its core a `LocalSet`, its files threads and a real disk. What is not
//! run is therefore `TokioHost::{listen, sleep, now, spawn_local}`, each one call of tokio's, its
//! `TokioFile`, and `run_on_cores`. The shell, the mailboxes, `host::serve` and `host::HostTimer`
//! are run as they ship.

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hyper_util::rt::TokioIo;
use madsim::net::TcpListener;
use madsim::{task, time};
use onsale_runtime::host::{Clock, Host, Listener};

use crate::disk::{Disk, DiskFile};
use crate::stream::SimStream;

/// The host of one simulated machine.
#[derive(Clone)]
pub struct SimHost {
    clock: Clock,
    disk: Disk,
    stays_here: PhantomData<Rc<()>>,
}

impl SimHost {
    /// A host with this clock, on this disk.
    pub fn new(clock: Clock, disk: Disk) -> Self {
        Self { clock, disk, stays_here: PhantomData }
    }
}

impl Host for SimHost {
    type File = DiskFile;
    type Listener = SimListener;

    fn now(&self) -> Instant {
        time::Instant::now()
    }

    fn now_ms(&self) -> u64 {
        self.clock.ms_at(self.now())
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + 'static {
        time::sleep(duration)
    }

    fn spawn_local(&self, future: impl Future<Output = ()> + 'static) {
        task::spawn_local(future);
    }

    fn spawn_background(&self, future: impl Future<Output = ()> + 'static) {
        task::spawn_local(future);
    }

    async fn listen(&self, address: SocketAddr) -> io::Result<SimListener> {
        TcpListener::bind(address).await.map(SimListener)
    }

    fn create_prezeroed(
        &self,
        path: &Path,
        bytes: u64,
    ) -> impl Future<Output = io::Result<DiskFile>> + 'static {
        DiskFile::create(self.disk.clone(), path.to_owned(), bytes)
    }

    fn open_for_write(&self, path: &Path) -> impl Future<Output = io::Result<DiskFile>> + 'static {
        DiskFile::open(self.disk.clone(), path.to_owned())
    }
}

/// A listening socket of a simulated machine.
pub struct SimListener(TcpListener);

impl Listener for SimListener {
    type Stream = TokioIo<SimStream>;

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    async fn accept(&self) -> io::Result<(Self::Stream, SocketAddr)> {
        let (stream, peer) = self.0.accept().await?;
        Ok((TokioIo::new(SimStream::new(stream)), peer))
    }

    async fn close(self) {}
}
