//! How much one person and one address may ask for, by class of routes.
//!
//! Each core counts for itself: a table of fixed size, one look-up for an address and one for a
//! person, no allocation. Where a Redis is configured, what cores and machines have granted is put
//! together there a moment later ([`shared`] says how, and by how much a limit can be passed).

pub(crate) mod counters;
mod gcra;
pub(crate) mod headers;
pub(super) mod settings;
pub mod shared;
mod table;

use std::sync::Arc;

use onsale_core::id::PersonId;
use onsale_core::time::Time;

use self::counters::LimitCounters;
pub use self::gcra::{Quota, Standing};
pub use self::settings::{ClassLimits, LimitSettings};
use self::shared::{Share, Told};
use self::table::Table;
use super::class::Class;
use crate::problem::{Problem, catalog};

/// Who spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Somebody who is not signed in yet, by a hash of the name they claim.
    Account(u128),
    /// One address of IPv4, or the first half of one of IPv6.
    Address(u64),
    /// Somebody with a token.
    Person(PersonId),
}

/// What is spent from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bucket {
    /// For which requests.
    pub class: Class,
    /// Whose.
    pub subject: Subject,
}

/// What was decided about one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Which policy it was held against.
    pub policy: Policy,
    /// Whether it may go on.
    pub is_granted: bool,
    /// How its sender stands now.
    pub standing: Standing,
}

/// One limit of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Of which class.
    pub class: Class,
    /// Whom it counts.
    pub counts: Counts,
}

/// Whom a policy counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Addresses.
    Addresses,
    /// People, signed in or claimed.
    People,
}

/// The limits that a request was held against.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Applied {
    by_address: bool,
    by_person: bool,
    /// The one that has least left.
    closest: Option<Verdict>,
}

impl Applied {
    pub(crate) fn add(&mut self, verdict: Verdict) {
        match verdict.policy.counts {
            Counts::Addresses => self.by_address = true,
            Counts::People => self.by_person = true,
        }
        let left = |verdict: &Verdict| verdict.standing.remaining;
        if self.closest.is_none_or(|closest| left(&verdict) <= left(&closest)) {
            self.closest = Some(verdict);
        }
    }
}

/// The quotas of every class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quotas([[Option<Quota>; 2]; Class::ALL.len()]);

impl Quotas {
    pub(crate) fn new(settings: &LimitSettings) -> Self {
        Self(Class::ALL.map(|class| {
            let limits = settings.of(class);
            [
                Quota::per_minute(limits.address_per_minute, limits.address_burst),
                Quota::per_minute(limits.person_per_minute, limits.person_burst),
            ]
        }))
    }

    pub(crate) fn of(&self, Policy { class, counts }: Policy) -> Option<Quota> {
        self.0[class.index()][counts as usize]
    }
}

impl Bucket {
    /// Whether what all have granted is asked for before each request, where it is shared. People
    /// with a token need not be: they are somebody.
    pub(crate) fn is_asked_for(self) -> bool {
        self.class.is_strict() && !matches!(self.subject, Subject::Person(_))
    }

    pub(crate) fn policy(self) -> Policy {
        let counts = match self.subject {
            Subject::Address(_) => Counts::Addresses,
            Subject::Account(_) | Subject::Person(_) => Counts::People,
        };
        Policy { class: self.class, counts }
    }
}

impl Verdict {
    /// Nothing if the request may go on, or else why not.
    pub(crate) fn into_result(self) -> Result<(), Problem> {
        if self.is_granted {
            return Ok(());
        }
        let whose = match self.policy.counts {
            Counts::Addresses => "from this address",
            Counts::People => "of this person",
        };
        let detail = format!("too many requests {whose} ({})", self.policy.name());
        let policies = serde_json::json!([self.policy.name()]);
        Err(Problem::new(&catalog::RATE_LIMITED, detail)
            .member("violated_policies", policies)
            .retry_after(headers::seconds(self.standing.next_us)))
    }
}

