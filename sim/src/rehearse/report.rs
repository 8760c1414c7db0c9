//! What a rehearsal found, for people as a table and for programs as JSON.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use onsale_core::money::Amount;
use onsale_core::query::Audit;
use onsale_core::sale::Sale;
use onsale_core::spec::ClassId;
use onsale_core::time::Time;
use serde::Serialize;

use super::People;
use super::measure::{Measure, Sample, Tally, percentile};
use crate::figures::number;

/// What a rehearsal found. Times are in milliseconds from the opening on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What the event is called.
    pub event: String,
    /// How many people wanted to come.
    pub buyers: u32,
    /// What chance was drawn from.
    pub seed: u64,
    /// Tickets that can be sold.
    pub capacity: u32,
    /// When the last ticket was paid for; `None` if it did not sell out.
    pub sold_out_after_ms: Option<u64>,
    /// When the rehearsal ended.
    pub ended_after_ms: u64,
    /// Tickets sold and unsold.
    pub classes: Vec<ClassReport>,
    /// Money taken and kept, in minor units.
    pub revenue_minor: u64,
    /// Of what.
    pub currency: String,
    /// How long those who were let in had waited; `None` without a waitroom.
    pub queue: Option<QueueTimes>,
    /// The most tickets in carts and unpaid orders at once.
    pub held_max: u32,
    /// What became of people and orders.
    pub tally: Tally,
    /// Who still waited when it ended.
    pub waiting_at_end: u32,
    /// Refusals by code.
    pub refusals: BTreeMap<&'static str, u64>,
    /// How many were let in, by minute from the opening on.
    pub admitted_per_minute: Vec<u32>,
    /// Whether free + held + sold + blocked is the capacity and the money is that of the tickets.
    pub books_balance: bool,
    /// What was assumed about people.
    pub people: People,
    /// How it stood, second by second.
    pub samples: Vec<Sample>,
}

/// How one class sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassReport {
    /// What it is called.
    pub name: String,
    /// Paid for.
    pub sold: u32,
    /// In carts and unpaid orders at the end.
    pub held: u32,
    /// Still to be had at the end.
    pub left: u32,
}

/// How long people waited, from the opening or their coming, whichever was later, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct QueueTimes {
    /// Half waited no longer.
    pub p50_ms: u64,
    /// 95 of 100 waited no longer.
    pub p95_ms: u64,
    /// 99 of 100 waited no longer.
    pub p99_ms: u64,
    /// Nobody waited longer.
    pub max_ms: u64,
}

/// How a sale ended.
pub(super) struct Ending<'a> {
    pub(super) people: People,
    pub(super) seed: u64,
    pub(super) buyers: u32,
    pub(super) capacity: u32,
    pub(super) opens_at: Time,
    pub(super) ended_at: Time,
    pub(super) sale: &'a Sale,
    pub(super) audit: Audit,
    pub(super) measure: Measure,
}

impl Report {
    pub(super) fn new(ending: Ending<'_>) -> Self {
        let Ending { sale, mut measure, audit, .. } = ending;
        measure.waits_ms.sort_unstable();
        let after_opening = |at: Time| at.since(ending.opens_at).as_ms();
        let revenue = audit.captured.checked_sub(audit.refunded).unwrap_or(Amount::ZERO);
        Self {
            event: sale.spec().name.clone(),
            buyers: ending.buyers,
            seed: ending.seed,
            capacity: ending.capacity,
            sold_out_after_ms: measure.sold_out_at.map(after_opening),
            ended_after_ms: after_opening(ending.ended_at),
            classes: classes(sale),
            revenue_minor: revenue.as_minor(),
            currency: sale.spec().currency.to_string(),
            queue: queue_times(&measure.waits_ms),
            held_max: measure.held_max,
            tally: measure.tally,
            waiting_at_end: measure.samples.last().map_or(0, |sample| sample.waiting),
            refusals: measure.refusals,
            admitted_per_minute: measure.admitted_per_minute,
            books_balance: audit.holds(),
            people: ending.people,
            samples: measure.samples,
        }
    }

    /// The most tickets that were held at once, in thousandths of all.
    pub fn held_max_per_mille(&self) -> u64 {
        u64::from(self.held_max) * 1_000 / u64::from(self.capacity.max(1))
    }
}

fn classes(sale: &Sale) -> Vec<ClassReport> {
    let class = |(number, class): (u16, &onsale_core::spec::Class)| {
        let counts = sale.stock().class(ClassId(number));
        let left = sale.stock().room(ClassId(number)).left;
        ClassReport { name: class.name.clone(), sold: counts.sold, held: counts.held, left }
    };
    (0..).zip(&sale.spec().classes).map(class).collect()
}

