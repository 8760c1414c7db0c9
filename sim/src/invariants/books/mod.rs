//! What the facts say, kept a second time and by other means than the rules keep it: plain counts,
//! and for every seat who has it. Nothing here asks whether something may happen; the invariants
//! judge what did.
//!
//! All invariants may share one set of books: whoever sees something first enters it, and for the
//! others it is there already. Facts that a crash took away are taken out again.

mod event;
mod order;

use std::cell::{Ref, RefCell};
use std::rc::Rc;

use onsale_core::fact::{Decision, Fact};
use onsale_core::id::{EventId, HoldId, OrderId, PartitionId};

pub(crate) use self::event::{Count, EventBook, HoldBook, HoldState};
pub(crate) use self::order::{ByHand, CaptureBook, Face, OrderBook, RefundBook, Standing};

use crate::seen::Seen;

/// Books that several invariants read.
#[derive(Clone, Default)]
pub(crate) struct Shared(Rc<RefCell<Books>>);

impl Shared {
    /// Enters what was seen, if nobody has yet, and opens the books.
    pub(crate) fn see(&self, seen: &Seen<'_>) -> Ref<'_, Books> {
        if matches!(seen, Seen::Written { .. } | Seen::Durable { .. } | Seen::Started { .. }) {
            self.0.borrow_mut().see(seen);
        }
        self.0.borrow()
    }
}

/// The books of all partitions.
#[derive(Default)]
pub(crate) struct Books {
    partitions: Vec<PartitionBook>,
}

/// The books of one partition.
#[derive(Default)]
pub(crate) struct PartitionBook {
    /// The last fact that was written.
    pub(crate) written: u64,
    /// The last fact that the disk has.
    pub(crate) durable: u64,
    pub(crate) journal: Journal,
    /// By number; none where an id is only reserved.
    events: Vec<Option<EventBook>>,
    /// Money for no order of ours: provider, payment, amount in minor units.
    pub(crate) strays: Vec<(String, String, u64)>,
    /// Disputes about money for no order that there is: from whom, and their names.
    pub(crate) stray_disputes: Vec<(String, String)>,
    /// The first thing that makes no sense, and its fact.
    pub(crate) nonsense: Option<(u64, &'static str)>,
    /// How often facts were taken out again.
    pub(crate) cuts: u64,
}

impl Books {
    fn see(&mut self, seen: &Seen<'_>) {
        match *seen {
            Seen::Written { partition, first, decision } => {
                let book = self.partition_mut(partition);
                if first == book.written + 1 {
                    book.journal.push(first, decision);
                    book.enter(first, decision);
                }
            }
            Seen::Durable { partition, up_to } => {
                let book = self.partition_mut(partition);
                book.durable = book.durable.max(up_to);
            }
            Seen::Started { partition, state, .. } => {
                let book = self.partition_mut(partition);
                book.cut(state.applied());
                book.durable = state.applied();
            }
            _ => {}
        }
    }

    fn partition_mut(&mut self, id: PartitionId) -> &mut PartitionBook {
        let index = usize::from(id.number());
        if self.partitions.len() <= index {
            self.partitions.resize_with(index + 1, PartitionBook::default);
        }
        &mut self.partitions[index]
    }

    /// The books of a partition, if anything was entered for it.
    pub(crate) fn partition(&self, id: PartitionId) -> Option<&PartitionBook> {
        self.partitions.get(usize::from(id.number()))
    }

    pub(crate) fn partitions(&self) -> impl Iterator<Item = (PartitionId, &PartitionBook)> {
        let ids = (0..).map_while(PartitionId::new);
        ids.zip(&self.partitions)
    }

    pub(crate) fn event(&self, id: EventId) -> Option<&EventBook> {
        self.partition(id.partition())?.events.get(id.index() as usize)?.as_ref()
    }

    pub(crate) fn order(&self, id: OrderId) -> Option<&OrderBook> {
        self.event(id.event)?.orders.get(id.number as usize)
    }

    pub(crate) fn hold(&self, id: HoldId) -> Option<&HoldBook> {
        self.event(id.event)?.holds.get(id.number as usize)
    }

    /// Every event, in order.
    pub(crate) fn events(&self) -> impl Iterator<Item = (EventId, &EventBook)> {
        self.partitions().flat_map(|(id, book)| book.events(id))
    }

