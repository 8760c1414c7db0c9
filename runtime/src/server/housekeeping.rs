//! What accounts need done now and then: letters are brought, cores are told of sessions that ended
//! elsewhere, and what is past is cleared away. Each goes on by itself when the database was away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use onsale_control::accounts::Accounts;
use onsale_control::accounts::letters::deliver::{Courier, Outbox};
use onsale_control::database::StoreError;
use onsale_core::time::Span;
use onsale_net::port::Partitions;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::slow::once_ready;
use crate::mailbox::Mailboxes;

/// How often the outbox is looked into when nothing was put in: for what is due again.
const LETTERS_EVERY: Duration = Duration::from_secs(5);
/// How often other nodes' sign-outs are looked for.
const ENDED_EVERY: Duration = Duration::from_secs(1);
/// So late may one of them be seen: its transaction took as long, or a clock goes behind ours.
const ENDED_LATE: Span = Span::from_secs(60);
/// How often what is past is cleared away.
const PRUNE_EVERY: Duration = Duration::from_secs(600);

/// Where what is counted about accounts is found.
#[derive(Clone)]
pub(super) struct AccountMetrics {
    pub(super) accounts: Accounts,
    pub(super) outbox: Arc<OutboxGauges>,
}

/// What was last found in the outbox.
#[derive(Debug, Default)]
pub(super) struct OutboxGauges {
    pending: AtomicU64,
    failed: AtomicU64,
}

impl OutboxGauges {
    pub(super) fn pending(&self) -> u64 {
        self.pending.load(Ordering::Relaxed)
    }

    pub(super) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    fn set(&self, outbox: Outbox) {
        self.pending.store(outbox.pending, Ordering::Relaxed);
        self.failed.store(outbox.failed, Ordering::Relaxed);
    }
}

/// Starts all of it, once the tables are there; it ends with the runtime.
pub(super) fn start(
    runtime: &Handle,
    accounts: &Accounts,
    courier: Arc<dyn Courier>,
    clock: &Mailboxes,
    is_ready: &watch::Receiver<bool>,
) -> AccountMetrics {
    let outbox = Arc::<OutboxGauges>::default();
    let letters = bring_letters(accounts.clone(), courier, clock.clone(), Arc::clone(&outbox));
    runtime.spawn(once_ready(is_ready.clone(), letters));
    let ended = look_for_ended(accounts.clone(), clock.clone());
    runtime.spawn(once_ready(is_ready.clone(), ended));
    runtime.spawn(once_ready(is_ready.clone(), prune(accounts.clone(), clock.clone())));
    AccountMetrics { accounts: accounts.clone(), outbox }
}

async fn bring_letters(
    accounts: Accounts,
    courier: Arc<dyn Courier>,
    clock: Mailboxes,
    gauges: Arc<OutboxGauges>,
) {
    loop {
        match accounts.deliver_due(&*courier, clock.now()).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => report(&error, "letters cannot be brought"),
        }
        if let Ok(outbox) = accounts.outbox().await {
            gauges.set(outbox);
        }
        // Whether something was posted or not: the next round sees to it.
        let _ = timeout(LETTERS_EVERY, accounts.posted()).await;
    }
}

async fn look_for_ended(accounts: Accounts, clock: Mailboxes) {
    // At first everything that a token may still be good for.
    let mut since = clock.now() - accounts.settings().access_lifetime;
    loop {
        let now = clock.now();
        match accounts.look_for_ended(since - ENDED_LATE).await {
            Ok(()) => since = now,
            Err(error) => report(&error, "sessions that ended elsewhere are not seen"),
        }
        sleep(ENDED_EVERY).await;
    }
}

async fn prune(accounts: Accounts, clock: Mailboxes) {
    loop {
        match accounts.prune(clock.now()).await {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "what is past was cleared away"),
            Err(error) => report(&error, "what is past is not cleared away"),
        }
        sleep(PRUNE_EVERY).await;
    }
}

/// A database that is away is news once, where its absence is noticed.
fn report(error: &StoreError, what: &'static str) {
    match error {
        StoreError::Broken(_) => tracing::error!(%error, "{what}"),
        StoreError::Unavailable(_) => tracing::debug!(%error, "{what}"),
    }
}