/// One core's limits.
pub struct Limiter {
    quotas: Quotas,
    table: Table,
    seed: [u64; 2],
    counters: Arc<LimitCounters>,
    share: Option<Share>,
}

impl Limiter {
    /// The limits of a core that shares them by `share`. Whoever knows `seed` can choose addresses
    /// that fall into one set of the table.
    pub(crate) fn new(
        settings: &LimitSettings,
        seed: [u64; 2],
        counters: Arc<LimitCounters>,
        share: Option<Share>,
    ) -> Self {
        let (quotas, table) = (Quotas::new(settings), Table::new(settings.entries_per_core));
        Self { quotas, table, seed, counters, share }
    }

    /// Spends one request from a bucket; `None` if it has no limit.
    pub fn spend(&mut self, bucket: Bucket, now: Time) -> Option<Verdict> {
        self.hear(now);
        let policy = bucket.policy();
        let quota = self.quotas.of(policy)?;
        let now_us = us(now);
        let tag = tag(self.seed, bucket);
        let empty_at_us = self.table.empty_at_us(tag, now_us);
        let level_us = empty_at_us.saturating_sub(now_us);
        let taken_us = quota.take(level_us);
        if let Some(level_us) = taken_us {
            *empty_at_us = now_us + level_us;
            if let Some(share) = &mut self.share {
                share.granted(bucket, now_us);
            }
        } else {
            self.counters.refused(policy);
        }
        self.counters.table(self.table.used(), self.table.evicted());
        let standing = quota.standing(taken_us.unwrap_or(level_us));
        Some(Verdict { policy, is_granted: taken_us.is_some(), standing })
    }

    /// The way to ask what all cores and machines have granted, where that is known.
    pub(crate) fn share(&self) -> Option<&Share> {
        self.share.as_ref()
    }

    /// Takes in what all have granted of a bucket, and how its owner stands now.
    pub(crate) fn learn(&mut self, bucket: Bucket, told: Told, now: Time) -> Option<Verdict> {
        let policy = bucket.policy();
        let quota = self.quotas.of(policy)?;
        let level_us = self.raise(bucket, told.level_us, us(now));
        if !told.is_granted {
            self.counters.refused(policy);
        }
        Some(Verdict { policy, is_granted: told.is_granted, standing: quota.standing(level_us) })
    }

    /// Takes in the news from the others.
    fn hear(&mut self, now: Time) {
        while let Some(news) = self.share.as_mut().and_then(Share::news) {
            for (bucket, level_us) in news {
                self.raise(bucket, level_us, us(now));
            }
        }
    }

    /// No level falls by what others know.
    fn raise(&mut self, bucket: Bucket, level_us: u64, now_us: u64) -> u64 {
        let empty_at_us = self.table.empty_at_us(tag(self.seed, bucket), now_us);
        *empty_at_us = (*empty_at_us).max(now_us.saturating_add(level_us));
        *empty_at_us - now_us
    }
}

fn us(now: Time) -> u64 {
    now.as_ms().saturating_mul(1_000)
}

/// A hash of a bucket that nobody can foresee who does not know the seed: folded multiplication, as
/// in wyhash (Wang Yi, 2019).
fn tag([one, other]: [u64; 2], Bucket { class, subject }: Bucket) -> u64 {
    let (kind, value) = match subject {
        Subject::Account(hash) => (0, hash),
        Subject::Address(bits) => (1, u128::from(bits)),
        Subject::Person(person) => (2, person.as_u128()),
    };
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        product as u64 ^ (product >> 64) as u64
    };
    let kind = (class.index() as u64) << 8 | kind;
    let hash = fold(value as u64 ^ one, (value >> 64) as u64 ^ other);
    // 0 is nobody's.
    fold(hash ^ other, kind ^ one ^ 0xA076_1D64_78BD_642F).max(1)
}

#[cfg(test)]
mod tests;
