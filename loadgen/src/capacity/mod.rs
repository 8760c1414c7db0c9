//! The highest rate at which an objective holds, what saturates there, and what it would take to go
//! beyond it.
//!
//! - `objective`: what is asked
//! - `search`: which rates to try, and when to believe what they say
//! - `saturation`: what was at its limit
//! - `sizing`: from what was measured to what other rates would need
//! - `table`: all of it as text
//!
//! Deliberately absent: measuring. A search asks a closure what happens at a rate.

pub mod objective;
pub mod saturation;
pub mod search;
pub mod sizing;
pub mod table;
