//! What is shown about partitions, connections, accounts and the slow pool, beside the requests
//! that the API counts itself.

use std::fmt::{Display, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use onsale_control::projection::{Lag, Progress};
use onsale_net::metrics::MetricsSource;
use onsale_net::port::Partitions;
use onsale_net::provider::Providers;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

use super::bus::BusMetrics;
use super::housekeeping::AccountMetrics;
use super::slow::SlowPool;
use crate::facts::Facts;
use crate::gauges::Reading;
use crate::host::serve::ConnectionCounts;
use crate::mailbox::Mailboxes;

pub(super) struct ServerMetrics {
    mailboxes: Mailboxes,
    facts: Arc<[Facts]>,
    counts: Arc<[Arc<ConnectionCounts>]>,
    progress: Progress,
    bus: BusMetrics,
    slow_pool: Registry,
    accounts: AccountMetrics,
    providers: Providers,
}

/// A name, what it means, and where its value is.
pub(super) type Family<T> = (&'static str, &'static str, &'static str, fn(&T) -> u64);

const PARTITION: [Family<Reading>; 6] = [
    ("partition_facts", "counter", "Facts applied", |reading| reading.applied),
    ("partition_facts_durable", "counter", "Facts on disk", |reading| reading.durable),
    ("partition_parked", "gauge", "Answers that wait for the disk", |reading| reading.parked),
    ("partition_watches", "gauge", "Questions that wait for a change", |reading| reading.watches),
    ("partition_queued_bytes", "gauge", "Bytes that wait for a write", |reading| {
        reading.queued_bytes
    }),
    ("partition_writes_in_flight", "gauge", "Writes under way", |reading| reading.writes_in_flight),
];

/// How the read models come along.
const PROJECTION: [Family<Lag>; 6] = [
    ("projection_facts_behind", "gauge", "Durable facts that read models lack", |lag| lag.facts),
    ("projection_seconds_behind", "gauge", "Age of the oldest of them, at most", |lag| {
        lag.since.as_ms().div_ceil(1_000)
    }),
    ("projection_stopped", "gauge", "Whether somebody must look into it", |lag| {
        u64::from(lag.is_stopped)
    }),
    ("projection_facts", "counter", "Facts taken into read models", |lag| lag.facts_taken),
    ("projection_rows", "counter", "Rows written for them", |lag| lag.rows),
    ("projection_errors", "counter", "Transactions that failed", |lag| lag.errors),
];

const CONNECTIONS: [Family<ConnectionCounts>; 3] = [
    ("connections_accepted", "counter", "Connections taken on", ConnectionCounts::accepted),
    ("connections_open", "gauge", "Connections open now", ConnectionCounts::open),
    ("connections_refused", "counter", "Connections turned away", ConnectionCounts::refused),
];

impl ServerMetrics {
    pub(super) fn new(
        mailboxes: Mailboxes,
        facts: Arc<[Facts]>,
        counts: Arc<[Arc<ConnectionCounts>]>,
        pool: &SlowPool,
    ) -> Self {
        let (progress, accounts) = (pool.progress(), pool.accounts());
        let (bus, slow_pool) = (pool.bus(), pool.registry());
        let providers = pool.providers();
        Self { mailboxes, facts, counts, progress, bus, slow_pool, accounts, providers }
    }

    fn write_stuck(&self, out: &mut String) {
        let names = self.providers.names();
        let counts = self.providers.stuck().counts(names, self.mailboxes.now());
        let label = |name: &str| format!("{{provider=\"{name}\"}}");
        let values = counts.into_iter().map(|(name, count)| (label(name), count));
        let help = "Effects and questions that keep failing";
        write_family(out, ("effects_stuck", "gauge", help), values);
    }

    fn write_accounts(&self, out: &mut String) {
        let AccountMetrics { accounts, outbox } = &self.accounts;
        let hasher = accounts.hasher();
        for (name, kind, help, value) in [
            ("passwords_queued", "gauge", "Passwords that wait", hasher.queued() as u64),
            ("passwords_hashed", "counter", "Passwords hashed", hasher.done()),
            ("passwords_refused", "counter", "Passwords turned away", hasher.refused()),
            ("letters_pending", "gauge", "Letters to be brought", outbox.pending()),
            ("letters_failed", "gauge", "Letters given up lately", outbox.failed()),
        ] {
            write_family(out, (name, kind, help), [("", value)]);
        }
        let sign_ins = accounts.sign_ins();
        let outcomes = [
            ("{outcome=\"succeeded\"}", sign_ins.succeeded.load(Relaxed)),
            ("{outcome=\"failed\"}", sign_ins.failed.load(Relaxed)),
            ("{outcome=\"throttled\"}", sign_ins.throttled.load(Relaxed)),
        ];
        write_family(out, ("sign_ins", "counter", "Sign-ins that ended"), outcomes);
    }
}

impl MetricsSource for ServerMetrics {
    fn write(&self, out: &mut String) {
        let readings: Vec<_> = self.facts.iter().map(|facts| facts.gauges.read()).collect();
        for family in PARTITION {
            write_numbered(out, family, "partition", readings.iter());
        }
        let lags: Vec<_> = self.progress.lags(self.mailboxes.now()).collect();
        for family in PROJECTION {
            write_numbered(out, family, "partition", lags.iter());
        }
        self.bus.write(self.mailboxes.now(), out);
        for family in CONNECTIONS {
            write_numbered(out, family, "core", self.counts.iter().map(Arc::as_ref));
        }
        let depths: Vec<_> = self.mailboxes.depths().map(|depth| depth as u64).collect();
        let family: Family<u64> = ("mailbox_depth", "gauge", "Requests that wait", |depth| *depth);
        write_numbered(out, family, "partition", depths.iter());
        self.write_accounts(out);
        self.write_stuck(out);
        let mut slow_pool = String::new();
        if text::encode_registry(&mut slow_pool, &self.slow_pool).is_ok() {
            out.push_str(&slow_pool);
        }
    }
}

/// One that is counted for each of those that are numbered.
fn write_numbered<'a, T: 'a>(
    out: &mut String,
    (name, kind, help, value): Family<T>,
    label: &str,
    of: impl Iterator<Item = &'a T>,
) {
    let label = |number: usize| format!("{{{label}=\"{number}\"}}");
    let values = of.enumerate().map(|(number, item)| (label(number), value(item)));
    write_family(out, (name, kind, help), values);
}

/// A value for each set of labels.
pub(super) fn write_family(
    out: &mut String,
    (name, kind, help): (&str, &str, &str),
    values: impl IntoIterator<Item = (impl Display, u64)>,
) {
    let suffix = if kind == "counter" { "_total" } else { "" };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "# HELP {name} {help}.\n# TYPE {name} {kind}");
    for (labels, value) in values {
        let _ = writeln!(out, "{name}{suffix}{labels} {value}");
    }
}
