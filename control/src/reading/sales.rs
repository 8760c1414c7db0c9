//! What was sold when, by the clocks of the place.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use jiff::{RoundMode, Timestamp, ToSpan, Unit, Zoned, ZonedRound};
use onsale_core::id::EventId;
use onsale_core::money::Currency;
use onsale_core::spec::ClassId;
use onsale_core::time::{Span, Time};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use thiserror::Error;

use super::{AsOf, Asked};
use crate::catalogue::event::local_time::timestamp;
use crate::catalogue::place::Zone;
use crate::database::{Database, StoreError, queries};
use crate::projection::rows::{Class, Event};
use crate::projection::{QUARTER, sql};

/// How long is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight.
    Day,
}

impl Step {
    /// The longest period that is counted in such steps.
    pub const fn period_max(self) -> Span {
        const DAY: u64 = 24 * 60;
        match self {
            Self::Hour => Span::from_mins(31 * DAY),
            Self::Day => Span::from_mins(366 * DAY),
        }
    }
}

/// Which sales are wanted: whole hours or days by the clocks of a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct SalesPeriod {
    step: Step,
    zone: Zone,
    from: Timestamp,
    until: Timestamp,
}

/// The period cannot be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PeriodError {
    /// It ends before it begins.
    #[error("must be after `from`")]
    Reversed,
    /// It is too long.
    #[error("must be at most 31 days after `from` by the hour, 366 by the day")]
    TooLong,
}

impl SalesPeriod {
    /// The hours or days that have a part in a period, by the clocks of a zone.
    pub fn new(step: Step, zone: &Zone, from: Time, until: Time) -> Result<Self, PeriodError> {
        if until <= from {
            return Err(PeriodError::Reversed);
        }
        if until.since(from) > step.period_max() {
            return Err(PeriodError::TooLong);
        }
        let from = start(step, &zoned(from, zone)).timestamp();
        let until = end(step, &zoned(until, zone)).timestamp();
        Ok(Self { step, zone: zone.clone(), from, until })
    }
}

/// What was sold of each class in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sales {
    /// What the amounts are in.
    pub currency: Currency,
    /// Each class, in the order of definition.
    pub classes: Vec<ClassSales>,
}

/// What was sold of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassSales {
    /// Which.
    pub class: ClassId,
    /// What it is called.
    pub name: String,
    /// The hours or days in which something was sold or given back, in order.
    pub buckets: Vec<Bucket>,
}

/// What was sold in an hour or a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// When it begins, by the clocks of the place.
    pub starts: Zoned,
    /// Tickets that were issued.
    pub issued: i64,
    /// What they cost, in minor units.
    pub issued_minor: i64,
    /// Tickets that became void.
    pub voided: i64,
    /// What they had cost, in minor units.
    pub voided_minor: i64,
}

/// What was sold of an event in a period; `None` if nothing is known of it yet.
pub async fn sales(
    database: &Database,
    asked: &Asked,
    event: EventId,
    period: &SalesPeriod,
) -> Result<(AsOf, Option<Sales>), StoreError> {
    let mut snapshot = database.snapshot().await?;
    let as_of = asked.as_of(&mut snapshot, Some(event)).await?;
    let wanted = [event].into();
    let Some(row) = sql::find::<Event>(&mut snapshot, &wanted).await?.pop() else {
        return Ok((as_of, None));
    };
    let mut classes = sql::find::<Class>(&mut snapshot, &wanted).await?;
    classes.sort_by_key(|class| class.class);
    let mut sold = sold(&mut snapshot, event, period).await?;
    let of_class = |class: Class| ClassSales {
        buckets: sold.remove(&i64::from(class.class.0)).unwrap_or_default().into_values().collect(),
        class: class.class,
        name: class.name,
    };
    let classes = classes.into_iter().map(of_class).collect();
    Ok((as_of, Some(Sales { currency: row.currency, classes })))
}

/// By class and beginning. Not all quarters of an hour are in memory at once.
type Sold = BTreeMap<i64, BTreeMap<Timestamp, Bucket>>;

async fn sold(
    snapshot: &mut AnyConnection,
    event: EventId,
    period: &SalesPeriod,
) -> Result<Sold, StoreError> {
    let quarter = |at: Timestamp| at.as_millisecond().div_euclid(QUARTER.as_ms().cast_signed());
    let query = sqlx::query(QUARTERS)
        .bind(event.to_string())
        .bind(quarter(period.from))
        .bind(quarter(period.until));
    let mut sold = Sold::new();
    let mut rows = query.fetch(snapshot);
    while let Some(row) = rows.try_next().await? {
        add(&mut sold, &row, period)?;
    }
    Ok(sold)
}

