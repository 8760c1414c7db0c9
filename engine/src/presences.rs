//! Signs of life in the waitrooms of a partition. They are no facts: only their absence leads to
//! one.

use std::collections::BTreeMap;

use onsale_core::Partition;
use onsale_core::command::{Actor, Command, Request};
use onsale_core::fact::Fact;
use onsale_core::id::{EventId, PlaceId};
use onsale_core::time::Time;
use onsale_core::waitroom::Presence;

/// The presence of everybody in each waitroom.
#[derive(Default)]
pub(crate) struct Presences(BTreeMap<EventId, Presence>);

impl Presences {
    /// After a restart everybody counts as seen.
    pub(crate) fn restarted(partition: &Partition, now: Time) -> Self {
        let waitrooms = partition.sales().filter_map(|sale| {
            let (waitroom, spec) = sale.waitroom().zip(sale.spec().waitroom)?;
            let live = waitroom.live_places();
            Some((sale.id(), Presence::restarted(spec.presence, spec.claim, live, now)))
        });
        Self(waitrooms.collect())
    }

    /// Whoever acts with a place is alive.
    pub(crate) fn note_command(&mut self, partition: &Partition, now: Time, request: &Request) {
        if let Command::TakeHold { place: Some(place), .. } = request.command {
            self.note_look(partition, now, request.actor, place);
        }
    }

    /// Whoever looks at their own place is alive.
    pub(crate) fn note_look(
        &mut self,
        partition: &Partition,
        now: Time,
        actor: Actor,
        place: PlaceId,
    ) {
        let Actor::Person(person) = actor else { return };
        let owner = live_owner(partition, place);
        if let Some(presence) = self.0.get_mut(&place.event)
            && owner == Some(person)
        {
            presence.seen(place.number, now);
        }
    }

    /// Keeps up with who is in the waitroom.
    pub(crate) fn note_fact(&mut self, at: Time, fact: &Fact) {
        match fact {
            Fact::EventDefined(fact) => {
                if let Some(spec) = fact.spec.waitroom {
                    self.0.insert(fact.event, Presence::new(spec.presence, spec.claim));
                }
            }
            Fact::WaitroomJoined(fact) => self.of(fact.place, |presence, number| {
                presence.seen(number, at);
            }),
            Fact::PlaceAdmitted(fact) => self.of(fact.place, |presence, number| {
                presence.expect_claim(number, at);
            }),
            Fact::PlaceEnded(fact) => self.of(fact.place, Presence::forget),
            _ => {}
        }
    }

    fn of(&mut self, place: PlaceId, change: impl FnOnce(&mut Presence, u32)) {
        if let Some(presence) = self.0.get_mut(&place.event) {
            change(presence, place.number);
        }
    }

    /// When [`Self::silent`] is to be asked next.
    pub(crate) fn next_due(&self) -> Option<Time> {
        self.0.values().filter_map(Presence::next_due).min()
    }

    /// Who has been silent for too long, `max` of each waitroom at most.
    pub(crate) fn silent(&mut self, now: Time, max: usize) -> Vec<PlaceId> {
        let waitrooms = self.0.iter_mut();
        waitrooms
            .flat_map(|(event, presence)| {
                let silent = presence.due(now, max).into_iter();
                silent.map(|number| PlaceId::new(*event, number))
            })
            .collect()
    }

    /// A silent place that was not dropped (its owner has ordered) stays watched.
    pub(crate) fn look_again(&mut self, partition: &Partition, now: Time, place: PlaceId) {
        if live_owner(partition, place).is_some() {
            self.of(place, |presence, number| presence.seen(number, now));
        }
    }
}

fn live_owner(partition: &Partition, place: PlaceId) -> Option<onsale_core::id::PersonId> {
    let found = partition.sale(place.event)?.waitroom()?.place(place.number)?;
    found.state.is_live().then_some(found.person)
}
