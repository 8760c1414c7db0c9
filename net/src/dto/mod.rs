//! What goes over the wire, apart from core's types so that neither binds the other: one file for
//! each resource, with its conversions. Unknown fields of a request are refused.
//!
//! Amounts end in `_minor` (whole minor units of the currency), spans in `_ms` (milliseconds),
//! points in time in `_at` (RFC 3339, UTC, milliseconds).

pub mod account;
pub mod address;
pub mod audit;
pub mod catalogue;
pub mod category;
pub mod change;
pub mod dispute;
pub mod event;
pub mod export;
pub mod hold;
pub mod id;
pub mod identity;
pub mod order;
pub mod orders_page;
pub mod organiser;
pub mod plan;
pub mod reading;
pub mod refund;
pub mod role;
pub mod session;
pub mod sign_in;
pub mod stock;
pub mod stuck;
mod time;
pub mod timeline;
pub mod token_key;
pub mod venue;
pub mod waitroom;
pub mod webhook_endpoint;

use std::fmt::Display;
use std::str::FromStr;

use onsale_control::text::Wanted;

pub use self::id::Id;
pub use self::time::At;
use crate::problem::{Problem, catalog};

/// What was parsed, or the place of the body in which something is wrong.
pub(crate) fn at<T>(place: &str, parsed: Result<T, impl Display>) -> Result<T, Problem> {
    parsed.map_err(|error| Problem::at(&catalog::INVALID_BODY, place, error.to_string()))
}

/// What was parsed, or the parameter behind the `?` in which something is wrong.
pub(crate) fn in_query<T>(name: &str, parsed: Result<T, impl Display>) -> Result<T, Problem> {
    parsed.map_err(|error| {
        Problem::at(&catalog::INVALID_PARAMETER, format!("query.{name}"), error.to_string())
    })
}

/// What stands at that place of the body, if anything does.
pub(crate) fn at_if_any<T: FromStr<Err: Display>>(
    place: &str,
    text: Option<&str>,
) -> Result<Option<T>, Problem> {
    text.map(|text| at(place, text.parse())).transpose()
}

/// What the parameter of this name says, if it was sent.
pub(crate) fn in_query_if_any<T: FromStr<Err: Display>>(
    name: &str,
    text: Option<&str>,
) -> Result<Option<T>, Problem> {
    text.map(|text| in_query(name, text.parse())).transpose()
}

/// What somebody looks for, in the parameter of this name.
pub(crate) fn wanted(name: &str, text: Option<&str>) -> Result<Wanted, Problem> {
    in_query(name, Wanted::parse(text.unwrap_or_default()))
}
