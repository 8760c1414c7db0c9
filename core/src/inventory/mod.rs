//! What there is to sell, and who has it.

pub mod seating;
