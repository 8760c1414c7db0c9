//! What is going to happen, soonest first. Two things at the same moment happen in the order in
//! which they were put down.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use onsale_core::command::{Command, DisputeNotice, PaymentNotice};
use onsale_core::effect::Effect;
use onsale_core::id::OrderId;
use onsale_core::money::Amount;
use onsale_storage::journal::{SegmentIndex, WriteId};

use super::money::EffectId;
use super::provider;
use crate::seen::{Micros, Op, Told};

/// One life of the server process, from a start to an end.
pub(super) type Life = u32;

/// Something that is going to happen.
pub(super) enum Happening {
    /// A buyer does the next thing.
    BuyerWakes(usize),
    /// A copy of a request reaches the server.
    Arrives { op: Op, connections: u32 },
    /// An answer reaches whoever asked.
    Returns { op: Op, answer: Box<Told>, connections: u32 },
    /// Whoever asked has waited long enough for an answer to this attempt.
    TimesOut { op: Op, attempt: u32 },
    /// A partition gets its turn.
    Turn { partition: usize, life: Life },
    /// The disk completes a write.
    Written { partition: usize, life: Life, id: WriteId, fails: bool },
    /// The disk completes a segment.
    Created { partition: usize, life: Life, index: SegmentIndex, fails: bool },
    /// A snapshot is made of what is durable up to a fact.
    Snapshot { partition: usize, life: Life, fact: u64 },
    /// Whoever follows a partition's facts looks whether there are new ones.
    Follow { partition: usize, life: Life },
    /// The process begins, unless it runs.
    Start,
    /// The plan's operation with this index.
    Operation(usize),
    /// The event with this index is given an id.
    Reserve(usize),
    /// The event with this index is defined, then opened.
    Define(usize),
    /// It is opened.
    Open(usize),
    /// The plan's fault with this index.
    Fault(usize),
    /// An effect reaches the provider.
    Call { life: Life, effect: Box<Effect> },
    /// The provider's answer reaches the server.
    Called { life: Life, effect: EffectId, answer: Box<provider::Answer> },
    /// What came of an effect is recorded.
    Record { life: Life, effect: EffectId },
    /// The provider takes money.
    Capture { order: OrderId, amount: Amount },
    /// The provider declines.
    Decline { order: OrderId },
    /// A bank decides on a dispute, or takes it up again.
    Judged { order: OrderId, dispute: String, is_lost: Option<bool> },
    /// A notice of the provider reaches the server.
    Notice(Box<Notice>),
    /// The server asks the provider about payments that it has not heard of.
    Reconcile { life: Life },
    /// Everything heals.
    Heal,
    /// Whether it is all over is looked at.
    Look,
}

/// A notice on its way.
#[derive(Clone, Debug)]
pub(super) struct Notice {
    pub(super) news: News,
    /// How often it was sent, this time included.
    pub(super) attempt: u32,
}

/// What the provider tells.
#[derive(Clone, Debug)]
pub(super) enum News {
    Payment(PaymentNotice),
    Dispute(DisputeNotice),
}

impl News {
    pub(super) fn order(&self) -> OrderId {
        match self {
            Self::Payment(notice) => notice.order,
            Self::Dispute(notice) => notice.order,
        }
    }

    /// That it is written down.
    pub(super) fn command(&self) -> Command {
        match self {
            Self::Payment(notice) => Command::RecordPayment(notice.clone()),
            Self::Dispute(notice) => Command::RecordDispute(Box::new(notice.clone())),
        }
    }
}

struct Entry {
    at: Micros,
    number: u64,
    what: Happening,
}

/// What is going to happen.
#[derive(Default)]
pub(super) struct Agenda {
    entries: BinaryHeap<Entry>,
    next: u64,
}

impl Agenda {
    pub(super) fn put(&mut self, at: Micros, what: Happening) {
        let number = self.next;
        self.next += 1;
        self.entries.push(Entry { at, number, what });
    }

    pub(super) fn next(&mut self) -> Option<(Micros, Happening)> {
        self.entries.pop().map(|entry| (entry.at, entry.what))
    }
}

/// The soonest is the greatest, as the heap wants it.
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}
