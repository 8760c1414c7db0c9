//! The publisher between a real database and partitions in memory, with whatever can happen in
//! between: it is ended at every step, the database goes away, partitions refuse.

mod faults;
mod refusals;
pub mod stage;
