//! A seating plan as an organiser describes it: sections of rows of seats, in physical positions.
//!
//! Seats that stand next to each other in a row's order, without an aisle between, are neighbours;
//! what is printed on them has no say in that. A seat's index is its place in the order of the
//! description: sections, rows, seats.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::ClassId;

/// All numbered seats of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What the seats look at: the nearer to it, the better a seat.
    pub focal_point: Point,
    /// The parts of the house.
    pub sections: Vec<Section>,
}

impl Plan {
    /// The most seats of one plan.
    pub const SEATS_MAX: u32 = 2_000_000;
    /// The most sections.
    pub const SECTIONS_MAX: usize = 10_000;
    /// The most seats of one row.
    pub const ROW_SEATS_MAX: u32 = 500;
    /// The most neighbours without an aisle between.
    pub const BENCH_SEATS_MAX: u32 = 128;
    /// How far from the origin a seat may be, in centimetres: ten kilometres.
    pub const COORDINATE_MAX: i32 = 1_000_000;
}

/// A position in the house, in centimetres from an origin of the organiser's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// To the right.
    pub x: i32,
    /// Away from the stage, or up.
    pub y: i32,
}

/// A part of the house in which every seat is of one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// What it is called, unique within the plan.
    pub name: String,
    /// The ticket class of its seats.
    pub class: ClassId,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// Seats in a straight line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What is printed on it, unique within the section.
    pub label: String,
    /// How many seats.
    pub seats: u32,
    /// What is printed on them.
    pub numbering: Numbering,
    /// Where its first seat stands.
    pub first: Point,
    /// The way from one seat to the next.
    pub step: Point,
    /// Positions (from 0, in the row's order) after which there is an aisle.
    pub aisles_after: Vec<u32>,
    /// Positions of seats for wheelchair users.
    pub accessible: Vec<u32>,
    /// Positions of seats for those who accompany them.
    pub companion: Vec<u32>,
    /// Positions of seats that are not for sale.
    pub blocked: Vec<u32>,
}

/// What is printed on the seats of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Numbering {
    /// Numbers that rise or fall by a step: 1, 3, 5 or 20, 19, 18.
    Sequence {
        /// The number of the first seat.
        first: i32,
        /// What is added from seat to seat.
        step: i32,
    },
    /// A label for each seat.
    Labels(Vec<String>),
}

impl Numbering {
    /// What is printed on the seat at a position of the row; `None` past the last label.
    pub fn label(&self, position: u32) -> Option<Cow<'_, str>> {
        match self {
            Self::Sequence { first, step } => {
                let number = i64::from(*first) + i64::from(*step) * i64::from(position);
                Some(Cow::Owned(format!("{number}")))
            }
            Self::Labels(labels) => Some(Cow::Borrowed(labels.get(position as usize)?)),
        }
    }
}
