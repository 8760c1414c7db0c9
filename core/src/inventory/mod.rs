//! What there is to sell, and who has it: counted tickets under overlapping quotas, and numbered
//! seats. Always `capacity = free + held + sold + blocked`.
//!
//! Nothing here knows buyers, money or time.

pub mod seating;
mod stock;

pub use self::stock::{Counts, OwnedStockImage, Room, Shortage, Stock, StockImage};
