//! Any host's clock and sleep, as the timer hyper asks for.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use send_wrapper::SendWrapper;

use super::Host;

/// hyper's timer over a host. hyper demands `Send` although a connection never leaves its core;
/// the wrapper turns any breach of that into a panic instead of a data race.
#[derive(Clone)]
pub struct HostTimer<H: Host>(SendWrapper<H>);

impl<H: Host> HostTimer<H> {
    /// For connections served on the thread that calls this.
    pub fn new(host: H) -> Self {
        Self(SendWrapper::new(host))
    }
}

impl<H: Host> Timer for HostTimer<H> {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(LazySleep(SendWrapper::new(State {
            host: (*self.0).clone(),
            deadline,
            sleep: None,
        })))
    }

    fn now(&self) -> Instant {
        self.0.now()
    }
}

/// Registers with the executor only when it is really waited for: hyper makes a deadline for every
/// request, and most requests arrive whole.
struct LazySleep<H: Host>(SendWrapper<State<H>>);

struct State<H> {
    host: H,
    deadline: Instant,
    sleep: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

impl<H: Host> Sleep for LazySleep<H> {}

// Nothing in it is pinned in place: the host's own sleep is boxed.
impl<H: Host> Unpin for LazySleep<H> {}

impl<H: Host> Future for LazySleep<H> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let State { host, deadline, sleep } = &mut *self.0;
        let sleep = sleep.get_or_insert_with(|| {
            Box::pin(host.sleep(deadline.saturating_duration_since(host.now())))
        });
        sleep.as_mut().poll(cx)
    }
}
