//! What goes over the wire, apart from core's types so that neither binds the other: one file for
//! each resource, with its conversions. Unknown fields of a request are refused.
//!
//! Amounts end in `_minor` (whole minor units of the currency), spans in `_ms` (milliseconds),
//! points in time in `_at` (RFC 3339, UTC, milliseconds).

pub mod category;
pub mod change;
pub mod event;
pub mod hold;
pub mod id;
pub mod order;
pub mod plan;
pub mod session;
pub mod stock;
mod time;
pub mod timeline;
pub mod waitroom;

pub use self::id::Id;
pub use self::time::At;
