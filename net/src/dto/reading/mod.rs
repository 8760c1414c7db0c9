//! What is read from the read models, on the wire.

pub mod order;
pub mod sales;
pub mod seats;
pub mod summary;

use onsale_control::reading::{AsOf, PrintedSeat};
use serde::Serialize;
use utoipa::ToSchema;

use super::At;
use super::order::Seat;

/// As of when an answer is: the sale itself is always a moment ahead.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = AsOf)]
pub struct AsOfDto {
    /// Everything that had happened by then is in it.
    pub at: At,
    /// The last fact of the event's partition that is in it; null where several partitions have a
    /// part.
    #[schema(example = 48_213)]
    pub fact: Option<u64>,
    /// How many facts, durable when it was asked for, are not in it.
    #[schema(example = 0)]
    pub facts_behind: u64,
}

impl From<AsOf> for AsOfDto {
    fn from(as_of: AsOf) -> Self {
        Self { at: At(as_of.at), fact: as_of.fact, facts_behind: as_of.facts_behind }
    }
}

impl From<PrintedSeat> for Seat {
    fn from(seat: PrintedSeat) -> Self {
        let PrintedSeat { index, section, row, seat } = seat;
        Self { index: index.0, section, row, seat }
    }
}
