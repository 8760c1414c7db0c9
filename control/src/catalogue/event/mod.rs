//! Events in the catalogue: from an idea to the moment they are for sale.

pub mod complete;
pub mod copy;
pub mod details;
pub(crate) mod edit;
mod error;
pub mod image;
pub mod lifecycle;
pub mod local_time;
pub mod offer;
pub mod publication;
mod record;
pub mod search;
pub mod seating;
pub mod selling;
pub mod status;
#[cfg(test)]
mod tests;
pub mod text;
pub(crate) mod words;
mod wrong;

pub use self::error::EventError;
#[cfg(test)]
pub(crate) use self::record::QUERIES;
pub use self::record::{Event, Place, find};
pub use self::wrong::Wrong;
