//! Answers of the API read back into the words of the rules: the reverse of what `onsale-net`
//! renders, written apart from it.

use onsale_core::call::CallError;
use onsale_core::hold::Line;
use onsale_core::id::{HoldId, OrderId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::money::{Amount, Currency};
use onsale_core::order::{OrderStatus, PaymentStatus};
use onsale_core::payment::{RefundCause, RefundState, RefundView};
use onsale_core::query::{OrderView, SeatLabel, TicketView};
use onsale_core::refusal::{Refusal, Thing};
use onsale_core::reply::HoldView;
use onsale_core::spec::ClassId;
use onsale_core::time::Time;
use onsale_net::dto::At;
use serde_json::Value;

/// A hold, or the part of an order that is one.
pub(crate) fn hold(hold: HoldId, body: &Value) -> Option<HoldView> {
    let (lines, total) = (lines(body)?, amount(body, "total_minor")?);
    Some(HoldView {
        hold,
        lines,
        total,
        currency: currency(body)?,
        until: time(body, "expires_at")?,
    })
}

/// An order as it is shown.
pub(crate) fn order(body: &Value) -> Option<OrderView> {
    let order: OrderId = text(body, "id")?.parse().ok()?;
    Some(OrderView {
        order,
        status: status(body)?,
        lines: lines(body)?,
        total: amount(body, "total_minor")?,
        currency: currency(body)?,
        placed_at: time(body, "placed_at")?,
        until: time(body, "expires_at")?,
        provider: text(body, "provider")?.to_owned(),
        payment: payment(&body["payment"])?,
        captured: amount(body, "captured_minor")?,
        refunds: body["refunds"].as_array()?.iter().map(refund).collect::<Option<_>>()?,
        tickets: body["tickets"].as_array()?.iter().map(ticket).collect::<Option<_>>()?,
    })
}

/// Where an order is in its life.
pub(crate) fn status(body: &Value) -> Option<OrderStatus> {
    use OrderStatus::{
        Cancelled, Completed, Expired, Failed, PartiallyRefunded, Pending, Refunded,
    };
    let all = [Pending, Completed, Failed, Cancelled, Expired, Refunded, PartiallyRefunded];
    let name = text(body, "status")?;
    all.into_iter().find(|status| status.name() == name)
}

/// What a problem says. A member that is not there counts as nothing or none: codes are exact,
/// their details as far as they are told.
pub(crate) fn problem(body: &Value) -> CallError {
    let seats = || seats(&body["seats"]).unwrap_or_default();
    let class = || ClassId(number(body, "class") as u16);
    let refusal = match text(body, "code").unwrap_or_default() {
        "overloaded" => {
            let retry_after_s = number(body, "retry_after_s") as u32;
            return CallError::Overloaded { retry_after_s };
        }
        "admission_required" => Refusal::AdmissionRequired,
        "all_held" => Refusal::AllHeld { class: class(), left: number(body, "left") as u32 },
        "event_cancelled" => Refusal::EventCancelled,
        "full" => Refusal::Full(thing(body)),
        "hold_gone" => Refusal::HoldGone,
        "key_reused" => Refusal::KeyReused,
        "leaves_orphan" => Refusal::LeavesOrphan { seats: seats() },
        "limit_reached" => Refusal::LimitReached {
            limit: number(body, "limit") as u32,
            has: number(body, "has") as u32,
        },
        "malformed" => Refusal::Malformed("as the answer says"),
        "no_neighbours" => Refusal::NoNeighbours { count: number(body, "count") as u32 },
        "not_found" => Refusal::NotFound(thing(body)),
        "not_in_that_state" => {
            let named = text(body, "order_status").unwrap_or_default();
            let status = status(&serde_json::json!({ "status": named }));
            Refusal::NotInThatState { status: status.map_or("", OrderStatus::name) }
        }
        "not_on_sale" => Refusal::NotOnSale {
            class: class(),
            opens_at: time(body, "opens_at").unwrap_or(Time::ZERO),
            closes_at: time(body, "closes_at").unwrap_or(Time::MAX),
        },
        "forbidden" => Refusal::OperatorOnly,
        "seats_blocked" => Refusal::SeatsBlocked { seats: seats() },
        "seats_taken" => Refusal::SeatsTaken { seats: seats() },
        "sold_out" => Refusal::SoldOut { class: class(), left: number(body, "left") as u32 },
        "unknown_seats" => Refusal::UnknownSeats { seats: seats() },
        // The server stops, or there was a fault on the way: whether it was done is open.
        _ => return CallError::Stopped,
    };
    CallError::Refused(refusal)
}

/// A point in time.
pub(crate) fn time(of: &Value, member: &str) -> Option<Time> {
    serde_json::from_value::<At>(of[member].clone()).ok().map(|at| at.0)
}

/// A text.
pub(crate) fn text<'a>(of: &'a Value, member: &str) -> Option<&'a str> {
    of[member].as_str()
}

