//! One person's place in the waitroom, and how many places are in which state.

use serde::{Deserialize, Serialize};

use crate::id::PersonId;
use crate::time::Time;

/// Somebody's place in the waitroom of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Whose it is.
    pub person: PersonId,
    /// How many tickets they came for, at least 1: what letting them in promises them.
    pub party: u32,
    /// When they came.
    pub joined_at: Time,
    /// What has become of it.
    pub state: PlaceState,
}

/// What has become of a place: queued, then admitted, then over. Queued places may also end at
/// once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlaceState {
    /// Waiting: for the lottery or, after it, in the line.
    Queued,
    /// Inside, in one of the slots.
    Admitted {
        /// Since when.
        at: Time,
        /// The visit ends then at the latest.
        until: Time,
        /// Whether they hold stock; if not, their party is promised to them.
        provided: bool,
    },
    /// They got what they came for.
    Completed {
        /// Since when.
        at: Time,
    },
    /// Their visit took too long, or they never showed up for it.
    Expired {
        /// Since when.
        at: Time,
    },
    /// They said goodbye.
    Left {
        /// Since when.
        at: Time,
    },
    /// They gave no more sign of life.
    Abandoned {
        /// Since when.
        at: Time,
    },
}

impl PlaceState {
    /// Whether it is not over yet. A person has at most one live place.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Queued | Self::Admitted { .. })
    }
}

/// How a place came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndReason {
    /// They got what they came for.
    Completed,
    /// Their visit took too long, or they never showed up for it.
    Expired,
    /// They said goodbye.
    Left,
    /// They gave no more sign of life.
    Abandoned,
}

impl EndReason {
    pub(super) const fn state(self, at: Time) -> PlaceState {
        match self {
            Self::Completed => PlaceState::Completed { at },
            Self::Expired => PlaceState::Expired { at },
            Self::Left => PlaceState::Left { at },
            Self::Abandoned => PlaceState::Abandoned { at },
        }
    }
}

/// How many there are of what. Every change of a place takes its old self out and puts its new self
/// in, so the sums cannot drift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) waiting: u32,
    pub(super) inside: u32,
    /// Tickets. Wider than a party, because the sum of parties may be.
    pub(super) promised: u64,
}

impl Tally {
    pub(super) fn put(&mut self, place: &Place) {
        match place.state {
            PlaceState::Queued => self.waiting += 1,
            PlaceState::Admitted { provided, .. } => {
                self.inside += 1;
                self.promised += if provided { 0 } else { u64::from(place.party) };
            }
            _ => {}
        }
    }

    pub(super) fn take(&mut self, place: &Place) {
        match place.state {
            PlaceState::Queued => self.waiting -= 1,
            PlaceState::Admitted { provided, .. } => {
                self.inside -= 1;
                self.promised -= if provided { 0 } else { u64::from(place.party) };
            }
            _ => {}
        }
    }
}
