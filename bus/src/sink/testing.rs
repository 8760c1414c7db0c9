//! Events for the tests of sinks.

use onsale_core::fact::{Decision, EventOpened};
use onsale_core::id::{EventId, PartitionId};
use onsale_core::time::Time;

use crate::event::{Currencies, Event, Mapper};

/// An event that tells with its number.
pub(crate) fn event(fact: u64) -> Event {
    let event = EventId::new(PartitionId::FIRST, 0).expect("the first");
    let facts = vec![EventOpened { event }.into()];
    let decision = Decision { at: Time::from_ms(1_000), trace: None, facts };
    let mut mapper = Mapper::new(7, PartitionId::FIRST, Currencies::default());
    mapper.events(fact, &decision).expect("it has no price").remove(0)
}

/// So many of them, from the first on.
pub(crate) fn events(count: u64) -> Vec<Event> {
    (1..=count).map(event).collect()
}
