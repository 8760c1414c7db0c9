//! Which facts are published, and as what.

use std::fmt::Display;

use onsale_core::fact::Fact;
use onsale_core::id::EventId;

use super::data::Data;
use super::{Context, MapError, inventory, order, payment, queue};

/// What is published of a fact.
pub(super) struct Published {
    pub(super) key: EventId,
    pub(super) subject: String,
    pub(super) data: Data,
}

fn of(key: EventId, subject: impl Display, data: impl Into<Data>) -> Published {
    Published { key, subject: subject.to_string(), data: data.into() }
}

/// What is published of a fact; `None` if it is nobody else's business.
pub(super) fn published(fact: &Fact, context: &Context<'_>) -> Result<Option<Published>, MapError> {
    Ok(Some(match fact {
        Fact::EventDefined(fact) => of(fact.event, fact.event, inventory::defined(fact)),
        Fact::EventOpened(fact) => of(fact.event, fact.event, inventory::opened(fact)),
        Fact::EventCancelled(fact) => of(fact.event, fact.event, inventory::cancelled(fact)),
        Fact::EventChanged(fact) => of(fact.event, fact.event, inventory::changed(fact, context)?),
        Fact::SeatsBlocked(fact) => of(fact.event, fact.event, inventory::blocked(fact)),
        Fact::HoldTaken(fact) => of(fact.hold.event, fact.hold, inventory::taken(fact, context)?),
        Fact::HoldReleased(fact) => of(fact.hold.event, fact.hold, inventory::released(fact)),
        Fact::WaitroomJoined(fact) => of(fact.place.event, fact.place, queue::joined(fact)),
        Fact::LotteryDrawn(fact) => of(fact.event, fact.event, queue::drawn(fact)),
        Fact::PlaceAdmitted(fact) => of(fact.place.event, fact.place, queue::admitted(fact)),
        Fact::PlaceEnded(fact) => of(fact.place.event, fact.place, queue::ended(fact)),
        Fact::WaitroomSteered(fact) => of(fact.event, fact.event, queue::steered(fact)),
        Fact::OrderPlaced(fact) => of(fact.order.event, fact.order, order::placed(fact)),
        Fact::OrderCompleted(fact) => of(fact.order.event, fact.order, order::completed(fact)),
        Fact::OrderEnded(fact) => of(fact.order.event, fact.order, order::ended(fact)),
        Fact::OrderRevived(fact) => {
            of(fact.order.event, fact.order, order::revived(fact, context)?)
        }
        Fact::IntentReady(fact) => of(fact.order.event, fact.order, payment::ready(fact)),
        Fact::PaymentStarted(fact) => of(fact.order.event, fact.order, payment::started(fact)),
        Fact::PaymentCaptured(fact) => of(fact.order.event, fact.order, payment::captured(fact)),
        Fact::PaymentStrayed(fact) => of(fact.claimed.event, fact.claimed, payment::strayed(fact)),
        Fact::RefundWanted(fact) => {
            of(fact.order.event, fact.order, payment::refund_wanted(fact, context)?)
        }
        Fact::RefundDone(fact) => of(fact.order.event, fact.order, payment::refund_done(fact)),
        Fact::RefundRefused(fact) => {
            of(fact.order.event, fact.order, payment::refund_refused(fact))
        }
        Fact::RefundRetried(fact) => {
            of(fact.order.event, fact.order, payment::refund_retried(fact))
        }
        Fact::RefundSettled(fact) => {
            of(fact.order.event, fact.order, payment::refund_settled(fact))
        }
        Fact::DisputeOpened(fact) => {
            of(fact.order.event, fact.order, payment::dispute_opened(fact))
        }
        Fact::DisputeClosed(fact) => {
            of(fact.order.event, fact.order, payment::dispute_closed(fact))
        }
        Fact::DisputeStrayed(fact) => {
            of(fact.claimed.event, fact.claimed, payment::dispute_strayed(fact))
        }
        Fact::DisputeDecided(fact) => {
            of(fact.order.event, fact.order, payment::dispute_decided(fact))
        }
        // An id with nothing behind it yet: what it is for is published when it is defined. And
        // what somebody was told, for the case that they ask again: it says nothing new, and has
        // all that they may know.
        Fact::EventReserved(_) | Fact::Answered(_) => return Ok(None),
    }))
}
