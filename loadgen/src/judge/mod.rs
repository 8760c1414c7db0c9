//! Was what was acknowledged true? Judged at the end, by what people were told, by their orders
//! read again, and by the event's books where an operator's token is at hand.
//!
//! Pure: reading is done by `run`. Deliberately absent: speed. A run that is fast and wrong is
//! wrong.

pub mod codes;
mod evidence;
mod seats;

use std::collections::{BTreeMap, BTreeSet};

pub use self::evidence::{Acknowledged, Asked, Claim, Evidence, RunClock};
use crate::api::{Audit, Event, Line, Order};

/// More would say the same.
const VIOLATIONS_MAX: usize = 100;

/// All that is known at the end.
#[derive(Debug)]
pub struct Case<'a> {
    /// The event that was sold.
    pub event: &'a Event,
    /// Whether nobody else could buy: the generator defined it.
    pub is_ours: bool,
    /// What people were told.
    pub evidence: &'a Evidence,
    /// The acknowledged orders read again, in the same order: each with the time of the run, or why
    /// it could not be read.
    pub readings: &'a [Reading],
    /// The books, if somebody was allowed to look.
    pub audit: Option<&'a Audit>,
    /// How often each code was refused with.
    pub refusals: &'a BTreeMap<String, u64>,
}

/// An order read again.
pub type Reading = Result<(u64, Order), String>;

/// What must not have happened, and did, each with its ids.
pub fn judge(case: &Case<'_>) -> Vec<String> {
    let mut violations = codes::undocumented(case.refusals);
    violations.extend(orders(case));
    violations.extend(seats::had_by_two(case));
    violations.extend(capacity(case));
    violations.extend(books(case));
    let more = violations.len().saturating_sub(VIOLATIONS_MAX);
    if more > 0 {
        violations.truncate(VIOLATIONS_MAX);
        violations.push(format!("and {more} more"));
    }
    violations
}

/// How many valid tickets the orders have that were read again.
pub fn sold(readings: &[Reading]) -> u64 {
    readings.iter().flatten().map(|(_, order)| valid_tickets(order)).sum()
}

/// Every acknowledged order is readable and says what was acknowledged.
fn orders(case: &Case<'_>) -> Vec<String> {
    let pairs = case.evidence.orders.iter().zip(case.readings);
    let mut wrong: Vec<_> = pairs
        .clone()
        .filter_map(|(told, reading)| Some((told, reading.as_ref().ok()?)))
        .flat_map(|(told, (_, shown))| contradictions(told, shown))
        .collect();
    let mut unread = BTreeMap::<&str, Vec<&str>>::new();
    for (told, reading) in pairs {
        if let Err(why) = reading {
            unread.entry(why).or_default().push(&told.id);
        }
    }
    wrong.extend(unread.into_iter().map(|(why, ids)| {
        let count = ids.len();
        let some: Vec<_> = ids.into_iter().take(3).collect();
        format!("{count} acknowledged orders cannot be read ({why}), such as {}", some.join(", "))
    }));
    wrong
}

fn contradictions(told: &Acknowledged, shown: &Order) -> Vec<String> {
    let id = &told.id;
    let mut wrong = Vec::new();
    if shown.total_minor != told.total_minor {
        let (was, is) = (told.total_minor, shown.total_minor);
        wrong.push(format!("order {id} was acknowledged at {was} minor units and now says {is}"));
    }
    if tickets_by_class(&shown.lines) != tickets_by_class(&told.lines) {
        wrong.push(format!("order {id} is no more for the tickets that were acknowledged"));
    }
    if !told.accept_other_seats && seats_of(&shown.lines) != seats_of(&told.lines) {
        wrong.push(format!("order {id} is no more for the seats that were acknowledged"));
    }
    let ordered: u64 = told.lines.iter().map(|line| u64::from(line.count)).sum();
    if shown.status == "COMPLETED" && valid_tickets(shown) != ordered {
        let valid = valid_tickets(shown);
        wrong.push(format!("order {id} is for {ordered} tickets, is completed and has {valid}"));
    }
    if let Some((_, tickets)) = &told.completed {
        let has = |ticket: &String| shown.tickets.iter().any(|shown| shown.id == *ticket);
        if let Some(lost) = tickets.iter().find(|ticket| !has(ticket)) {
            wrong.push(format!("order {id} had ticket {lost} and has it no more"));
        }
        if !matches!(shown.status.as_str(), "COMPLETED" | "REFUNDED" | "PARTIALLY_REFUNDED") {
            wrong.push(format!("order {id} was completed and is now {}", shown.status));
        }
    }
    wrong
}

/// No more is sold than there is.
fn capacity(case: &Case<'_>) -> Vec<String> {
    let mut sold = BTreeMap::<u16, u64>::new();
    let orders = case.readings.iter().flatten();
    for ticket in orders.flat_map(|(_, order)| &order.tickets).filter(|ticket| ticket.valid) {
        *sold.entry(ticket.class).or_default() += 1;
    }
    let quotas = case.event.quotas.iter().filter_map(|quota| {
        let sold: u64 = quota.classes.iter().filter_map(|class| sold.get(class)).sum();
        let (name, capacity) = (&quota.name, quota.capacity);
        let is_over = sold > u64::from(capacity);
        is_over.then(|| format!("{sold} tickets of `{name}` are sold, and there are {capacity}"))
    });
    quotas.collect()
}

/// The books balance and agree with what was acknowledged.
fn books(case: &Case<'_>) -> Vec<String> {
    let Some(audit) = case.audit else { return Vec::new() };
    let event = &case.event.id;
    let mut wrong = Vec::new();
    // While money is on its way back it does not add up yet.
    if !audit.holds && audit.refunding_minor == 0 {
        wrong.push(format!("the books of event {event} do not balance: see its audit"));
    }
    if audit.seats_sold_twice > 0 {
        let seats = audit.seats_sold_twice;
        wrong.push(format!("the books of event {event} have {seats} seats sold twice"));
    }
    wrong.extend(audit.stock.iter().filter(|line| line.sold > line.capacity).map(|line| {
        let (name, sold, capacity) = (&line.name, line.sold, line.capacity);
        format!("the books of event {event} have {sold} of `{name}` sold, and there are {capacity}")
    }));
    let (sold, booked) = (sold(case.readings), audit.tickets);
    let is_settled = case.evidence.unanswered_orders == 0
        && case
            .readings
            .iter()
            .all(|reading| reading.as_ref().is_ok_and(|(_, order)| order.status != "PENDING"));
    if sold > booked || (case.is_ours && is_settled && sold < booked) {
        wrong.push(format!(
            "the acknowledged orders of event {event} have {sold} valid tickets, its books {booked}"
        ));
    }
    wrong
}

fn valid_tickets(order: &Order) -> u64 {
    order.tickets.iter().filter(|ticket| ticket.valid).count() as u64
}

fn tickets_by_class(lines: &[Line]) -> BTreeMap<u16, u32> {
    lines.iter().fold(BTreeMap::new(), |mut counts, line| {
        *counts.entry(line.class).or_default() += line.count;
        counts
    })
}

fn seats_of(lines: &[Line]) -> BTreeSet<u32> {
    lines.iter().flat_map(|line| line.seats.iter().copied()).collect()
}

#[cfg(test)]
mod tests;
