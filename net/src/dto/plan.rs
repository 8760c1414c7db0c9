//! A seating plan: as it is sent when an event is defined, and as the chart that a page draws.

use onsale_core::spec::{ClassId, Numbering, Plan, Point, Row, Section};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Id;
use super::id::EventRef;
use onsale_core::id::EventId;

/// All numbered seats of an event, row by row. A seat's index is its place in this order: sections,
/// rows, seats, from 0.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanDefinition {
    /// What the seats look at: the nearer to it, the better a seat.
    pub focal_point: PointDto,
    /// The parts of the house, at most 10,000.
    pub sections: Vec<SectionDefinition>,
}

/// A position in the house, from an origin of the organiser's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Point)]
pub struct PointDto {
    /// To the right, in centimetres, within ten kilometres.
    #[schema(example = -450)]
    pub x_cm: i32,
    /// Away from the stage, in centimetres, within ten kilometres.
    #[schema(example = 1200)]
    pub y_cm: i32,
}

/// A part of the house in which every seat is of one class.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionDefinition {
    /// What it is called, unique within the plan, 1 to 200 bytes.
    #[schema(example = "Stalls left")]
    pub name: String,
    /// The ticket class of its seats: its position among the event's classes, from 0.
    #[schema(example = 0)]
    pub class: u16,
    /// Its rows.
    pub rows: Vec<RowDefinition>,
}

/// Seats in a straight line.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RowDefinition {
    /// What is printed on it, unique within the section, 1 to 200 bytes.
    #[schema(example = "A")]
    pub label: String,
    /// How many seats, 1 to 500.
    #[schema(example = 24)]
    pub seats: u32,
    /// What is printed on the seats; 1, 2, 3, ... if absent.
    #[serde(default)]
    pub numbering: NumberingDto,
    /// Where its first seat stands.
    pub first: PointDto,
    /// The way from one seat to the next.
    pub step: PointDto,
    /// Positions (from 0, in the row's order) after which there is an aisle.
    #[serde(default)]
    #[schema(example = json!([11]))]
    pub aisles_after: Vec<u32>,
    /// Positions of seats for wheelchair users.
    #[serde(default)]
    #[schema(example = json!([0]))]
    pub accessible: Vec<u32>,
    /// Positions of seats for those who accompany them.
    #[serde(default)]
    #[schema(example = json!([1]))]
    pub companion: Vec<u32>,
    /// Positions of seats that are not for sale.
    #[serde(default)]
    #[schema(example = json!([23]))]
    pub blocked: Vec<u32>,
}

/// What is printed on the seats of a row: numbers that rise or fall by a step, or a label for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected {\"first\": 1, \"step\": 1} or {\"labels\": [...]}")]
#[schema(as = Numbering, example = json!({"first": 1, "step": 2}))]
pub enum NumberingDto {
    /// Numbers.
    Sequence(Sequence),
    /// Labels.
    Labels(Labels),
}

/// Numbers that rise or fall by a step: 1, 3, 5 or 20, 19, 18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// The number of the first seat.
    #[schema(example = 1)]
    pub first: i32,
    /// What is added from seat to seat.
    #[schema(example = 2)]
    pub step: i32,
}

/// A label for each seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// In the row's order, one for each seat, none twice.
    #[schema(example = json!(["A1", "A2", "A2b"]))]
    pub labels: Vec<String>,
}

impl Default for NumberingDto {
    fn default() -> Self {
        Self::Sequence(Sequence { first: 1, step: 1 })
    }
}

/// The seating plan as a page draws it. It never changes: which seats are free is elsewhere.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Chart {
    /// Of which event.
    pub event: EventRef,
    /// What the seats look at.
    pub focal_point: PointDto,
    /// The parts of the house, in the order of definition.
    pub sections: Vec<ChartSection>,
}

/// A part of the house.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChartSection {
    /// What it is called.
    #[schema(example = "Stalls left")]
    pub name: String,
    /// The ticket class of its seats, from 0.
    #[schema(example = 0)]
    pub class: u16,
    /// Its rows, in the order of definition.
    pub rows: Vec<ChartRow>,
}