fn add(sold: &mut Sold, row: &AnyRow, period: &SalesPeriod) -> Result<(), StoreError> {
    let quarter: i64 = row.try_get("quarter")?;
    let at = Time::from_ms(quarter.unsigned_abs() * QUARTER.as_ms());
    let starts = start(period.step, &zoned(at, &period.zone));
    let buckets = sold.entry(row.try_get("class")?).or_default();
    let bucket = buckets.entry(starts.timestamp()).or_insert(Bucket {
        starts,
        issued: 0,
        issued_minor: 0,
        voided: 0,
        voided_minor: 0,
    });
    bucket.issued += row.try_get::<i64, _>("issued")?;
    bucket.issued_minor += row.try_get::<i64, _>("issued_minor")?;
    bucket.voided += row.try_get::<i64, _>("voided")?;
    bucket.voided_minor += row.try_get::<i64, _>("voided_minor")?;
    Ok(())
}

fn zoned(at: Time, zone: &Zone) -> Zoned {
    timestamp(at).to_zoned(zone.time_zone().clone())
}

/// The beginning of the hour or day that has this moment. Only at the end of all time there is
/// none.
fn start(step: Step, at: &Zoned) -> Zoned {
    let start = match step {
        Step::Hour => at.round(ZonedRound::new().smallest(Unit::Hour).mode(RoundMode::Trunc)),
        Step::Day => at.start_of_day(),
    };
    start.unwrap_or_else(|_| at.clone())
}

/// The beginning of the first hour or day that does not begin before this moment.
fn end(step: Step, at: &Zoned) -> Zoned {
    let start = start(step, at);
    if start == *at {
        return start;
    }
    let next = match step {
        Step::Hour => start.checked_add(1.hour()),
        Step::Day => start.tomorrow().and_then(|tomorrow| tomorrow.start_of_day()),
    };
    next.unwrap_or(start)
}

queries! {
    QUARTERS = "SELECT class, quarter, issued, issued_minor, voided, voided_minor
        FROM sale_quarters
        WHERE event = $1 AND quarter >= $2 AND quarter < $3
        ORDER BY class, quarter";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn time(text: &str) -> Time {
        let timestamp: Timestamp = text.parse().unwrap();
        Time::from_ms(timestamp.as_millisecond().unsigned_abs())
    }

    fn started(step: Step, at: &str, name: &str) -> String {
        start(step, &zoned(time(at), &zone(name))).strftime("%Y-%m-%dT%H:%M%:z").to_string()
    }

    #[test]
    fn an_hour_is_one_by_the_clocks_of_the_place() {
        let kathmandu = started(Step::Hour, "2026-06-01T10:20:00Z", "Asia/Kathmandu");
        assert_eq!(kathmandu, "2026-06-01T16:00+05:45");
        // The hour that comes twice in autumn is two.
        let first = started(Step::Hour, "2026-10-25T00:45:00Z", "Europe/Berlin");
        let second = started(Step::Hour, "2026-10-25T01:15:00Z", "Europe/Berlin");
        assert_eq!(first, "2026-10-25T02:00+02:00");
        assert_eq!(second, "2026-10-25T02:00+01:00");
    }

    #[test]
    fn a_day_is_one_by_the_clocks_of_the_place() {
        let day = started(Step::Day, "2026-10-25T22:59:00Z", "Europe/Berlin");
        assert_eq!(day, "2026-10-25T00:00+02:00");
        let day = started(Step::Day, "2026-10-25T23:00:00Z", "Europe/Berlin");
        assert_eq!(day, "2026-10-26T00:00+01:00");
    }

    #[test]
    fn a_period_is_made_of_whole_steps_and_bounded() {
        let (from, until) = (time("2026-10-25T00:10:00Z"), time("2026-10-25T12:00:00Z"));
        let period = SalesPeriod::new(Step::Day, &zone("Europe/Berlin"), from, until).unwrap();
        assert_eq!(period.from.to_string(), "2026-10-24T22:00:00Z");
        assert_eq!(period.until.to_string(), "2026-10-25T23:00:00Z");
        let hours = |from, until| SalesPeriod::new(Step::Hour, &zone("UTC"), from, until);
        assert_eq!(hours(from, until).unwrap().until.to_string(), "2026-10-25T12:00:00Z");
        assert_eq!(hours(until, from), Err(PeriodError::Reversed));
        assert_eq!(hours(from, from), Err(PeriodError::Reversed));
        assert_eq!(hours(Time::ZERO, from), Err(PeriodError::TooLong));
        assert_eq!(hours(from, Time::MAX), Err(PeriodError::TooLong));
    }
}
