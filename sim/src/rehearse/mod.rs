//! A rehearsal: an organiser's event against a synthetic crowd, in virtual time. The rules are the
//! real ones ([`onsale_core::Partition`]); the crowd is as assumed in [`People`].
//!
//! Deliberately absent: network, disk and faults, which the simulated world has, so that a million
//! people take a minute; and clocks: time is what the agenda says.

mod agenda;
pub mod chart;
mod choice;
pub mod event_file;
mod measure;
mod people;
pub mod report;
mod sale;
mod steps;
#[cfg(test)]
mod tests;

use onsale_core::spec::EventSpec;

pub use self::measure::Sample;
pub use self::people::{Arrival, People};
pub use self::report::Report;

/// Sells the event of `spec` to `buyers` synthetic people and says how it went. The same arguments
/// give the same report. `tell` hears how it stands every second of virtual time.
pub fn rehearse(
    spec: EventSpec,
    buyers: u32,
    seed: u64,
    people: People,
    tell: &mut dyn FnMut(&Sample),
) -> Report {
    let mut sale = sale::Rehearsal::new(spec, buyers, seed, people);
    sale.run(tell);
    sale.into_report()
}
