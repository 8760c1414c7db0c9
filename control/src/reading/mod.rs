//! What is asked of the read models: histories, orders, sales, seats, sums. How the rows come to be
//! there, `projection` says.
//!
//! Every answer says as of when it is ([`AsOf`]), by the checkpoint that was read in the same
//! snapshot: the sale is always a moment ahead.
//!
//! Deliberately absent: who may ask (`access`), and anything that changes a row.

mod as_of;
mod export;
mod history;
mod orders;
mod records;
mod sales;
mod seats;
mod summary;
#[cfg(test)]
mod tests;

pub use self::as_of::{AsOf, Asked};
pub use self::export::{EXPORT_PAUSE_MAX, Export};
pub use self::history::{HistoryFilter, all_of, history};
pub use self::orders::{OrderCursor, OrderFilter, orders};
pub use self::records::{Buyer, OrderRecord, PrintedSeat, TicketRecord};
pub use self::sales::{Bucket, ClassSales, PeriodError, Sales, SalesPeriod, Step, sales};
pub use self::seats::{SeatFilter, SeatHolder, SeatRecord, seats};
pub use self::summary::{
    ClassSummary, Funnel, Money, OrderCounts, QuotaSummary, Summary, TicketCounts, summary,
};
pub use crate::projection::rows::SeatState;

/// The queries of all files here.
#[cfg(test)]
pub(crate) const QUERIES: &[&[(&str, &str)]] =
    &[history::QUERIES, orders::QUERIES, records::QUERIES, sales::QUERIES, seats::QUERIES];
