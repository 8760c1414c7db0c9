//! What random histories came by: a test that never sees a case proves nothing about it.

use std::collections::BTreeSet;

use onsale_core::order::OrderStatus;
use onsale_core::refusal::Refusal;

/// What there was.
#[derive(Default)]
pub struct Tally {
    pub refusals: BTreeSet<&'static str>,
    pub statuses: BTreeSet<&'static str>,
    pub causes: BTreeSet<String>,
    pub places: BTreeSet<String>,
    /// Whether refused refunds were settled by hand, or asked for again.
    pub settled_by_hand: BTreeSet<bool>,
    /// Whether money that was settled by hand was given back by the provider as well.
    pub gone_twice: bool,
    /// Whether tickets of disputed payments were made void, or left.
    pub voided: BTreeSet<bool>,
    /// How disputes stood before they stood otherwise, and how then.
    pub turned: BTreeSet<(&'static str, &'static str)>,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.refusals.extend(&other.refusals);
        self.statuses.extend(&other.statuses);
        self.causes.extend(other.causes.iter().cloned());
        self.places.extend(other.places.iter().cloned());
        self.settled_by_hand.extend(&other.settled_by_hand);
        self.gone_twice |= other.gone_twice;
        self.voided.extend(&other.voided);
        self.turned.extend(&other.turned);
    }

    pub fn must_have_seen_everything(&self) {
        let elsewhere = BTreeSet::from([
            "companion_alone",
            "full",
            "key_reused",
            "leaves_orphan",
            "open_already",
            "operator_only",
        ]);
        let all: BTreeSet<_> = Refusal::CODES.iter().copied().collect();
        let missing: Vec<_> = all.difference(&self.refusals).collect();
        let missing: Vec<_> = missing.into_iter().filter(|c| !elsewhere.contains(*c)).collect();
        assert!(missing.is_empty(), "refusals that never came: {missing:?}");
        let statuses = [
            OrderStatus::Pending,
            OrderStatus::Completed,
            OrderStatus::Failed,
            OrderStatus::Cancelled,
            OrderStatus::Expired,
            OrderStatus::Refunded,
            OrderStatus::PartiallyRefunded,
        ];
        assert_eq!(self.statuses, statuses.map(OrderStatus::name).into());
        assert_eq!(self.causes.len(), 6, "{:?}", self.causes);
        assert_eq!(self.places.len(), 6, "{:?}", self.places);
        assert_eq!(self.settled_by_hand, BTreeSet::from([false, true]));
        assert!(self.gone_twice);
        assert_eq!(self.voided, BTreeSet::from([false, true]));
        let turned = [("lost", "open"), ("lost", "won"), ("won", "lost"), ("won", "open")];
        let missing: Vec<_> = turned.iter().filter(|turn| !self.turned.contains(turn)).collect();
        assert!(missing.is_empty(), "disputes that never turned so: {missing:?}");
    }
}
