//! What people may rely on, one rule per test ([`rules`]), and any history against a list that does
//! everything the slow way ([`model`]).

mod model;
mod rules;

use super::{LotterySeed, Waitroom};
use crate::id::PersonId;
use crate::spec::WaitroomSpec;
use crate::time::{Span, Time};

const SPEC: WaitroomSpec = WaitroomSpec {
    doors_at: Time::ZERO,
    opens_at: Time::ZERO,
    slots: 100,
    rate_per_minute: 60_000,
    visit: Span::from_mins(15),
    claim: Span::from_mins(1),
    presence: Span::from_mins(5),
};

const SEED: LotterySeed = LotterySeed([7; 32]);

fn at(ms: u64) -> Time {
    Time::from_ms(ms)
}

fn person(number: u32) -> PersonId {
    PersonId::from_u128(u128::from(number))
}

/// The state after writing it down and reading it back.
fn reread(waitroom: &Waitroom) -> Waitroom {
    postcard::from_bytes(&bytes(waitroom)).unwrap()
}

fn bytes(waitroom: &Waitroom) -> alloc::vec::Vec<u8> {
    postcard::to_allocvec(waitroom).unwrap()
}
