//! Orders, from their placing to their tickets.

use onsale_core::fact::{OrderCompleted, OrderEnded, OrderPlaced, OrderRevived};
use onsale_core::hold::Line;
use onsale_core::id::TicketId;
use onsale_core::order::OrderEnd;

use super::data;
use super::inventory::{lines, money};
use super::text::time;
use super::{Context, MapError};

pub(super) fn placed(fact: &OrderPlaced) -> data::OrderPlaced {
    data::OrderPlaced {
        event: fact.order.event.to_string(),
        order: fact.order.to_string(),
        hold: fact.hold.to_string(),
        provider: fact.provider.0.clone(),
        until: time(fact.until),
        accept_other_seats: fact.accept_other_seats,
    }
}

pub(super) fn completed(fact: &OrderCompleted) -> data::OrderCompleted {
    let event = fact.order.event;
    let first_ticket = TicketId::new(event, fact.first_ticket).to_string();
    data::OrderCompleted { event: event.to_string(), order: fact.order.to_string(), first_ticket }
}

pub(super) fn ended(fact: &OrderEnded) -> data::OrderEnded {
    let reason = match fact.end {
        OrderEnd::Cancelled => data::OrderEnd::Cancelled,
        OrderEnd::EventCancelled => data::OrderEnd::EventCancelled,
        OrderEnd::Declined => data::OrderEnd::Declined,
        OrderEnd::IntentRefused => data::OrderEnd::IntentRefused,
        OrderEnd::Mismatch => data::OrderEnd::Mismatch,
        OrderEnd::Expired => data::OrderEnd::Expired,
    };
    let event = fact.order.event.to_string();
    data::OrderEnded { event, order: fact.order.to_string(), reason }
}

pub(super) fn revived(
    fact: &OrderRevived,
    context: &Context<'_>,
) -> Result<data::OrderRevived, MapError> {
    let currency = context.currency(fact.order.event)?;
    Ok(data::OrderRevived {
        event: fact.order.event.to_string(),
        order: fact.order.to_string(),
        lines: lines(&fact.lines, currency),
        total: money(Line::total(&fact.lines), currency),
    })
}
