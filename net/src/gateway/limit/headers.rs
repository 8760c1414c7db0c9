//! `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11): what one may ask
//! for, and how much of it is left.

use std::io::Write;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::{Applied, Counts, LimitSettings, Policy, Quotas};
use crate::gateway::class::Class;

pub(crate) const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(crate) const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Longer than any value of `RateLimit`: a name and two numbers.
const VALUE_BYTES_MAX: usize = 64;

impl Counts {
    /// In metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Addresses => "address",
            Self::People => "person",
        }
    }
}

impl Policy {
    /// Its name in headers and problems.
    pub(crate) const fn name(self) -> &'static str {
        match (self.class, self.counts) {
            (Class::Buy, Counts::Addresses) => "buy-address",
            (Class::Buy, Counts::People) => "buy-person",
            (Class::Credentials, Counts::Addresses) => "credentials-address",
            (Class::Credentials, Counts::People) => "credentials-person",
            (Class::Manage, Counts::Addresses) => "manage-address",
            (Class::Manage, Counts::People) => "manage-person",
            (Class::Queue, Counts::Addresses) => "queue-address",
            (Class::Queue, Counts::People) => "queue-person",
            (Class::Read, Counts::Addresses) => "read-address",
            (Class::Read, Counts::People) => "read-person",
            (Class::Search, Counts::Addresses) => "search-address",
            (Class::Search, Counts::People) => "search-person",
            (Class::Session, Counts::Addresses) => "session-address",
            (Class::Session, Counts::People) => "session-person",
            (Class::Webhook, Counts::Addresses) => "webhook-address",
            (Class::Webhook, Counts::People) => "webhook-person",
        }
    }
}

/// The value of `RateLimit-Policy` for each class: they never change.
pub(crate) struct PolicyHeaders([[Option<HeaderValue>; 3]; Class::ALL.len()]);

impl PolicyHeaders {
    pub(crate) fn new(settings: &LimitSettings) -> Self {
        let quotas = Quotas::new(settings);
        let (address, person) = (Counts::Addresses, Counts::People);
        Self(Class::ALL.map(|class| {
            [&[address][..], &[person], &[address, person]].map(|all| value(&quotas, class, all))
        }))
    }

    /// Says in `headers` which limits a request was held against, and how its sender stands.
    pub(crate) fn write(&self, applied: &Applied, headers: &mut HeaderMap) {
        let Some(closest) = applied.closest else { return };
        let all = usize::from(applied.by_address) + 2 * usize::from(applied.by_person) - 1;
        if let Some(policy) = &self.0[closest.policy.class.index()][all] {
            headers.insert(RATELIMIT_POLICY, policy.clone());
        }
        let mut text = [0; VALUE_BYTES_MAX];
        let mut rest = &mut text[..];
        let (name, remaining) = (closest.policy.name(), closest.standing.remaining);
        let next_s = seconds(closest.standing.next_us);
        // There is room for it.
        let _ = write!(rest, "\"{name}\";r={remaining};t={next_s}");
        let length = VALUE_BYTES_MAX - rest.len();
        if let Ok(value) = HeaderValue::from_bytes(&text[..length]) {
            headers.insert(RATELIMIT, value);
        }
    }
}

/// Whole seconds, never too few.
pub(super) fn seconds(us: u64) -> u32 {
    u32::try_from(us.div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

fn value(quotas: &Quotas, class: Class, all: &[Counts]) -> Option<HeaderValue> {
    let policies = all.iter().filter_map(|&counts| {
        let policy = Policy { class, counts };
        let quota = quotas.of(policy)?;
        Some(format!("\"{}\";q={};w={}", policy.name(), quota.burst(), quota.window_s()))
    });
    let policies: Vec<_> = policies.collect();
    HeaderValue::try_from(policies.join(", ")).ok().filter(|value| !value.is_empty())
}
