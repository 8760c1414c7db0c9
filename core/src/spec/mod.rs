//! What an organiser defines: the event before anybody has bought anything.
//!
//! A [`Draft`] is what was asked for; [`EventSpec`] is a draft that was checked, the only thing the
//! rest of the crate works with. Texts for people (descriptions, images) are not here.

mod change;
mod check;
mod plan;

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Deref;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::money::{Amount, Currency};
use crate::time::{Span, Time};

pub use self::change::Change;
pub use self::check::SpecError;
pub use self::plan::{Numbering, Plan, Point, Row, Section};

/// Which of an event's ticket classes, from 0 in the order of definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClassId(pub u16);

/// Which of an event's quotas, from 0 in the order of definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuotaId(pub u16);

/// An event as it was asked for, unchecked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// What it is called, 1 to [`Draft::NAME_MAX`] bytes.
    pub name: String,
    /// What every price of the event is in.
    pub currency: Currency,
    /// What is sold, 1 to [`Draft::CLASSES_MAX`].
    pub classes: Vec<Class>,
    /// How much of it, at most [`Draft::QUOTAS_MAX`].
    pub quotas: Vec<Quota>,
    /// Where the numbered seats are, if there are any.
    pub plan: Option<Plan>,
    /// How people are let in, if not all at once.
    pub waitroom: Option<WaitroomSpec>,
    /// How much one buyer may have.
    pub limits: Limits,
    /// How long things are kept for somebody.
    pub terms: Terms,
}

impl Draft {
    /// The longest name, in bytes.
    pub const NAME_MAX: usize = 200;
    /// The most ticket classes.
    pub const CLASSES_MAX: usize = 200;
    /// The most quotas.
    pub const QUOTAS_MAX: usize = 400;
}

/// A kind of ticket: what it costs and when it is sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// What it is called, unique within the event.
    pub name: String,
    /// What one costs; zero is a free ticket.
    pub price: Amount,
    /// When it is sold.
    pub window: Window,
    /// The most that one buyer may have of it; `None` leaves it to [`Limits::per_buyer`].
    pub per_buyer: Option<u32>,
}

/// From when until when something is sold: from `opens_at` on, before `closes_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first moment.
    pub opens_at: Time,
    /// The first moment after.
    pub closes_at: Time,
}

impl Window {
    /// Whether there is a moment inside.
    pub fn is_well_formed(&self) -> bool {
        self.opens_at < self.closes_at
    }

    /// Whether `now` is inside.
    pub fn contains(&self, now: Time) -> bool {
        self.opens_at <= now && now < self.closes_at
    }
}

/// A number of tickets that may be sold over several classes together. A class may be under many
/// quotas; it is for sale only while each of them has room. A class of counted tickets is under at
/// least one; a class of seats need not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// What it is called, unique within the event.
    pub name: String,
    /// How many tickets it has room for.
    pub capacity: u32,
    /// The classes that count against it.
    pub classes: Vec<ClassId>,
}

/// How people are let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitroomSpec {
    /// From when on one may come: the pre-queue. The lottery is drawn when the sale opens.
    pub doors_at: Time,
    /// When the first people are let in. Who came before takes part in the lottery, who comes
    /// later stands behind in order of arrival.
    pub opens_at: Time,
    /// How many people may be inside at once.
    pub slots: u32,
    /// How many people are let in per minute at most.
    pub rate_per_minute: u32,
    /// How long somebody who was let in may stay.
    pub visit: Span,
    /// How soon somebody who was let in must show up; else the slot goes to the next.
    pub claim: Span,
    /// How long a place is kept after the last sign of life.
    pub presence: Span,
}

/// How much one buyer may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The most tickets that one buyer may have of the whole event, held and bought together.
    pub per_buyer: u32,
    /// The most tickets in one hold; at most [`Limits::PER_HOLD_MAX`].
    pub per_hold: u32,
    /// Whether a choice of seats that leaves a single seat alone between taken ones is refused
    /// (unless every choice of that size there would).
    pub refuse_orphans: bool,
}

impl Limits {
    /// The most that [`Limits::per_hold`] may be: best available looks for that many neighbours.
    pub const PER_HOLD_MAX: u32 = 16;
}

/// How long things are kept for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// How long a hold lives before it is made an order.
    pub hold: Span,
    /// How long an order waits for its payment.
    pub order: Span,
    /// How much longer it waits at most while a payment is in flight.
    pub payment_grace: Span,
}

/// An event that can be sold: a [`Draft`] that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventSpec(Draft);

impl EventSpec {
    /// Checks `draft` whole: nothing in an [`EventSpec`] needs to be looked at twice.
    pub fn parse(draft: Draft) -> Result<Self, SpecError> {
        check::check(&draft)?;
        Ok(Self(draft))
    }

    /// What tells it from every other.
    pub(crate) fn digest(&self) -> SpecDigest {
        let bytes = postcard::to_allocvec(self)
            .expect("a definition has no shape that postcard cannot write");
        SpecDigest(Sha256::digest(bytes).into())
    }

    /// The class with this id.
    pub fn class(&self, id: ClassId) -> Option<&Class> {
        self.0.classes.get(usize::from(id.0))
    }
}

/// The SHA-256 of an [`EventSpec`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SpecDigest([u8; 32]);

impl Deref for EventSpec {
    type Target = Draft;

    fn deref(&self) -> &Draft {
        &self.0
    }
}
