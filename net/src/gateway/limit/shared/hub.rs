//! The hub: takes what cores have granted and what they ask, and has Redis add it up, round by
//! round. What comes in while a round is under way is the next round.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::redis::{Link, RedisClient, Spending};
use super::{Level, MESSAGES_MAX, Message, RedisMetrics, Told};
use crate::gateway::limit::{Bucket, LimitSettings, Quotas};
use crate::provider::backoff::Backoff;

/// How long to wait before Redis is asked for again.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), cap: Duration::from_secs(5) };

/// How long nobody may have spoken to Redis.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// A round that takes more would keep whoever asks waiting.
const ROUND_MESSAGES_MAX: usize = 64;

/// Adds up what cores grant. Needs tokio's reactor: it belongs on the slow pool.
pub struct Hub {
    quotas: Quotas,
    inbox: mpsc::Receiver<Message>,
    metrics: RedisMetrics,
}

/// All cores are gone.
struct Over;

impl Hub {
    pub(super) fn new(
        settings: &LimitSettings,
        inbox: mpsc::Receiver<Message>,
        metrics: RedisMetrics,
    ) -> Self {
        Self { quotas: Quotas::new(settings), inbox, metrics }
    }

    /// Runs until all cores are gone. While Redis is away, whoever asks is told nothing at once.
    pub async fn run(mut self, client: RedisClient) {
        let mut is_known_down = false;
        while let Ok(link) = self.connect(&client, &mut is_known_down).await {
            tracing::info!("redis answers: limits are shared");
            self.metrics.up.set(1);
            let ended = self.serve(link).await;
            self.metrics.up.set(0);
            let Err(error) = ended else { return };
            self.metrics.errors.inc();
            tracing::warn!(%error, "redis is gone: each core limits alone until it is back");
            is_known_down = true;
        }
    }

    /// A connection, as soon as there is one.
    async fn connect(
        &mut self,
        client: &RedisClient,
        is_known_down: &mut bool,
    ) -> Result<Link, Over> {
        let metrics = self.metrics.clone();
        let connecting = async {
            for failures in 0.. {
                match client.connect().await {
                    Ok(link) => return link,
                    Err(error) => {
                        metrics.errors.inc();
                        if !std::mem::replace(is_known_down, true) {
                            tracing::warn!(%error, "redis does not answer: each core limits alone");
                        }
                    }
                }
                tokio::time::sleep(BACKOFF.delay(failures, 0).max(BACKOFF.first)).await;
            }
            unreachable!("the loop does not end")
        };
        tokio::pin!(connecting);
        let mut messages = Vec::new();
        loop {
            tokio::select! {
                biased;
                link = &mut connecting => return Ok(link),
                count = self.inbox.recv_many(&mut messages, MESSAGES_MAX) => {
                    if count == 0 {
                        return Err(Over);
                    }
                    self.give_up(&mut messages);
                }
            }
        }
    }

    /// Round by round, until Redis fails; `Ok` when all cores are gone.
    async fn serve(&mut self, mut link: Link) -> Result<(), ::redis::RedisError> {
        let mut messages = Vec::new();
        loop {
            let received = self.inbox.recv_many(&mut messages, ROUND_MESSAGES_MAX);
            match timeout(ASK_EVERY, received).await {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(_) => link.ask_whether_it_is_there().await?,
            }
            let round = Round::of(messages.drain(..), &self.quotas);
            let begun = Instant::now();
            let granted = round.granted;
            if let Err(error) = round.run(&mut link).await {
                self.metrics.unreported.inc_by(granted);
                return Err(error);
            }
            self.metrics.round_trip_s.observe(begun.elapsed().as_secs_f64());
        }
    }

    /// Nothing is known: questions are answered by nothing.
    fn give_up(&self, messages: &mut Vec<Message>) {
        for message in messages.drain(..) {
            if let Message::Granted { buckets, .. } = message {
                self.metrics.unreported.inc_by(buckets.len() as u64);
            }
        }
    }
}

/// What goes to Redis at once.
#[derive(Default)]
struct Round {
    asked: Vec<Spending>,
    /// Who is answered, in the order of what is asked.
    askers: Vec<oneshot::Sender<Told>>,
    /// What was granted, each bucket once.
    spent: Vec<Spending>,
    /// Where a bucket is among what was spent.
    places: HashMap<Bucket, usize>,
    /// Who is told of which of them.
    reporters: Vec<(mpsc::Sender<Vec<Level>>, Vec<usize>)>,
    granted: u64,
}

impl Round {
    fn of(messages: impl Iterator<Item = Message>, quotas: &Quotas) -> Self {
        let mut round = Self::default();
        for message in messages {
            match message {
                Message::Granted { buckets, news } => {
                    round.granted += buckets.len() as u64;
                    let mut places: Vec<_> =
                        buckets.iter().filter_map(|bucket| round.add(*bucket, quotas)).collect();
                    places.sort_unstable();
                    places.dedup();
                    round.reporters.push((news, places));
                }
                Message::Ask { bucket, answer } => {
                    // What has no limit is not asked for.
                    let Some(quota) = quotas.of(bucket.policy()) else { continue };
                    let (cost_us, max_us) = (quota.interval_us(), Some(quota.level_max_us()));
                    round.asked.push(Spending { bucket, cost_us, max_us });
                    round.askers.push(answer);
                }
            }
        }
        round
    }

    /// Adds one request that was granted.
    fn add(&mut self, bucket: Bucket, quotas: &Quotas) -> Option<usize> {
        let cost_us = quotas.of(bucket.policy())?.interval_us();
        let place = *self.places.entry(bucket).or_insert_with(|| {
            self.spent.push(Spending { bucket, cost_us: 0, max_us: None });
            self.spent.len() - 1
        });
        self.spent[place].cost_us += cost_us;
        Some(place)
    }

    /// Has Redis add it up, those first who wait for the answer.
    async fn run(self, link: &mut Link) -> Result<(), ::redis::RedisError> {
        let told = link.spend(&self.asked).await?;
        for (answer, told) in self.askers.into_iter().zip(told) {
            // Whoever asked may have gone.
            let _ = answer.send(told);
        }
        let told = link.spend(&self.spent).await?;
        for (news, places) in self.reporters {
            let level = |place: usize| Some((self.spent[place].bucket, told.get(place)?.level_us));
            // A core that is behind with its news counts alone for a while.
            let _ = news.try_send(places.into_iter().filter_map(level).collect());
        }
        Ok(())
    }
}
