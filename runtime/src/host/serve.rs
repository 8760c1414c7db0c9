//! HTTP/1.1 over any host: an axum router on hyper, one task per connection.
//!
//! Deliberately absent: `axum::serve` and everything else that wants tokio's reactor, and upgrades
//! (hyper hands an upgraded connection on only if it may change threads).

use std::future::Future;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use ::tokio::sync::oneshot;
use axum::Router;
use futures_util::FutureExt;
use futures_util::future::join;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use onsale_net::gateway::address::Peer;

use super::patience::{PatientBody, PatientStream};
use super::refuse::refuse;
use super::{Host, HostTimer, Listener};

/// Clients being turned away at one time, per core; beyond it the connection is just closed.
const REFUSALS_MAX: u64 = 64;

/// How often it is said that connections cannot be accepted.
const WARN_EVERY: Duration = Duration::from_secs(10);

/// How long to hold off when no descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The bounds of one core's HTTP server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections open at one time on this core; further ones are answered 503.
    pub connections_max: u64,
    /// How long running requests may take to finish once draining has begun.
    pub drain_timeout: Duration,
    /// Bytes of a request's head; a longer one is answered 431.
    pub head_bytes_max: usize,
    /// How long a client may take to send a request's head, and each piece of its body, and how
    /// long an idle connection is kept for its next request.
    pub header_read_timeout: Duration,
    /// How long a client may take no byte of an answer that waits for it.
    pub write_timeout: Duration,
}

/// What one core's server has seen; shared with whoever reports it.
#[derive(Debug, Default)]
pub struct ConnectionCounts {
    accepted: AtomicU64,
    open: AtomicU64,
    refused: AtomicU64,
    refusing: AtomicU64,
}

impl ConnectionCounts {
    /// Connections taken on since the start, without those refused.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Relaxed)
    }

    /// Connections open now, without those being refused.
    pub fn open(&self) -> u64 {
        self.open.load(Relaxed)
    }

    /// Connections turned away since the start because too many were open.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }
}

/// How a server ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Drained {
    /// Every connection finished what it was doing.
    Clean,
    /// The deadline came first; these still run and are cut when the core ends.
    TimedOut {
        /// Connections with an unfinished request.
        open: u64,
    },
}

/// Serves `router` on `listener` until `drain` completes, then stops accepting, closes idle
/// connections, lets running requests finish within [`Limits::drain_timeout`], and returns.
///
/// A handler that panics costs its own connection only.
pub async fn serve<H: Host>(
    host: H,
    listener: H::Listener,
    router: Router,
    limits: Limits,
    counts: Arc<ConnectionCounts>,
    drain: impl Future<Output = ()>,
) -> Drained {
    let timer = HostTimer::new(host.clone());
    let server = Server { host: host.clone(), timer, router, limits, counts: Arc::clone(&counts) };
    let (stop, stopped) = oneshot::channel::<()>();
    let (finished, accepted) = oneshot::channel();
    host.spawn_background(async move {
        let _ = finished.send(server.accept_until(listener, stopped).await);
    });
    drain.await;
    drop(stop);
    let Ok((listener, connections)) = accepted.await else {
        // The accepting task sends before it ends, unless the executor is being torn down.
        return Drained::TimedOut { open: counts.open() };
    };
    // In this order: once nobody can connect, every answer says that the connection closes.
    let drained = join(connections.shutdown(), listener.close());
    ::tokio::select! {
        biased;
        _ = drained => Drained::Clean,
        () = host.sleep(limits.drain_timeout) => Drained::TimedOut { open: counts.open() },
    }
}

struct Server<H: Host> {
    host: H,
    timer: HostTimer<H>,
    router: Router,
    limits: Limits,
    counts: Arc<ConnectionCounts>,
}

impl<H: Host> Server<H> {
    /// Returns what is to be drained.
    async fn accept_until(
        self,
        listener: H::Listener,
        mut stopped: oneshot::Receiver<()>,
    ) -> (H::Listener, GracefulShutdown) {
        let connections = GracefulShutdown::new();
        let mut warned: Option<std::time::Instant> = None;
        loop {
            let accepted = ::tokio::select! {
                biased;
                _ = &mut stopped => return (listener, connections),
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.take(stream, peer, &connections),
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    let now = self.host.now();
                    if warned.is_none_or(|at| now.duration_since(at) > WARN_EVERY) {
                        tracing::warn!(%error, "cannot accept; is LimitNOFILE= high enough?");
                        warned = Some(now);
                    }
                    self.host.sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn take(
        &self,
        stream: <H::Listener as Listener>::Stream,
        peer: SocketAddr,
        connections: &GracefulShutdown,
    ) {
        let counts = Arc::clone(&self.counts);
        if counts.open() < self.limits.connections_max {
            counts.accepted.fetch_add(1, Relaxed);
            let open = Counted::new(counts, |counts| &counts.open);
            let connection = self.connection(stream, peer, connections.watcher());
            self.host.spawn_local(connection.map(move |()| drop(open)));
            return;
        }
        counts.refused.fetch_add(1, Relaxed);
        if counts.refusing.load(Relaxed) < REFUSALS_MAX {
            let refusing = Counted::new(counts, |counts| &counts.refusing);
            let host = self.host.clone();
            self.host.spawn_background(async move {
                let _refusing = refusing;
                refuse(host, stream).await;
            });
        }
    }

    fn connection(
        &self,
        stream: <H::Listener as Listener>::Stream,
        peer: SocketAddr,
        watcher: Watcher,
    ) -> impl Future<Output = ()> + use<H> {
        let router = TowerToHyperService::new(self.router.clone());
        let (timer, limit) = (self.timer.clone(), self.limits.header_read_timeout);
        let origin = Peer(peer.ip());
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(origin);
            router.call(request.map(|body| PatientBody::new(body, timer.clone(), limit)))
        });
        let stream = PatientStream::new(stream, self.timer.clone(), self.limits.write_timeout);
        let connection = http1::Builder::new()
            .timer(self.timer.clone())
            .header_read_timeout(self.limits.header_read_timeout)
            .max_buf_size(self.limits.head_bytes_max)
            .serve_connection(stream, service);
        // Not an async block: one would hold the connection twice, before and after it is polled,
        // and tens of thousands wait.
        AssertUnwindSafe(watcher.watch(connection)).catch_unwind().map(move |outcome| match outcome
        {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%peer, %error, "connection ended early"),
            // The panic hook has reported what and where.
            Err(_) => tracing::error!(%peer, "a handler panicked; its connection is closed"),
        })
    }
}

/// One more of something for as long as this lives.
struct Counted {
    counts: Arc<ConnectionCounts>,
    which: fn(&ConnectionCounts) -> &AtomicU64,
}

impl Counted {
    fn new(counts: Arc<ConnectionCounts>, which: fn(&ConnectionCounts) -> &AtomicU64) -> Self {
        which(&counts).fetch_add(1, Relaxed);
        Self { counts, which }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.which)(&self.counts).fetch_sub(1, Relaxed);
    }
}

fn concerns_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, NotConnected};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | NotConnected)
}
