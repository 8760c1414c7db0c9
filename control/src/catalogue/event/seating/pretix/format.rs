//! The file as pretix and its plan editor write it: zones of rows of seats, each seat with a place
//! of its own and a category. Known from the JSON schema of pretix (seating-plan.schema.json,
//! `version` 0.0.1, as of 2019 and as of 2025); what is not needed here (colours, outlines, ids)
//! is not read, so that other versions are.

use serde::Deserialize;

/// A seating plan.
#[derive(Debug, Deserialize)]
pub(super) struct File {
    pub zones: Vec<Zone>,
    pub categories: Vec<Category>,
}

/// A kind of seat: what becomes a ticket class.
#[derive(Debug, Deserialize)]
pub(super) struct Category {
    pub name: String,
}

/// A part of the house.
#[derive(Debug, Deserialize)]
pub(super) struct Zone {
    pub name: Option<String>,
    /// What the editor calls it where it has no name.
    #[serde(rename = "zone_id")]
    pub id: Option<String>,
    #[serde(default)]
    pub position: Position,
    pub rows: Vec<Row>,
}

/// Seats that belong together. Nothing says that they stand in a line.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    #[serde(rename = "row_number")]
    pub number: String,
    /// Seen from the zone's.
    #[serde(default)]
    pub position: Position,
    pub seats: Vec<Seat>,
}

/// A seat.
#[derive(Debug, Deserialize)]
pub(super) struct Seat {
    /// Unique in the whole file.
    #[serde(rename = "seat_guid")]
    pub guid: String,
    #[serde(rename = "seat_number")]
    pub number: String,
    /// Seen from the row's.
    pub position: Position,
    /// The name of its category.
    pub category: String,
}

/// In units of the drawing (pixels), to the right and down.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Position {
    pub x: f64,
    pub y: f64,
}
