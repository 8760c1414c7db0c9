//! The catalogue of events over HTTP: from an idea to a ticket that can be bought.

mod desk;
mod editing;
mod finding;
mod life;
pub mod pictures;
mod sale;
mod seats;
