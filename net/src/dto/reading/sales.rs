//! What was sold when, on the wire.

use onsale_control::catalogue::place::Zone;
use onsale_control::reading::{Bucket, ClassSales, Sales, SalesPeriod, Step};
use onsale_core::time::{Span, Time};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::AsOfDto;
use crate::dto::id::EventRef;
use crate::dto::{At, in_query};
use crate::problem::Problem;

/// How long is counted together.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SalesStep, example = "day")]
pub enum StepDto {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight.
    #[default]
    Day,
}

/// Which sales to count.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SalesWish {
    /// By the hour or by the day.
    #[serde(default)]
    #[param(default = "day")]
    pub by: StepDto,
    /// By the clocks of which zone: an IANA name. Default: the event's; UTC for one that is in no
    /// catalogue.
    #[param(example = "Europe/Berlin")]
    pub zone: Option<String>,
    /// From the hour or day in which this is. Default: a day before `until` by the hour, 30 days by
    /// the day.
    pub from: Option<At>,
    /// To the hour or day in which this is, at most 31 days later by the hour, 366 by the day.
    /// Default: now.
    pub until: Option<At>,
    /// How long to wait, in milliseconds, until what has just happened is in it. Default 0.
    #[param(minimum = 0, maximum = 5_000, example = 2_000)]
    pub catch_up_ms: Option<u16>,
}

/// What was sold of each class.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Sales)]
pub struct SalesDto {
    /// As of when it is.
    pub as_of: AsOfDto,
    /// Of which event.
    pub event: EventRef,
    /// What amounts are in: an ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
    /// By the clocks of which zone.
    #[schema(example = "Europe/Berlin")]
    pub zone: String,
    /// What is counted together.
    pub by: StepDto,
    /// Each class, in the order of definition.
    pub classes: Vec<ClassSalesDto>,
}

/// What was sold of a class.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ClassSales)]
pub struct ClassSalesDto {
    /// Which, from 0.
    #[schema(example = 0)]
    pub class: u16,
    /// What it is called.
    #[schema(example = "Stalls")]
    pub name: String,
    /// The hours or days in which something was sold or given back, in order.
    pub buckets: Vec<BucketDto>,
}

/// What was sold in an hour or a day.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SalesBucket)]
pub struct BucketDto {
    /// When it begins, by the clocks of the zone: RFC 3339 with its offset.
    #[schema(example = "2026-10-03T12:00:00+02:00", format = DateTime)]
    pub starts_at: String,
    /// Tickets that were issued.
    #[schema(example = 812)]
    pub issued: i64,
    /// What they cost, in minor units.
    #[schema(example = 7_226_800)]
    pub issued_minor: i64,
    /// Tickets that became void.
    #[schema(example = 2)]
    pub voided: i64,
    /// What they had cost, in minor units.
    #[schema(example = 17_800)]
    pub voided_minor: i64,
}

impl SalesWish {
    /// The zone whose clocks are wanted, if it matters which.
    pub fn zone(&self) -> Result<Option<Zone>, Problem> {
        let zone = self.zone.as_deref().map(str::parse);
        zone.map(|zone| in_query("zone", zone)).transpose()
    }

    /// The period, by the clocks of `zone`.
    pub fn period(&self, now: Time, zone: &Zone) -> Result<SalesPeriod, Problem> {
        let until = self.until.map_or(now, |until| until.0);
        let from = self.from.map_or_else(|| until - self.by.usual(), |from| from.0);
        in_query("until", SalesPeriod::new(self.by.into(), zone, from, until))
    }
}

impl StepDto {
    /// How long is counted where nobody says.
    const fn usual(self) -> Span {
        const DAY: u64 = 24 * 60;
        match self {
            Self::Hour => Span::from_mins(DAY),
            Self::Day => Span::from_mins(30 * DAY),
        }
    }
}

impl From<StepDto> for Step {
    fn from(step: StepDto) -> Self {
        match step {
            StepDto::Hour => Self::Hour,
            StepDto::Day => Self::Day,
        }
    }
}

impl SalesDto {
    /// What was found, as it was wished for.
    pub fn new(
        as_of: AsOfDto,
        event: EventRef,
        wish: &SalesWish,
        zone: &Zone,
        sales: Sales,
    ) -> Self {
        Self {
            as_of,
            event,
            currency: sales.currency.to_string(),
            zone: zone.to_string(),
            by: wish.by,
            classes: sales.classes.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<ClassSales> for ClassSalesDto {
    fn from(sales: ClassSales) -> Self {
        let buckets = sales.buckets.into_iter().map(Into::into).collect();
        Self { class: sales.class.0, name: sales.name, buckets }
    }
}

impl From<Bucket> for BucketDto {
    fn from(bucket: Bucket) -> Self {
        let Bucket { starts, issued, issued_minor, voided, voided_minor } = bucket;
        let starts_at = starts.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        Self { starts_at, issued, issued_minor, voided, voided_minor }
    }
}
