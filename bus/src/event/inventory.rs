//! What there is to buy, and who holds some of it.

use onsale_core::fact::{
    EventCancelled, EventChanged, EventDefined, EventOpened, HoldReleased, HoldTaken, SeatsBlocked,
};
use onsale_core::hold::Line;
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::money::{Amount, Currency};
use onsale_core::spec::{Change, Class, Draft, Plan, Quota, WaitroomSpec};

use super::data::{self, Data, Money};
use super::text::time;
use super::{Context, MapError};

pub(super) fn defined(fact: &EventDefined) -> data::EventDefined {
    let spec: &Draft = &fact.spec;
    let class = |class: &Class| data::Class {
        name: class.name.clone(),
        price: money(class.price, spec.currency),
        opens_at: time(class.window.opens_at),
        closes_at: time(class.window.closes_at),
    };
    data::EventDefined {
        event: fact.event.to_string(),
        name: spec.name.clone(),
        currency: spec.currency.to_string(),
        classes: spec.classes.iter().map(class).collect(),
        quotas: spec.quotas.iter().map(quota).collect(),
        seats: spec.plan.as_ref().map_or(0, seats_of),
        waitroom: spec.waitroom.as_ref().map(waitroom),
        per_buyer: spec.limits.per_buyer,
        per_hold: spec.limits.per_hold,
    }
}

fn quota(quota: &Quota) -> data::Quota {
    data::Quota {
        name: quota.name.clone(),
        capacity: quota.capacity,
        classes: quota.classes.iter().map(|class| class.0).collect(),
    }
}

fn waitroom(waitroom: &WaitroomSpec) -> data::Waitroom {
    data::Waitroom {
        doors_at: time(waitroom.doors_at),
        opens_at: time(waitroom.opens_at),
        slots: waitroom.slots,
        rate_per_minute: waitroom.rate_per_minute,
    }
}

fn seats_of(plan: &Plan) -> u64 {
    let rows = plan.sections.iter().flat_map(|section| &section.rows);
    rows.map(|row| u64::from(row.seats)).sum()
}

pub(super) fn opened(fact: &EventOpened) -> data::EventOpened {
    data::EventOpened { event: fact.event.to_string() }
}

pub(super) fn cancelled(fact: &EventCancelled) -> data::EventCancelled {
    data::EventCancelled { event: fact.event.to_string() }
}

pub(super) fn changed(fact: &EventChanged, context: &Context<'_>) -> Result<Data, MapError> {
    let event = fact.event.to_string();
    Ok(match fact.change {
        Change::Capacity { quota, capacity } => {
            data::QuotaResized { event, quota: quota.0, capacity }.into()
        }
        Change::Price { class, price } => {
            let price = money(price, context.currency(fact.event)?);
            data::ClassRepriced { event, class: class.0, price }.into()
        }
        Change::Window { class, window } => data::ClassRescheduled {
            event,
            class: class.0,
            opens_at: time(window.opens_at),
            closes_at: time(window.closes_at),
        }
        .into(),
    })
}

pub(super) fn blocked(fact: &SeatsBlocked) -> Data {
    let (event, seats) = (fact.event.to_string(), seats(&fact.seats));
    if fact.block {
        data::SeatsBlocked { event, seats }.into()
    } else {
        data::SeatsUnblocked { event, seats }.into()
    }
}

pub(super) fn taken(fact: &HoldTaken, context: &Context<'_>) -> Result<data::HoldTaken, MapError> {
    let currency = context.currency(fact.hold.event)?;
    Ok(data::HoldTaken {
        event: fact.hold.event.to_string(),
        hold: fact.hold.to_string(),
        person: fact.person.to_string(),
        place: fact.place.map(|place| place.to_string()),
        lines: lines(&fact.lines, currency),
        total: money(Line::total(&fact.lines), currency),
        until: time(fact.until),
    })
}

pub(super) fn released(fact: &HoldReleased) -> data::HoldReleased {
    let event = fact.hold.event.to_string();
    data::HoldReleased { event, hold: fact.hold.to_string(), expired: fact.expired }
}

pub(super) fn lines(lines: &[Line], currency: Currency) -> Vec<data::Line> {
    let line = |line: &Line| data::Line {
        class: line.class.0,
        count: line.count,
        price: money(line.price, currency),
        seats: seats(&line.seats),
    };
    lines.iter().map(line).collect()
}

pub(super) fn money(amount: Amount, currency: Currency) -> Money {
    Money { amount_minor: amount.as_minor(), currency: currency.to_string() }
}

fn seats(seats: &[SeatIndex]) -> Vec<u32> {
    seats.iter().map(|seat| seat.0).collect()
}
