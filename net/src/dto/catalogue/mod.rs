//! Events of the catalogue on the wire: what is drafted, agreed to, published and found.
//!
//! Times that end in `_local` are what the clocks show where the event is, with their offset from
//! UTC; one that is sent may leave the offset out, unless it comes twice.

pub mod event;
pub mod image;
pub mod list;
pub mod offer;
pub mod seating;

use onsale_control::catalogue::event::local_time::LocalTime;

/// A local time as it is shown.
fn shown(local: Option<LocalTime>) -> Option<String> {
    local.map(|local| local.to_string())
}