/// Seats in a straight line: the seat at position `p` stands at `first + p * step` and has the
/// index `first_seat + p`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChartRow {
    /// What is printed on it.
    #[schema(example = "A")]
    pub label: String,
    /// The index of its first seat.
    #[schema(example = 240)]
    pub first_seat: u32,
    /// How many seats.
    #[schema(example = 24)]
    pub seats: u32,
    /// What is printed on them.
    pub numbering: NumberingDto,
    /// Where its first seat stands.
    pub first: PointDto,
    /// The way from one seat to the next.
    pub step: PointDto,
    /// Positions (from 0) after which there is an aisle.
    #[schema(example = json!([11]))]
    pub aisles_after: Vec<u32>,
    /// Positions of seats for wheelchair users.
    #[schema(example = json!([0]))]
    pub accessible: Vec<u32>,
    /// Positions of seats for those who accompany them.
    #[schema(example = json!([1]))]
    pub companion: Vec<u32>,
}

impl From<PlanDefinition> for Plan {
    fn from(plan: PlanDefinition) -> Self {
        Self {
            focal_point: plan.focal_point.into(),
            sections: plan.sections.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<SectionDefinition> for Section {
    fn from(section: SectionDefinition) -> Self {
        Self {
            name: section.name,
            class: ClassId(section.class),
            rows: section.rows.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<RowDefinition> for Row {
    fn from(row: RowDefinition) -> Self {
        Self {
            label: row.label,
            seats: row.seats,
            numbering: row.numbering.into(),
            first: row.first.into(),
            step: row.step.into(),
            aisles_after: row.aisles_after,
            accessible: row.accessible,
            companion: row.companion,
            blocked: row.blocked,
        }
    }
}

impl From<Plan> for PlanDefinition {
    fn from(plan: Plan) -> Self {
        let sections = plan.sections.into_iter().map(Into::into).collect();
        Self { focal_point: plan.focal_point.into(), sections }
    }
}

impl From<Section> for SectionDefinition {
    fn from(section: Section) -> Self {
        let rows = section.rows.into_iter().map(Into::into).collect();
        Self { name: section.name, class: section.class.0, rows }
    }
}

impl From<Row> for RowDefinition {
    fn from(row: Row) -> Self {
        Self {
            label: row.label,
            seats: row.seats,
            numbering: row.numbering.into(),
            first: row.first.into(),
            step: row.step.into(),
            aisles_after: row.aisles_after,
            accessible: row.accessible,
            companion: row.companion,
            blocked: row.blocked,
        }
    }
}

impl From<PointDto> for Point {
    fn from(point: PointDto) -> Self {
        Self { x: point.x_cm, y: point.y_cm }
    }
}

impl From<Point> for PointDto {
    fn from(point: Point) -> Self {
        Self { x_cm: point.x, y_cm: point.y }
    }
}

impl From<NumberingDto> for Numbering {
    fn from(numbering: NumberingDto) -> Self {
        match numbering {
            NumberingDto::Sequence(Sequence { first, step }) => Self::Sequence { first, step },
            NumberingDto::Labels(Labels { labels }) => Self::Labels(labels),
        }
    }
}

impl From<Numbering> for NumberingDto {
    fn from(numbering: Numbering) -> Self {
        match numbering {
            Numbering::Sequence { first, step } => Self::Sequence(Sequence { first, step }),
            Numbering::Labels(labels) => Self::Labels(Labels { labels }),
        }
    }
}

impl Chart {
    /// The chart of a plan.
    pub fn new(event: EventId, plan: Plan) -> Self {
        let mut next_seat = 0;
        let mut row = |row: Row| {
            let first_seat = next_seat;
            next_seat += row.seats;
            ChartRow {
                label: row.label,
                first_seat,
                seats: row.seats,
                numbering: row.numbering.into(),
                first: row.first.into(),
                step: row.step.into(),
                aisles_after: row.aisles_after,
                accessible: row.accessible,
                companion: row.companion,
            }
        };
        let sections = plan.sections.into_iter().map(|section| ChartSection {
            name: section.name,
            class: section.class.0,
            rows: section.rows.into_iter().map(&mut row).collect(),
        });
        Self {
            event: Id(event),
            focal_point: plan.focal_point.into(),
            sections: sections.collect(),
        }
    }
}
