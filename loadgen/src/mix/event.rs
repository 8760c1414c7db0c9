//! The event that the generator defines and opens itself: `[event]` in a mix.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::wrong::Wrong;
use crate::span;

/// What to sell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPlan {
    /// What it is called.
    pub name: String,
    /// How much there is.
    pub stock: StockPlan,
    /// What a ticket costs, in minor units.
    pub price_minor: u64,
    /// The most that one buyer may have.
    pub per_buyer: u32,
    /// How long a hold lives.
    pub hold: Duration,
    /// How long an order waits for its payment.
    pub order: Duration,
    /// How people are let in, if not all at once.
    pub waitroom: Option<WaitroomPlan>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockPlan {
    /// So many numbered seats, in rows.
    Seats(u32),
    /// So many tickets without seats.
    Counted(u32),
}

/// How people are let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitroomPlan {
    /// How long after the beginning of the run the first are let in.
    pub opens_after: Duration,
    /// How many may be inside at once.
    pub slots: u32,
    /// How many are let in per minute at most.
    pub rate_per_minute: u32,
    /// How long somebody who was let in may stay.
    pub visit: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEvent {
    name: String,
    seats: Option<Spanned<u32>>,
    capacity: Option<Spanned<u32>>,
    #[serde(default = "defaults::price_minor")]
    price_minor: u64,
    #[serde(default = "defaults::per_buyer")]
    per_buyer: u32,
    hold: Option<Spanned<String>>,
    order: Option<Spanned<String>>,
    waitroom: Option<RawWaitroom>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWaitroom {
    opens_after: Spanned<String>,
    slots: u32,
    rate_per_minute: u32,
    visit: Option<Spanned<String>>,
}

mod defaults {
    pub(super) const fn price_minor() -> u64 {
        5_000
    }

    pub(super) const fn per_buyer() -> u32 {
        8
    }
}

impl RawEvent {
    pub(super) fn parse(raw: Spanned<Self>) -> Result<EventPlan, Wrong> {
        let place = raw.span();
        let raw = raw.into_inner();
        let stock = match (raw.seats, raw.capacity) {
            (Some(seats), None) => StockPlan::Seats(some(seats, 200_000)?),
            (None, Some(capacity)) => StockPlan::Counted(some(capacity, 10_000_000)?),
            _ => {
                let problem = "say either `seats` (numbered) or `capacity` (without seats)";
                return Err(Wrong::new(place, problem));
            }
        };
        let time = |text: Option<Spanned<String>>, default_s| match text {
            None => Ok(Duration::from_secs(default_s)),
            Some(text) => parse_span(&text),
        };
        let waitroom = raw.waitroom.map(|waitroom| {
            Ok::<_, Wrong>(WaitroomPlan {
                opens_after: parse_span(&waitroom.opens_after)?,
                slots: waitroom.slots,
                rate_per_minute: waitroom.rate_per_minute,
                visit: time(waitroom.visit, 900)?,
            })
        });
        Ok(EventPlan {
            name: raw.name,
            stock,
            price_minor: raw.price_minor,
            per_buyer: raw.per_buyer,
            hold: time(raw.hold, 600)?,
            order: time(raw.order, 900)?,
            waitroom: waitroom.transpose()?,
        })
    }
}

/// A number from 1 to `most`.
fn some(number: Spanned<u32>, most: u32) -> Result<u32, Wrong> {
    let span = number.span();
    let number = number.into_inner();
    if (1..=most).contains(&number) {
        return Ok(number);
    }
    Err(Wrong::new(span, format!("{number} must be from 1 to {most}")))
}

/// A length of time.
pub(super) fn parse_span(text: &Spanned<String>) -> Result<Duration, Wrong> {
    span::parse(text.get_ref()).ok_or_else(|| {
        let problem = format!("`{}` is no time: say {}", text.get_ref(), span::ALLOWED);
        Wrong::new(text.span(), problem)
    })
}
