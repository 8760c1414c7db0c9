//! Once everything has healed, the sale comes to its end by itself: every order is terminal, no
//! hold is left, nobody waits or is inside, providers are owed nothing, everything is durable,
//! whoever asked after the healing got an answer, and of every event that is called `probe`, which
//! buyers come to only then, something was sold.
//!
//! Why: a server that refuses everything oversells nothing.
//!
//! Source: the liveness phase of `TigerBeetle`'s simulator and of openraft's: safety under faults,
//! then progress without them.

use std::collections::BTreeSet;

use onsale_core::Partition;
use onsale_core::id::{HoldId, OrderId};

use super::books::{Books, HoldState, PartitionBook, Shared, Standing};
use super::{Invariant, Verdict};
use crate::seen::{Micros, Op, Seen};

/// The name of the events whose buyers come after everything has healed.
pub const PROBE: &str = "probe";

/// See the module.
pub(crate) struct Liveness {
    books: Shared,
    has_healed: bool,
    open: BTreeSet<Op>,
}

impl Liveness {
    pub(crate) fn new(books: Shared) -> Self {
        Self { books, has_healed: false, open: BTreeSet::new() }
    }
}

impl Invariant for Liveness {
    fn name(&self) -> &'static str {
        "liveness"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        let shared = self.books.clone();
        let books = shared.see(seen);
        match *seen {
            Seen::Healed => self.has_healed = true,
            Seen::Asked { op, .. } if self.has_healed => {
                self.open.insert(op);
            }
            Seen::Told { op, .. } => {
                self.open.remove(&op);
            }
            Seen::Settled { states } => {
                if let Some(op) = self.open.first() {
                    return Err(format!("{op:?} was asked when all was well and never answered"));
                }
                states.iter().try_for_each(|state| settle_state(&books, state))?;
                return settle(&books);
            }
            _ => {}
        }
        Ok(())
    }
}

fn settle_state(books: &Books, state: &Partition) -> Verdict {
    let number = state.id().number();
    let (written, durable) = books
        .partition(state.id())
        .map_or((0, 0), |PartitionBook { written, durable, .. }| (*written, *durable));
    if written != state.applied() || durable != state.applied() {
        let applied = state.applied();
        return Err(format!(
            "partition {number}: {applied} facts, {written} written, {durable} durable"
        ));
    }
    if let Some(effect) = state.effects().first() {
        return Err(format!("partition {number} still wants {effect:?}"));
    }
    for sale in state.sales() {
        let Some(waitroom) = sale.waitroom() else { continue };
        let (waiting, inside) = (waitroom.waiting(), waitroom.inside());
        if waiting + inside > 0 {
            return Err(format!("{}: {waiting} wait and {inside} are inside", sale.id()));
        }
    }
    Ok(())
}

fn settle(books: &Books) -> Verdict {
    for (id, event) in books.events() {
        if event.name == PROBE && event.next_ticket == 0 {
            return Err(format!("{id} is a probe and nothing of it was sold"));
        }
        let mut holds = (0..).zip(&event.holds);
        if let Some((number, hold)) = holds.find(|(_, hold)| hold.state == HoldState::Held) {
            let hold_id = HoldId::new(id, number);
            return Err(format!("{hold_id} is still held, until {:?}", hold.until));
        }
        let mut orders = (0..).zip(&event.orders);
        if let Some((number, order)) = orders.find(|(_, order)| order.standing == Standing::Pending)
        {
            let order_id = OrderId::new(id, number);
            return Err(format!("{order_id} is still pending, until {:?}", order.until));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use onsale_core::command::Actor;
    use onsale_core::fact::{EventDefined, WaitroomJoined};
    use onsale_core::id::{EventId, PlaceId};
    use onsale_core::order::OrderEnd;
    use onsale_core::query::Query;
    use onsale_core::spec::{Draft, EventSpec, WaitroomSpec};
    use onsale_core::time::Span;
    use onsale_core::waitroom::LotterySeed;
    use onsale_engine::Answer;

    use super::super::fixture::*;
    use super::*;
    use crate::seen::Ask;

    fn bench() -> Bench<Liveness> {
        let mut bench = Bench::new(Liveness::new(Shared::default()));
        bench.see(&Seen::Healed).unwrap();
        bench
    }

    fn defines(bench: &mut Bench<Liveness>, draft: Draft) {
        let event = EventId::new(PARTITION, 1).unwrap();
        let spec = Box::new(EventSpec::parse(draft).unwrap());
        bench.happens([EventDefined { event, spec, seed: LotterySeed([2; 32]) }.into()]).unwrap();
        bench.synced().unwrap();
    }

    #[test]
    fn a_sale_that_is_over_is_fine() {
        let mut bench = bench();
        bench.happens([taken(0, standing(1)), placed(0, 0)]).unwrap();
        bench.happens([ended(0, OrderEnd::Expired)]).unwrap();
        bench.synced().unwrap();
        let ask = Ask::Look(Actor::Operator, Query::Events);
        bench.see(&Seen::Asked { op: Op(1), ask }).unwrap();
        let answer = Ok(Answer::Reply(onsale_core::reply::Reply::Done));
        bench.see(&Seen::Told { op: Op(1), answer: &answer }).unwrap();
        bench.settles().unwrap();
    }

    #[test]
    fn what_was_asked_and_never_answered_is_caught() {
        let mut bench = bench();
        let ask = Ask::Look(Actor::Operator, Query::Events);
        bench.see(&Seen::Asked { op: Op(1), ask }).unwrap();
        assert!(bench.settles().unwrap_err().contains("never answered"));
    }

    #[test]
    fn a_hold_an_order_and_an_effect_that_are_left_are_caught() {
        let mut bench = bench();
        bench.happens([taken(0, standing(1))]).unwrap();
        assert!(bench.settles().unwrap_err().contains("2 durable"));
        bench.synced().unwrap();
        assert!(bench.settles().unwrap_err().contains("still held"));
        bench.happens([placed(0, 0)]).unwrap();
        bench.synced().unwrap();
        assert!(bench.settles().unwrap_err().contains("still wants"));
        bench.happens([ready(0)]).unwrap();
        bench.synced().unwrap();
        assert!(bench.settles().unwrap_err().contains("still pending"));
    }

    #[test]
    fn somebody_who_waits_is_caught() {
        let mut bench = bench();
        let span = Span::from_mins(5);
        let waitroom = WaitroomSpec {
            doors_at: NOW,
            opens_at: NOW,
            slots: 1,
            rate_per_minute: 1,
            visit: span,
            claim: span,
            presence: span,
        };
        defines(&mut bench, Draft { waitroom: Some(waitroom), ..draft() });
        let place = PlaceId::new(EventId::new(PARTITION, 1).unwrap(), 0);
        bench.happens([WaitroomJoined { place, person: person(1), party: 1 }.into()]).unwrap();
        bench.synced().unwrap();
        assert!(bench.settles().unwrap_err().contains("1 wait"));
    }

    #[test]
    fn a_probe_of_which_nothing_is_sold_is_caught() {
        let mut bench = bench();
        defines(&mut bench, Draft { name: PROBE.into(), ..draft() });
        assert!(bench.settles().unwrap_err().contains("probe"));
    }
}
