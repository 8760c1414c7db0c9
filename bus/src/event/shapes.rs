//! What the data of events are made of, and the words that they use.
//!
//! Deliberately absent: the types themselves, which are in `data`.

use serde::Serialize;
use utoipa::ToSchema;

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Money {
    /// How much, in the minor unit of the currency (cents, yen).
    pub amount_minor: u64,
    /// Of what: an ISO 4217 code.
    pub currency: String,
}

/// Tickets of one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Line {
    /// Of which class, from 0.
    pub class: u16,
    /// How many.
    pub count: u32,
    /// What one costs.
    pub price: Money,
    /// Which seats: their places in the order of the seating plan; none for counted tickets.
    pub seats: Vec<u32>,
}

/// A kind of ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Class {
    /// What it is called.
    pub name: String,
    /// What one costs.
    pub price: Money,
    /// From when on it is sold.
    #[schema(format = DateTime)]
    pub opens_at: String,
    /// Until when.
    #[schema(format = DateTime)]
    pub closes_at: String,
}

/// A number of tickets that may be sold over several classes together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Quota {
    /// What it is called.
    pub name: String,
    /// How many tickets it has room for.
    pub capacity: u32,
    /// The classes that count against it, from 0.
    pub classes: Vec<u16>,
}

/// How people are let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Waitroom {
    /// From when on one may come.
    #[schema(format = DateTime)]
    pub doors_at: String,
    /// When the lottery is drawn and the first people are let in.
    #[schema(format = DateTime)]
    pub opens_at: String,
    /// How many people may be inside at once.
    pub slots: u32,
    /// How many people are let in per minute at most.
    pub rate_per_minute: u32,
}

/// Why a place ended: COMPLETED (they got what they came for), EXPIRED (their visit took too long,
/// or they never showed up for it), LEFT (they said goodbye), ABANDONED (they gave no more sign of
/// life).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PlaceEnd {
    Completed,
    Expired,
    Left,
    Abandoned,
}

/// Why an order came to nothing: CANCELLED (by its buyer), `EVENT_CANCELLED`, DECLINED (by the
/// provider), `INTENT_REFUSED` (the provider would not open a page to pay on), MISMATCH (money
/// came, but not what was asked for), EXPIRED.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderEnd {
    Cancelled,
    EventCancelled,
    Declined,
    IntentRefused,
    Mismatch,
    Expired,
}

/// Why money goes back: ASKED (an operator wants it), DUPLICATE (the order had been paid already),
/// `EVENT_CANCELLED`, LATE (there was nothing left to give for it), MISMATCH (it was not what had
/// been asked for), DISPUTED (it is left of a payment that a bank had asked back).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundCause {
    Asked,
    Duplicate,
    EventCancelled,
    Late,
    Mismatch,
    Disputed,
}

/// Whose the money is that a bank asked back: WON (it stays), LOST (it is gone).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DisputeOutcome {
    Won,
    Lost,
}
