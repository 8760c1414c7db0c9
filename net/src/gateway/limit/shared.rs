//! Limits that cores and machines share, through Redis.
//!
//! ```text
//! core: spend --granted--> [bounded queue] --> hub (slow pool) --one script--> Redis
//!   ^------------------ levels ---------------------'
//! ```
//!
//! No request waits for it. A core grants by what it knows and says so in batches; the hub has
//! Redis add up what all have granted, and tells the core how full each bucket really is. Only
//! [strict classes](crate::gateway::class::Class::is_strict) are asked for first, and wait for the
//! answer.
//!
//! **By how much a limit can be passed:** until a core has heard of the others it grants what it
//! would grant alone, so for a moment each may grant the whole burst once. That moment is
//! [`REPORT_EVERY_US`] and a round trip; what was granted too much raises the level for all, and is
//! paid back before anything more is granted. In the long run the rate holds exactly. Without
//! Redis, while it is down, and where batches are lost because the hub is behind, each core's own
//! limit holds.

mod hub;
mod metrics;
mod redis;

use std::mem;

use tokio::sync::{mpsc, oneshot};

pub use self::hub::Hub;
pub use self::metrics::RedisMetrics;
pub use self::redis::{RedisClient, UrlError};
use super::{Bucket, LimitSettings};

/// A core says what it has granted when so many requests were, ...
const BATCH: usize = 1_024;
/// ... or with the first request after so long, in microseconds.
pub const REPORT_EVERY_US: u64 = 50_000;
/// Batches and questions that wait for the hub; more are lost, and counted.
const MESSAGES_MAX: usize = 256;
/// Batches of news that wait for a core that serves nobody.
const NEWS_MAX: usize = 64;

/// How full a bucket is over all cores and machines.
type Level = (Bucket, u64);

/// What the hub says about one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Whether it may go on.
    pub is_granted: bool,
    /// How full the bucket is now, in microseconds.
    pub level_us: u64,
}

enum Message {
    Granted { buckets: Vec<Bucket>, news: mpsc::Sender<Vec<Level>> },
    Ask { bucket: Bucket, answer: oneshot::Sender<Told> },
}

/// The way to the hub: a cheap handle for whoever makes cores.
#[derive(Clone, Debug)]
pub struct SharedLimits {
    messages: mpsc::Sender<Message>,
    metrics: RedisMetrics,
}

impl SharedLimits {
    /// The limits that are shared by a new hub, which is to be [run](Hub::run).
    pub fn new(settings: &LimitSettings) -> (Self, Hub) {
        let (messages, inbox) = mpsc::channel(MESSAGES_MAX);
        let metrics = RedisMetrics::default();
        let hub = Hub::new(settings, inbox, metrics.clone());
        (Self { messages, metrics }, hub)
    }

    /// What is counted about Redis.
    pub fn metrics(&self) -> RedisMetrics {
        self.metrics.clone()
    }

    /// One more core's share.
    pub(crate) fn join(&self) -> Share {
        let (tell, news) = mpsc::channel(NEWS_MAX);
        let (messages, metrics) = (self.messages.clone(), self.metrics.clone());
        let granted = Vec::with_capacity(BATCH);
        Share { messages, metrics, tell, news, granted, reported_at_us: 0 }
    }
}

/// What one core has of the shared limits.
pub(crate) struct Share {
    messages: mpsc::Sender<Message>,
    metrics: RedisMetrics,
    /// Where the hub puts news for this core.
    tell: mpsc::Sender<Vec<Level>>,
    news: mpsc::Receiver<Vec<Level>>,
    granted: Vec<Bucket>,
    reported_at_us: u64,
}

impl Share {
    /// Notes that one request was granted here, and says so from time to time.
    pub(super) fn granted(&mut self, bucket: Bucket, now_us: u64) {
        if bucket.is_asked_for() {
            // The hub counts it when it answers.
            return;
        }
        self.granted.push(bucket);
        let is_due = now_us.saturating_sub(self.reported_at_us) >= REPORT_EVERY_US;
        if is_due || self.granted.len() >= BATCH {
            self.reported_at_us = now_us;
            self.report();
        }
    }

    fn report(&mut self) {
        let buckets = mem::replace(&mut self.granted, Vec::with_capacity(BATCH));
        let (count, news) = (buckets.len() as u64, self.tell.clone());
        if self.messages.try_send(Message::Granted { buckets, news }).is_err() {
            self.metrics.unreported.inc_by(count);
        }
    }

    /// How full buckets are that this core has spoken of.
    pub(super) fn news(&mut self) -> Option<Vec<Level>> {
        self.news.try_recv().ok()
    }

    /// Asks for one request from a bucket; there is no answer when Redis has none.
    pub(crate) fn ask(&self, bucket: Bucket) -> oneshot::Receiver<Told> {
        let (answer, told) = oneshot::channel();
        // The answer to a question that is not asked is none.
        let _ = self.messages.try_send(Message::Ask { bucket, answer });
        told
    }
}

#[cfg(test)]
mod tests;
