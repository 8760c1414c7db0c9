//! Who has the seats of an event, on the wire.

use onsale_control::reading::{SeatFilter, SeatHolder, SeatRecord, SeatState};
use onsale_core::spec::ClassId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::AsOfDto;
use crate::dto::id::{HoldRef, OrderRef, PersonRef};
use crate::dto::order::Seat;
use crate::dto::{At, Id};

/// What is with a seat that is not free: BLOCKED (not for sale), HELD (in a cart), ORDERED (the
/// order waits for its payment), SOLD (the order is paid).
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = SeatStatus, example = "SOLD")]
#[expect(missing_docs, reason = "the type's own documentation explains each")]
pub enum SeatStateDto {
    Blocked,
    Held,
    Ordered,
    Sold,
}

/// A seat that is not free.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SeatRecord)]
pub struct SeatRecordDto {
    /// Which.
    pub seat: Seat,
    /// Of which class, from 0.
    #[schema(example = 0)]
    pub class: u16,
    /// What is with it.
    pub state: SeatStateDto,
    /// The cart that has it.
    pub hold: Option<HoldRef>,
    /// The order that has it.
    pub order: Option<OrderRef>,
    /// Whose they are; null if it is blocked.
    pub person: Option<PersonRef>,
    /// Until when a cart has it.
    pub until: Option<At>,
}

/// A page of seats that are not free.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SeatRecordList {
    /// As of when it is.
    pub as_of: AsOfDto,
    /// By their index in the chart. Those that are missing are free.
    pub seats: Vec<SeatRecordDto>,
    /// What to send as `after` for the next page; null on the last one.
    #[schema(example = "499")]
    pub next: Option<String>,
}

/// Which seats to list.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SeatsPage {
    /// Only those in this state.
    pub state: Option<SeatStateDto>,
    /// Only those of this class.
    #[param(example = 0)]
    pub class: Option<u16>,
    /// How long to wait, in milliseconds, until what has just happened is in it. Default 0.
    #[param(minimum = 0, maximum = 5_000, example = 2_000)]
    pub catch_up_ms: Option<u16>,
    /// How many at most.
    #[param(default = 500, minimum = 1, maximum = 1_000)]
    pub limit: Option<u16>,
    /// The `next` of the page before: an index in the chart.
    #[param(example = 499)]
    pub after: Option<u32>,
}

impl SeatsPage {
    /// Which seats are wanted.
    pub fn filter(&self) -> SeatFilter {
        SeatFilter { state: self.state.map(Into::into), class: self.class.map(ClassId) }
    }
}

impl From<SeatStateDto> for SeatState {
    fn from(state: SeatStateDto) -> Self {
        match state {
            SeatStateDto::Blocked => Self::Blocked,
            SeatStateDto::Held => Self::Held,
            SeatStateDto::Ordered => Self::Ordered,
            SeatStateDto::Sold => Self::Sold,
        }
    }
}

impl From<SeatState> for SeatStateDto {
    fn from(state: SeatState) -> Self {
        match state {
            SeatState::Blocked => Self::Blocked,
            SeatState::Held => Self::Held,
            SeatState::Ordered => Self::Ordered,
            SeatState::Sold => Self::Sold,
        }
    }
}

impl From<SeatRecord> for SeatRecordDto {
    fn from(record: SeatRecord) -> Self {
        let (hold, order, person, until) = match record.holder {
            Some(SeatHolder::Hold { hold, person, until }) => {
                (Some(Id(hold)), None, Some(Id(person)), Some(At(until)))
            }
            Some(SeatHolder::Order { order, person }) => {
                (None, Some(Id(order)), Some(Id(person)), None)
            }
            None => (None, None, None, None),
        };
        let (seat, class, state) = (record.seat.into(), record.class.0, record.state.into());
        Self { seat, class, state, hold, order, person, until }
    }
}
