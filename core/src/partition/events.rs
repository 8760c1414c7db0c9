//! The events of a partition by their numbers. A number is given once: to an event that is defined
//! at once, or first to an id alone, which whoever drafts an event can show around and define when
//! the draft is done.
//!
//! So publishing an event takes effect once without a memory of requests: an id is reserved or
//! defined, and the state says which, however late and however often it is asked.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Partition;
use crate::command::Actor;
use crate::fact::{EventDefined, EventReserved};
use crate::id::EventId;
use crate::refusal::{Refusal, Thing};
use crate::reply::Reply;
use crate::sale::{Decided, Sale, operator};
use crate::spec::EventSpec;
use crate::waitroom::LotterySeed;

/// Every number that was given; without a sale while it is only reserved.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Events(Vec<Option<Box<Sale>>>);

impl Events {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Sale> {
        self.0.iter().filter_map(Option::as_deref)
    }

    pub(super) fn sale(&self, index: u32) -> Option<&Sale> {
        self.0.get(index as usize)?.as_deref()
    }

    pub(super) fn sale_mut(&mut self, index: u32) -> Option<&mut Sale> {
        self.0.get_mut(index as usize)?.as_deref_mut()
    }

    /// # Panics
    /// If the number is not the next.
    pub(super) fn reserve(&mut self, index: u32) {
        assert_eq!(index as usize, self.0.len(), "events are numbered densely");
        self.0.push(None);
    }

    /// # Panics
    /// If the number is neither the next nor reserved.
    pub(super) fn define(&mut self, fact: &EventDefined) {
        let index = fact.event.index() as usize;
        if index == self.0.len() {
            self.0.push(None);
        }
        let slot = self.0.get_mut(index).filter(|slot| slot.is_none());
        let slot = slot.expect("an event is defined once, under a number that was given");
        let sale = Sale::new(fact.event, EventSpec::clone(&fact.spec), fact.seed.clone());
        *slot = Some(Box::new(sale));
    }
}

impl Partition {
    pub(super) fn decide_reserve(&self, actor: Actor) -> Decided {
        operator(actor)?;
        let event = self.next_event()?;
        Ok((vec![EventReserved { event }.into()], Reply::EventReserved { event }))
    }

    pub(super) fn decide_define(
        &self,
        actor: Actor,
        event: Option<EventId>,
        spec: &EventSpec,
        seed: &LotterySeed,
    ) -> Decided {
        operator(actor)?;
        if let Some(sale) = event.and_then(|event| self.sale(event)) {
            return sale.decide_define_again(spec);
        }
        let event = match event {
            None => self.next_event()?,
            Some(event) if self.is_reserved(event) => event,
            Some(_) => return Err(Refusal::NotFound(Thing::Event)),
        };
        let commitment = seed.commitment();
        let fact = EventDefined { event, spec: Box::new(spec.clone()), seed: seed.clone() };
        Ok((vec![fact.into()], Reply::EventDefined { event, commitment }))
    }

    fn next_event(&self) -> Result<EventId, Refusal> {
        let index = u32::try_from(self.state.events.0.len()).ok();
        let event = index.and_then(|index| EventId::new(self.state.id, index));
        event.ok_or(Refusal::Full(Thing::Event))
    }

    /// Whether the id was given and not defined yet.
    fn is_reserved(&self, event: EventId) -> bool {
        let slot = self.state.events.0.get(event.index() as usize);
        event.partition() == self.state.id && slot.is_some_and(Option::is_none)
    }
}