fn queue_times(sorted_ms: &[u64]) -> Option<QueueTimes> {
    Some(QueueTimes {
        p50_ms: percentile(sorted_ms, 50)?,
        p95_ms: percentile(sorted_ms, 95)?,
        p99_ms: percentile(sorted_ms, 99)?,
        max_ms: percentile(sorted_ms, 100)?,
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |value: u32| number(value.into());
        writeln!(
            f,
            "{}: {} tickets, {} buyers, seed {}",
            self.event,
            count(self.capacity),
            count(self.buyers),
            self.seed
        )?;
        self.write_outcome(f)?;
        writeln!(f, "\n{:<28}{:>12}{:>12}{:>12}", "tickets", "sold", "held", "left")?;
        for class in &self.classes {
            writeln!(
                f,
                "  {:<26}{:>12}{:>12}{:>12}",
                class.name,
                count(class.sold),
                count(class.held),
                count(class.left)
            )?;
        }
        writeln!(f, "\n{:<28}{:>12}", "people and orders", "")?;
        for (name, value) in self.tally_lines() {
            writeln!(f, "  {name:<26}{:>12}", count(value))?;
        }
        writeln!(
            f,
            "\n{:<28}{:>12}",
            "refusals",
            if self.refusals.is_empty() { "none" } else { "" }
        )?;
        for (code, times) in &self.refusals {
            writeln!(f, "  {code:<26}{:>12}", number(*times))?;
        }
        self.write_admitted(f)?;
        writeln!(f, "\nassumed of people (change with --assume name=value)")?;
        let mut line = String::new();
        for (name, value) in self.people.fields() {
            let _ =
                write!(line, "{name}={} ", value.as_str().map_or(value.to_string(), str::to_owned));
            if line.len() > 70 {
                writeln!(f, "  {}", line.trim_end())?;
                line.clear();
            }
        }
        write!(f, "  {}", line.trim_end())
    }
}

impl Report {
    fn write_outcome(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sold_out_after_ms {
            Some(ms) => writeln!(f, "  sold out after            {}", duration(ms))?,
            None => writeln!(
                f,
                "  not sold out              looked at for {}",
                duration(self.ended_after_ms)
            )?,
        }
        if let Some(queue) = &self.queue {
            writeln!(
                f,
                "  in the queue              p50 {}, p95 {}, p99 {}, longest {}",
                duration(queue.p50_ms),
                duration(queue.p95_ms),
                duration(queue.p99_ms),
                duration(queue.max_ms)
            )?;
        }
        let per_mille = self.held_max_per_mille();
        writeln!(
            f,
            "  held at once at most      {} ({}.{} %)",
            number(self.held_max.into()),
            per_mille / 10,
            per_mille % 10
        )?;
        writeln!(
            f,
            "  taken and kept            {} {} (minor units)",
            number(self.revenue_minor),
            self.currency
        )?;
        let books = if self.books_balance { "balance" } else { "DO NOT BALANCE: tell us" };
        writeln!(f, "  the books                 {books}")
    }

    fn tally_lines(&self) -> [(&'static str, u32); 13] {
        let tally = &self.tally;
        [
            ("came", tally.came),
            ("let in", tally.admitted),
            ("gave up waiting", tally.gave_up_waiting),
            ("were not there", tally.no_shows),
            ("left with nothing", tally.left_with_nothing),
            ("still waited at the end", self.waiting_at_end),
            ("carts abandoned", tally.carts_abandoned),
            ("orders", tally.orders),
            ("orders completed", tally.completed),
            ("orders expired", tally.expired),
            ("payments declined", tally.declined),
            ("late payments honoured", tally.revived),
            ("payments given back", tally.refunded),
        ]
    }

    /// A line for every ten minutes.
    fn write_admitted(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.admitted_per_minute.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nlet in, minute by minute")?;
        for (row, minutes) in (0_u32..).zip(self.admitted_per_minute.chunks(10)) {
            let counts: Vec<_> =
                minutes.iter().map(|count| format!("{:>8}", number(u64::from(*count)))).collect();
            writeln!(f, "  {:>4} min{}", row * 10, counts.concat())?;
        }
        Ok(())
    }
}

/// A length of time as people say it.
pub fn duration(ms: u64) -> String {
    let s = ms / 1_000;
    match s {
        0..60 => format!("{}.{} s", s, ms % 1_000 / 100),
        60..3_600 => format!("{} min {:02} s", s / 60, s % 60),
        _ => format!("{} h {:02} min", s / 3_600, s / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_the_units_that_fit() {
        let texts = [850, 59_999, 60_000, 754_000, 7_260_000].map(duration);
        assert_eq!(texts, ["0.8 s", "59.9 s", "1 min 00 s", "12 min 34 s", "2 h 01 min"]);
    }
}
