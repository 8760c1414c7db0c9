//! The way to the slow pool: what waits for the database or hashes passwords is done there, and a
//! core only awaits the answer. Like the port to the partitions, it hides what is behind it.
//!
//! A job is finished even if whoever asked goes away meanwhile: nothing is left half done. Only one
//! that a silent database keeps waiting is given up in the end.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use onsale_control::Control;
use onsale_control::accounts::session::ended::EndedSessions;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::oidc::OidcProviders;
use crate::problem::{Problem, catalog};
use crate::publisher::Bell;
use crate::reading::{ReadingLimits, ReadingRoom};

/// A job takes about as long.
const RETRY_AFTER_S: u32 = 2;

/// How long a job may take: longer than all of its statements together, unless the database keeps
/// silent.
const JOB_TIMEOUT: Duration = Duration::from_secs(60);

/// Something to do.
pub type Job = BoxFuture<'static, ()>;

/// Does jobs beside the cores.
pub trait SlowPool: Send + Sync + 'static {
    /// Begins with a job at once, unless there are too many under way.
    fn start(&self, job: Job) -> Result<(), Busy>;
}

/// Too many jobs are under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// The control plane and the pool it works on. A cheap handle.
#[derive(Clone)]
pub struct Backstage {
    control: Control,
    pool: Arc<dyn SlowPool>,
    publisher: Bell,
    webhooks: Bell,
    reading: ReadingRoom,
    oidc: OidcProviders,
}

impl Backstage {
    /// The control plane on a pool, with room for so much to be read, and whom its accounts can be
    /// opened by.
    pub fn new(
        control: Control,
        pool: Arc<dyn SlowPool>,
        reading: ReadingLimits,
        oidc: OidcProviders,
    ) -> Self {
        let (publisher, webhooks) = (Bell::default(), Bell::default());
        Self { control, pool, publisher, webhooks, reading: ReadingRoom::new(reading), oidc }
    }

    /// The control plane.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// The providers that people can sign in at.
    pub(crate) fn oidc(&self) -> &OidcProviders {
        &self.oidc
    }

    /// Wakes whoever tells partitions what is decided here.
    pub fn publisher(&self) -> &Bell {
        &self.publisher
    }

    /// Wakes whoever sends to webhook endpoints.
    pub fn webhooks(&self) -> &Bell {
        &self.webhooks
    }

    /// How much more can be asked of the read models.
    pub(crate) fn reading(&self) -> &ReadingRoom {
        &self.reading
    }

    /// The sessions that have ended lately.
    pub(crate) fn ended(&self) -> Arc<EndedSessions> {
        self.control.accounts.ended()
    }

    /// Has something done by the control plane, and waits for what comes of it.
    pub(crate) async fn run<T, E, F>(&self, work: impl FnOnce(Control) -> F) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let (reply_to, reply) = oneshot::channel();
        let work = work(self.control.clone());
        let job = Box::pin(async move {
            let outcome = timeout(JOB_TIMEOUT, work).await;
            let outcome = outcome.map_or_else(|_| Err(silent()), |done| done.map_err(Into::into));
            // Whoever asked may have gone.
            let _ = reply_to.send(outcome);
        });
        self.pool.start(job).map_err(|Busy| {
            let detail = "too much is being done behind the scenes right now";
            Problem::new(&catalog::OVERLOADED, detail).retry_after(RETRY_AFTER_S)
        })?;
        reply.await.map_err(|_| Problem::internal("the work was given up"))?
    }
}

fn silent() -> Problem {
    tracing::error!("a job was given up: the database keeps silent");
    Problem::control_unavailable()
}
