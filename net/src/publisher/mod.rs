//! Tells partitions what the catalogue has decided about their events, and has the catalogue follow
//! what they do. What is to be told stands in the database (`onsale_control`'s publications) until
//! the partition has done it, so nothing needs to be remembered here: whoever crashes tells it
//! again.
//!
//! Everything that is told may be told again, for ever: an id that was reserved is defined once,
//! what is open stays open, what is called off stays so. So it takes effect once, whatever crashes
//! between the database and the partition.

mod deliver;
pub mod metrics;

use std::sync::Arc;
use std::time::Duration;

use onsale_control::Control;
use onsale_control::catalogue::event::publication;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tracing::warn;

use self::deliver::deliver;
use self::metrics::PublisherMetrics;
use crate::port::Partitions;
use crate::provider::backoff::Backoff;

/// The bounds of the work.
#[derive(Clone, Copy, Debug)]
pub struct PublisherConfig {
    /// How much is read from the database at once.
    pub batch: u16,
    /// How often it looks though nobody has rung: others may write to the database, too.
    pub look_every: Duration,
    /// How long it waits before it tries again what has failed.
    pub backoff: Backoff,
}

impl Default for PublisherConfig {
    fn default() -> Self {
        Self { batch: 16, look_every: Duration::from_secs(5), backoff: Backoff::default() }
    }
}

/// Wakes whoever does what was decided: there is something to do. A cheap handle.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Has it look at once.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits until somebody rings, or does not if somebody has since the last time.
    pub async fn rung(&self) {
        self.0.notified().await;
    }
}

/// Tells what is to be told, until it is dropped. Wants a tokio runtime with timers.
pub async fn run<P: Partitions>(
    port: P,
    control: Control,
    bell: Bell,
    config: PublisherConfig,
    metrics: PublisherMetrics,
) {
    let mut failures = 0;
    loop {
        match round(&port, &control, config, &metrics).await {
            Ok(0) => {
                failures = 0;
                // Whoever rings from now on is heard, and so is who has rung before.
                let _ = timeout(config.look_every, bell.rung()).await;
            }
            Ok(_) => failures = 0,
            Err(reason) => {
                warn!(reason, failures, "what was decided cannot be told now: trying again");
                metrics.retries.inc();
                sleep(config.backoff.delay(failures, 0)).await;
                failures = failures.saturating_add(1);
            }
        }
    }
}

/// How much was told; an error if something could not be.
async fn round<P: Partitions>(
    port: &P,
    control: &Control,
    config: PublisherConfig,
    metrics: &PublisherMetrics,
) -> Result<usize, String> {
    let open = publication::open(&control.database, port.now(), config.batch).await;
    let open = open.map_err(|error| error.to_string())?;
    metrics.open.set(i64::try_from(open.len()).unwrap_or(i64::MAX));
    let mut failed = None;
    for publication in &open {
        // One that cannot be told now does not keep the others from being told.
        match deliver(port, &control.database, publication).await {
            Ok(()) => drop(metrics.told.inc()),
            Err(reason) => failed = Some(reason),
        }
    }
    failed.map_or(Ok(open.len()), Err)
}
