//! Delivers notices as providers do: by HTTP, again and again until the answer is the one that the
//! provider expects, or until it gives up; and badly, where that is asked for ([`Manner`]).

use std::array::from_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Semaphore;

use crate::World;
use crate::protocol::{Manner, News, Notice, Provider, What};

/// How many notices may be under way at once.
const AT_ONCE: usize = 256;

/// How long the receiver may take. Razorpay is the strictest: 5 seconds.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How often the pause between attempts doubles.
const DOUBLINGS_MAX: u32 = 6;

/// What delivers.
#[derive(Debug)]
pub(crate) struct Post {
    client: reqwest::Client,
    turns: Semaphore,
    counts: [Counts; Provider::ALL.len()],
}

/// What became of the notices of one provider.
#[derive(Debug, Default)]
struct Counts {
    attempts: AtomicU64,
    accepted: AtomicU64,
    refused: AtomicU64,
    waiting: AtomicU64,
}

/// What became of the notices of one provider, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Delivered {
    /// How often something was sent.
    pub attempts: u64,
    /// How many notices were accepted.
    pub accepted: u64,
    /// How many the provider gave up on.
    pub refused: u64,
    /// How many are still to be accepted.
    pub waiting: u64,
}

impl Post {
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        // A proxy that is configured for the world is not the way to this machine.
        let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
        Ok(Self { client, turns: Semaphore::new(AT_ONCE), counts: from_fn(|_| Counts::default()) })
    }

    /// What became of the notices of a provider.
    pub(crate) fn delivered(&self, provider: Provider) -> Delivered {
        let counts = self.counts(provider);
        let read = |count: &AtomicU64| count.load(Ordering::SeqCst);
        Delivered {
            attempts: read(&counts.attempts),
            accepted: read(&counts.accepted),
            refused: read(&counts.refused),
            waiting: read(&counts.waiting),
        }
    }

    fn counts(&self, provider: Provider) -> &Counts {
        &self.counts[provider as usize]
    }
}

/// Tells the news in this manner; what is told is sent by tasks of its own. `Forged` is up to
/// whoever made the news: it says what did not happen.
pub(crate) fn tell(world: &Arc<World>, provider: Provider, mut news: News, manner: Manner) {
    let (times, delay) = match manner {
        Manner::Never => (0, Duration::ZERO),
        Manner::Twice => (2, Duration::ZERO),
        Manner::Late => (1, world.config.late_after),
        Manner::Once | Manner::Forged | Manner::WrongAmount => (1, Duration::ZERO),
    };
    if manner == Manner::WrongAmount
        && let What::Captured(capture) = &mut news.what
    {
        capture.amount = capture.amount.saturating_sub(1);
    }
    let is_forged = manner == Manner::Forged;
    // Also for those that are never sent: the provider keeps what it would have said.
    let count = provider.protocol().notices(world, &news, is_forged).len();
    let news = Arc::new(news);
    for _ in 0..times {
        for index in 0..count {
            let letter = Letter { provider, news: Arc::clone(&news), index, is_forged };
            let world = Arc::clone(world);
            world.post.counts(provider).waiting.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                deliver(&world, &letter).await;
            });
        }
    }
}

/// One of the notices that tell some news.
struct Letter {
    provider: Provider,
    news: Arc<News>,
    index: usize,
    is_forged: bool,
}

impl Letter {
    /// As it is now: a signature says when it was made, so each attempt has its own.
    fn write(&self, world: &World) -> Option<Notice> {
        let notices = self.provider.protocol().notices(world, &self.news, self.is_forged);
        notices.into_iter().nth(self.index)
    }

    /// Who forges does not come back.
    fn attempts_max(&self) -> u32 {
        if self.is_forged { 1 } else { self.provider.protocol().attempts_max() }
    }
}

/// Sends until it is accepted, or too often.
async fn deliver(world: &World, letter: &Letter) {
    let counts = world.post.counts(letter.provider);
    let mut is_accepted = false;
    for attempt in 0..letter.attempts_max() {
        if attempt > 0 {
            let pause = world.config.retry_pause * 2u32.pow((attempt - 1).min(DOUBLINGS_MAX));
            tokio::time::sleep(pause).await;
        }
        let Some(notice) = letter.write(world) else { break };
        counts.attempts.fetch_add(1, Ordering::SeqCst);
        is_accepted = send(world, letter.provider, &notice).await;
        if is_accepted {
            break;
        }
    }
    let count = if is_accepted { &counts.accepted } else { &counts.refused };
    count.fetch_add(1, Ordering::SeqCst);
    counts.waiting.fetch_sub(1, Ordering::SeqCst);
}

/// Sends once; returns whether the provider is content.
async fn send(world: &World, provider: Provider, notice: &Notice) -> bool {
    let configured = || Some(format!("{}/{}", world.config.notify_url.as_ref()?, provider.name()));
    let Some(mut url) = notice.url.clone().or_else(configured) else { return false };
    if !notice.query.is_empty() {
        url = format!("{url}?{}", notice.query);
    }
    // Never closed: it is only a turn.
    let _turn = world.post.turns.acquire().await.ok();
    let mut request = world.post.client.request(notice.method.clone(), url);
    for (name, value) in &notice.headers {
        request = request.header(*name, value);
    }
    let Ok(answer) = request.body(notice.body.clone()).send().await else { return false };
    let status = answer.status();
    let Ok(body) = answer.bytes().await else { return false };
    provider.protocol().is_accepted(status, &body)
}
