//! One body per behaviour, run on both hosts with real sockets and files.

mod facts;
mod files;
mod http;
mod mailbox;
mod server;
mod slow;

use std::future::Future;

use super::glommio::GlommioHost;
use super::tokio::TokioHost;
use super::{Clock, Host, RunError, glommio, ring, tokio};

/// A host that tests can start.
trait TestHost: Host {
    /// Runs `body(core, host)` on as many cores, sharing processors where there are too few.
    fn run<F, Fut>(cores: usize, body: F) -> Result<Vec<Fut::Output>, RunError>
    where
        F: Fn(usize, Self) -> Fut + Clone + Send + 'static,
        Fut: Future<Output: Send + 'static> + 'static;
}

impl TestHost for GlommioHost {
    fn run<F, Fut>(cores: usize, body: F) -> Result<Vec<Fut::Output>, RunError>
    where
        F: Fn(usize, Self) -> Fut + Clone + Send + 'static,
        Fut: Future<Output: Send + 'static> + 'static,
    {
        glommio::run_on_cores(&processors(cores), Clock::from_system(), body)
    }
}

impl TestHost for TokioHost {
    fn run<F, Fut>(cores: usize, body: F) -> Result<Vec<Fut::Output>, RunError>
    where
        F: Fn(usize, Self) -> Fut + Clone + Send + 'static,
        Fut: Future<Output: Send + 'static> + 'static,
    {
        tokio::run_on_cores(&processors(cores), Clock::from_system(), body)
    }
}

/// See ADR 0007. Only a kernel older than the flag may do without it.
#[test]
fn rings_run_their_tasks_cooperatively() {
    GlommioHost::run(1, |_, _: GlommioHost| async {}).unwrap();
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let mut numbers = release.split(['.', '-']).map(|number| number.parse().unwrap_or(0));
    let version: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    assert_eq!(ring::is_cooperative(), version >= (5, 19), "Linux {release}");
}

fn processors(cores: usize) -> Vec<usize> {
    let available = std::thread::available_parallelism().map_or(1, usize::from);
    (0..cores).map(|core| core % available).collect()
}

/// Makes of each generic body a test per host.
macro_rules! on_both_hosts {
    ($($body:ident),+ $(,)?) => {
        mod on_glommio {
            $(#[test] fn $body() { super::$body::<$crate::host::glommio::GlommioHost>(); })+
        }
        mod on_tokio {
            $(#[test] fn $body() { super::$body::<$crate::host::tokio::TokioHost>(); })+
        }
    };
}
use on_both_hosts;
