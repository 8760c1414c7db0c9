//! A host as `onsale-runtime` wants it: turmoil's sockets, tokio's stopped clock, a disk in memory.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use hyper_util::rt::TokioIo;
use onsale_runtime::host::{Clock, Host, Listener};
use tokio::task::spawn_local;
use turmoil::net::{TcpListener, TcpStream};

use crate::disk::{Disk, DiskFile};

/// What every simulation's clocks show at its beginning: 2027-01-15, 08:00 UTC.
pub const START_MS: u64 = 1_800_000_000_000;

/// One simulated machine.
#[derive(Clone)]
pub struct WireHost {
    clock: Clock,
    disk: Disk,
}

impl WireHost {
    /// The machine that this is called on.
    pub fn here(disk: Disk) -> Self {
        Self { clock: clock(), disk }
    }
}

/// The clock of the machine that this is called on; all machines agree.
///
/// # Panics
/// Outside of a simulation.
pub fn clock() -> Clock {
    let elapsed = turmoil::sim_elapsed().expect("called on a simulated machine");
    let now = tokio::time::Instant::now().into_std();
    Clock::anchored(START_MS + elapsed.as_millis() as u64, now)
}

impl Host for WireHost {
    type File = DiskFile;
    type Listener = WireListener;

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + 'static {
        tokio::time::sleep(duration)
    }

    fn spawn_local(&self, future: impl Future<Output = ()> + 'static) {
        spawn_local(future);
    }

    fn spawn_background(&self, future: impl Future<Output = ()> + 'static) {
        spawn_local(future);
    }

    async fn listen(&self, address: SocketAddr) -> io::Result<WireListener> {
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await.map(WireListener)
    }

    fn create_prezeroed(
        &self,
        path: &Path,
        bytes: u64,
    ) -> impl Future<Output = io::Result<DiskFile>> + 'static {
        let (disk, path) = (self.disk.clone(), path.to_owned());
        async move { disk.create(&path, bytes).await }
    }

    fn open_for_write(&self, path: &Path) -> impl Future<Output = io::Result<DiskFile>> + 'static {
        std::future::ready(self.disk.open(path))
    }
}

/// A socket that listens on the simulated network.
pub struct WireListener(TcpListener);

impl Listener for WireListener {
    type Stream = TokioIo<TcpStream>;

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    async fn accept(&self) -> io::Result<(Self::Stream, SocketAddr)> {
        let (stream, peer) = self.0.accept().await?;
        Ok((TokioIo::new(stream), peer))
    }

    async fn close(self) {}
}
