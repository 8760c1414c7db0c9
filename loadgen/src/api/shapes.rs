//! Answers, as far as somebody reads them.

use jiff::Timestamp;
use serde::Deserialize;

/// A guest's session.
#[derive(Clone, Debug, Deserialize)]
pub struct Session {
    /// What to send as `Authorization: Bearer ...`.
    pub access_token: String,
}

/// A place that was given.
#[derive(Clone, Debug, Deserialize)]
pub struct Joined {
    /// Which.
    pub id: String,
}

/// A place in a waitroom.
#[derive(Clone, Debug, Deserialize)]
pub struct Place {
    /// `QUEUED`, `ADMITTED`, ...
    pub state: String,
    /// Whether everything is paid for and gone.
    pub sold_out: bool,
    /// When to ask again, in milliseconds.
    pub poll_after_ms: Option<u64>,
    /// When `ADMITTED`: what to buy with.
    pub checkout_token: Option<String>,
    /// What to give as `seen`.
    pub version: String,
}

/// Tickets of one class.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// Which class.
    pub class: u16,
    /// How many.
    pub count: u32,
    /// Which seats; empty for counted tickets.
    pub seats: Vec<u32>,
}

/// A hold.
#[derive(Clone, Debug, Deserialize)]
pub struct Hold {
    /// Which.
    pub id: String,
    /// What is held.
    pub lines: Vec<Line>,
    /// Until when.
    pub expires_at: Timestamp,
}

/// An order that was placed.
#[derive(Clone, Debug, Deserialize)]
pub struct Placed {
    /// Which.
    pub id: String,
    /// What is ordered.
    pub lines: Vec<Line>,
    /// What it costs, in minor units.
    pub total_minor: u64,
    /// Until when it must be paid.
    pub expires_at: Timestamp,
}

/// An order.
#[derive(Clone, Debug, Deserialize)]
pub struct Order {
    /// `PENDING`, `COMPLETED`, ...
    pub status: String,
    /// What is ordered.
    pub lines: Vec<Line>,
    /// What it costs, in minor units.
    pub total_minor: u64,
    /// How far its payment is.
    pub payment: Payment,
    /// Its tickets, when there are any.
    pub tickets: Vec<Ticket>,
    /// What to give as `seen`.
    pub version: String,
}

/// How far a payment is.
#[derive(Clone, Debug, Deserialize)]
pub struct Payment {
    /// Where to pay, when one can.
    pub url: Option<String>,
}

/// A ticket.
#[derive(Clone, Debug, Deserialize)]
pub struct Ticket {
    /// Which.
    pub id: String,
    /// Of which class.
    pub class: u16,
    /// Its seat; none for counted tickets.
    pub seat: Option<Seat>,
    /// Whether it lets one in.
    pub valid: bool,
}

/// A seat.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Seat {
    /// Its index in the chart.
    pub index: u32,
}

/// An event.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// Which.
    pub id: String,
    /// `DEFINED`, `OPEN` or `CANCELLED`.
    pub phase: String,
    /// What is sold.
    pub classes: Vec<Class>,
    /// How much of it.
    pub quotas: Vec<Quota>,
    /// How many numbered seats it has.
    pub seats: u32,
    /// How much one buyer may have.
    pub limits: Limits,
    /// How long things are kept for somebody.
    pub terms: Terms,
    /// Its waitroom, if it has one.
    pub waitroom: Option<Waitroom>,
}

/// A kind of ticket.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Class {
    /// Its number within the event.
    pub id: u16,
}

/// A number of tickets over several classes together.
#[derive(Clone, Debug, Deserialize)]
pub struct Quota {
    /// What it is called.
    pub name: String,
    /// How many tickets it has room for.
    pub capacity: u32,
    /// The classes that count against it.
    pub classes: Vec<u16>,
}

/// How much one buyer may have.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Limits {
    /// Of the whole event.
    pub per_buyer: u32,
    /// In one hold.
    pub per_hold: u32,
}

/// How long things are kept for somebody.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Terms {
    /// How long a hold lives, in milliseconds.
    pub hold_ms: u64,
    /// How long an order waits for its payment, in milliseconds.
    pub order_ms: u64,
}

/// A waitroom.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Waitroom {
    /// How many people wait.
    pub waiting: u64,
}

/// A seating plan.
#[derive(Clone, Debug, Deserialize)]
pub struct Chart {
    /// Its sections.
    pub sections: Vec<Section>,
}

/// A part of a seating plan.
#[derive(Clone, Debug, Deserialize)]
pub struct Section {
    /// The class of its seats.
    pub class: u16,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// Seats next to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Row {
    /// The index of the first one.
    pub first_seat: u32,
    /// How many.
    pub seats: u32,
}

/// Which seats are not free.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Seats {
    /// In carts and orders, rising.
    pub held: Vec<u32>,
    /// Paid for, rising.
    pub sold: Vec<u32>,
    /// Not for sale, rising.
    pub blocked: Vec<u32>,
}

/// How much there is.
#[derive(Clone, Debug, Deserialize)]
pub struct Availability {
    /// Of each class.
    pub classes: Vec<Left>,
}

/// How much there is of a class.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Left {
    /// In carts and orders.
    pub held: u64,
    /// Paid for.
    pub sold: u64,
}

/// An event that was defined.
#[derive(Clone, Debug, Deserialize)]
pub struct Defined {
    /// Which.
    pub id: String,
}

/// The books of an event.
#[derive(Clone, Debug, Deserialize)]
pub struct Audit {
    /// Whether everything adds up.
    pub holds: bool,
    /// Each quota and each class of seats.
    pub stock: Vec<Stock>,
    /// Money that is going back, in minor units.
    pub refunding_minor: u64,
    /// Valid tickets.
    pub tickets: u64,
    /// Seats that two valid tickets name.
    pub seats_sold_twice: u32,
}

/// A line of the books.
#[derive(Clone, Debug, Deserialize)]
pub struct Stock {
    /// Of what.
    pub name: String,
    /// How many tickets there are.
    pub capacity: u32,
    /// How many are paid for.
    pub sold: u32,
}

/// Why something was refused.
#[derive(Clone, Debug, Deserialize)]
pub struct Problem {
    /// What programs go by.
    pub code: String,
}