    /// Every order, in order.
    pub(crate) fn orders(&self) -> impl Iterator<Item = (OrderId, &OrderBook)> {
        self.events().flat_map(|(event, book)| {
            (0..).map(move |number| OrderId::new(event, number)).zip(&book.orders)
        })
    }
}

impl PartitionBook {
    /// Every event of the partition, which has this id, in order.
    pub(crate) fn events(&self, id: PartitionId) -> impl Iterator<Item = (EventId, &EventBook)> {
        let ids = (0..).map_while(move |index| EventId::new(id, index));
        ids.zip(&self.events).filter_map(|(id, event)| Some((id, event.as_ref()?)))
    }

    fn enter(&mut self, first: u64, decision: &Decision) {
        for (number, fact) in (first..).zip(&decision.facts) {
            let wrong = self.enter_fact(number, decision, fact);
            if let (Err(why), None) = (wrong, self.nonsense) {
                self.nonsense = Some((number, why));
            }
            self.written = number;
        }
    }

    fn enter_fact(
        &mut self,
        number: u64,
        decision: &Decision,
        fact: &Fact,
    ) -> Result<(), &'static str> {
        match fact {
            Fact::EventReserved(fact) => self.reserve(fact.event),
            Fact::EventDefined(fact) => {
                let index = fact.event.index() as usize;
                if index >= self.events.len() {
                    self.reserve(fact.event)?;
                }
                let before = self.events[index].replace(EventBook::new(&fact.spec));
                if before.is_some() { Err("an event is defined twice") } else { Ok(()) }
            }
            Fact::PaymentStrayed(fact) => {
                let amount = fact.amount.as_minor();
                self.strays.push((fact.provider.0.clone(), fact.payment.clone(), amount));
                Ok(())
            }
            Fact::DisputeStrayed(fact) => {
                let stray = (fact.provider.0.clone(), fact.dispute.clone());
                let is_known = self.stray_disputes.contains(&stray);
                self.stray_disputes.push(stray);
                if is_known { Err("a dispute is reported as stray twice") } else { Ok(()) }
            }
            Fact::Answered(_) => Ok(()),
            _ => {
                let event = fact.event().ok_or("a fact is about no event")?;
                let book = self.events.get_mut(event.index() as usize).and_then(Option::as_mut);
                book.ok_or("a fact is about an event that was not defined")?.enter(
                    number,
                    decision.at,
                    fact,
                )
            }
        }
    }

    fn reserve(&mut self, event: EventId) -> Result<(), &'static str> {
        if event.index() as usize != self.events.len() {
            return Err("events are not numbered densely");
        }
        self.events.push(None);
        Ok(())
    }

    /// Takes out everything after a fact.
    fn cut(&mut self, last: u64) {
        if self.written <= last {
            return;
        }
        let mut journal = std::mem::take(&mut self.journal);
        journal.cut(last);
        let cuts = self.cuts + 1;
        *self = Self { cuts, ..Self::default() };
        for (first, decision) in journal.decisions_after(0) {
            self.enter(first, &decision);
        }
        self.journal = journal;
    }
}

/// All decisions that were written and not lost, as bytes.
#[derive(Default)]
pub(crate) struct Journal {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

struct Entry {
    first: u64,
    last: u64,
    end: usize,
}

impl Journal {
    fn push(&mut self, first: u64, decision: &Decision) {
        self.bytes = decision.encode(std::mem::take(&mut self.bytes));
        let last = first + decision.facts.len() as u64 - 1;
        self.entries.push(Entry { first, last, end: self.bytes.len() });
    }

    fn cut(&mut self, last: u64) {
        let kept = self.entries.partition_point(|entry| entry.last <= last);
        self.entries.truncate(kept);
        self.bytes.truncate(self.entries.last().map_or(0, |entry| entry.end));
    }

    /// The decisions that begin after a fact, each with its first.
    pub(crate) fn decisions_after(&self, fact: u64) -> impl Iterator<Item = (u64, Decision)> {
        let from = self.entries.partition_point(|entry| entry.first <= fact);
        self.entries[from..].iter().enumerate().map(move |(i, entry)| {
            let start = (from + i).checked_sub(1).map_or(0, |before| self.entries[before].end);
            let decision = Decision::decode(&self.bytes[start..entry.end]);
            (entry.first, decision.expect("what was encoded here can be decoded"))
        })
    }
}
