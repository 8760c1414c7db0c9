//! What one core gives the shell: time, tasks, sockets and journal files, behind one trait.
//!
//! Two hosts exist: [`glommio`] (one pinned `io_uring` executor per core: what ships) and [`tokio`]
//! (one current-thread runtime per core: where `io_uring` is missing, and under simulation). The
//! same shell and the same router run on both; [`serve`] carries HTTP over either.
//!
//! **Invariant:** nothing outside this folder names an executor. Deliberately absent: mailboxes
//! (`tokio::sync` is executor-neutral and used as it is), the slow pool, and every rule of a sale.
//!
//! # Wakers that cross executors
//!
//! A core waits for another through `tokio::sync` (a bounded `mpsc` there, a `oneshot` back). On
//! glommio a waker called from a foreign thread is queued to its home executor, whose event
//! descriptor is written only when it sleeps; the sleeper publishes that it sleeps, passes a memory
//! barrier and looks at the queue once more, so no wake-up is lost (`tests::mailbox` holds it to
//! that). Three limits follow and are kept here: tasks are never cancelled, only detached (one
//! whose waker a foreign thread holds would leak); no task is awaited by a handle while foreign
//! threads hold its waker (glommio frees it at once when the handle goes, under that thread's
//! feet); and one task never waits on tens of thousands of futures (its waker count is 15 bits
//! wide). `tokio::sync` receivers do not yield by themselves on glommio: a loop that always finds a
//! message must bound its batch.

mod clock;
mod cores;
mod file;
pub mod glommio;
mod pacemaker;
mod patience;
pub mod preflight;
mod refuse;
pub mod ring;
pub mod serve;
mod timer;
pub mod tokio;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

pub use clock::Clock;
pub use cores::RunError;
pub use file::BLOCK_BYTES;
pub use timer::HostTimer;

/// Connections the kernel holds for each core until it accepts them; `net.core.somaxconn` (4,096
/// unless set) caps it. A crowd at the opening fills it in milliseconds.
const BACKLOG: i32 = 4096;

/// What the shell on one core may ask of the machine. Cheap to clone; never leaves its thread.
pub trait Host: Clone + 'static {
    /// An open journal segment.
    type File: DurableFile;
    /// A listening socket.
    type Listener: Listener;

    /// Monotonic time, in the host's own notion of it (virtual under simulation).
    fn now(&self) -> Instant;

    /// Milliseconds since the Unix epoch as of the start, advanced by monotonic time only: never
    /// goes back, and a jump of the wall clock does not move it. See [`Clock`].
    fn now_ms(&self) -> u64;

    /// Completes after `duration`, never before.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + 'static;

    /// Completes when [`Host::now_ms`] has reached `deadline_ms`; at once if it has passed.
    fn sleep_until(&self, deadline_ms: u64) -> impl Future<Output = ()> + 'static {
        self.sleep(Duration::from_millis(deadline_ms.saturating_sub(self.now_ms())))
    }

    /// Starts a task on this core. It runs to its end and cannot be cancelled.
    fn spawn_local(&self, future: impl Future<Output = ()> + 'static);

    /// As [`Host::spawn_local`], with a smaller share of the core when others want it too: for
    /// taking on new work, so that work already taken goes first. Hosts without shares ignore it.
    fn spawn_background(&self, future: impl Future<Output = ()> + 'static);

    /// Listens on `address` with `SO_REUSEPORT`, so that every core can listen on the same port
    /// and the kernel spreads the connections.
    fn listen(&self, address: SocketAddr) -> impl Future<Output = io::Result<Self::Listener>>;

    /// Creates a file of `bytes` zeros (a multiple of [`BLOCK_BYTES`]), really written and durable
    /// together with its directory entry, and opens it for writing. It replaces what an earlier
    /// crash left at `path`; another crash leaves the whole new file there, or what was there
    /// before.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn create_prezeroed(
        &self,
        path: &Path,
        bytes: u64,
    ) -> impl Future<Output = io::Result<Self::File>> + 'static;

    /// Opens an existing file for writing, after making what is in it durable: what a crashed
    /// process left in a cache may have been read already and must not vanish later.
    fn open_for_write(&self, path: &Path)
    -> impl Future<Output = io::Result<Self::File>> + 'static;
}

/// A listening socket of one core.
pub trait Listener: 'static {
    /// A connection; small writes leave at once (`TCP_NODELAY`).
    type Stream: hyper::rt::Read + hyper::rt::Write + Unpin + 'static;

    /// The address it listens on, with the port the system chose if none was asked for.
    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// The next connection and its peer. Dropping the future loses no connection. An error concerns
    /// one connection, or says that the process has run out of descriptors; the listener itself
    /// stays good.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>>;

    /// Stops listening: when it completes, new connections are refused and those nobody has
    /// accepted are reset.
    fn close(self) -> impl Future<Output = ()>;
}

/// A file whose writes are durable when they complete.
pub trait DurableFile: Clone + 'static {
    /// Writes `bytes` at `offset` and completes when they would survive a loss of power. Offset
    /// and length are multiples of [`BLOCK_BYTES`]. Any number of writes may be in flight, in any
    /// order; nothing happens until the future is polled, and dropping it recalls nothing.
    ///
    /// # Errors
    /// After any error the state of the range on disk is unknown: never retry, read it back after
    /// a restart. `InvalidInput` when offset or length is not aligned: nothing was written.
    fn write_durable(
        &self,
        offset: u64,
        bytes: &[u8],
    ) -> impl Future<Output = io::Result<()>> + 'static;
}
