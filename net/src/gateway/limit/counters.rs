//! What is counted about limits. Every core counts for itself; a scrape adds them up.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Counts, Policy};
use crate::gateway::class::Class;

/// The counters of one core.
#[derive(Debug, Default)]
pub(crate) struct LimitCounters {
    /// By class, then by whom it counts.
    refused: [[AtomicU64; 2]; Class::ALL.len()],
    exempt: AtomicU64,
    used: AtomicU64,
    evicted: AtomicU64,
}

impl LimitCounters {
    /// One more request was refused.
    pub(super) fn refused(&self, Policy { class, counts }: Policy) {
        self.refused[class.index()][counts as usize].fetch_add(1, Relaxed);
    }

    /// One more request came from a trusted peer that named nobody.
    pub(crate) fn exempt(&self) {
        self.exempt.fetch_add(1, Relaxed);
    }

    /// How the table is.
    pub(super) fn table(&self, used: u64, evicted: u64) {
        self.used.store(used, Relaxed);
        self.evicted.store(evicted, Relaxed);
    }
}

/// The counters of all cores.
#[derive(Debug, Default)]
pub(crate) struct LimitMetrics(Mutex<Vec<Arc<LimitCounters>>>);

impl LimitMetrics {
    /// The counters of one more core.
    pub(crate) fn new_core(&self) -> Arc<LimitCounters> {
        let counters = Arc::<LimitCounters>::default();
        // Taken when a core starts and when somebody scrapes, never for a request.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&counters));
        counters
    }

    /// Appends the sums over all cores, in the format of `OpenMetrics` 1.0.
    pub(crate) fn write(&self, out: &mut String) {
        let cores = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = |of: fn(&LimitCounters) -> &AtomicU64| {
            cores.iter().map(|core| of(core).load(Relaxed)).sum::<u64>()
        };
        // Writing into a string cannot fail.
        let _ = writeln!(
            out,
            "# HELP rate_limited Requests refused because their sender sends too many.\n\
             # TYPE rate_limited counter"
        );
        for class in Class::ALL {
            for counts in [Counts::Addresses, Counts::People] {
                let refused = |core: &Arc<LimitCounters>| {
                    core.refused[class.index()][counts as usize].load(Relaxed)
                };
                let sum: u64 = cores.iter().map(refused).sum();
                let (class, counts) = (class.name(), counts.name());
                let labels = format!("class=\"{class}\",counts=\"{counts}\"");
                let _ = writeln!(out, "rate_limited_total{{{labels}}} {sum}");
            }
        }
        let _ = writeln!(
            out,
            "# HELP rate_limit_exempt Requests of trusted peers that named no client.\n\
             # TYPE rate_limit_exempt counter\n\
             rate_limit_exempt_total {}\n\
             # HELP rate_limit_entries Entries of the tables of limits that were ever used.\n\
             # TYPE rate_limit_entries gauge\n\
             rate_limit_entries {}\n\
             # HELP rate_limit_evicted Entries given up early, because the table was full.\n\
             # TYPE rate_limit_evicted counter\n\
             rate_limit_evicted_total {}",
            sum(|core| &core.exempt),
            sum(|core| &core.used),
            sum(|core| &core.evicted),
        );
    }
}
