//! Seating plans of events in the catalogue, and files of others.

use std::borrow::Cow;
use std::collections::BTreeMap;

use onsale_control::catalogue::event::seating::pretix::Wishes;
use onsale_core::spec::Point;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::dto::id::EventRef;

/// A plan of pretix, and what it does not say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportPlan {
    /// The file.
    pub file: PretixPlan,
    /// The ticket class of a category, by its position among the event's classes, where they are
    /// not called the same.
    #[serde(default)]
    #[schema(example = json!({"Stalls": 0}))]
    pub classes: BTreeMap<String, u16>,
    /// How long a unit of the drawing is, in millimetres, 1 to 1,000. Default 20: seats are drawn
    /// 25 apart there, and stand half a metre.
    #[schema(example = 20)]
    pub mm_per_unit: Option<u32>,
    /// What the seats look at; the middle of the upper edge of all seats, if absent.
    pub focal_point: Option<DrawnPoint>,
}

/// A file as pretix and its plan editor write it. It is understood later, and by others.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct PretixPlan(Box<RawValue>);

impl PretixPlan {
    /// As it was sent.
    pub fn text(&self) -> &[u8] {
        self.0.get().as_bytes()
    }
}

impl PartialSchema for PretixPlan {
    fn schema() -> RefOr<Schema> {
        let seat = |number: u32| {
            json!({
                "seat_guid": format!("1-{number}"), "seat_number": number.to_string(),
                "category": "Stalls", "position": {"x": 25 * number, "y": 0},
            })
        };
        let row = json!({
            "row_number": "1", "position": {"x": 0, "y": 0}, "seats": [seat(1), seat(2)],
        });
        let example = json!({
            "name": "Small house", "size": {"width": 1000, "height": 800},
            "categories": [{"name": "Stalls", "color": "#7f4a91"}],
            "zones": [{"name": "Floor", "position": {"x": 0, "y": 0}, "rows": [row]}],
        });
        ObjectBuilder::new()
            .description(Some("A seating plan as pretix and its plan editor write it."))
            .examples([example])
            .into()
    }
}

impl ToSchema for PretixPlan {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("PretixPlan")
    }
}

/// A position in units of the drawing.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrawnPoint {
    /// To the right.
    #[schema(example = 500)]
    pub x: i32,
    /// Down.
    #[schema(example = 40)]
    pub y: i32,
}

impl ImportPlan {
    /// What the file does not say.
    pub fn wishes(&self) -> Wishes {
        Wishes {
            classes: self.classes.clone(),
            mm_per_unit: self.mm_per_unit.unwrap_or(Wishes::MM_PER_UNIT),
            focal_point: self.focal_point.map(|DrawnPoint { x, y }| Point { x, y }),
        }
    }
}

/// What came of giving an event a plan.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct PlanKept {
    /// Which event.
    pub event: EventRef,
    /// How many seats it has now.
    #[schema(example = 50000)]
    pub seats: u32,
    /// How far the seat was moved that was moved farthest, in centimetres: rows are straight here,
    /// and their steps even.
    #[schema(example = 35)]
    pub moved_cm_max: u32,
}
