//! Holds: stock that somebody has taken for a while.

use onsale_core::command::{Choice, Wish};
use onsale_core::hold::Line;
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::reply::HoldView;
use onsale_core::spec::ClassId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::{EventRef, HoldRef};
use super::{At, Id};
use crate::problem::{Problem, catalog};

/// A wish for stock: all of it or nothing.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeHold {
    /// What is wanted, one wish for a class.
    pub wishes: Vec<WishDto>,
}

/// What is wanted of one ticket class. Exactly one of `count`, `best` and `seats`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Wish, example = json!({"class": 0, "best": {"count": 2}}))]
pub struct WishDto {
    /// Which class, from 0.
    #[schema(example = 0)]
    pub class: u16,
    /// So many tickets; of a class of seats, the best neighbours there are.
    #[schema(example = 2)]
    pub count: Option<u32>,
    /// The best neighbours there are, with more to say about them.
    pub best: Option<Best>,
    /// These very seats, by index in the chart.
    #[schema(example = json!([240, 241]))]
    pub seats: Option<Vec<u32>>,
}

/// The best neighbours there are.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// How many seats.
    #[schema(example = 2)]
    pub count: u32,
    /// Only in this section of the plan, from 0; anywhere if absent.
    #[schema(example = 3)]
    pub section: Option<u16>,
    /// With one seat for a wheelchair user among them. Default false.
    #[serde(default)]
    #[schema(example = false)]
    pub accessible: bool,
    /// Whether apart will do, if there are no neighbours left. Default false.
    #[serde(default)]
    #[schema(example = true)]
    pub may_split: bool,
}

impl TakeHold {
    /// The wishes, each with one choice.
    pub fn parse(self) -> Result<Vec<Wish>, Problem> {
        self.wishes.into_iter().enumerate().map(|(i, wish)| wish.parse(i)).collect()
    }
}

impl WishDto {
    fn parse(self, position: usize) -> Result<Wish, Problem> {
        let choice = match (self.count, self.best, self.seats) {
            (Some(count), None, None) => Choice::Any(count),
            (None, Some(Best { count, section, accessible, may_split }), None) => {
                Choice::Best { count, section, accessible, may_split }
            }
            (None, None, Some(seats)) => Choice::Seats(seats.into_iter().map(SeatIndex).collect()),
            _ => {
                let at = format!("wishes[{position}]");
                let problem = "must have exactly one of count, best and seats";
                return Err(Problem::at(&catalog::INVALID_BODY, at, problem));
            }
        };
        Ok(Wish { class: ClassId(self.class), choice })
    }
}

/// A hold as its buyer sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Hold {
    /// Which.
    pub id: HoldRef,
    /// Of which event.
    pub event: EventRef,
    /// What is held, at which price.
    pub lines: Vec<LineDto>,
    /// What it costs, in minor units.
    #[schema(example = 17_800)]
    pub total_minor: u64,
    /// Of what: an ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
    /// Until when. Nothing a buyer does makes it later.
    pub expires_at: At,
}

/// Tickets of one class, at the price that was asked when they were taken.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Line)]
pub struct LineDto {
    /// Of which class, from 0.
    #[schema(example = 0)]
    pub class: u16,
    /// How many.
    #[schema(example = 2)]
    pub count: u32,
    /// What one costs, in minor units.
    #[schema(example = 8900)]
    pub price_minor: u64,
    /// Which seats, by index in the chart; empty for counted tickets.
    #[schema(example = json!([240, 241]))]
    pub seats: Vec<u32>,
}

impl From<Line> for LineDto {
    fn from(line: Line) -> Self {
        Self {
            class: line.class.0,
            count: line.count,
            price_minor: line.price.as_minor(),
            seats: line.seats.into_iter().map(|seat| seat.0).collect(),
        }
    }
}

impl From<HoldView> for Hold {
    fn from(hold: HoldView) -> Self {
        Self {
            id: Id(hold.hold),
            event: Id(hold.hold.event),
            lines: hold.lines.into_iter().map(Into::into).collect(),
            total_minor: hold.total.as_minor(),
            currency: hold.currency.to_string(),
            expires_at: At(hold.until),
        }
    }
}
