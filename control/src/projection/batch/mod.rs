//! What some decisions do to the rows, without a database: rows that were found go in, facts are
//! applied one after the other, and what is to be written comes out.
//!
//! However the facts are cut into batches, the same rows come of them. That is what a rebuild
//! relies on when it is compared with what was written live.

mod dispute;
mod event;
mod hold;
mod money;
mod needs;
mod order;
mod slots;
mod sums;

use std::collections::BTreeMap;

use onsale_core::fact::{Decision, Fact};
use onsale_core::id::{EventId, HoldId, OrderId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::spec::{ClassId, QuotaId};
use onsale_core::time::Time;
use onsale_core::trace::TraceId;
use thiserror::Error;

pub(super) use self::needs::Needs;
use self::slots::Slots;
pub(crate) use self::sums::QUARTER;
use super::rows::{
    Class, ClassCounts, Dispute, Event, Hold, Item, Order, Payment, PlanRow, Quarter, Quota,
    QuotaClass, Refund, Seat, Totals,
};

/// A fact that does not go on from what was taken in before it: the rows are not those of this
/// journal.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("fact {fact} ({name}) is about something that the read models do not have")]
pub struct Contradiction {
    /// The fact.
    pub fact: u64,
    /// What kind of fact it is.
    pub name: &'static str,
}

/// The rows that a batch of decisions has to do with.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub events: Slots<EventId, Event>,
    pub classes: Slots<(EventId, ClassId), Class>,
    pub quotas: Slots<(EventId, QuotaId), Quota>,
    pub quota_classes: Slots<(EventId, QuotaId, ClassId), QuotaClass>,
    pub plan_rows: Slots<(EventId, SeatIndex), PlanRow>,
    pub holds: Slots<HoldId, Hold>,
    /// Those that change hands; `None` where they are free in the end. What was there before need
    /// not be known.
    pub seats: BTreeMap<(EventId, SeatIndex), Option<Seat>>,
    pub orders: Slots<OrderId, Order>,
    pub items: Slots<(OrderId, u32), Item>,
    pub payments: Slots<(OrderId, u32), Payment>,
    pub refunds: Slots<(OrderId, u32), Refund>,
    pub disputes: Slots<(OrderId, u32), Dispute>,
    /// What is to be added.
    pub counts: BTreeMap<(EventId, ClassId), ClassCounts>,
    pub quarters: BTreeMap<(EventId, ClassId, u64), Quarter>,
    pub totals: BTreeMap<EventId, Totals>,
}

/// Where in the journal and in time a fact stands.
#[derive(Clone, Copy)]
struct Mark {
    number: u64,
    at: Time,
    trace: Option<TraceId>,
}

impl Batch {
    /// Applies a decision whose first fact has this number.
    pub(super) fn apply(&mut self, first: u64, decision: &Decision) -> Result<(), Contradiction> {
        for (number, fact) in (first..).zip(&decision.facts) {
            let mark = Mark { number, at: decision.at, trace: decision.trace };
            let applied = self.apply_fact(mark, fact);
            applied.ok_or(Contradiction { fact: number, name: fact.name() })?;
        }
        Ok(())
    }

    /// `None` if the fact is about something that is not there. Every kind of fact is named: one
    /// that is new must be thought about here.
    fn apply_fact(&mut self, mark: Mark, fact: &Fact) -> Option<()> {
        match fact {
            Fact::EventDefined(fact) => self.event_defined(mark, fact),
            Fact::EventOpened(fact) => self.event_opened(mark, fact.event)?,
            Fact::EventCancelled(fact) => self.event_cancelled(mark, fact.event)?,
            Fact::EventChanged(fact) => self.event_changed(fact)?,
            Fact::SeatsBlocked(fact) => self.seats_blocked(fact)?,
            Fact::WaitroomJoined(fact) => self.totals(fact.place.event).joined += 1,
            Fact::PlaceAdmitted(fact) => self.totals(fact.place.event).admitted += 1,
            Fact::PlaceEnded(fact) => self.place_ended(fact),
            Fact::HoldTaken(fact) => self.hold_taken(mark, fact),
            Fact::HoldReleased(fact) => self.hold_released(fact)?,
            Fact::OrderPlaced(fact) => self.order_placed(mark, fact)?,
            Fact::IntentReady(fact) => self.step(mark, fact.order)?.ready_at = Some(mark.at),
            Fact::PaymentStarted(fact) => self.payment_started(mark, fact)?,
            Fact::PaymentCaptured(fact) => self.payment_captured(mark, fact)?,
            Fact::OrderCompleted(fact) => self.order_completed(mark, fact)?,
            Fact::OrderEnded(fact) => self.order_ended(mark, fact)?,
            Fact::OrderRevived(fact) => self.order_revived(mark, fact)?,
            Fact::RefundWanted(fact) => self.refund_wanted(mark, fact)?,
            Fact::RefundDone(fact) => self.refund_done(mark, fact)?,
            Fact::RefundRefused(fact) => self.refund_refused(mark, fact)?,
            Fact::RefundRetried(fact) => self.refund_retried(mark, fact)?,
            Fact::RefundSettled(fact) => self.refund_settled(mark, fact)?,
            // Disputes themselves are seen at the partition: here is what they cost.
            Fact::DisputeOpened(fact) => self.dispute_opened(mark, fact)?,
            Fact::DisputeClosed(fact) => self.dispute_closed(mark, fact)?,
            Fact::DisputeDecided(fact) => self.dispute_decided(mark, fact)?,
            // Nothing to see yet; how people are let in; money for no order and disputes about it,
            // which the partition keeps for its operator; an answer that is kept.
            Fact::EventReserved(_)
            | Fact::LotteryDrawn(_)
            | Fact::WaitroomSteered(_)
            | Fact::PaymentStrayed(_)
            | Fact::DisputeStrayed(_)
            | Fact::Answered(_) => {}
        }
        Some(())
    }
}
