//! The way to the slow pool: what waits for the database or hashes passwords is done there, and a
//! core only awaits the answer. Like the port to the partitions, it hides what is behind it.
//!
//! A job is finished even if whoever asked goes away meanwhile: nothing is left half done.

use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use onsale_control::Control;
use tokio::sync::oneshot;

use crate::problem::{Problem, catalog};
use crate::reading::{ReadingLimits, ReadingRoom};

/// A job takes about as long.
const RETRY_AFTER_S: u32 = 2;

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
    reading: ReadingRoom,
}

impl Backstage {
    /// The control plane on a pool, with room for so much to be read.
    pub fn new(control: Control, pool: Arc<dyn SlowPool>, reading: ReadingLimits) -> Self {
        Self { control, pool, reading: ReadingRoom::new(reading) }
    }

    /// How much more can be asked of the read models.
    pub(crate) fn reading(&self) -> &ReadingRoom {
        &self.reading
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
            // Whoever asked may have gone.
            let _ = reply_to.send(work.await);
        });
        self.pool.start(job).map_err(|Busy| {
            let detail = "too much is being done behind the scenes right now";
            Problem::new(&catalog::OVERLOADED, detail).retry_after(RETRY_AFTER_S)
        })?;
        let outcome = reply.await.map_err(|_| Problem::internal("the work was given up"))?;
        outcome.map_err(Into::into)
    }
}