fn lines(body: &Value) -> Option<Vec<Line>> {
    let line = |line: &Value| {
        Some(Line {
            class: ClassId(number(line, "class") as u16),
            count: number(line, "count") as u32,
            price: amount(line, "price_minor")?,
            seats: seats(&line["seats"])?,
        })
    };
    body["lines"].as_array()?.iter().map(line).collect()
}

fn seats(of: &Value) -> Option<Vec<SeatIndex>> {
    of.as_array()?.iter().map(|seat| Some(SeatIndex(seat.as_u64()? as u32))).collect()
}

fn payment(of: &Value) -> Option<PaymentStatus> {
    Some(match text(of, "status")? {
        "FREE" => PaymentStatus::Free,
        "PREPARING" => PaymentStatus::Preparing,
        "READY" => PaymentStatus::Ready(text(of, "url")?.to_owned()),
        "PROCESSING" => PaymentStatus::Processing,
        "PAID" => PaymentStatus::Paid,
        "CLOSED" => PaymentStatus::Closed,
        _ => return None,
    })
}

fn refund(of: &Value) -> Option<RefundView> {
    let note = || text(of, "note").unwrap_or_default().to_owned();
    let cause = match text(of, "cause")? {
        "ASKED" => RefundCause::Asked,
        "DUPLICATE" => RefundCause::Duplicate,
        "EVENT_CANCELLED" => RefundCause::EventCancelled,
        "LATE" => RefundCause::Late,
        "MISMATCH" => RefundCause::Mismatch,
        "DISPUTED" => RefundCause::Disputed,
        _ => return None,
    };
    let state = match text(of, "state")? {
        "WANTED" => RefundState::Wanted,
        "DONE" => RefundState::Done { reference: note() },
        "REFUSED" => RefundState::Refused { reason: note() },
        _ => return None,
    };
    let (amount, currency) = (amount(of, "amount_minor")?, currency(of)?);
    Some(RefundView { number: number(of, "number") as u32, amount, currency, cause, state })
}

fn ticket(of: &Value) -> Option<TicketView> {
    let label = |member| Some(text(&of["seat"], member)?.to_owned());
    let seat = match of["seat"]["index"].as_u64() {
        None => None,
        Some(index) => {
            let label =
                SeatLabel { section: label("section")?, row: label("row")?, seat: label("seat")? };
            Some((SeatIndex(index as u32), label))
        }
    };
    Some(TicketView {
        ticket: text(of, "id")?.parse().ok()?,
        class: ClassId(number(of, "class") as u16),
        price: amount(of, "price_minor")?,
        seat,
        valid: of["valid"].as_bool()?,
    })
}

fn thing(body: &Value) -> Thing {
    use Thing::{Class, Event, Hold, Order, Place, Plan, Refund, Ticket};
    let all = [Class, Event, Hold, Order, Place, Refund, Plan, Ticket];
    let what = text(body, "what").unwrap_or_default();
    all.into_iter().find(|thing| thing.name() == what).unwrap_or(Event)
}

fn currency(of: &Value) -> Option<Currency> {
    text(of, "currency")?.parse().ok()
}

fn amount(of: &Value, member: &str) -> Option<Amount> {
    of[member].as_u64().map(Amount::from_minor)
}

fn number(of: &Value, member: &str) -> u64 {
    of[member].as_u64().unwrap_or_default()
}
