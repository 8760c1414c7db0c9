//! The rules of numbered seats, by example and against a naive full scan.

mod naive;
mod random;
mod rules;
