//! The highest rate at which an objective holds, and what it would take to go beyond it.

pub mod objective;
